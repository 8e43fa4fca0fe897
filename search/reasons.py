"""What becomes of the wishes in a hit, read off the offer itself: without the named field the reason would not be there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence

from ontology.offer import WEEKDAYS, Instance, Offer, Place, Schedule
from search.answer import Reason, ReasonKind
from search.entries import instance_daytimes, instance_weekdays
from search.filters import FITS, UNKNOWN
from search.wording import Wording

__all__ = ["reason_of_wish"]


def reason_of_wish(
    wish: str, status: int, offer: Offer, instance: Instance, distance_km: float | None, say: Wording
) -> Reason:
    """What becomes of one wish: fulfilled, unknown or unfulfilled, with the offer's own value."""
    field = wish.removeprefix("not.")
    if field == "place":
        return Reason(kind=_kind(status), field=wish, text=_place(status, offer, instance, distance_km, say))
    if status == UNKNOWN:
        return Reason(kind="unknown", field=wish, text=say["unknown"][field])
    return Reason(kind=_kind(status), field=wish, text=_VALUES[field](offer, instance, say))


def _kind(status: int) -> ReasonKind:
    return "fulfilled" if status == FITS else "unknown" if status == UNKNOWN else "unfulfilled"


def _place(status: int, offer: Offer, instance: Instance, distance_km: float | None, say: Wording) -> str:
    """Where it is, as far as stated; how far away, where that is what does not fit."""
    words, place = say["place"], instance.place or offer.place or Place()
    called = place.locality or place.name
    where = words["in" if place.locality else "named"].format(place=called) if called else ""
    if instance.mode == "online":
        return words["online"]
    if status == UNKNOWN:
        return words["not_located"].format(where=where) if where else say["unknown"]["place"]
    away = "" if distance_km is None else say.distance(distance_km)
    if status == FITS:
        return where or away or words["there"]
    return say["list"]["comma"].join(filter(None, (where, away))) or words["elsewhere"]


def _start(_: Offer, instance: Instance, say: Wording) -> str:
    return "" if instance.start is None else say["start"]["text"].format(date=say.date(instance.start))


def _weekdays(_: Offer, instance: Instance, say: Wording) -> str:
    """Regular days, or those of a short run; of a run whose end nobody states only the first day is known."""
    days = instance_weekdays(instance)
    names, words = say["weekday"], say["weekdays_of_run"]
    if (instance.schedule and instance.schedule.weekdays) or len(instance.sessions) > 1:
        return say.listed([say["weekdays"][day] for day in days])
    if len(days) == 1:
        stated = instance.sessions or instance.end is not None
        return words["one" if stated else "first"].format(day=names[days[0]])
    assert instance.start is not None  # neither a schedule nor meetings: the days are those between start and end
    assert instance.end is not None
    first, last = (names[WEEKDAYS[moment.weekday()]] for moment in (instance.start, instance.end))
    return words["span"].format(first=first, last=last)


def _daytime(_: Offer, instance: Instance, say: Wording) -> str:
    schedule = instance.schedule or Schedule()
    times = {session.start.time() for session in instance.sessions if isinstance(session.start, dt.datetime)}
    if schedule.start_time is not None:
        times = {schedule.start_time}
    elif not times and isinstance(instance.start, dt.datetime):
        times = {instance.start.time()}
    if len(times) == 1:
        return say["time"]["at"].format(time=f"{times.pop():%H:%M}")
    parts = [say["daytime"][part] for part in instance_daytimes(instance)]
    return say["time"]["part"].format(part=say.listed(parts))


def _price(_: Offer, instance: Instance, say: Wording) -> str:
    assert instance.price is not None  # else it would be unknown
    return say["price"]["text" if instance.price else "free"].format(amount=say.amount(instance.price))


def _language(offer: Offer, _: Instance, say: Wording) -> str:
    names = (say["language"].get(code.partition("-")[0].lower(), code) for code in offer.in_language)
    return say["in_language"]["text"].format(languages=say["list"]["comma"].join(dict.fromkeys(names)))


def _level(offer: Offer, _: Instance, say: Wording) -> str:
    return say["level"]["text"].format(levels=say["list"]["comma"].join(offer.level))


def _certificate(offer: Offer, _: Instance, say: Wording) -> str:
    words = say["certificate"]
    return words["named" if offer.credential else str(offer.certificate)].format(credential=offer.credential)


def _wheelchair(offer: Offer, instance: Instance, say: Wording) -> str:
    return say["wheelchair"][str((instance.place or offer.place or Place()).wheelchair)]


_VALUES: Mapping[str, Callable[[Offer, Instance, Wording], str]] = {
    "start": _start,
    "weekdays": _weekdays,
    "daytime": _daytime,
    "price_max": _price,
    "mode": lambda _, instance, say: _labels("mode", (instance.mode,) if instance.mode else (), say),
    "level": _level,
    "in_language": _language,
    "audience": lambda offer, _, say: _labels("audience", offer.audience, say),
    "age": lambda offer, _, say: say.ages(offer.age_min, offer.age_max),
    "time_model": lambda _, instance, say: _labels("time_model", instance.time_model, say),
    "funding": lambda offer, _, say: _labels("funding", offer.funding, say),
    "certificate": _certificate,
    "wheelchair": _wheelchair,
    "childcare": lambda offer, _, say: say["childcare"][str(offer.childcare)],
}


def _labels(field: str, values: Sequence[str], say: Wording) -> str:
    """The values that can be wished for; a source may state others."""
    labels = say[field]
    return say["list"]["comma"].join(labels[value] for value in values if value in labels)
