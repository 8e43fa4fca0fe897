"""What can be filtered, as columns: one entry for each dated run of each offer, so that a wish is a comparison of arrays.

An offer without dated runs has one entry of its own. In every column -1 (NaN for prices and coordinates, 0 for sets) means
"not stated". Sets are bit masks over the notations listed here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from ontology.offer import WEEKDAYS, Instance, Mode, Offer, Place, Schedule
from search.question.wishes import DAYTIMES, LEVELS

__all__ = [
    "AUDIENCE",
    "DAYTIMES",
    "FACETS",
    "FUNDING",
    "LEVELS",
    "MODES",
    "TIME_MODELS",
    "Columns",
    "Labels",
    "day_number",
    "instance_daytimes",
    "instance_weekdays",
    "mask_of",
]

AUDIENCE = (
    *("children", "youth", "parents", "families", "women", "men", "seniors", "migrants", "unemployed", "employees"),
    *("disabled", "apprentices", "students", "teachers", "volunteers", "single_parents"),
)
TIME_MODELS = ("full_time", "part_time", "weekend", "block", "evening_school", "extra_occupational")
FUNDING = ("bildungsgutschein", "bildungsurlaub", "aufstiegs_bafoeg", "avgs", "bildung_und_teilhabe")
MODES = tuple(Mode)
_NEVER = np.iinfo(np.int32).max  # last day of an offer without dates


def day_number(day: dt.date) -> int:
    """A date as a number of days."""
    return day.toordinal()


def mask_of(values: Iterable[str], known: Sequence[str]) -> int:
    """The bit mask of notations; unknown ones are left out."""
    return sum(1 << known.index(value) for value in set(values) if value in known)


def instance_weekdays(instance: Instance) -> tuple[str, ...]:
    """The weekdays on which a run takes place: as planned, else those of its meetings, else of a one-day run; empty if not stated."""
    if instance.schedule is not None and instance.schedule.weekdays:
        return instance.schedule.weekdays
    if instance.sessions:
        found = {WEEKDAYS[session.start.weekday()] for session in instance.sessions}
    elif instance.start is not None and instance.end is not None:
        span = (_day(instance.end) - _day(instance.start)).days
        found = {WEEKDAYS[(instance.start.weekday() + n) % 7] for n in range(span + 1)} if 0 <= span < 6 else set()
    elif isinstance(instance.start, dt.datetime):
        found = {WEEKDAYS[instance.start.weekday()]}
    else:
        found = set()
    return tuple(day for day in WEEKDAYS if day in found)


def instance_daytimes(instance: Instance) -> tuple[str, ...]:
    """``morning``, ``afternoon``, ``evening`` by the times at which a run's meetings start; empty if not stated."""
    schedule = instance.schedule or Schedule()
    moments = [s.start for s in instance.sessions if isinstance(s.start, dt.datetime)]
    times = {moment.time() for moment in moments}
    if schedule.start_time is not None:
        times = {schedule.start_time}
    elif not times and isinstance(instance.start, dt.datetime):
        times = {instance.start.time()}
    found = {"morning" if t.hour < 12 else "afternoon" if t.hour < 17 else "evening" for t in times}
    return tuple(daytime for daytime in DAYTIMES if daytime in found)


def _day(moment: dt.date) -> dt.date:
    return moment.date() if isinstance(moment, dt.datetime) else moment


def _truth(value: bool | None) -> int:
    return -1 if value is None else int(value)


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value


_RUN_TYPES: dict[str, type] = {
    "row": np.int64,
    "position": np.int32,  # of the run within its offer; -1: the offer itself
    "start": np.int32,
    "last": np.int32,
    "mode": np.int8,
    "weekdays": np.uint8,
    "daytimes": np.uint8,
    "time_model": np.uint8,
    "ags": np.int32,
    "latitude": np.float32,
    "longitude": np.float32,
    "wheelchair": np.int8,
    "price": np.float32,
    "audience": np.uint32,
    "level": np.uint8,
    "age_min": np.int16,
    "age_max": np.int16,
    "funding": np.uint8,
    "certificate": np.int8,
    "childcare": np.int8,
    "language": np.uint64,
}
_ALL_TYPES = _RUN_TYPES | {"tag_rows": np.int64, "tags": np.int32}
FACETS = ("phase", "topic", "place", "provider", "mode", "source")


