"""Writing a catalogue: a run works on a private copy of the visible snapshot and becomes visible by one atomic switch."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec
import pyoxigraph as ox

from catalogue.dataset import Dataset
from catalogue.errors import CatalogueError, CatalogueOutdated
from catalogue.feed import publish
from catalogue.files import copy_snapshot, replace_file, sync_folder, sync_tree, syncing
from catalogue.ledger import Ledger
from catalogue.lock import writer_lock
from catalogue.snapshot import FORMAT, State, pointer, snapshots, visible_snapshot
from catalogue.source import SourceWriter, statements_of
from ontology.iris import graph_of_ontology

__all__ = ["Run", "SourceWriter", "open_run"]

_LOG = logging.getLogger(__name__)
_KEPT = 2  # the visible snapshot, and the one before it for readers that are just opening it
_SMALL, _MANY = 4 << 20, 60  # bytes of a table; of them 10 are there at least, and a run adds 4 to 8


@contextmanager
def open_run(
    folder: Path, base: str, wait: float = 0.0, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> Iterator[Run]:
    """A run of the folder's catalogue. What it did is lost unless `Run.commit` was called. Raises CatalogueBusy, CatalogueOutdated."""
    folder.mkdir(parents=True, exist_ok=True)
    with writer_lock(folder, wait):
        _remove_remains(folder)
        run = Run(folder, base, clock)
        try:
            yield run
        finally:
            run.discard()
        _merge_tables(folder)


class Run:
    """The private copy. ``path`` is its folder: whoever keeps an index writes it there before `commit`.

    ``changed`` and ``removed`` are the rows that differ from the visible snapshot, ``withdrawn`` the ids of removed offers that the feed
    says are there.
    """

    def __init__(self, folder: Path, base: str, clock: Callable[[], datetime]) -> None:
        self.base = base
        self.changed: set[int] = set()
        self.removed: set[int] = set()
        self.withdrawn: list[str] = []
        self._folder = folder
        self._touched = False
        self._over = False
        self._clock = clock
        visible = visible_snapshot(folder)
        if visible is None:
            self._state = State(number=0, data_run=0, data_time="", base=base)
        else:
            self._state = msgspec.json.decode((visible / "snapshot.json").read_bytes(), type=State)
            _refuse_another_base(self._state.base, base)
            if self._state.format > FORMAT:
                raise CatalogueOutdated(folder, older=False)
        self.number = self._state.number + 1
        # never before that of the data, even where the clock was set back: dates of what is served do not run backwards
        self.moment = max(clock().astimezone(UTC).isoformat(timespec="seconds"), self._state.data_time)
        self.path = snapshots(folder) / f"{self.number:06d}.neu"
        if visible is None:
            self.path.mkdir(parents=True)
            self.ledger = Ledger.create(self.path / "ledger.sqlite")
        else:
            copy_snapshot(visible, self.path)
            self.ledger = Ledger.open_for_writing(self.path / "ledger.sqlite")
            if self._state.format < FORMAT:
                self.ledger.upgrade(lambda offer: sha256(statements_of(offer, base).encode()).digest())
        self.dataset = Dataset(self.path / "rdf")
        self._free_rows: Iterator[int] | None = None

    @property
    def store(self) -> ox.Store:
        """The RDF dataset of the private copy."""
        assert not self._over, "the run is over"
        return self.dataset.open()

    def source(self, name: str, partial: bool = False) -> SourceWriter:
        """Begins to write a source. ``partial``: only what changed is delivered, all else stays."""
        return SourceWriter(self, name, partial)

    def next_row(self) -> int:
        """A row that no offer has."""
        if self._free_rows is None:
            self._free_rows = _gaps(self.ledger.rows())
        return next(self._free_rows)

    def touch(self) -> None:
        """Notes that something that is served has changed."""
        self._touched = True

    def put_ontology(self, ntriples: str) -> None:
        """Replaces the graph of vocabularies if it differs."""
        graph = ox.NamedNode(graph_of_ontology(self.base))
        digest = sha256(ntriples.encode()).digest()
        if self.ledger.provider_hashes("").get("ontologie") == digest:
            return
        self.store.remove_graph(graph)
        self.store.bulk_load(ntriples.encode(), ox.RdfFormat.N_TRIPLES, to_graph=graph)
        self.ledger.put_provider("", "ontologie", digest)
        self.touch()

    def commit(self) -> Path:
        """Makes the run visible, with its changes in the feed; returns the snapshot's path. The run is over then."""
        publish(self.path, self.ledger, self.base, self._clock(), self.changed, self.withdrawn)
        state = State(
            number=self.number,
            data_run=self.number if self._touched else self._state.data_run,
            data_time=self.moment if self._touched else self._state.data_time,
            base=self.base,
            format=FORMAT,
        )
        self._over = True
        self.ledger.close()
        with syncing(self.path):  # most of what there is to write
            self.dataset.save()
        (self.path / "snapshot.json").write_bytes(msgspec.json.encode(state))
        return _make_visible(self._folder, self.path)

    def discard(self) -> None:
        """Forgets a run that was not committed."""
        if not self._over:
            self._over = True
            self.dataset.close()
            self.ledger.close()
        shutil.rmtree(self.path, ignore_errors=True)


