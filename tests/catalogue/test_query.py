"""Queries of strangers, evaluated by real worker processes: what is answered, what is refused, what is ended."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.query import (
    Answer,
    Query,
    QueryNotAcceptable,
    QueryPool,
    QueryRefused,
    QueryTimeout,
    QueryTooLarge,
    QueryUnavailable,
    Wanted,
    negotiate,
)
from catalogue.query.guard import MAX_DEPTH, MAX_LENGTH, check

EX = "http://example.org/"
COUNT = "SELECT (COUNT(*) AS ?n) %s WHERE { %s }"
CROSS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?o ?p }"


def make_store(path: Path, names: str) -> Path:
    store = ox.Store(str(path))
    store.extend(
        ox.Quad(
            ox.NamedNode(f"{EX}{name}{number}"),
            ox.NamedNode(f"{EX}p"),
            ox.Literal(number),
            ox.NamedNode(f"{EX}graph/{name}"),
        )
        for name in names
        for number in range(100)
    )
    store.flush()
    return path


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two graphs, a and b, of a hundred statements each."""
    return make_store(tmp_path_factory.mktemp("store") / "rdf", "ab")


def with_pool(store: Path, use: Callable[[QueryPool], Awaitable[Any]], **limits: float) -> Any:
    async def run() -> Any:
        async with QueryPool(store, **limits) as pool:  # type: ignore[arg-type]
            return await use(pool)

    return asyncio.run(run())


def ask(store: Path, text: str, accept: str = "", **limits: float) -> Answer:
    return with_pool(store, lambda pool: pool.evaluate(Query(text, negotiate(accept))), **limits)


def number(answer: Answer) -> int:
    return int(json.loads(answer.body)["results"]["bindings"][0]["n"]["value"])


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


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "SELECT * { service silent <http://127.0.0.1:9/> { ?s ?p ?o } }",
        "PREFIX : <http://127.0.0.1:9/> SELECT * { SERVICE:x{?s ?p ?o} }",
        "PREFIX : <http://127.0.0.1:9/> SELECT * { SerViceSilent:x # why\n { ?s ?p ?o } }",
        "SELECT * { ?s ?p trueSERVICE<http://127.0.0.1:9/>{?s ?p ?o} }",
        "SELECT * { ?s ?p 1SERVICE<http://127.0.0.1:9/>{?s ?p ?o} }",
        "SELECT * { SERVICE?g{?s ?p ?o} }",
        "SELECT * { SERVICE#<\n<http://127.0.0.1:9/> {?s ?p ?o} }",
        "SELECT * { ?s ?p '#' . SERVICE<http://127.0.0.1:9/> {?s ?p ?o} }",
        "PREFIX e: <http://e/> SELECT * { ?s e:a\\#b ?o . SERVICE<http://127.0.0.1:9/> {?s ?p ?o} }",
        "PREFIX : <http://127.0.0.1:9/> SELECT * { ?a ?p ?b FILTER(?a<?b)SERVICE:x#>\n{?s ?p ?o} }",
        "INSERT DATA { <http://a> <http://b> <http://c> }",
        "LOAD <http://127.0.0.1:9/>",
        "DELETE WHERE { ?s ?p ?o }",
        "SELECT * { ?s ?p ?o } ; drop all",
        "SELECT * { ?s ?p true.SERVICE:x{?s ?p ?o} }",
        "ASK { ?s ?p 'no end }",
        'ASK { ?s ?p """no end" }',
        "SELECT * { ?s ?p ?o \0 }",
        "SELECT * { ?s ?p ?o \ud800 }",
        "ASK " + "{" * 3000,
        "ASK { FILTER" + "(" * 6000 + "1" + ")" * 6000 + "}",
        "ASK { FILTER(" + "!" * 12000 + "true) }",
        "ASK { FILTER(" + "! # not\n" * 500 + "true) }",
        "ASK { ?s ?p " + "[ ?p " * 500 + "]" * 500 + "}",
        "ASK { ?s ?p " + "<< " * 500 + "}",
        "SELECT * { ?s ?p ?o } #" + "x" * MAX_LENGTH,
    ],
)
def test_refused_before_it_is_parsed(text: str) -> None:
    with pytest.raises(QueryRefused):
        check(text)


