"""What queries of strangers are answered: dataset, formats, errors."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pyoxigraph as ox
import pytest

from catalogue.query import (
    QueryNotAcceptable,
    QueryRefused,
    QueryUnavailable,
    Wanted,
    negotiate,
)
from catalogue.query.pool import Answer, Query, QueryPool
from tests.catalogue.stores import COUNT, EX, ask, number, with_pool


def test_the_default_graph_is_the_union_and_from_selects(store: Path) -> None:
    async def counts(pool: QueryPool) -> list[int]:
        queries = [
            Query(COUNT % ("", "?s ?p ?o")),
            Query(COUNT % (f"FROM <{EX}graph/a>", "?s ?p ?o")),
            Query(COUNT % ("", f"GRAPH <{EX}graph/b> {{ ?s ?p ?o }}")),
            Query(COUNT % ("", "GRAPH ?g { ?s ?p ?o }")),
            Query(COUNT % (f"FROM NAMED <{EX}graph/a>", "GRAPH ?g { ?s ?p ?o }")),
            Query(COUNT % (f"FROM NAMED <{EX}graph/a>", "?s ?p ?o")),
            Query(COUNT % ("", "?s ?p ?o"), default_graphs=(f"{EX}graph/a",)),
            Query(COUNT % ("", "?s ?p ?o"), default_graphs=(f"{EX}graph/a", f"{EX}graph/b")),
            Query(COUNT % ("", "GRAPH ?g { ?s ?p ?o }"), default_graphs=(f"{EX}graph/a",)),
            Query(COUNT % ("", "GRAPH ?g { ?s ?p ?o }"), named_graphs=(f"{EX}graph/a",)),
            Query(COUNT % (f"FROM <{EX}graph/b>", f"<{EX}a1> ?p ?o"), default_graphs=(f"{EX}graph/a",)),
        ]
        return [number(await pool.evaluate(query)) for query in queries]

    assert with_pool(store, counts) == [200, 100, 100, 200, 100, 0, 100, 200, 0, 100, 1]


def test_results_in_every_format(store: Path) -> None:
    select = f"SELECT ?o {{ <{EX}a7> <{EX}p> ?o }}"

    async def answers(pool: QueryPool) -> list[Answer]:
        formats = ["", "application/sparql-results+xml", "text/csv", "text/tab-separated-values"]
        return [await pool.evaluate(Query(select, negotiate(accept))) for accept in formats]

    as_json, as_xml, as_csv, as_tsv = with_pool(store, answers)
    assert as_json.media_type == "application/sparql-results+json"
    assert json.loads(as_json.body)["results"]["bindings"][0]["o"]["value"] == "7"
    assert as_xml.media_type == "application/sparql-results+xml"
    assert "7" in ET.fromstring(as_xml.body).itertext()
    assert as_csv.media_type == "text/csv; charset=utf-8"
    assert list(csv.reader(io.StringIO(as_csv.body.decode()))) == [["o"], ["7"]]
    assert (as_tsv.media_type, as_tsv.body) == ("text/tab-separated-values; charset=utf-8", b"?o\n7\n")


def test_graphs_in_every_format(store: Path) -> None:
    formats = {
        "text/turtle": ox.RdfFormat.TURTLE,
        "application/n-triples": ox.RdfFormat.N_TRIPLES,
        "application/ld+json": ox.RdfFormat.JSON_LD,
        "application/rdf+xml": ox.RdfFormat.RDF_XML,
    }

    async def answers(pool: QueryPool) -> dict[str, list[Answer]]:
        construct = "CONSTRUCT { ?s ?p ?o } WHERE { ?s ?p ?o }"
        queries = (construct, f"DESCRIBE <{EX}b5>")
        return {name: [await pool.evaluate(Query(text, negotiate(name))) for text in queries] for name in formats}

    for name, (constructed, described) in with_pool(store, answers).items():
        assert constructed.media_type.partition(";")[0] == name
        assert len(list(ox.parse(constructed.body, formats[name]))) == 200
        (quad,) = ox.parse(described.body, formats[name])
        assert (quad.subject.value, quad.object.value) == (f"{EX}b5", "5")


def test_ask_answers_yes_and_no(store: Path) -> None:
    assert json.loads(ask(store, "ASK { ?s ?p 7 }").body)["boolean"] is True
    assert json.loads(ask(store, "ASK { ?s ?p 777 }").body)["boolean"] is False


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", ("application/sparql-results+json", "text/turtle")),
        ("*/*", ("application/sparql-results+json", "text/turtle")),
        ("text/csv", ("text/csv", None)),
        ("application/json", ("application/json", "application/json")),
        ("text/turtle;q=0.5, application/ld+json", (None, "application/ld+json")),
        ("text/html, application/xml;q=0.9, */*;q=0.1", ("application/xml", "text/turtle")),
        ("text/*", ("text/csv", "text/turtle")),
        ("text/turtle;q=0, */*", ("application/sparql-results+json", "application/n-triples")),
    ],
)
def test_what_a_client_wants(accept: str, wanted: tuple[str | None, str | None]) -> None:
    assert negotiate(accept) == Wanted(*wanted)


def test_what_cannot_be_written(store: Path) -> None:
    with pytest.raises(QueryNotAcceptable, match="application/rdf"):
        negotiate("image/png")
    with pytest.raises(QueryNotAcceptable):
        ask(store, "ASK { ?s ?p ?o }", "text/turtle")


def test_errors_of_the_parser_and_of_the_request(store: Path) -> None:
    with pytest.raises(QueryRefused, match="1:16"):
        ask(store, "SELECT FROM nothing")
    with pytest.raises(QueryRefused):
        with_pool(store, lambda pool: pool.evaluate(Query("ASK {}", default_graphs=("no iri",))))


def test_a_store_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(QueryUnavailable):
        ask(tmp_path / "nothing", "ASK {}")
