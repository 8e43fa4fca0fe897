"""Reading a catalogue: an immutable snapshot, held as long as it is open."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from types import TracebackType

import msgspec
import pyoxigraph as ox

from catalogue.errors import CatalogueEmpty, CatalogueOutdated
from catalogue.feed.log import Feed, read_feed
from catalogue.judgements import Judgements
from catalogue.ledger import Ledger
from ontology.iris import SCHEMA

__all__ = ["FORMAT", "Snapshot", "State", "describe", "visible_snapshot"]


_PROVIDER = ox.NamedNode(SCHEMA + "provider")
FORMAT = 2  # of a snapshot's ledger and feed; the next run brings older ones up to date


class State(msgspec.Struct, frozen=True, kw_only=True):
    """``snapshot.json``: ``number`` counts runs; ``data_run`` is the run that last changed anything that is served; ``base`` the address
    with which all its IRIs begin.
    """

    number: int
    data_run: int
    data_time: str
    base: str = ""  # snapshots of the first versions do not say
    format: int = 1


def pointer(folder: Path) -> Path:
    """The pointer file of a catalogue's folder."""
    return folder / "current"


def snapshots(folder: Path) -> Path:
    """The folder of the snapshots."""
    return folder / "snapshots"


def visible_snapshot(folder: Path) -> Path | None:
    """Path of the visible snapshot; None where nothing was ingested yet."""
    try:
        name = pointer(folder).read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    return snapshots(folder) / name


class Snapshot:
    """One state of the catalogue. Use as a context manager or call `close`; it is never removed while it is open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        # a shared lock keeps the writer from removing it
        self._hold = os.open(path / "snapshot.json", os.O_RDONLY)
        try:
            fcntl.flock(self._hold, fcntl.LOCK_SH)
            self.state = msgspec.json.decode((path / "snapshot.json").read_bytes(), type=State)
            self.ledger = Ledger.open(path / "ledger.sqlite")
        except BaseException:  # most likely it was removed before the lock was ours
            os.close(self._hold)
            raise

    @classmethod
    def open(cls, folder: Path) -> Snapshot:
        """The visible snapshot of a catalogue's folder. Raises CatalogueEmpty, CatalogueOutdated."""
        while (path := visible_snapshot(folder)) is not None:
            try:
                snapshot = cls(path)
            except FileNotFoundError:
                if visible_snapshot(folder) == path:
                    raise
                continue
            if snapshot.state.format != FORMAT:
                snapshot.close()
                raise CatalogueOutdated(folder, older=snapshot.state.format < FORMAT)
            return snapshot
        raise CatalogueEmpty(f"Der Katalog {folder} ist noch leer. Einlesen: bildungskatalog ingest --dir {folder}")

    @property
    def rdf_path(self) -> Path:
        """Folder of the RDF store, for processes that open it themselves."""
        return self.path / "rdf"

    @cached_property
    def store(self) -> ox.Store:
        """The RDF dataset, read-only."""
        return ox.Store.read_only(str(self.rdf_path))

    @cached_property
    def feed(self) -> Feed:
        """What changed, for neighbours."""
        feed = read_feed(self.path)
        assert feed is not None, "every snapshot of this format has one"
        return feed

    @cached_property
    def judgements(self) -> Judgements:
        """Which offers are the same."""
        return Judgements.open(self.path / "judgements.sqlite")

    def describe(self, iri: str) -> list[ox.Quad]:
        """Every statement about ``iri`` and its parts, in every graph."""
        return list(describe(self.store, ox.NamedNode(iri), None))

    def close(self) -> None:
        """Lets the snapshot go."""
        self.ledger.close()
        self.__dict__.pop("store", None)
        if "judgements" in self.__dict__:
            self.judgements.close()
        os.close(self._hold)

    def __enter__(self) -> Snapshot:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def describe(store: ox.Store, iri: ox.NamedNode, graph: ox.NamedNode | None) -> Iterator[ox.Quad]:
    """The statements with ``iri`` or one of its fragments as subject, following the links from part to part.

    A provider is no part of an offer, whatever it is called: it may be that of other offers too.
    """
    parts, seen = [iri], {iri}
    while parts:
        for quad in store.quads_for_pattern(parts.pop(), None, None, graph):
            yield quad
            part = None if quad.predicate == _PROVIDER else quad.object
            if isinstance(part, ox.NamedNode) and part.value.startswith(f"{iri.value}#") and part not in seen:
                seen.add(part)
                parts.append(part)
