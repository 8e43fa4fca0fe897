"""The wishes that a question's words state: what `eval/filters.md` of the contract calls filters."""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from ontology.offer import WEEKDAYS

__all__ = ["DAYTIMES", "LEVELS", "WEEKDAYS", "Wishes", "as_json"]

DAYTIMES = ("morning", "afternoon", "evening")  # starts before 12, before 17, from 17
LEVELS = ("A1", "A2", "B1", "B2", "C1", "C2")


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
