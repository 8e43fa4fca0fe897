"""Follows neighbours: what their feeds say is fetched first, without the writer's lock, and then written in runs of a bounded size.

Data and bookmark of a neighbour become visible together, so a visit that is cut off anywhere goes on exactly there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from itertools import chain
from pathlib import Path

import msgspec

from catalogue.errors import CatalogueEmpty, CatalogueError
from catalogue.ledger import Bookmark, Counts, Note
from catalogue.neighbours import Check, note_check
from catalogue.run import open_run
from catalogue.settings import Neighbour, Settings
from catalogue.snapshot import Snapshot
from ingest.enrich import Enricher
from ingest.neighbours.batch import Batch, bounded, misnamed, note_seen
from ingest.neighbours.client import Limits, NeighbourClient, NeighbourTrouble
from ingest.neighbours.feed import FeedVisit, Place
from ingest.neighbours.reading import RdfReader
from ingest.neighbours.scope import Scope
from ingest.neighbours.takeover import Change, base_of, change_of_event, take_over
from ingest.neighbours.whole import dump_changes, page_changes, site_map
from ontology.concepts import load_schemes
from ontology.gazetteer import Gazetteer
from ontology.iris import NEIGHBOUR
from ontology.publication import ontology_ntriples
from service.ingesting import Progress, withdraw_removed_neighbours, write_index
from service.neighbours import remarks_on

__all__ = ["HarvestReport", "Harvester"]

_WAIT = 60.0  # seconds for another writer
_WHOLE_EVERY = timedelta(days=7)
_MOST_LOST = 20  # pages of a site map that cannot be read, before the visit is given up
_SHOWN_EVERY = 100
_NAMING = "2"  # of `id_at_neighbour`: what has its id by another one is read again


class HarvestReport(msgspec.Struct, kw_only=True):
    """What one visit brought. ``trouble`` is why it ended early, what came before stays; ``remarks`` are sentences to be shown."""

    neighbour: str
    counts: Counts = Counts()
    remarks: Sequence[str] = ()
    trouble: str | None = None
    retry_after: float | None = None
    received: int = 0  # bytes, after unpacking


class _State(msgspec.Struct, frozen=True, kw_only=True):
    """The ``state`` of a bookmark. ``filters`` is a hash of what decides which offers are taken, and under which ids; ``renewing`` is True
    while everything is read anew, until what is gone is withdrawn. ``etag`` is that of a dump; the times (ISO) are those of the last visit
    to a site map, and of the last one that read all of its pages.
    """

    place: Place = Place()
    filters: str = ""
    renewing: bool = False
    etag: str | None = None
    read_at: str | None = None
    whole_at: str | None = None


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
        self._ontology = ontology_ntriples()

    def harvest(self, neighbour: Neighbour, *, renew: bool = False) -> HarvestReport:
        """One visit. ``renew`` reads everything again and withdraws what is gone. Trouble with the neighbour is in the report; raises
        CatalogueBusy and EncoderUnavailable for trouble of our own.
        """
        report = HarvestReport(neighbour=neighbour.name, remarks=remarks_on(neighbour))
        with NeighbourClient(neighbour.address, self._limits) as client:
            try:
                state = self._state_of(neighbour)
                if neighbour.feed is not None:
                    self._by_feed(neighbour, client, state, report, renew or state.renewing)
                elif neighbour.dump is not None:
                    self._by_dump(neighbour, client, state, report, renew or state.renewing)
                else:
                    self._by_pages(neighbour, client, state, report, renew or state.renewing)
            except (NeighbourTrouble, _Overtaken) as trouble:
                report.trouble = str(trouble)
                report.retry_after = getattr(trouble, "retry_after", None)
            finally:
                report.received = client.bytes_received
        note_check(self._folder, neighbour.name, Check(at=_now(), trouble=report.trouble))
        return report

    def _by_feed(
        self, neighbour: Neighbour, client: NeighbourClient, state: _State, report: HarvestReport, renew: bool
    ) -> None:
        with RdfReader() as reader:
            if not renew:
                visit = FeedVisit(client, reader, neighbour.address, state.place)
                state = self._follow(neighbour, visit, state, report, None)
                renew = visit.restarted
            if renew:
                begin = _State(filters=state.filters, renewing=True)
                if begin != state:  # else the last visit got no further
                    begin = self._write(neighbour, state, begin, [], report)
                visit = FeedVisit(client, reader, neighbour.address, Place())
                self._follow(neighbour, visit, begin, report, set())

    def _by_dump(
        self, neighbour: Neighbour, client: NeighbourClient, state: _State, report: HarvestReport, renew: bool
    ) -> None:
        etag, source = None if renew else state.etag, NEIGHBOUR + neighbour.name
        with tempfile.TemporaryDirectory(prefix="bildungskatalog-") as folder:
            found = dump_changes(client, neighbour.address, etag, source, Path(folder))
            if found is not None:
                etag, changes = found
                after = msgspec.structs.replace(state, etag=etag, renewing=False)
                self._write_all(neighbour, state, lambda: after, changes, report, set())

    def _by_pages(
        self, neighbour: Neighbour, client: NeighbourClient, state: _State, report: HarvestReport, renew: bool
    ) -> None:
        """New and changed pages; all of them once a week. Only then, and if each could be read, is seen what is gone."""
        now = datetime.now(UTC)
        whole_at = None if state.whole_at is None else datetime.fromisoformat(state.whole_at)
        whole = renew or whole_at is None or now - whole_at > _WHOLE_EVERY
        since = None if whole or state.read_at is None else datetime.fromisoformat(state.read_at)
        pages = [
            page
            for page in site_map(client, neighbour.address)
            if since is None or page.changed is None or page.changed > since
        ]
        lost = 0

        def changes() -> Iterator[Change | Note]:
            nonlocal lost
            for page in pages:
                try:
                    yield from page_changes(client, page.address, NEIGHBOUR + neighbour.name)
                except NeighbourTrouble as trouble:
                    yield Note(True, page.address[:200], str(trouble).rstrip("."))
                    lost += 1
                    if lost > _MOST_LOST:
                        raise

        def after() -> _State:
            read_at = now.isoformat()
            read = msgspec.structs.replace(state, renewing=whole and lost > 0, read_at=read_at)
            return msgspec.structs.replace(read, whole_at=read_at) if whole and not lost else read

        self._write_all(neighbour, state, after, changes(), report, set() if whole else None)

    def _write_all(
        self,
        neighbour: Neighbour,
        state: _State,
        after: Callable[[], _State],
        changes: Iterable[Change | Note],
        report: HarvestReport,
        seen: set[str] | None,
    ) -> None:
        """Writes what a neighbour without a feed has, in runs of a bounded size; with ``seen`` it is everything that there is.

        ``after``, asked for at the end, is the state then; until it is reached the next visit begins anew.
        """
        between = state if seen is None else msgspec.structs.replace(state, renewing=True)
        batch = Batch()
        for change in self._enriched(neighbour, changes):
            batch.add(change)
            if batch.is_full:
                state = self._write(neighbour, state, between, batch.changes, report, seen=seen)
                batch = Batch()
        if batch.changes or seen is not None:
            self._write(neighbour, state, after(), batch.changes, report, seen=seen)

    def _enriched(self, neighbour: Neighbour, changes: Iterable[Change | Note]) -> Iterator[Change | Note]:
        """Other software says less of topics and places than ours, whose feed is taken as it is."""
        enrich = Enricher(self._schemes, self._gazetteer, self._settings.catalogue.district)
        for number, change in enumerate(changes, 1):
            if isinstance(change, Change) and change.offer is not None:
                yield msgspec.structs.replace(change, offer=enrich(change.offer))
            else:
                yield change
            if number % _SHOWN_EVERY == 0:
                self._progress.records(neighbour.title or neighbour.name, _SHOWN_EVERY)

    def _state_of(self, neighbour: Neighbour) -> _State:
        """Where the last visit ended; other filters than then mean that everything has to be read again."""
        filters = sha256((_NAMING + neighbour.model_dump_json(exclude={"title", "every"})).encode()).hexdigest()[:16]
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
        batch = Batch()
        reached = state
        try:
            for step in visit.steps():
                for change in chain(step.faults, (change_of_event(event, source, base) for event in step.events)):
                    batch.add(change)
                    if batch.is_full:
                        state = self._write(neighbour, state, reached, batch.changes, report, seen=seen)
                        batch = Batch()
                self._progress.records(neighbour.title or neighbour.name, len(step.events))
                reached = msgspec.structs.replace(state, place=step.place)
        except NeighbourTrouble:
            if batch.changes:  # what came in order before the trouble stays
                self._write(neighbour, state, reached, batch.changes, report, seen=seen)
            raise
        reached = msgspec.structs.replace(reached, renewing=False)
        if reached != state or batch.changes or seen is not None:
            state = self._write(neighbour, state, reached, batch.changes, report, seen=seen)
        return state

    def _write(
        self,
        neighbour: Neighbour,
        before: _State,
        after: _State,
        changes: Sequence[Change | Note],
        report: HarvestReport,
        *,
        seen: set[str] | None = None,
    ) -> _State:
        """One run. ``seen`` are the ids that a visit of everything has found so far; at its end what is not among them is gone.

        Raises CatalogueBusy, and _Overtaken where the bookmark is not the one that the visit began with.
        """
        source = NEIGHBOUR + neighbour.name
        scope = Scope(neighbour, self._settings.catalogue.district, self._schemes, self._gazetteer)
        with open_run(self._folder, self._settings.catalogue.base, self._wait) as run:
            bookmark = run.ledger.bookmark(neighbour.name)
            known = _state_in(bookmark)
            if known is not None and known.place != before.place:
                raise _Overtaken(f"{neighbour.name} wird gerade von einem anderen Prozess abgeglichen.")
            run.put_ontology(self._ontology)
            begins = seen is not None and not seen
            changes = list(bounded(changes, run.ledger, source))
            with run.source(source, partial=True) as writer:
                # not with what is gone at the end, as that would take along what is written until then under the same IRIs
                for former in misnamed(run.ledger, source) if begins else ():
                    writer.withdraw(former)
                if seen is not None:
                    note_seen(seen, changes, source)
                    if not after.renewing:
                        for gone in run.ledger.entries(source).keys() - seen:
                            writer.withdraw(gone)
                counts = take_over(writer, changes, scope, [] if begins else run.ledger.notes(source))
            state = msgspec.json.encode(after).decode()
            changed_at = run.moment if counts.taken or counts.withdrawn or bookmark is None else bookmark.changed_at
            run.ledger.put_bookmark(Bookmark(neighbour.name, after.place.position, state, changed_at))
            withdraw_removed_neighbours(run, self._settings)
            write_index(run, self._folder, self._settings, self._schemes, self._progress)
            run.commit()
        report.counts = Counts(*(a + b for a, b in zip(report.counts, counts, strict=True)))
        return after


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
