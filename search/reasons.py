"""Why a hit is a hit, in German, read off the offer itself: without the named field the reason would not be there."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from ontology.offer import WEEKDAYS, Instance, Offer, Place, Schedule
from search.answer import Reason, ReasonKind
from search.columns import instance_daytimes, instance_weekdays
from search.filters import FITS, UNKNOWN

__all__ = ["ages_in_words", "distance_in_words", "euro_in_words", "phrases", "reason_of_wish"]

_PHRASES = Path(__file__).with_name("reasons.toml")


@cache
def phrases() -> dict[str, dict[str, str]]:
    """The words of ``reasons.toml``."""
    return tomllib.loads(_PHRASES.read_text(encoding="utf-8"))


def reason_of_wish(wish: str, status: int, offer: Offer, instance: Instance, distance_km: float | None) -> Reason:
    """What becomes of one wish: fulfilled, unknown or unfulfilled, with the offer's own value."""
    field = wish.removeprefix("not.")
    if field == "place":
        return Reason(kind=_kind(status), field=wish, text=_place(status, offer, instance, distance_km))
    if status == UNKNOWN:
        return Reason(kind="unknown", field=wish, text=phrases()["unknown"][field])
    return Reason(kind=_kind(status), field=wish, text=_VALUES[field](offer, instance))


def _kind(status: int) -> ReasonKind:
    return "fulfilled" if status == FITS else "unknown" if status == UNKNOWN else "unfulfilled"


def _place(status: int, offer: Offer, instance: Instance, distance_km: float | None) -> str:
    """Where it is, as far as stated; how far away, where that is what does not fit."""
    words, place = phrases()["place"], instance.place or offer.place or Place()
    where = f"in {place.locality}" if place.locality else words["named"].format(place=place.name) if place.name else ""
    if instance.mode == "online":
        return words["online"]
    if status == UNKNOWN:
        return words["not_located"].format(where=where) if where else phrases()["unknown"]["place"]
    away = "" if distance_km is None else words["away"].format(distance=distance_in_words(distance_km))
    if status == FITS:
        return where or away or words["there"]
    return ", ".join(filter(None, (where, away))) or words["elsewhere"]


def _start(_: Offer, instance: Instance) -> str:
    return "" if instance.start is None else f"Beginn am {instance.start:%d.%m.%Y}"


def _weekdays(_: Offer, instance: Instance) -> str:
    """Regular days, or those of a short run; of a run whose end nobody states only the first day is known."""
    days = instance_weekdays(instance)
    names, words = phrases()["weekday"], phrases()["weekdays_of_run"]
    if (instance.schedule and instance.schedule.weekdays) or len(instance.sessions) > 1:
        return _joined([phrases()["weekdays"][day] for day in days])
    if len(days) == 1:
        stated = instance.sessions or instance.end is not None
        return words["one" if stated else "first"].format(day=names[days[0]])
    assert instance.start is not None  # neither a schedule nor meetings: the days are those between start and end
    assert instance.end is not None
    first, last = (names[WEEKDAYS[moment.weekday()]] for moment in (instance.start, instance.end))
    return words["span"].format(first=first, last=last)


def _daytime(_: Offer, instance: Instance) -> str:
    schedule = instance.schedule or Schedule()
    times = {session.start.time() for session in instance.sessions if isinstance(session.start, dt.datetime)}
    if schedule.start_time is not None:
        times = {schedule.start_time}
    elif not times and isinstance(instance.start, dt.datetime):
        times = {instance.start.time()}
    if len(times) == 1:
        return f"beginnt um {times.pop():%H:%M} Uhr"
    return f"beginnt {_joined([phrases()['daytime'][part] for part in instance_daytimes(instance)])}"


def _price(_: Offer, instance: Instance) -> str:
    return "kostenlos" if instance.price == 0 else f"kostet {euro_in_words(instance.price)}"


def _language(offer: Offer, _: Instance) -> str:
    labels = phrases()["language"]
    names = (labels.get(code.partition("-")[0].lower(), code) for code in offer.in_language)
    return f"Unterrichtssprache: {', '.join(dict.fromkeys(names))}"


def _certificate(offer: Offer, _: Instance) -> str:
    return f"Abschluss: {offer.credential}" if offer.credential else phrases()["certificate"][str(offer.certificate)]


def _wheelchair(offer: Offer, instance: Instance) -> str:
    return phrases()["wheelchair"][str((instance.place or offer.place or Place()).wheelchair)]


_VALUES: Mapping[str, Callable[[Offer, Instance], str]] = {
    "start": _start,
    "weekdays": _weekdays,
    "daytime": _daytime,
    "price_max": _price,
    "mode": lambda _, instance: _listed("mode", (instance.mode,) if instance.mode else ()),
    "level": lambda offer, _: "Niveau " + ", ".join(offer.level),
    "in_language": _language,
    "audience": lambda offer, _: _listed("audience", offer.audience),
    "age": lambda offer, _: ages_in_words(offer.age_min, offer.age_max),
    "time_model": lambda _, instance: _listed("time_model", instance.time_model),
    "funding": lambda offer, _: _listed("funding", offer.funding),
    "certificate": _certificate,
    "wheelchair": _wheelchair,
    "childcare": lambda offer, _: phrases()["childcare"][str(offer.childcare)],
}


def _listed(field: str, values: Sequence[str]) -> str:
    """The values that can be wished for; a source may state others."""
    labels = phrases()[field]
    return ", ".join(labels[value] for value in values if value in labels)


def _joined(parts: Sequence[str]) -> str:
    return " und ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def distance_in_words(km: float) -> str:
    """A distance as people say it."""
    return "weniger als 1 km" if km < 1 else f"{km:.0f} km"


def euro_in_words(amount: Any) -> str:
    """An amount with a comma; whole euros without cents."""
    text = f"{float(str(amount)):,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")
    return f"{text.removesuffix(',00')} €"


def ages_in_words(low: int | None, high: int | None) -> str:
    """The ages an offer is for."""
    if high is None:
        return f"ab {low} Jahren"
    if low is None:
        return f"bis {high} Jahre"
    return f"von {low} bis {high} Jahren" if low < high else f"mit {low} Jahren"