def _refuse_another_base(written: str, wanted: str) -> None:
    """With another base every IRI is another, and what neighbours and portals know would be gone: that must not happen by a slip."""
    if written not in ("", wanted):
        raise CatalogueError(
            f"Die Adressen dieses Katalogs beginnen mit {written}, in katalog.toml steht jetzt base = {wanted}. "
            "Entweder base zurückändern, oder den Katalog neu anlegen: die Datei current löschen und alles neu einlesen."
        )


def _make_visible(folder: Path, private: Path) -> Path:
    """The switch; returns the snapshot's path."""
    sync_tree(private)
    visible = private.with_suffix("")
    private.rename(visible)
    sync_folder(visible.parent)
    replace_file(pointer(folder), visible.name.encode("ascii"))
    _remove_old(folder, visible)
    return visible


def _merge_tables(folder: Path) -> None:
    """Puts a copy in the place of the visible snapshot that differs in nothing but merged tables, where there are many small ones.

    Every run adds some, and before it adds the twentieth of a kind RocksDB would let it wait until all are merged. Where that fails, most
    likely as the disk is full, the run is visible all the same: a warning says so, and the next run tries again.
    """
    visible = visible_snapshot(folder)
    if visible is None:
        return
    sizes = [table.stat().st_size for table in visible.glob("rdf/*.sst")]
    if sum(size < _SMALL for size in sizes) < _MANY:
        return
    private = visible.with_name(f"{visible.name}-1.neu")  # behind it, and before that of the next run
    dataset = Dataset(private / "rdf")
    try:
        copy_snapshot(visible, private)
        dataset.open().optimize()
        dataset.save()
        _make_visible(folder, private)
    except OSError as error:
        _LOG.warning("Der Lauf gilt; nur die Tabellen des Katalogs ließen sich nicht zusammenlegen: %s", error)
    finally:
        dataset.close()
        _remove_remains(folder)


def _gaps(rows: Sequence[int]) -> Iterator[int]:
    """The numbers from 0 that are not in the sorted ``rows``, without end: keeps rows dense."""
    number = 0
    for row in rows:
        yield from range(number, row)
        number = row + 1
    while True:
        yield number
        number += 1


def _remove_remains(folder: Path) -> None:
    """Removes what a killed run left behind."""
    visible = visible_snapshot(folder)
    for path in snapshots(folder).glob("*"):
        # a snapshot that was renamed but not yet pointed to counts as never made
        unborn = path.suffix == ".neu" or visible is None or path.name > visible.name
        half_removed = not (path / "snapshot.json").exists()
        if unborn or half_removed:
            shutil.rmtree(path)


def _remove_old(folder: Path, visible: Path) -> None:
    """Removes old snapshots that nobody holds open."""
    for path in sorted(p for p in snapshots(folder).glob("*") if p.name < visible.name)[: 1 - _KEPT]:
        descriptor = os.open(path / "snapshot.json", os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path)
        except BlockingIOError:
            continue
        finally:
            os.close(descriptor)
