"""The manifests of the W3C test suites (https://www.w3.org/2001/sw/DataAccess/tests/)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pyoxigraph as ox

__all__ = ["Case", "Suites"]

_PUBLIC = "https://w3c.github.io/rdf-tests/sparql/"  # where they are published: what relative IRIs in their files mean
_MF = "http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#"
_QT = "http://www.w3.org/2001/sw/DataAccess/tests/test-query#"
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_FROM = re.compile(r"\bFROM\s+(?:NAMED\s+)?<([^>]*)>", re.IGNORECASE)


class Case(NamedTuple):
    """One test: its name as folder and fragment, its type, the query and, as IRIs, the files of its data and of the result.

    ``names_dataset``: the query has FROM. ``lax``: solutions that are there several times need not be there as often (REDUCED).
    """

    name: str
    kind: str
    query: str
    base: str
    data: tuple[str, ...]
    graphs: tuple[str, ...]
    result: str | None
    names_dataset: bool
    lax: bool

    @property
    def is_evaluation(self) -> bool:
        """Whether its result counts."""
        return self.kind in {"QueryEvaluationTest", "CSVResultFormatTest"}

    @property
    def is_syntax(self) -> bool:
        """Whether all that counts is that the query can be read, or cannot."""
        return self.kind.startswith(("PositiveSyntax", "NegativeSyntax"))

    @property
    def text(self) -> str:
        """The query as it is sent: what is relative in it is relative to its file."""
        return f"BASE <{self.base}>\n{self.query}" if self.is_evaluation else self.query


class Suites:
    """The folder of all suites."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, iri: str) -> Path:
        """The file that is published there."""
        return self._folder / iri.removeprefix(_PUBLIC)

    def folders(self, version: str) -> list[str]:
        """The folders of a version that have a manifest, such as ``sparql11/bind``."""
        return sorted(f"{version}/{path.parent.name}" for path in self._folder.glob(f"{version}/*/manifest.ttl"))

    def cases(self, folder: str) -> Iterator[Case]:
        """The tests that are listed in the folder's manifest and consist of one query."""
        manifest = ox.Store()
        manifest.load(path=str(self._folder / folder / "manifest.ttl"), base_iri=f"{_PUBLIC}{folder}/manifest.ttl")
        for entries in manifest.quads_for_pattern(None, ox.NamedNode(_MF + "entries"), None):
            for test in _items(manifest, entries.object):
                case = self._case(manifest, folder, test)
                if case is not None:
                    yield case

    def _case(self, manifest: ox.Store, folder: str, test: ox.NamedNode) -> Case | None:
        kind, action = _one(manifest, test, _RDF + "type"), _one(manifest, test, _MF + "action")
        query = action if isinstance(action, ox.NamedNode) else _one(manifest, action, _QT + "query")
        if kind is None or query is None:
            return None
        text = self.path(query.value).read_text("utf-8")
        graphs = {term.value for term in _all(manifest, action, _QT + "graphData")}
        chosen = {query.value.rpartition("/")[0] + "/" + name for name in _FROM.findall(text)}
        result = _one(manifest, test, _MF + "result")
        return Case(
            name=f"{folder}#{test.value.rpartition('#')[2]}",
            kind=kind.value.rpartition("#")[2],
            query=text,
            base=query.value,
            data=tuple(term.value for term in _all(manifest, action, _QT + "data")),
            graphs=tuple(sorted(graphs | {iri for iri in chosen if self.path(iri).is_file()})),
            result=None if result is None else result.value,
            names_dataset=bool(chosen),
            lax=_one(manifest, test, _MF + "resultCardinality") is not None,
        )


def _all(store: ox.Store, subject: ox.NamedNode | ox.BlankNode, predicate: str) -> list[ox.NamedNode]:
    return [quad.object for quad in store.quads_for_pattern(subject, ox.NamedNode(predicate), None)]


def _one(store: ox.Store, subject: ox.NamedNode | ox.BlankNode, predicate: str) -> ox.NamedNode | None:
    return next(iter(_all(store, subject, predicate)), None)


def _items(store: ox.Store, node: ox.NamedNode | ox.BlankNode | None) -> Iterator[ox.NamedNode]:
    while node is not None and node.value != _RDF + "nil":
        item = _one(store, node, _RDF + "first")
        assert item is not None
        yield item
        node = _one(store, node, _RDF + "rest")
