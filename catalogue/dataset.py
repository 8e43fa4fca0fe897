"""The RDF dataset of a run's private copy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pyoxigraph as ox

from catalogue.snapshot import describe

__all__ = ["Dataset"]

_FEW = 1 << 20  # bytes of statements: adding so many one by one takes about as long as loading them in bulk


class _Delivery(NamedTuple):
    """What replaces the statements about ``outdated`` subjects in a graph: a file of N-Triples."""

    graph: ox.NamedNode
    outdated: Sequence[str]
    path: Path


class Dataset:
    """Written as late as can be: as long as RocksDB is open it merges small files with large ones in the background, and begins anew in
    each run that ends before that is done.
    """

    def __init__(self, folder: Path) -> None:
        """``folder`` lies in the private copy; its dataset is made where there is none."""
        self._folder = folder
        self._store: ox.Store | None = None
        self._waiting: list[_Delivery] = []
        self._spools = 0

    def spool(self) -> Path:
        """Where a source may write its statements, as N-Triples, before it is known whether they are to count."""
        self._spools += 1
        return self._folder.with_name(f"spool-{self._spools}.nt")

    def replace(self, graph: ox.NamedNode, outdated: Sequence[str], spool: Path) -> None:
        """Puts statements in the place of all about the ``outdated`` IRIs in a graph, sooner or later."""
        self._waiting.append(_Delivery(graph, outdated, spool))

    def open(self) -> ox.Store:
        """The dataset with all that was delivered so far."""
        if self._store is None:
            self._store = ox.Store(str(self._folder))
        for delivery in self._waiting:
            _write(self._store, delivery)
        self._waiting.clear()
        return self._store

    def save(self) -> None:
        """Writes what was delivered, and closes the files."""
        if self._waiting or not self._folder.exists():
            self.open()
        if self._store is not None:
            self._store.flush()
        self.close()

    def close(self) -> None:
        """Closes the files; what waits to be written is forgotten."""
        self._waiting.clear()
        self._store = None  # closes RocksDB


def _write(store: ox.Store, delivery: _Delivery) -> None:
    graph, path = delivery.graph, delivery.path
    old = {quad for iri in delivery.outdated for quad in describe(store, ox.NamedNode(iri), graph)}
    if path.stat().st_size > _FEW:
        for quad in old:
            store.remove(quad)
        store.bulk_load(path=str(path), format=ox.RdfFormat.N_TRIPLES, to_graph=graph)
    else:  # each loading in bulk makes files of its own, all of which are merged some day
        found = ox.parse(path=str(path), format=ox.RdfFormat.N_TRIPLES)
        new = {ox.Quad(quad.subject, quad.predicate, quad.object, graph) for quad in found}
        # of a changed offer most statements stay; first removed, then added, as the store has some literals in another form
        for quad in old - new:
            store.remove(quad)
        store.extend(new - old)
    path.unlink()
