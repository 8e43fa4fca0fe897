"""Offers made by hand, for tests of what is said about them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ontology.offer import Instance, Kind, Offer, Place, Provider

__all__ = ["ALZEY", "WORMS", "course", "on"]

ALZEY = Place(locality="Alzey", ags="07331003", latitude=49.746, longitude=8.103, wheelchair=True)
WORMS = Place(locality="Worms", ags="07319000", latitude=49.649, longitude=8.325, wheelchair=False)


def course(key: str, name: str, *runs: Instance, **values: Any) -> Offer:
    stated: dict[str, Any] = {
        "kind": Kind.COURSE,
        "provider": Provider(id="kvhs", name="Kreisvolkshochschule"),
    } | values
    return Offer(id=f"k-{key}", source="k", identifier=key, name=name, instances=runs, **stated).canonical()


def on(day: str, place: Place | None = ALZEY, number: int = 1, **values: Any) -> Instance:
    return Instance(number=str(number), start=dt.datetime.fromisoformat(day), place=place, **values)
