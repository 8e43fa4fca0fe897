"""Values and names that no offer of a neighbour has: our own readers refuse them where they read, a neighbour's come ready-made."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from posixpath import normpath
from urllib.parse import urlsplit

import pyoxigraph as ox

from ontology.offer import Instance, Offer, Place

__all__ = ["MOST_RUNS", "MOST_STATEMENTS", "faults_of", "is_below", "is_iri"]

MOST_STATEMENTS = 20_000  # about one offer and its provider
MOST_RUNS = 500  # of one offer; each is an entry of the index
_MOST_MEETINGS = 5000  # of all runs
_MOST_KEYWORDS = 200
# characters: names are compared with one another, letter by letter; the longest of our real ones has 555
_LONGEST_NAME = 600
_LONGEST_TEXT = 2000  # of what is neither a name nor a text of its own
_LONGEST_IRI = 2000  # characters; it begins every statement about the offer
_NUMBER = re.compile(r"[A-Za-z0-9._-]{1,100}")
_MUNICIPALITY = re.compile(r"[0-9]{8}")
_OLDEST = 150  # years
_MOST_SEATS = 1_000_000
_DEAREST = Decimal(10_000_000)  # euro; written out, an exponent could take gigabytes
_YEARS = range(1900, 2201)


def is_iri(text: str) -> bool:
    """Whether a text can be the name of something in a statement."""
    try:
        ox.NamedNode(text)
    except ValueError:
        return False
    return len(text) <= _LONGEST_IRI


def is_below(iri: str, base: str) -> bool:
    """Whether a name lies at or below an address, however it is written: ``https://DORT.example:443/a/%2e%2e/b`` is not below ``…/a``."""
    return f"{_plain(iri)}/".startswith(f"{_plain_base(base)}/")


def _plain(iri: str) -> str:
    """One way of writing for all names that lead to the same, without query (RFC 3986, sections 6.2.2 and 6.2.3); empty for what is no web
    address.
    """
    try:
        parts = urlsplit(iri)
        port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        host = (parts.hostname or "").rstrip(".").encode("idna").decode()
    except (ValueError, KeyError):
        return ""
    if not host or parts.username is not None:
        return ""
    path = normpath("/" + _ESCAPED.sub(_unescaped, parts.path)).strip("/")
    return f"{parts.scheme}://{host}:{port}/{path}".rstrip("/")


_plain_base = lru_cache(1000)(_plain)
_ESCAPED = re.compile("%([0-9A-Fa-f]{2})")


def _unescaped(match: re.Match[str]) -> str:
    sign = chr(int(match[1], 16))
    return sign if re.fullmatch("[A-Za-z0-9._~-]", sign) else match[0].upper()


def faults_of(offer: Offer) -> Iterator[str]:
    """What cannot be, each as a German phrase without full stop."""
    if not offer.name.strip():
        yield "keinen Namen"
    if any(len(text) > most for text, most in _short_texts(offer)):
        yield "etwas, das für seine Stelle zu lang ist"
    if len(offer.instances) > MOST_RUNS:
        yield f"mehr als {MOST_RUNS} Termine"
    if len(offer.keywords) > _MOST_KEYWORDS or sum(len(run.sessions) for run in offer.instances) > _MOST_MEETINGS:
        yield "zu vieles von einem"
    if any(age is not None and not 0 <= age <= _OLDEST for age in (offer.age_min, offer.age_max)):
        yield "ein Alter, das kein Mensch hat"
    numbers = [instance.number for instance in offer.instances]
    if len(set(numbers)) < len(numbers) or not all(map(_NUMBER.fullmatch, numbers)):
        yield "Termine ohne eigenen Namen"
    for place in (offer.place, *(instance.place for instance in offer.instances)):
        if place is not None and not _is_somewhere(place):
            yield "ein Ort, den es nicht gibt"
    for instance in offer.instances:
        yield from _faults_of_run(instance)


def _faults_of_run(run: Instance) -> Iterator[str]:
    if run.price is not None and not (run.price.is_finite() and 0 <= run.price <= _DEAREST):
        yield "ein Preis, der keiner ist"
    if run.schedule is not None and not 0 <= (run.schedule.meetings or 0) <= _MOST_MEETINGS:
        yield "eine Zahl von Treffen, die keine ist"
    if any(seats is not None and not 0 <= seats <= _MOST_SEATS for seats in (run.seats, run.seats_left)):
        yield "eine Zahl von Plätzen, die keine ist"
    moments: list[dt.date | None] = [run.start, run.end]
    for session in run.sessions:
        moments += [session.start, session.end]
    if any(moment is not None and moment.year not in _YEARS for moment in moments):
        yield "ein Datum in einer anderen Zeit"


def _short_texts(offer: Offer) -> Iterator[tuple[str, int]]:
    """Each text that is not a description of some length, and how many characters it may have."""
    provider = offer.provider
    yield offer.name, _LONGEST_NAME
    if provider is not None:
        yield provider.name, _LONGEST_NAME
        yield provider.url or "", _LONGEST_TEXT
    for text in (offer.identifier, offer.url, offer.credential, offer.licence, *offer.keywords, *offer.in_language):
        yield text or "", _LONGEST_TEXT
    for run in offer.instances:
        for text in (run.workload, run.price_note, run.url):
            yield text or "", _LONGEST_TEXT
    for place in (offer.place, *(run.place for run in offer.instances)):
        if place is not None:
            for text in (place.name, place.street, place.postal_code, place.locality):
                yield text or "", _LONGEST_NAME


def _is_somewhere(place: Place) -> bool:
    # a number that is none is not between two others either
    return (
        (place.ags is None or _MUNICIPALITY.fullmatch(place.ags) is not None)
        and (place.latitude is None or -90 <= place.latitude <= 90)
        and (place.longitude is None or -180 <= place.longitude <= 180)
    )
