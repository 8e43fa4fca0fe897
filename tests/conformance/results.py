"""Results of queries in all formats of the W3C, in a shape that can be compared: a set of statements up to the names of blank nodes."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pyoxigraph as ox

__all__ = ["media_type_of", "read_file", "read_result", "same"]

_RS = "http://www.w3.org/2001/sw/DataAccess/tests/result-set#"
_SUFFIXES = {
    ".srx": "application/sparql-results+xml",
    ".srj": "application/sparql-results+json",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".ttl": "text/turtle",
    ".nt": "application/n-triples",
    ".rdf": "application/rdf+xml",
}


class Rows(NamedTuple):
    """The answer to a SELECT; ``ordered`` where the order of its rows counts."""

    variables: frozenset[str]
    rows: tuple[Mapping[str, ox.Term], ...]
    ordered: bool = False


Result = bool | Rows | tuple[ox.Triple, ...]


def media_type_of(path: Path) -> str:
    """The media type in which the answer is wanted that this file holds."""
    media_type = _SUFFIXES[path.suffix]
    return (
        media_type
        if "sparql" in media_type or path.suffix in {".csv", ".tsv"}
        else "application/sparql-results+json, text/turtle"
    )


def read_file(path: Path, base: str) -> Result:
    """An expected result; where it is a graph that describes a table or an answer yes or no, then that."""
    result = read_result(path.read_bytes(), _SUFFIXES[path.suffix], base)
    if isinstance(result, tuple) and not isinstance(result, Rows):
        described = _store(result)
        if next(described.quads_for_pattern(None, None, ox.NamedNode(_RS + "ResultSet")), None):
            return _described(described)
    return result


def read_result(body: bytes, media_type: str, base: str = "http://localhost/") -> Result:
    """An answer as it came over the net."""
    rdf_format = ox.RdfFormat.from_media_type(media_type)
    if media_type == "text/csv":
        return _read_csv(body)
    if "sparql" not in media_type and media_type != "text/tab-separated-values":
        assert rdf_format is not None
        return tuple(quad.triple for quad in ox.parse(body, rdf_format, base_iri=base))
    results_format = ox.QueryResultsFormat.from_media_type(media_type)
    assert results_format is not None
    found = ox.parse_query_results(body, results_format)
    if isinstance(found, ox.QueryBoolean):
        return bool(found)
    names = [variable.value for variable in found.variables]
    rows = [{name: row[name] for name in names if row[name] is not None} for row in found]
    return Rows(frozenset(names), tuple(rows))


def same(expected: Result, found: Result, *, lax: bool = False, exact: bool = False) -> bool:
    """Whether both say the same. ``lax``: solutions that are there several times need not be there as often (REDUCED).

    ``exact``: values are compared letter by letter, and not as the engine stores them.
    """
    if isinstance(expected, bool) or isinstance(found, bool):
        return expected is found
    if isinstance(expected, Rows) and isinstance(found, Rows):
        if lax:
            return _distinct(expected) == _distinct(found) and len(found.rows) <= len(expected.rows)
        expected, found = (tuple(_statements(table, expected.ordered)) for table in (expected, found))
    elif isinstance(expected, Rows) or isinstance(found, Rows):
        return False
    return _canonical(expected, exact) == _canonical(found, exact)


def _distinct(table: Rows) -> set[frozenset[tuple[str, ox.Term]]]:
    return {frozenset(row.items()) for row in table.rows}


def _statements(table: Rows, ordered: bool) -> Iterator[ox.Triple]:
    whole = ox.BlankNode()
    for name in table.variables:
        yield ox.Triple(whole, ox.NamedNode("urn:variable"), ox.Literal(name))
    for number, row in enumerate(table.rows):
        node = ox.BlankNode()
        yield ox.Triple(whole, ox.NamedNode("urn:row"), node)
        if ordered:
            yield ox.Triple(node, ox.NamedNode("urn:number"), ox.Literal(number))
        for name, value in row.items():
            yield ox.Triple(node, ox.NamedNode(f"urn:value:{name}"), value)


def _canonical(triples: Iterable[ox.Triple], exact: bool) -> set[str]:
    dataset = ox.Dataset((ox.Quad(*triple) for triple in triples) if exact else _store(triples))
    dataset.canonicalize(ox.CanonicalizationAlgorithm.UNSTABLE)
    return {str(quad) for quad in dataset}


def _store(triples: Iterable[ox.Triple]) -> ox.Store:
    store = ox.Store()
    store.extend(ox.Quad(*triple) for triple in triples)
    return store


def _read_csv(body: bytes) -> Rows:
    names, *lines = csv.reader(io.StringIO(body.decode(), newline=""))
    rows = [
        {
            name: ox.BlankNode(cell[2:]) if cell.startswith("_:") else ox.Literal(cell)
            for name, cell in zip(names, line, strict=True)
        }
        for line in lines
    ]
    return Rows(frozenset(names), tuple(rows))


def _described(store: ox.Store) -> Result:
    def objects(subject: ox.Term, name: str) -> list[ox.Term]:
        return [quad.object for quad in store.quads_for_pattern(subject, ox.NamedNode(_RS + name), None)]

    (whole,) = {quad.subject for quad in store.quads_for_pattern(None, None, ox.NamedNode(_RS + "ResultSet"))}
    if said := objects(whole, "boolean"):
        return said[0].value == "true"
    solutions = objects(whole, "solution")
    numbers = {solution: int(index.value) for solution in solutions for index in objects(solution, "index")}
    rows = [
        {
            objects(binding, "variable")[0].value: objects(binding, "value")[0]
            for binding in objects(solution, "binding")
        }
        for solution in sorted(solutions, key=lambda solution: numbers.get(solution, 0))
    ]
    names = frozenset(name.value for name in objects(whole, "resultVariable"))
    return Rows(names, tuple(rows), ordered=bool(numbers))
