"""Follows neighbours: what their feeds say is fetched first, without the writer's lock, and then written in runs of a bounded size.

Data and bookmark of a neighbour become visible together, so a visit that is cut off anywhere goes on exactly there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec

from catalogue.errors import CatalogueEmpty, CatalogueError
from catalogue.ledger import Bookmark, Counts, Note
from catalogue.neighbours import Check, note_check
from catalogue.run import open_run
from catalogue.settings import Neighbour, Settings
from catalogue.snapshot import Snapshot
from ingest.neighbours.client import Limits, NeighbourClient, NeighbourTrouble
from ingest.neighbours.feed import FeedVisit, Place
from ingest.neighbours.reading import RdfReader
from ingest.neighbours.scope import Scope
from ingest.neighbours.takeover import Change, base_of, changes_of, last_of_each, take_over
from ontology.concepts import load_schemes
from ontology.gazetteer import Gazetteer
from ontology.iris import NEIGHBOUR
from ontology.offer import id_at_neighbour
from ontology.publication import ontology_ntriples
from service.ingesting import Progress, write_index

__all__ = ["HarvestReport", "Harvester"]

_BATCH = 10_000  # changes in one run: bounds memory, and what a cut costs
_WAIT = 60.0  # seconds for another writer


class HarvestReport(msgspec.Struct, kw_only=True):
    """What one visit brought. ``trouble`` is why it ended early, what came before stays; ``remarks`` are sentences to be shown."""

    neighbour: str
    counts: Counts = Counts()
    remarks: Sequence[str] = ()
    trouble: str | None = None
    retry_after: float | None = None
    received: int = 0  # bytes


class _State(msgspec.Struct, frozen=True, kw_only=True):
    """The ``state`` of a bookmark. ``filters`` is a hash of what decides which offers are taken; ``renewing`` is True while everything is
    read anew, until what is gone is withdrawn.
    """

    place: Place = Place()
    filters: str = ""
    renewing: bool = False


class _Overtaken(CatalogueError):
    """Another process followed the same neighbour meanwhile."""


class Harvester:
    """Follows the neighbours of one catalogue's settings."""

    def __init__(
        self, folder: Path, settings: Settings, progress: Progress, limits: Limits | None = None, wait: float = _WAIT
    ) -> None:
        self._folder = folder
        self._settings = settings
        self._progress = progress
        self._limits = limits
        self._wait = wait
        self._schemes = load_schemes()
        self._gazetteer = Gazetteer.load()

    def harvest(self, neighbour: Neighbour, *, renew: bool = False) -> HarvestReport:
        """One visit. ``renew`` reads everything again and withdraws what is gone. Trouble with the neighbour is in the report; raises
        CatalogueBusy and EncoderUnavailable for trouble of our own.
        """
        report = HarvestReport(neighbour=neighbour.name)
        with NeighbourClient(neighbour.address, self._limits) as client, RdfReader() as reader:
            try:
                state = self._state_of(neighbour)
                if not (renew or state.renewing):
                    visit = FeedVisit(client, reader, neighbour.address, state.place)
                    state = self._follow(neighbour, visit, state, report, None)
                    renew = visit.restarted
                if renew or state.renewing:
                    begin = self._write(neighbour, state, _State(filters=state.filters, renewing=True), [], [], report)
                    visit = FeedVisit(client, reader, neighbour.address, Place())
                    self._follow(neighbour, visit, begin, report, set())
            except (NeighbourTrouble, _Overtaken) as trouble:
                report.trouble = str(trouble)
                report.retry_after = getattr(trouble, "retry_after", None)
            finally:
                report.received = client.bytes_received
        note_check(self._folder, neighbour.name, Check(at=_now(), trouble=report.trouble))
        return report

    def _state_of(self, neighbour: Neighbour) -> _State:
        """Where the last visit ended; other filters than then mean that everything has to be read again."""
        filters = sha256(neighbour.model_dump_json(exclude={"title", "every"}).encode()).hexdigest()[:16]
        try:
            with Snapshot.open(self._folder) as snapshot:
                state = _state_in(snapshot.ledger.bookmark(neighbour.name))
        except CatalogueEmpty:
            state = None
        if state is None:
            return _State(filters=filters)
        renewing = state.renewing or state.filters != filters
        return msgspec.structs.replace(state, filters=filters, renewing=renewing)

    def _follow(
        self, neighbour: Neighbour, visit: FeedVisit, state: _State, report: HarvestReport, seen: set[str] | None
    ) -> _State:
        """Writes what a visit brings. With ``seen`` it is one of everything, which ends with withdrawing what was not seen."""
        source, base = NEIGHBOUR + neighbour.name, base_of(neighbour.address)
        changes: list[Change] = []
        notes: list[Note] = []
        reached = state
        try:
            for step in visit.steps():
                notes += [Note(True, neighbour.address, fault.rstrip(".")) for fault in step.faults]
                for found in changes_of(step.events, source, base):
                    if isinstance(found, Note):
                        notes.append(found)
                    else:
                        changes.append(found)
                self._progress.records(neighbour.title or neighbour.name, len(step.events))
                reached = msgspec.structs.replace(state, place=step.place)
                if len(changes) >= _BATCH:
                    state = self._write(neighbour, state, reached, changes, notes, report, seen)
                    changes, notes = [], []
        except NeighbourTrouble:
            if changes:  # what came in order before the trouble stays
                self._write(neighbour, state, reached, changes, notes, report, seen)
            raise
        reached = msgspec.structs.replace(reached, renewing=False)
        if reached != state or changes or notes or seen is not None:
            state = self._write(neighbour, state, reached, changes, notes, report, seen)
        return state

    def _write(
        self,
        neighbour: Neighbour,
        before: _State,
        after: _State,
        changes: Sequence[Change],
        notes: Sequence[Note],
        report: HarvestReport,
        seen: set[str] | None = None,
    ) -> _State:
        """One run. Raises CatalogueBusy, and _Overtaken where the bookmark is not the one that the visit began with."""
        source = NEIGHBOUR + neighbour.name
        scope = Scope(neighbour, self._settings.catalogue.district, self._schemes, self._gazetteer)
        with open_run(self._folder, self._settings.catalogue.base, self._wait) as run:
            bookmark = run.ledger.bookmark(neighbour.name)
            known = _state_in(bookmark)
            if known is not None and known.place != before.place:
                raise _Overtaken(f"{neighbour.name} wird gerade von einem anderen Prozess abgeglichen.")
            run.put_ontology(ontology_ntriples())
            latest = last_of_each(changes)
            with run.source(source, partial=True) as writer:
                if seen is not None:
                    _note_seen(seen, latest, source)
                    if not after.renewing:
                        for gone in run.ledger.entries(source).keys() - seen:
                            writer.withdraw(gone)
                counts = take_over(writer, latest, scope, notes)
            state = msgspec.json.encode(after).decode()
            changed_at = run.moment if counts.taken or counts.withdrawn or bookmark is None else bookmark.changed_at
            run.ledger.put_bookmark(Bookmark(neighbour.name, after.place.position, state, run.moment, changed_at))
            write_index(run, self._folder, self._settings, self._schemes, self._progress)
            run.commit()
        report.counts = Counts(*(a + b for a, b in zip(report.counts, counts, strict=True)))
        return after


def _note_seen(seen: set[str], changes: Iterable[Change], source: str) -> None:
    for change in changes:
        offer_id = id_at_neighbour(source, change.iri)
        if change.offer is None:
            seen.discard(offer_id)
        else:
            seen.add(offer_id)


def _state_in(bookmark: Bookmark | None) -> _State | None:
    """What a bookmark remembers; one that cannot be read counts as none, and everything is read again."""
    if bookmark is None:
        return None
    try:
        return msgspec.json.decode(bookmark.state, type=_State)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return _State(renewing=True)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
