"""Writing a catalogue: a run works on a private copy of the visible snapshot and becomes visible by one atomic switch."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from types import TracebackType

import msgspec
import pyoxigraph as ox

from catalogue.errors import CatalogueError
from catalogue.files import copy_snapshot, replace_file, sync_folder, sync_tree
from catalogue.ledger import Counts, Ledger, Note, SourceRun
from catalogue.lock import writer_lock
from catalogue.snapshot import State, describe, pointer, snapshots, visible_snapshot
from ontology.iris import graph_of_ontology, graph_of_source, offer_iri, provider_iri
from ontology.offer import Offer, Provider
from ontology.rdf import offer_to_ntriples, provider_to_ntriples

__all__ = ["Run", "SourceWriter", "open_run"]

_KEPT = 2  # the visible snapshot, and the one before it for readers that are just opening it


@contextmanager
def open_run(folder: Path, base: str, wait: float = 0.0) -> Iterator[Run]:
    """A run of the folder's catalogue. What it did is lost unless `Run.commit` was called. Raises CatalogueBusy."""
    folder.mkdir(parents=True, exist_ok=True)
    with writer_lock(folder, wait):
        _remove_remains(folder)
        run = Run(folder, base)
        try:
            yield run
        finally:
            run.discard()


class Run:
    """The private copy. ``path`` is its folder: whoever keeps an index writes it there before `commit`.

    ``changed`` and ``removed`` are the rows that differ from the visible snapshot.
    """

    def __init__(self, folder: Path, base: str) -> None:
        self.base = base
        self.changed: set[int] = set()
        self.removed: set[int] = set()
        self._folder = folder
        self._touched = False
        visible = visible_snapshot(folder)
        if visible is None:
            self._state = State(number=0, data_run=0, data_time="", base=base)
        else:
            self._state = msgspec.json.decode((visible / "snapshot.json").read_bytes(), type=State)
            _refuse_another_base(self._state.base, base)
        self.number = self._state.number + 1
        self.moment = datetime.now(UTC).isoformat(timespec="seconds")
        self.path = snapshots(folder) / f"{self.number:06d}.neu"
        if visible is None:
            self.path.mkdir(parents=True)
            self.ledger = Ledger.create(self.path / "ledger.sqlite")
        else:
            copy_snapshot(visible, self.path)
            self.ledger = Ledger.open_for_writing(self.path / "ledger.sqlite")
        self._store: ox.Store | None = ox.Store(str(self.path / "rdf"))
        self._free_rows = _gaps(self.ledger.rows())

    @property
    def store(self) -> ox.Store:
        """The RDF dataset of the private copy."""
        assert self._store is not None, "the run is over"
        return self._store

    def source(self, name: str) -> SourceWriter:
        """Begins to write one source."""
        return SourceWriter(self, name)

    def next_row(self) -> int:
        """A row that no offer has."""
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
        """Makes the run visible; returns the snapshot's path. The run is over then."""
        state = State(
            number=self.number,
            data_run=self.number if self._touched else self._state.data_run,
            data_time=self.moment if self._touched else self._state.data_time,
            base=self.base,
        )
        self._close()
        (self.path / "snapshot.json").write_bytes(msgspec.json.encode(state))
        sync_tree(self.path)
        visible = self.path.with_suffix("")
        self.path.rename(visible)
        sync_folder(visible.parent)
        replace_file(pointer(self._folder), visible.name.encode("ascii"))
        _remove_old(self._folder, visible)
        return visible

    def _close(self) -> None:
        if self._store is not None:
            self._store.flush()
            self._store = None  # closes RocksDB
            self.ledger.close()

    def discard(self) -> None:
        """Forgets a run that was not committed."""
        self._close()
        shutil.rmtree(self.path, ignore_errors=True)