class _Names:
    """Numbers for strings, in order of appearance."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.numbers = {name: number for number, name in enumerate(names)}

    def number(self, name: str) -> int:
        return self.numbers.setdefault(name, len(self.numbers))


class Columns:
    """The columns of a snapshot.

    ``runs[name]`` has one entry per run, sorted by row; ``first[i]`` is where the runs of ``rows[i]`` begin. ``tag_rows`` and ``tags`` pair
    rows with the facet values they have, as numbers of ``tag_names``, each "facet TAB value TAB label". ``languages`` are the BCP 47 codes
    behind the bits of ``runs["language"]``.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]], tag_names: Sequence[str], languages: Sequence[str]) -> None:
        self.runs = {name: arrays[name] for name in _RUN_TYPES}
        self.tag_rows, self.tags = arrays["tag_rows"], arrays["tags"]
        self.tag_names, self.languages = list(tag_names), list(languages)
        self._numbers: dict[tuple[str, str], list[int]] = {}
        for number, name in enumerate(self.tag_names):
            facet, value, _ = name.split("\t")
            self._numbers.setdefault((facet, value), []).append(number)
        self.rows, self.first = np.unique(self.runs["row"], return_index=True)
        self.height = int(self.rows[-1]) + 1 if self.rows.size else 0

    @classmethod
    def build(cls, offers: Iterable[tuple[int, Offer]], labels: Labels) -> Columns:
        """From offers with their rows."""
        empty: dict[str, NDArray[Any]] = {name: np.empty(0, kind) for name, kind in _ALL_TYPES.items()}
        return cls(empty, (), ()).updated(offers, (), labels)

    def updated(self, offers: Iterable[tuple[int, Offer]], outdated: Iterable[int], labels: Labels) -> Columns:
        """The columns without the ``outdated`` rows and with those of ``offers`` added: changed rows stand in both."""
        lists: dict[str, list[float]] = {name: [] for name in _ALL_TYPES}
        tag_names, languages = _Names(self.tag_names), _Names(self.languages)
        for row, offer in offers:
            own = _offer_entries(offer, languages)
            for position, instance in enumerate(offer.instances) if offer.instances else [(-1, Instance())]:
                entries = own | _run_entries(offer, instance) | {"row": row, "position": position}
                for name in _RUN_TYPES:
                    lists[name].append(entries[name])
            for tag in sorted(_tags(offer, labels)):
                lists["tag_rows"].append(row)
                lists["tags"].append(tag_names.number("\t".join(tag)))
        gone = np.fromiter(outdated, np.int64)
        keep_runs = ~np.isin(self.runs["row"], gone)
        keep_tags = ~np.isin(self.tag_rows, gone)
        old = {name: values[keep_runs] for name, values in self.runs.items()}
        old |= {"tag_rows": self.tag_rows[keep_tags], "tags": self.tags[keep_tags]}
        arrays = {name: np.concatenate([old[name], np.array(lists[name], kind)]) for name, kind in _ALL_TYPES.items()}
        order = np.argsort(arrays["row"], kind="stable")
        arrays |= {name: arrays[name][order] for name in _RUN_TYPES}
        return Columns(arrays, list(tag_names.numbers), list(languages.numbers))

    def save(self, path: Path) -> None:
        """Writes the columns to a file that `load` reads."""
        names = msgspec.json.encode([self.tag_names, self.languages])
        arrays: dict[str, Any] = self.runs | {"tag_rows": self.tag_rows, "tags": self.tags}
        part = path.with_name("neu.npz")  # the file may be shared with the visible snapshot: never write into it
        np.savez(part, names=np.frombuffer(names, np.uint8), **arrays)
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> Columns:
        """What `save` wrote."""
        with np.load(path) as data:
            tag_names, languages = msgspec.json.decode(data["names"].tobytes(), type=tuple[list[str], list[str]])
            return cls({name: data[name] for name in _ALL_TYPES}, tag_names, languages)

    def per_row(self, values: NDArray[np.int8]) -> NDArray[np.int8]:
        """The least value over the runs of each row in use, in the order of ``rows``."""
        if not self.rows.size:
            return values
        least: NDArray[np.int8] = np.minimum.reduceat(values, self.first)
        return least

    def runs_of(self, row: int) -> slice:
        """Where the runs of a row in use lie."""
        index = int(np.searchsorted(self.rows, row))
        end = self.first[index + 1] if index + 1 < self.first.size else self.runs["row"].size
        return slice(int(self.first[index]), int(end))

    def rows_with(self, facet: str, values: Iterable[str]) -> NDArray[np.bool_]:
        """A mask over all rows: those that have one of the facet's values."""
        wanted = [number for value in values for number in self._numbers.get((facet, value), ())]
        mask = np.zeros(self.height, np.bool_)
        mask[self.tag_rows[np.isin(self.tags, wanted)]] = True
        return mask

    def count_tags(self, rows: NDArray[np.int64]) -> Iterator[tuple[str, str, str, int]]:
        """Facet, value, label and number of the given rows that have it."""
        counts = np.bincount(self.tags[np.isin(self.tag_rows, rows)], minlength=len(self.tag_names))
        for number in np.flatnonzero(counts):
            facet, value, label = self.tag_names[number].split("\t")
            yield facet, value, label, int(counts[number])


