"""The dates of an offer as a calendar (iCalendar, RFC 5545).

| of the offer | in the calendar |
|---|---|
| a meeting | VEVENT; UID is its IRI, so a changed meeting replaces the old one |
| a run without meetings | VEVENT of its first day, or of all its days where it states no times and takes at most a week |
| start and end with times | DTSTART and DTEND in Europe/Berlin; no DTEND where none is stated |
| a date without a time | all day, and not shown as busy |
| name, description, place, coordinates, address | SUMMARY, DESCRIPTION, LOCATION, GEO, URL |
| keywords | CATEGORIES |
| the time of the last change | DTSTAMP and LAST-MODIFIED |
| price, seats, provider, topics, phases, level, audience, funding, language | cannot be said |
| regular times of a run without meetings | cannot be said: holidays are not known, so a rule would invent meetings |
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone

from ontology.offer import Instance, Offer, Place, day_of, iri_of
from ontology.profiles.addresses import web_address

__all__ = ["MEDIA", "calendar_of"]

MEDIA = "text/calendar"
_ZONE = "Europe/Berlin"
_A_WEEK = dt.timedelta(days=7)
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")  # RFC 5545, section 3.1: not even escaped


class _Date(NamedTuple):
    """One entry of the calendar; ``fragment`` is the part of the offer that it shows. ``end`` of days is the last one."""

    fragment: str
    start: dt.date
    end: dt.date | None
    instance: Instance


def calendar_of(offer: Offer, base: str, changed_at: str) -> bytes | None:
    """The calendar of all dates of the offer, past ones included; None where it states no date.

    ``changed_at``: ISO time with an offset at which the offer last changed. The same offer gives the same bytes.
    """
    dates = [date for instance in offer.instances for date in _dates_of(instance)]
    if not dates:
        return None
    calendar = Calendar()
    calendar.add("prodid", "-//Bildungskatalog//DE")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    if any(isinstance(date.start, dt.datetime) for date in dates):
        calendar.add_component(_timezone())
    changed = dt.datetime.fromisoformat(changed_at).astimezone(dt.UTC).replace(microsecond=0)
    for date in dates:
        calendar.add_component(_event(offer, date, base, changed))
    return bytes(calendar.to_ical())


@cache
def _timezone() -> Timezone:
    """The rules of Europe/Berlin since 1996, as they stand in the IANA time zone database."""
    zone = Timezone.from_ical(files("ontology.profiles").joinpath("europe-berlin.ics").read_bytes())
    assert isinstance(zone, Timezone)
    return zone


def _dates_of(instance: Instance) -> Iterator[_Date]:
    fragment = f"termin-{instance.number}"
    for number, session in enumerate(instance.sessions, start=1):
        yield _Date(f"{fragment}-{number}", session.start, session.end, instance)
    if not instance.sessions and instance.start is not None:
        yield _Date(fragment, *_whole(instance.start, instance.end), instance)


def _whole(start: dt.date, end: dt.date | None) -> tuple[dt.date, dt.date | None]:
    """What is shown of a run without meetings."""
    if isinstance(start, dt.datetime):
        if isinstance(end, dt.datetime) and end.time() > start.time():
            return start, dt.datetime.combine(start.date(), end.time())
        return start, None
    last = None if end is None else day_of(end)
    return start, last if last is not None and last - start < _A_WEEK else None


def _event(offer: Offer, date: _Date, base: str, changed: dt.datetime) -> Event:
    event = Event()
    iri = iri_of(offer, base)
    event.add("uid", f"{iri}#{date.fragment}")
    event.add("dtstamp", changed)
    event.add("last-modified", changed)
    _add_times(event, date)
    event.add("summary", _said(offer.name))
    if offer.description is not None:
        event.add("description", _said(offer.description))
    place = date.instance.place or offer.place
    if place is not None and (where := _where(place)):
        event.add("location", _said(where))
    if place is not None and place.latitude is not None and place.longitude is not None:
        event.add("geo", (place.latitude, place.longitude))
    if offer.keywords:
        event.add("categories", [_said(keyword) for keyword in offer.keywords])
    event.add("url", web_address(date.instance.url) or iri)
    return event


def _add_times(event: Event, date: _Date) -> None:
    start, end = date.start, date.end
    if isinstance(start, dt.datetime):
        zone = ZoneInfo(_ZONE)
        event.add("dtstart", start.replace(tzinfo=zone))
        if isinstance(end, dt.datetime) and end > start:
            event.add("dtend", end.replace(tzinfo=zone))
        return
    event.add("dtstart", start)
    last = None if end is None else day_of(end)
    if last is not None and last > start:
        event.add("dtend", last + dt.timedelta(days=1))  # the day after
    event.add("transp", "TRANSPARENT")


def _where(place: Place) -> str:
    town = " ".join(part for part in (place.postal_code, place.locality) if part)
    return ", ".join(part for part in (place.name, place.street, town) if part)


def _said(text: str) -> str:
    return _CONTROLS.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