class SourceWriter:
    """Writes the offers of one source into a run: a context manager, to be ended by `finish` or `abandon` inside it.

    Statements are spooled and reach the store at the end, so that an abandoned source leaves no trace in it.
    """

    def __init__(self, run: Run, name: str) -> None:
        self._run = run
        self.name = name
        self._graph = ox.NamedNode(graph_of_source(run.base, name))
        self._old = run.ledger.hashes(name)
        self._old_providers = run.ledger.provider_hashes(name)
        self._providers: set[str] = set()
        self._seen: set[str] = set()
        self._kept: set[str] = set()
        self._changed: set[int] = set()
        self._outdated: list[str] = []
        self._spool_path = run.path / "spool.nt"
        self._spool = self._spool_path.open("w", encoding="utf-8", newline="\n")
        run.ledger.begin_source()

    def __enter__(self) -> SourceWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()

    def owner(self, offer_id: str) -> str | None:
        """Who has delivered this id already: this source in this run, or another source at any time."""
        if offer_id in self._seen:
            return self.name
        return None if offer_id in self._old else self._run.ledger.owner(offer_id)

    def put(self, offer: Offer) -> bool:
        """Takes over a canonical offer that has no `owner` yet. False when it is as it was."""
        assert self.owner(offer.id) is None, offer.id
        self._seen.add(offer.id)
        if offer.provider is not None:
            self._put_provider(offer.provider)
        lines = offer_to_ntriples(offer, self._run.base)
        digest = sha256(lines.encode()).digest()
        row, old_digest = self._old.get(offer.id, (None, None))
        if digest == old_digest:
            return False
        if row is None:
            row = self._run.next_row()
        else:
            self._outdated.append(offer_iri(self._run.base, offer.id))
        self._spool.write(lines)
        self._run.ledger.put_offer(row, offer, digest, self._run.number, self._run.moment)
        self._changed.add(row)
        return True

    def _put_provider(self, provider: Provider) -> None:
        if provider.id in self._providers:
            return
        self._providers.add(provider.id)
        lines = provider_to_ntriples(provider, self._run.base)
        digest = sha256(lines.encode()).digest()
        if self._old_providers.get(provider.id) == digest:
            return
        if provider.id in self._old_providers:
            self._outdated.append(provider_iri(self._run.base, provider.id))
        self._spool.write(lines)
        self._run.ledger.put_provider(self.name, provider.id, digest)

    def keep(self, offer_id: str) -> bool:
        """Keeps an offer of an earlier run although it is not delivered now; False where there is none."""
        if offer_id in self._old and offer_id not in self._seen:
            self._kept.add(offer_id)
            return True
        return False

    def keep_all(self) -> None:
        """Keeps every offer of earlier runs that is not delivered now."""
        self._kept |= self._old.keys()

    def delivered(self) -> int:
        """How many offers were put so far."""
        return len(self._seen)

    def missing(self) -> int:
        """How many offers were there and are not delivered any more, so far."""
        return len(self._missing())

    def _missing(self) -> set[str]:
        return self._old.keys() - self._seen - self._kept

    def finish(self, counts: Counts, notes: Sequence[Note]) -> None:
        """Withdraws what was not delivered again, moves the statements to the store and enters the run in the ledger."""
        for offer_id in self._missing():
            row, _ = self._old[offer_id]
            self._outdated.append(offer_iri(self._run.base, offer_id))
            self._run.ledger.remove_offer(row)
            self._run.removed.add(row)
        # the provider of an offer that was merely kept may be among those not named now
        gone = self._old_providers.keys() - self._providers if not self._kept else set()
        for provider_id in gone:
            self._outdated.append(provider_iri(self._run.base, provider_id))
            self._run.ledger.remove_provider(self.name, provider_id)
        self._run.changed |= self._changed
        self._spool.close()
        if self._outdated or self._spool_path.stat().st_size:
            self._run.touch()
            self._run.ledger.date_source(self.name, self._run.moment)
            for iri in self._outdated:
                for quad in list(describe(self._run.store, ox.NamedNode(iri), self._graph)):
                    self._run.store.remove(quad)
            self._run.store.bulk_load(path=str(self._spool_path), format=ox.RdfFormat.N_TRIPLES, to_graph=self._graph)
        self._spool_path.unlink()
        self._enter(counts, notes, None)

    def abandon(self, counts: Counts, notes: Sequence[Note], failure: str) -> None:
        """Leaves the source as it was and enters the reason in the ledger."""
        self._run.ledger.abandon_source()
        self._spool_path.unlink()
        self._enter(counts, notes, failure)

    def _enter(self, counts: Counts, notes: Sequence[Note], failure: str | None) -> None:
        run = SourceRun(self.name, self._run.number, self._run.moment, counts, failure)
        self._run.ledger.enter_run(run, notes)


def _refuse_another_base(written: str, wanted: str) -> None:
    """With another base every IRI is another, and what neighbours and portals know would be gone: that must not happen by a slip."""
    if written not in ("", wanted):
        raise CatalogueError(
            f"Die Adressen dieses Katalogs beginnen mit {written}, in katalog.toml steht jetzt base = {wanted}. "
            "Entweder base zurückändern, oder den Katalog neu anlegen: die Datei current löschen und alles neu einlesen."
        )


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
