"""What a wish does to an offer: fits, unknown, or conflicts, for every dated run at once.

The rules are those of the published interface (README, "Wishes"): an unstated value leaves an offer in the second group; a conflict
puts it out, or into the third group where the wish is one that people bend (place, dates, price, …) and came from their words.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ontology.gazetteer import Gazetteer
from ontology.offer import WEEKDAYS, Mode
from search.columns import Columns
from search.entries import (
    AUDIENCE,
    DAYTIMES,
    FUNDING,
    LEVELS,
    MODES,
    TIME_MODELS,
    day_number,
    mask_of,
)
from search.languages import ANOTHER_LANGUAGE, mask_of_languages
from search.question import Wishes

__all__ = ["FITS", "OUT", "SOFT", "UNKNOWN", "Judgement", "judge", "misses"]

FITS, UNKNOWN, CONFLICT, OUT = 0, 1, 2, 3

_HALF_KILOMETRES, _HALF_EURO, _HALF_DAYS = 30, 20, 30  # a miss by so much is half as bad as any miss can be

Status = NDArray[np.int8]

SOFT = frozenset(
    (
        "place",
        "radius_km",
        "start",
        "weekdays",
        "daytime",
        "price_max",
        "time_model",
        "funding",
        "certificate",
        "childcare",
    )
)
"""Wishes that people bend: a conflict leaves the offer in the third group."""


class Judgement(msgspec.Struct, frozen=True):
    """``wishes``: for each wish (``not.`` before those ruled out) its status per run. ``runs``: the worst of a run's. ``groups``: per row
    of ``Columns.rows`` the best of its runs plus one: 1 fits, 2 unknown, 3 fits except for something, 4 out.
    """

    wishes: dict[str, Status]
    runs: Status
    groups: Status
    distance: NDArray[np.float32] | None  # kilometres per run, NaN where unknown; None where no place was asked for


def judge(
    columns: Columns, wishes: Wishes, today: dt.date, gazetteer: Gazetteer, strict: frozenset[str] = frozenset()
) -> Judgement:
    """Judges every run. ``strict`` names wishes whose conflict puts an offer out whatever they are."""
    found: dict[str, Status] = {}
    for name, rule in _RULES.items():
        status = rule(columns, wishes)
        if status is not None:
            found[name] = _hardened(status, name not in SOFT or name in strict)
    if wishes.ruled_out is not None:
        for name, rule in _RULES_OF_EXCLUSION.items():
            status = rule(columns, wishes.ruled_out)
            if status is not None:
                found[f"not.{name}"] = _hardened(_inverted(status), True)
        if wishes.ruled_out.place is not None:
            found["not.place"] = _elsewhere(columns, wishes.ruled_out, gazetteer)
    distance = None
    if wishes.place is not None:
        status, distance = _place(columns, wishes, gazetteer)
        found["place"] = _hardened(status, bool(strict & {"place", "radius_km"}))
    worst = (columns.runs["last"] < day_number(today)).view(np.int8) * np.int8(OUT)
    for status in found.values():
        np.maximum(worst, status, out=worst)
    return Judgement(found, worst, columns.per_row(worst) + np.int8(1), distance)


def misses(columns: Columns, wishes: Wishes, judgement: Judgement, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """How far the best run of each of the ``rows`` misses the wishes: 0 not at all, towards 1 all of them by far (float32)."""
    runs, first = columns.runs_of_all(rows)
    missed = np.where(judgement.runs[runs] < OUT, 0.0, np.inf)
    for name, status in judgement.wishes.items():
        far = _FAR[name](columns, wishes, judgement, runs) if name in _FAR else np.ones(runs.size)
        missed += np.where(status[runs] == CONFLICT, far, 0) / len(judgement.wishes)
    return np.minimum.reduceat(missed, first).astype(np.float32) if rows.size else np.empty(0, np.float32)


def _far_away(_: Columns, __: Wishes, judgement: Judgement, runs: NDArray[np.int64]) -> NDArray[np.float64]:
    assert judgement.distance is not None
    return _share(judgement.distance[runs], _HALF_KILOMETRES)


def _expensive(columns: Columns, wishes: Wishes, _: Judgement, runs: NDArray[np.int64]) -> NDArray[np.float64]:
    limit = wishes.price_max or 0
    return _share(columns.runs["price"][runs] - limit, max(limit, _HALF_EURO))


def _early_or_late(columns: Columns, wishes: Wishes, _: Judgement, runs: NDArray[np.int64]) -> NDArray[np.float64]:
    start = columns.runs["start"][runs]
    early = day_number(wishes.start_from) - start if wishes.start_from else np.zeros(runs.size)
    late = start - day_number(wishes.start_to) if wishes.start_to else np.zeros(runs.size)
    return _share(np.maximum(early, late), _HALF_DAYS)


def _share(by: NDArray[Any], half: float) -> NDArray[np.float64]:
    """0 for nothing, 0.5 for ``half``, 1 for endlessly much or nobody knows how much."""
    by = np.maximum(by.astype(np.float64), 0)
    return np.nan_to_num(by / (by + half), nan=1.0)


_FAR: dict[str, Callable[[Columns, Wishes, Judgement, NDArray[np.int64]], NDArray[np.float64]]] = {
    "place": _far_away,
    "price_max": _expensive,
    "start": _early_or_late,
}


def _hardened(status: Status, hard: bool) -> Status:
    if hard:
        status[status == CONFLICT] = OUT
    return status


def _inverted(status: Status) -> Status:
    return np.array([CONFLICT, UNKNOWN, FITS], np.int8)[status]


def _status(fits: NDArray[np.bool_], known: NDArray[np.bool_]) -> Status:
    status = (~fits).view(np.int8) * np.int8(CONFLICT)
    status[~known] = UNKNOWN
    return status


Rule = Callable[[Columns, Wishes], Status | None]


def _any_of(column: str, values: Callable[[Wishes], Iterable[str] | None], names: tuple[str, ...]) -> Rule:
    """Fits where the offer has one of the wished values."""

    def rule(columns: Columns, wishes: Wishes) -> Status | None:
        wished = values(wishes)
        if not wished:
            return None
        has = columns.runs[column]
        return _status((has & mask_of(wished, names)) != 0, has != 0)

    return rule


def _only(column: str, values: Callable[[Wishes], Iterable[str] | None], names: tuple[str, ...]) -> Rule:
    """Fits where all of the run's times are among the wished ones: who can come on Mondays cannot take a course on Mondays and Fridays."""

    def rule(columns: Columns, wishes: Wishes) -> Status | None:
        wished = values(wishes)
        if not wished:
            return None
        has = columns.runs[column]
        return _status((has & ~np.uint8(mask_of(wished, names))) == 0, has != 0)

    return rule


