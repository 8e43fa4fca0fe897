from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from ingest.neighbours.client import NeighbourRefused
from ingest.neighbours.reading import RdfReader

PAGE = "http://neighbour.example/feed/1"
FLAT = b'<http://neighbour.example/feed/1#b> <c:d> "1"^^<http://www.w3.org/2001/XMLSchema#integer> <http://neighbour.example/feed/a> .'
MANY = b"<a:b> <a:c> " + b",".join(b"<a:%d>" % number for number in range(100_000)) + b"."
DEEP = (
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:a="a:">'
    + b"<rdf:Description><a:b>" * 500_000
)


@pytest.fixture
def reader() -> Iterator[RdfReader]:
    with RdfReader(max_bytes=1_000_000, max_seconds=2) as reader:
        yield reader


@pytest.mark.parametrize(
    ("media", "body"),
    [
        ("application/trig", b"<a> { <#b> <c:d> 1 }"),
        ("application/n-quads", FLAT),
        ("application/ld+json", b'{"@id": "a", "@graph": [{"@id": "#b", "c:d": 1}]}'),
    ],
)
def test_three_ways_to_write_one_statement(reader: RdfReader, media: str, body: bytes) -> None:
    (quad,) = reader.quads(body, media, PAGE)
    assert str(quad.subject) == "<http://neighbour.example/feed/1#b>"
    assert str(quad.graph_name) == "<http://neighbour.example/feed/a>"
    assert str(quad.object) == '"1"^^<http://www.w3.org/2001/XMLSchema#integer>'


@pytest.mark.parametrize(
    ("media", "body", "sentence"),
    [
        ("text/html", b"<html>", "kein lesbares RDF"),
        ("application/trig", b"<a> <b> <c> . \xff\xfe <d>", "kein lesbares RDF"),
        ("application/trig", b"<a> <b> <c> . <d", "kein lesbares RDF"),
        ("application/ld+json", b'{"@context": "http://127.0.0.1:1/context", "a": 1}', "kein lesbares RDF"),
        ("application/trig", MANY, "kein lesbares RDF: too large"),
        ("application/n-quads", b"<a:b> <a:c> <<( <a:b> <a:c> <a:d> )>> .", "kein lesbares RDF: a statement about"),
        ("application/rdf+xml", DEEP, "zu verwickelt|kein lesbares"),
    ],
    ids=["html", "bytes", "cut", "context", "many", "nested", "deep"],
)
def test_what_cannot_be_read_is_refused_and_the_next_is_read(
    reader: RdfReader, media: str, body: bytes, sentence: str
) -> None:
    begun = time.monotonic()
    with pytest.raises(NeighbourRefused, match=sentence):
        reader.quads(body, media, PAGE)
    assert time.monotonic() - begun < 6
    assert len(reader.quads(b"<a:b> <a:c> <a:d> .", "application/trig", PAGE)) == 1


def test_short_statements_are_too_many_before_they_are_too_large() -> None:
    """Each takes some hundred bytes of memory, however short it is."""
    with RdfReader(max_statements=99_999) as reader:
        with pytest.raises(NeighbourRefused, match="kein lesbares RDF: too large"):
            reader.quads(MANY, "application/trig", PAGE)
        assert len(reader.quads(b"<a:b> <a:c> <a:d> .", "application/trig", PAGE)) == 1


def test_a_long_visit_may_take_longer_in_all_than_one_document() -> None:
    with RdfReader(max_seconds=5) as reader:
        for _ in range(25):  # two seconds or more
            assert len(reader.quads(MANY, "application/trig", PAGE)) == 100_000
