"""The forms in which everything is handed out say what the N-Triples say, read by a parser that is not ours."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pyoxigraph as ox
from hypothesis import given, settings

from ontology.offer import Instance, Kind, Offer
from ontology.rdf import offer_statements, offer_to_ntriples
from ontology.rdf.forms import TURTLE_HEADER, jsonld_of, nquads_of, turtle_of
from tests.ontology.offers import offers, offers_of_neighbours

BASE = "http://127.0.0.1:8000"
GRAPH = f"{BASE}/graph/quelle/kvhs"


def triples(content: bytes, form: ox.RdfFormat) -> set[str]:
    return {str(quad.triple) for quad in ox.parse(content, form)}


@settings(max_examples=200, deadline=None)
@given(offers | offers_of_neighbours)
def test_all_forms_say_the_same(offer: Offer) -> None:
    statements = offer_statements(offer, BASE)
    told = triples(offer_to_ntriples(offer, BASE).encode(), ox.RdfFormat.N_TRIPLES)
    assert len(told) == len(set(statements))
    assert triples(TURTLE_HEADER + turtle_of(statements), ox.RdfFormat.TURTLE) == told
    assert triples(b"[" + jsonld_of(statements) + b"]", ox.RdfFormat.JSON_LD) == told
    quads = list(ox.parse(nquads_of(statements, GRAPH), ox.RdfFormat.N_QUADS))
    assert {str(quad.triple) for quad in quads} == told
    assert {quad.graph_name for quad in quads} == {ox.NamedNode(GRAPH)}


COURSE = Offer(
    id="a",
    source="kvhs",
    identifier="a",
    kind=Kind.COURSE,
    name='Brot "backen"',
    topics=("-", "cooking", "crafts"),  # a name in Turtle may not begin with a hyphen
    certificate=False,
    instances=(Instance(start=dt.date(2026, 4, 13), price=Decimal("45.50"), seats=8),),
)


def test_turtle_that_a_reader_can_check() -> None:
    assert turtle_of(offer_statements(COURSE, "http://b")).decode() == (
        "<http://b/id/angebot/a> a schema:Course ;\n"
        '\tschema:identifier "a" ;\n'
        '\tschema:name "Brot \\"backen\\"" ;\n'
        "\tschema:about <https://w3id.org/bildungskatalog/topics/-> , topics:cooking , topics:crafts ;\n"
        "\tbk:certificate false ;\n"
        "\tschema:hasCourseInstance <http://b/id/angebot/a#termin-1> .\n"
        "<http://b/id/angebot/a#termin-1> a schema:CourseInstance ;\n"
        '\tschema:startDate "2026-04-13"^^xsd:date ;\n'
        "\tschema:maximumAttendeeCapacity 8 ;\n"
        "\tschema:offers <http://b/id/angebot/a#termin-1-preis> .\n"
        "<http://b/id/angebot/a#termin-1-preis> a schema:Offer ;\n"
        "\tschema:price 45.50 ;\n"
        '\tschema:priceCurrency "EUR" .\n'
    )


def test_jsonld_that_a_reader_can_check() -> None:
    statements = [statement for statement in offer_statements(COURSE, "http://b") if "/about>" in statement[1]]
    statements += [statement for statement in offer_statements(COURSE, "http://b") if "Date>" in statement[1]]
    assert jsonld_of(statements).decode() == (
        '{"@id":"http://b/id/angebot/a","http://schema.org/about":'
        '[{"@id":"https://w3id.org/bildungskatalog/topics/-"},'
        '{"@id":"https://w3id.org/bildungskatalog/topics/cooking"},'
        '{"@id":"https://w3id.org/bildungskatalog/topics/crafts"}]},'
        '{"@id":"http://b/id/angebot/a#termin-1","http://schema.org/startDate":'
        '[{"@type":"http://www.w3.org/2001/XMLSchema#date","@value":"2026-04-13"}]}'
    )