def _yes(column: str, value: Callable[[Wishes], bool | None]) -> Rule:
    """Fits where the offer says yes."""

    def rule(columns: Columns, wishes: Wishes) -> Status | None:
        if not value(wishes):
            return None
        has = columns.runs[column]
        return _status(has == 1, has >= 0)

    return rule


def _start(columns: Columns, wishes: Wishes) -> Status | None:
    if wishes.start_from is None and wishes.start_to is None:
        return None
    start = columns.runs["start"]
    low = day_number(wishes.start_from) if wishes.start_from else 0
    high = day_number(wishes.start_to) if wishes.start_to else np.iinfo(np.int32).max
    return _status((start >= low) & (start <= high), start >= 0)


def _price(columns: Columns, wishes: Wishes) -> Status | None:
    if wishes.price_max is None:
        return None
    price = columns.runs["price"]
    return _status(price <= wishes.price_max, ~np.isnan(price))


def _mode(columns: Columns, wishes: Wishes) -> Status | None:
    if wishes.mode is None:
        return None
    mode = columns.runs["mode"]
    return _status(mode == MODES.index(Mode(wishes.mode)), mode >= 0)


def _language(columns: Columns, wishes: Wishes) -> Status | None:
    if wishes.in_language is None:
        return None
    has = columns.runs["language"]
    wanted = mask_of_languages((wishes.in_language,))
    if wanted == ANOTHER_LANGUAGE:  # it may be the other one of an offer
        return _status(np.zeros(has.shape, np.bool_), (has & ~np.uint64(ANOTHER_LANGUAGE)) != 0)
    return _status((has & np.uint64(wanted)) != 0, has != 0)


def _age(columns: Columns, wishes: Wishes) -> Status | None:
    if wishes.age is None:
        return None
    low, high = wishes.age
    youngest, oldest = columns.runs["age_min"], columns.runs["age_max"]
    too_young = (youngest >= 0) & (youngest > (200 if high is None else high))
    too_old = (oldest >= 0) & (oldest < (0 if low is None else low))
    return _status(~too_young & ~too_old, (youngest >= 0) | (oldest >= 0))


def _place(columns: Columns, wishes: Wishes, gazetteer: Gazetteer) -> tuple[Status, NDArray[np.float32]]:
    """In the municipality itself, or within the radius. What takes place online has no distance: it is left unknown."""
    runs = columns.runs
    ags = runs["ags"]
    town = gazetteer.by_ags(wishes.place_ags) if wishes.place_ags else None
    if town is None:
        unknown = np.full(ags.shape, UNKNOWN, np.int8)
        return unknown, np.full(ags.shape, np.nan, np.float32)
    distance = columns.distances(town.latitude, town.longitude)
    inside = ags == int(town.ags)
    if wishes.radius_km is not None:
        inside |= distance <= wishes.radius_km
    known = (ags >= 0) | ~np.isnan(distance)
    known &= runs["mode"] != MODES.index(Mode.ONLINE)
    return _status(inside, known), distance


def _elsewhere(columns: Columns, ruled_out: Wishes, gazetteer: Gazetteer) -> Status:
    """Not there: out where it is, and what takes place online is nowhere."""
    status, _ = _place(columns, ruled_out, gazetteer)
    online = columns.runs["mode"] == MODES.index(Mode.ONLINE)
    return np.where(online, np.int8(FITS), _hardened(_inverted(status), True))


_RULES: dict[str, Rule] = {
    "start": _start,
    "weekdays": _only("weekdays", lambda w: w.weekdays, WEEKDAYS),
    "daytime": _only("daytimes", lambda w: w.daytime, DAYTIMES),
    "price_max": _price,
    "mode": _mode,
    "level": _any_of("level", lambda w: w.level, LEVELS),
    "in_language": _language,
    "audience": _any_of("audience", lambda w: w.audience, AUDIENCE),
    "age": _age,
    "time_model": _any_of("time_model", lambda w: w.time_model, TIME_MODELS),
    "funding": _any_of("funding", lambda w: w.funding, FUNDING),
    "certificate": _yes("certificate", lambda w: w.certificate),
    "wheelchair": _yes("wheelchair", lambda w: w.wheelchair),
    "childcare": _yes("childcare", lambda w: w.childcare),
}
_RULES_OF_EXCLUSION = _RULES | {
    "weekdays": _any_of("weekdays", lambda w: w.weekdays, WEEKDAYS),
    "daytime": _any_of("daytimes", lambda w: w.daytime, DAYTIMES),
}