@pytest.mark.parametrize(
    "text",
    [
        "PREFIX service: <http://example.org/service#> SELECT ?service { ?service service:load 'SERVICE <x> {' } # LOAD SERVICE",
        "PREFIX service: <http://example.org/> SELECT * { GRAPH service:a { ?service a service:Service } }",
        "PREFIX s: <http://schema.org/> SELECT * { ?s a s:Service ; s:service <http://example.org/service#1> }",
        "SELECT * { ?s <http://e.org/service#load> '''SERVICE <http://x> { }''' . FILTER(?s IN (<http://x/service#y>)) }",
        'SELECT * { ?s ?p \'it\\\'s SERVICE <x> { }\' , """a "SERVICE" b"""@en }',
        "SELECT ?x { _:service ?x 1 }",
        "ASK " + "{" * MAX_DEPTH + "}" * MAX_DEPTH,
        "ASK { FILTER(?a != 1 && !bound(?b)) ?s ?p ?a }",
    ],
)
def test_harmless_words_stay_legal(store: Path, text: str) -> None:
    assert ask(store, text).body


def test_from_is_seen_in_every_spelling() -> None:
    assert check("SELECT * FROM <http://a> { ?s ?p ?o }").names_dataset
    assert check("SELECT * from<http://a>{ ?s ?p ?o }").names_dataset
    assert not check("SELECT ?from { ?from ?p 'FROM' . <http://from> ?p ?o } # FROM").names_dataset


@given(st.text(alphabet="SERVICE<>{}()'\"#?:\\ \nxe!", max_size=60) | st.text())
def test_the_guard_judges_every_text(text: str) -> None:
    with suppress(QueryRefused):
        check(text)


HOSTILE = ['"""\\', "'" * 3 + "\\", "a.", "a-", "<a", '"', "a:", "@a-", "_:a.", "#", "(", "\\", "?a"]
BEGINNINGS = ["", '"""', '"']


@pytest.mark.parametrize("beginning", BEGINNINGS)
@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_text_is_judged_in_linear_time(beginning: str, piece: str) -> None:
    text = (beginning + piece * MAX_LENGTH)[:MAX_LENGTH]
    started = time.process_time()
    with suppress(QueryRefused):
        check(text)
    assert time.process_time() - started < 2  # some 0.1 s; quadratic would be minutes


def test_errors_of_the_parser_and_of_the_request(store: Path) -> None:
    with pytest.raises(QueryRefused, match="1:16"):
        ask(store, "SELECT FROM nothing")
    with pytest.raises(QueryRefused):
        with_pool(store, lambda pool: pool.evaluate(Query("ASK {}", default_graphs=("no iri",))))