class Labels(Protocol):
    """German labels of concepts."""

    def __call__(self, scheme: str, notation: str, /) -> str: ...


def _tags(offer: Offer, labels: Labels) -> set[tuple[str, str, str]]:
    """Facet, value and label of everything by which the offer can be narrowed down."""
    found = {("phase", phase, labels("phases", phase)) for phase in offer.phases}
    found |= {("topic", topic, labels("topics", topic)) for topic in offer.topics}
    found |= {("mode", i.mode.value, labels("mode", i.mode)) for i in offer.instances if i.mode}
    places = (offer.place, *(instance.place for instance in offer.instances))
    found |= {("place", p.locality, p.locality) for p in places if p and p.locality}
    found.add(("source", offer.source, offer.source))
    if offer.provider is not None:
        found.add(("provider", offer.provider.id, offer.provider.name))
    return {(facet, value.replace("\t", " "), label.replace("\t", " ")) for facet, value, label in found}


def _offer_entries(offer: Offer, names: _Names) -> dict[str, float]:
    languages = {names.number(language.partition("-")[0]) for language in offer.in_language}
    return {
        "audience": mask_of(offer.audience, AUDIENCE),
        "level": mask_of(offer.level, LEVELS),
        "age_min": _or(offer.age_min, -1),
        "age_max": _or(offer.age_max, -1),
        "funding": mask_of(offer.funding, FUNDING),
        "certificate": 1 if offer.credential else _truth(offer.certificate),
        "childcare": _truth(offer.childcare),
        "language": sum(1 << number for number in languages if number < 64),
    }


def _run_entries(offer: Offer, instance: Instance) -> dict[str, float]:
    place = instance.place or offer.place or Place()
    last = instance.end or instance.start
    if instance.start is not None and instance.end is not None and _day(instance.end) < _day(instance.start):
        last = instance.start
    return {
        "start": -1 if instance.start is None else day_number(instance.start),
        "last": _NEVER if last is None else day_number(last),
        "mode": -1 if instance.mode is None else MODES.index(instance.mode),
        "weekdays": mask_of(instance_weekdays(instance), WEEKDAYS),
        "daytimes": mask_of(instance_daytimes(instance), DAYTIMES),
        "time_model": mask_of(instance.time_model, TIME_MODELS),
        "ags": -1 if place.ags is None else int(place.ags),
        "latitude": np.nan if place.latitude is None else place.latitude,
        "longitude": np.nan if place.longitude is None else place.longitude,
        "wheelchair": _truth(place.wheelchair),
        "price": np.nan if instance.price is None else float(instance.price),
    }
