"""What is filtered of an offer and of each of its dated runs, as numbers.

-1 (NaN for prices and coordinates, 0 for sets) means "not stated". Sets are bit masks over the notations listed here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from hashlib import blake2b

import numpy as np

from ontology.offer import WEEKDAYS, Instance, Kind, Mode, Offer, Place, Schedule, day_of
from search.languages import mask_of_languages
from search.question.wishes import DAYTIMES, LEVELS

__all__ = [
    "AUDIENCE",
    "DAYTIMES",
    "FUNDING",
    "KINDS",
    "LEVELS",
    "MODES",
    "TIME_MODELS",
    "day_number",
    "instance_daytimes",
    "instance_weekdays",
    "mask_of",
    "offer_entries",
    "run_entries",
]

AUDIENCE = (
    *("children", "youth", "parents", "families", "women", "men", "seniors", "migrants", "unemployed", "employees"),
    *("disabled", "apprentices", "students", "teachers", "volunteers", "single_parents"),
)
TIME_MODELS = ("full_time", "part_time", "weekend", "block", "evening_school", "extra_occupational")
FUNDING = ("bildungsgutschein", "bildungsurlaub", "aufstiegs_bafoeg", "avgs", "bildung_und_teilhabe")
MODES = tuple(Mode)
KINDS = tuple(Kind)
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
        span = (day_of(instance.end) - day_of(instance.start)).days
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


def offer_entries(offer: Offer) -> dict[str, float]:
    """What all runs of an offer share, by column."""
    return {
        "alike": _alike(offer),
        "kind": KINDS.index(offer.kind),
        "audience": mask_of(offer.audience, AUDIENCE),
        "level": mask_of(offer.level, LEVELS),
        "age_min": _or(offer.age_min, -1),
        "age_max": _or(offer.age_max, -1),
        "funding": mask_of(offer.funding, FUNDING),
        "certificate": 1 if offer.credential else _truth(offer.certificate),
        "childcare": _truth(offer.childcare),
        "language": mask_of_languages(offer.in_language),
    }


def _alike(offer: Offer) -> int:
    """The same course on many dates or from several lists has one title and one provider, in whatever case they are written."""
    who = offer.provider.name if offer.provider else offer.id
    words = f"{offer.name}\n{who}".casefold().encode("utf-8", "replace")
    return int.from_bytes(blake2b(words, digest_size=8).digest(), "big", signed=True)


def run_entries(offer: Offer, instance: Instance) -> dict[str, float]:
    """What one run of an offer says, by column; a place that it does not state is the offer's."""
    place = instance.place or offer.place or Place()
    last = instance.end or instance.start
    if instance.start is not None and instance.end is not None and day_of(instance.end) < day_of(instance.start):
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


def _truth(value: bool | None) -> int:
    return -1 if value is None else int(value)


def _or(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else value
