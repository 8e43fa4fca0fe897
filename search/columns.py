"""What can be filtered, as columns: one entry for each dated run of each offer, so that a wish is a comparison of arrays.

An offer without dated runs has one entry of its own. In every column -1 (NaN for prices and coordinates, 0 for sets) means
"not stated". Sets are bit masks over the notations listed here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ontology.offer import WEEKDAYS, Instance, Kind, Mode, Offer, Place, Schedule

__all__ = [
    "AUDIENCE",
    "DAYTIMES",
    "FUNDING",
    "LEVELS",
    "MODES",
    "TIME_MODELS",
    "Columns",
    "day_number",
    "instance_daytimes",
    "instance_weekdays",
    "mask_of",
]

AUDIENCE = (
    *("children", "youth", "parents", "families", "women", "men", "seniors", "migrants", "unemployed", "employees"),
    *("disabled", "apprentices", "students", "teachers", "volunteers", "single_parents"),
)
LEVELS = ("A1", "A2", "B1", "B2", "C1", "C2")
TIME_MODELS = ("full_time", "part_time", "weekend", "block", "evening_school", "extra_occupational")
FUNDING = ("bildungsgutschein", "bildungsurlaub", "aufstiegs_bafoeg", "avgs", "bildung_und_teilhabe")
DAYTIMES = ("morning", "afternoon", "evening")  # starts before 12, before 17, from 17
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


_RUN_TYPES: Mapping[str, type] = {
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
    "source": np.int32,
    "provider": np.int32,
    "kind": np.int8,
}


class _Names:
    """Numbers for strings, in order of appearance."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}

    def number(self, name: str | None) -> int:
        return -1 if name is None else self.numbers.setdefault(name, len(self.numbers))


class Columns:
    """The columns of a snapshot. ``runs[name]`` has one entry per run, sorted by row; ``first[i]`` is where the i-th row's runs begin.

    ``rows`` are the rows in use, ``names`` the strings behind the numbers of ``language``, ``source`` and ``provider``.
    """

    def __init__(self, runs: dict[str, NDArray[np.generic]], names: dict[str, list[str]]) -> None:
        self.runs = runs
        self.names = names
        self.rows, self.first = np.unique(runs["row"], return_index=True)
        self.height = int(self.rows[-1]) + 1 if self.rows.size else 0

    @classmethod
    def build(cls, offers: Iterable[tuple[int, Offer]]) -> Columns:
        """From offers in order of row."""
        lists: dict[str, list[float]] = {name: [] for name in _RUN_TYPES}
        names = {"language": _Names(), "source": _Names(), "provider": _Names()}
        for row, offer in offers:
            own = _offer_entries(offer, names)
            for position, instance in enumerate(offer.instances) if offer.instances else [(-1, Instance())]:
                entries = own | _run_entries(offer, instance) | {"row": row, "position": position}
                for name, values in lists.items():
                    values.append(entries[name])
        runs = {name: np.array(values, _RUN_TYPES[name]) for name, values in lists.items()}
        return cls(runs, {name: list(found.numbers) for name, found in names.items()})

    def save(self, path: Path) -> None:
        """Writes the columns to a file that `load` reads."""
        arrays: dict[str, Any] = {"names": np.frombuffer(msgspec.json.encode(self.names), np.uint8), **self.runs}
        np.savez(path, **arrays)

    @classmethod
    def load(cls, path: Path) -> Columns:
        """What `save` wrote."""
        with np.load(path) as data:
            names = msgspec.json.decode(data["names"].tobytes(), type=dict[str, list[str]])
            return cls({name: data[name] for name in _RUN_TYPES}, names)

    def per_row(self, values: NDArray[np.int8]) -> NDArray[np.int8]:
        """The least value over the runs of each row in use, in the order of ``rows``."""
        if not self.rows.size:
            return values
        least: NDArray[np.int8] = np.minimum.reduceat(values, self.first)
        return least


def _offer_entries(offer: Offer, names: Mapping[str, _Names]) -> dict[str, float]:
    languages = {names["language"].number(language.partition("-")[0]) for language in offer.in_language}
    return {
        "audience": mask_of(offer.audience, AUDIENCE),
        "level": mask_of(offer.level, LEVELS),
        "age_min": _or(offer.age_min, -1),
        "age_max": _or(offer.age_max, -1),
        "funding": mask_of(offer.funding, FUNDING),
        "certificate": 1 if offer.credential else _truth(offer.certificate),
        "childcare": _truth(offer.childcare),
        "language": sum(1 << number for number in languages if number < 64),
        "source": names["source"].number(offer.source),
        "provider": names["provider"].number(offer.provider.id if offer.provider else None),
        "kind": list(Kind).index(offer.kind),
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