def test_the_worker_itself_has_no_way_out(store: Path) -> None:
    """Past the guard: the operating system refuses the socket, and a listener hears nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        text = f"SELECT * {{ SERVICE <http://127.0.0.1:{listener.getsockname()[1]}/> {{ ?s ?p ?o }} }}"
        request = {"text": text, "union": True, "default_graphs": [], "named_graphs": [], "results": "text/csv"}
        payload = json.dumps({**request, "graph": None}).encode()
        command = [sys.executable, "-m", "catalogue.query.worker", str(store), "1000000", "2000000000", "10"]
        stdin = len(payload).to_bytes(4, "big") + payload
        done = subprocess.run(command, input=stdin, capture_output=True, check=True, timeout=60)
        assert done.stdout[9] == 2  # refused, behind the nine bytes that say "ready"
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_a_slow_query_is_ended_while_another_is_answered(store: Path) -> None:
    async def both(pool: QueryPool) -> tuple[float, list[int]]:
        started = time.monotonic()
        slow = asyncio.create_task(pool.evaluate(Query(CROSS)))
        quick = [number(await pool.evaluate(Query(COUNT % ("", "?s ?p ?o")))) for _ in range(3)]
        assert not slow.done()
        with pytest.raises(QueryTimeout) as caught:
            await slow
        assert (caught.value.status, caught.value.retry_after) == (503, 2)
        quick.append(number(await pool.evaluate(Query(COUNT % ("", "?s ?p ?o")))))
        return time.monotonic() - started, quick

    took, quick = with_pool(store, both, seconds=2)
    assert quick == [200] * 4
    assert 2 <= took < 20


def test_waiting_for_a_worker_has_an_end(store: Path) -> None:
    async def crowd(pool: QueryPool) -> list[type]:
        tasks = [asyncio.create_task(pool.evaluate(Query(CROSS))) for _ in range(4)]
        return [type(result) for result in await asyncio.gather(*tasks, return_exceptions=True)]

    met = with_pool(store, crowd, seconds=1, workers=1)
    assert met[0] is QueryTimeout
    assert QueryUnavailable in met


def test_an_answer_over_the_limit_is_no_answer(store: Path) -> None:
    async def two(pool: QueryPool) -> Answer:
        with pytest.raises(QueryTooLarge):
            await pool.evaluate(Query("SELECT * { ?s ?p ?o }"))
        return await pool.evaluate(Query("SELECT * { ?s ?p ?o } LIMIT 3"))

    assert len(json.loads(with_pool(store, two, max_bytes=1000).body)["results"]["bindings"]) == 3


def test_memory_has_a_limit(store: Path) -> None:
    hungry = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l } ORDER BY ?c"

    async def two(pool: QueryPool) -> int:
        with pytest.raises(QueryTooLarge, match="Arbeitsspeicher"):
            await pool.evaluate(Query(hungry))
        return number(await pool.evaluate(Query(COUNT % ("", "?s ?p ?o"))))

    assert with_pool(store, two, seconds=60, max_memory=600_000_000) == 200


def test_a_query_that_crashes_its_worker_is_refused(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalogue.query.guard.MAX_DEPTH", 100_000)

    async def two(pool: QueryPool) -> int:
        with pytest.raises(QueryRefused, match="zu verwickelt"):
            await pool.evaluate(Query("ASK " + "{" * 20_000 + "}" * 20_000))
        return number(await pool.evaluate(Query(COUNT % ("", "?s ?p ?o"))))

    assert with_pool(store, two) == 200


def test_a_killed_worker_is_replaced(store: Path) -> None:
    async def two(pool: QueryPool) -> tuple[int, int]:
        query = Query(COUNT % ("", "?s ?p ?o"))
        first = number(await pool.evaluate(query))
        for child in _children():
            os.kill(child, signal.SIGKILL)
        return first, number(await pool.evaluate(query))

    assert with_pool(store, two) == (200, 200)


def test_a_query_that_is_killed_twice_is_given_up(store: Path) -> None:
    async def run(pool: QueryPool) -> None:
        slow = asyncio.create_task(pool.evaluate(Query(CROSS)))
        for _ in range(2):
            (child,) = await _busy_children()
            os.kill(child, signal.SIGKILL)
            while child in _children():
                await asyncio.sleep(0)
        with pytest.raises(QueryUnavailable, match="zweimal"):
            await slow

    with_pool(store, run, seconds=60)


def test_a_client_that_leaves_ends_its_query(store: Path) -> None:
    async def leave(pool: QueryPool) -> int:
        slow = asyncio.create_task(pool.evaluate(Query(CROSS)))
        await _busy_children()
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        return number(await pool.evaluate(Query(COUNT % ("", "?s ?p ?o"))))

    assert with_pool(store, leave, workers=1, seconds=60) == 200


def test_a_new_snapshot_without_interruption(store: Path, tmp_path: Path) -> None:
    newer = make_store(tmp_path / "rdf", "abc")
    query = Query(COUNT % ("", "?s ?p ?o"))
    running = Query("SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }")  # 200 to the third on the old one

    async def switching(pool: QueryPool) -> tuple[int, int, int]:
        before = number(await pool.evaluate(query))
        slow = asyncio.create_task(pool.evaluate(running))
        await _busy_children()
        change = asyncio.create_task(pool.switch(newer))
        await asyncio.sleep(0)
        after = number(await pool.evaluate(query))
        assert not slow.done()
        await change
        old = number(await slow)
        assert len(_children()) == 1
        return before, after, old

    assert with_pool(store, switching, seconds=60) == (200, 300, 8_000_000)


def test_closing_leaves_no_process(store: Path) -> None:
    async def close(pool: QueryPool) -> None:
        slow = asyncio.create_task(pool.evaluate(Query(CROSS)))
        await _busy_children()
        await pool.close()
        with pytest.raises(QueryUnavailable):
            await slow

    with_pool(store, close, seconds=60)
    assert _children() == []


def test_a_store_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(QueryUnavailable):
        ask(tmp_path / "nothing", "ASK {}")


def _children() -> list[int]:
    """The workers that this process has."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            mine = int(fields[1]) == os.getpid() and fields[0] != "Z"
            if mine and b"worker" in (stat.parent / "cmdline").read_bytes():
                found.append(int(stat.parent.name))
    return found


async def _busy_children() -> list[int]:
    """Waits for workers that have used half a second of processor time; a start takes half of that."""
    ticks = os.sysconf("SC_CLK_TCK") / 2
    while True:
        busy = []
        for child in _children():
            with suppress(OSError):
                fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
                if int(fields[11]) + int(fields[12]) > ticks:
                    busy.append(child)
        if busy:
            return busy
        await asyncio.sleep(0)
