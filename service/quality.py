"""What the catalogue says of itself: what is known about its offers, how fresh they are, how well the search was found to work."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from catalogue.audit import Audit
from catalogue.dumps import read_manifest
from catalogue.ledger import Ledger
from catalogue.settings import Settings
from catalogue.snapshot import Snapshot
from ontology.iris import NEIGHBOUR
from ontology.offer import Offer
from search.evaluation import Configuration, Evaluation, published
from search.index import index_state
from service.border import Border
from service.neighbours import neighbours_of

__all__ = ["FIELDS", "Coverage", "Quality", "QualityReporter", "Since", "SourceQuality", "coverage"]


def _has_place(offer: Offer) -> bool:
    places = (offer.place, *(instance.place for instance in offer.instances))
    return any(place is not None and (place.locality or place.name) for place in places)


FIELDS: dict[str, Callable[[Offer], bool]] = {
    "date": lambda offer: any(instance.start is not None for instance in offer.instances),
    "place": _has_place,
    "price": lambda offer: any(instance.price is not None for instance in offer.instances),
    "level": lambda offer: bool(offer.level),
    "provider": lambda offer: offer.provider is not None,
    "description": lambda offer: bool(offer.description),
    "phase": lambda offer: bool(offer.phases),
    "topic": lambda offer: bool(offer.topics),
}
"""Whether an offer states something; of an offer with several dates one is enough."""


class Coverage(msgspec.Struct, frozen=True):
    """How many offers there are, and how many of them state each of the `FIELDS`."""

    offers: int
    stated: dict[str, int]


class SourceQuality(msgspec.Struct, frozen=True, kw_only=True):
    """One source. ``last_run`` in German time; ``counts`` of its records as in the ledger; ``failed``: that run was not taken over, the
    offers are those of an earlier one.
    """

    name: str
    title: str
    coverage: Coverage
    last_run: dt.datetime
    age_days: int
    failed: bool
    counts: dict[str, int]


class Since(msgspec.Struct, frozen=True):
    """What is another now than when it was measured."""

    data: bool
    model: bool


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of the page. ``relevance`` is None where it was never measured, ``audit`` where there are no dumps yet."""

    data_time: dt.datetime
    model: str | None
    relevance: Evaluation | None
    since: Since | None
    coverage: Coverage
    sources: tuple[SourceQuality, ...]
    audit: Audit | None


def coverage(ledger: Ledger) -> dict[str, Coverage]:
    """Counts by source (0.1 s for 10,000 offers)."""
    offers: dict[str, int] = {}
    stated: dict[str, dict[str, int]] = {}
    for _, offer in ledger.offers():
        offers[offer.source] = offers.get(offer.source, 0) + 1
        counts = stated.setdefault(offer.source, dict.fromkeys(FIELDS, 0))
        for name, states in FIELDS.items():
            counts[name] += states(offer)
    return {source: Coverage(count, stated[source]) for source, count in offers.items()}


class QualityReporter:
    """Makes the figures of a catalogue's folder; counts once for each snapshot."""

    def __init__(self, folder: Path, settings: Settings, border: Border, zone: dt.tzinfo) -> None:
        self._folder = folder
        self._settings = settings
        self._border = border
        self._zone = zone
        self._counted: tuple[Path, dict[str, Coverage]] | None = None

    def report(self, snapshot: Snapshot, today: dt.date) -> Quality:
        """The figures of a snapshot as of a day."""
        index, measured, dumps = index_state(snapshot.path), published(self._folder), read_manifest(self._folder)
        model = None if index is None else index.model
        return Quality(
            data_time=self._local(snapshot.state.data_time),
            model=model,
            relevance=measured,
            since=None if measured is None else _since(measured.configuration, snapshot, model),
            coverage=_together(self._coverage(snapshot).values()),
            sources=tuple(self._sources(snapshot, today)),
            audit=None if dumps is None else dumps.audit,
        )

    def _coverage(self, snapshot: Snapshot) -> dict[str, Coverage]:
        counted = self._counted
        if counted is None or counted[0] != snapshot.path:
            counted = self._counted = (snapshot.path, coverage(snapshot.ledger))
        return counted[1]

    def _sources(self, snapshot: Snapshot, today: dt.date) -> Iterator[SourceQuality]:
        covered = self._coverage(snapshot)
        neighbours = {NEIGHBOUR + n.name: n for n in neighbours_of(self._folder, self._settings, snapshot)}
        for run in snapshot.ledger.last_runs():
            source = self._settings.source_named(run.source)
            neighbour = neighbours.get(run.source)
            if source is None and neighbour is None and run.source not in covered:
                continue  # taken out of the settings, and its offers withdrawn
            finished = self._local(run.finished if neighbour is None else neighbour.reached or run.finished)
            yield SourceQuality(
                name=run.source,
                title=self._border.title_of(run.source),
                coverage=covered.get(run.source, _together(())),
                last_run=finished,
                age_days=(today - finished.date()).days,
                failed=run.failure is not None or (neighbour is not None and neighbour.trouble is not None),
                counts=run.counts._asdict(),
            )

    def _local(self, moment: str) -> dt.datetime:
        return dt.datetime.fromisoformat(moment).astimezone(self._zone)


def _since(measured: Configuration, snapshot: Snapshot, model: str | None) -> Since:
    state = snapshot.state
    data = (measured.data_run, measured.data_time) != (state.data_run, state.data_time)
    return Since(data=data, model=measured.model != model)


def _together(parts: Iterable[Coverage]) -> Coverage:
    known = list(parts)
    stated = {name: sum(part.stated[name] for part in known) for name in FIELDS}
    return Coverage(sum(part.offers for part in known), stated)
