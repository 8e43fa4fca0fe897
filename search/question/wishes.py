"""The wishes that a question's words state: what `eval/filters.md` of the contract calls filters."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from itertools import chain
from typing import Any

import msgspec

from ontology.offer import WEEKDAYS

__all__ = ["DAYTIMES", "LEVELS", "WEEKDAYS", "Wishes", "as_json", "names_of", "overridden", "without"]

DAYTIMES = ("morning", "afternoon", "evening")  # starts before 12, before 17, from 17
LEVELS = ("A1", "A2", "B1", "B2", "C1", "C2")
_NOT = "not."
_TOGETHER = {  # what goes with a wish that is taken away
    "place": ("place_ags", "radius_km"),
    "start_from": ("start_to",),
    "start_to": ("start_from",),
}


class Wishes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is asked for; None and () mean "not asked".

    ``place`` is the official name of a municipality and ``place_ags`` its 8-digit key; ``radius_km`` kilometres around it;
    ``start_from`` and ``start_to`` the days between which the offer starts, both included; ``price_max`` euro, 0 is free;
    ``age`` years from and to, None where open. Weekdays, daytime and level are in their natural order, other lists sorted.
    """

    place: str | None = None
    place_ags: str | None = None
    radius_km: float | None = None
    start_from: dt.date | None = None
    start_to: dt.date | None = None
    weekdays: tuple[str, ...] = ()
    daytime: tuple[str, ...] = ()
    price_max: float | None = None
    mode: str | None = None
    level: tuple[str, ...] = ()
    in_language: str | None = None
    audience: tuple[str, ...] = ()
    age: tuple[int | None, int | None] | None = None
    time_model: tuple[str, ...] = ()
    funding: tuple[str, ...] = ()
    certificate: bool | None = None
    wheelchair: bool | None = None
    childcare: bool | None = None
    ruled_out: Wishes | None = msgspec.field(default=None, name="not")


_NOTHING = Wishes()


def names_of(wishes: Wishes) -> frozenset[str]:
    """The fields that are asked for."""
    return frozenset(name for name in Wishes.__struct_fields__ if getattr(wishes, name) != getattr(_NOTHING, name))


def without(wishes: Wishes, names: Collection[str]) -> Wishes:
    """Without the wishes of these names; ``not.mode`` is the mode that is ruled out. Names of anything else are passed over."""
    own = [name for name in names if not name.startswith(_NOT)]
    gone = {*names_of(wishes).intersection(own), *chain.from_iterable(_TOGETHER.get(name, ()) for name in own)}
    found = msgspec.structs.replace(wishes, **{name: getattr(_NOTHING, name) for name in gone})
    if found.ruled_out is None:
        return found
    left = without(found.ruled_out, [name.removeprefix(_NOT) for name in names if name.startswith(_NOT)])
    return msgspec.structs.replace(found, ruled_out=None if left == _NOTHING else left)


def overridden(wishes: Wishes, by: Wishes) -> Wishes:
    """The wishes with those of ``by`` in the stead of their namesakes, also among what is ruled out. A radius goes with its place."""
    stated = {name: getattr(by, name) for name in names_of(by)}
    if wishes.ruled_out is not None and by.ruled_out is not None:
        stated["ruled_out"] = overridden(wishes.ruled_out, by.ruled_out)
    if by.place is not None:
        stated["radius_km"] = by.radius_km
    found = msgspec.structs.replace(wishes, **stated)
    if found.start_from and found.start_to and found.start_from > found.start_to:  # one of them is of the words
        return msgspec.structs.replace(found, start_from=by.start_from, start_to=by.start_to)
    return found


def as_json(wishes: Wishes) -> dict[str, Any]:
    """The filters as the contract writes them: only what is asked, plain JSON values; the municipality's key is left out."""
    table: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(wishes))
    table.pop("place_ags", None)
    if "not" in table:
        table["not"].pop("place_ags", None)
    for name in ("price_max", "radius_km"):
        if table.get(name) is not None and table[name] == int(table[name]):
            table[name] = int(table[name])
    return table
