"""What is refused before a parser sees it, and what is not."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.query import (
    QueryRefused,
)
from catalogue.query.guard import MAX_DEPTH, MAX_LENGTH, check
from tests.catalogue.stores import ask


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


UNGUARDED = """
from catalogue.query import worker
from catalogue.query.guard import Checked
worker.check = lambda text: Checked(names_dataset=False)
worker.main()
"""


def test_the_worker_itself_has_no_way_out(store: Path) -> None:
    """Past the guard: the operating system refuses the socket, and a listener hears nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        text = f"SELECT * {{ SERVICE <http://127.0.0.1:{listener.getsockname()[1]}/> {{ ?s ?p ?o }} }}"
        request = {
            "text": text,
            "union": True,
            "default_graphs": [],
            "named_graphs": [],
            "base": None,
            "results": "text/csv",
        }
        payload = json.dumps({**request, "graph": None}).encode()
        command = [sys.executable, "-c", UNGUARDED, str(store), "1000000", "1000", "2000000000", "10"]
        stdin = len(payload).to_bytes(4, "big") + payload
        done = subprocess.run(command, input=stdin, capture_output=True, check=True, timeout=60)
        assert done.stdout[10] == 2  # refused, behind the ten bytes that say "ready"
        assert b"denied" in done.stdout
        with pytest.raises(BlockingIOError):
            listener.accept()
