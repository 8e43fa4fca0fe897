"""Values that no offer has: our own readers refuse them where they read, a neighbour's come ready-made."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from decimal import Decimal

import pyoxigraph as ox

from ontology.offer import Instance, Offer, Place

__all__ = ["faults_of", "is_iri"]

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


def faults_of(offer: Offer) -> Iterator[str]:
    """What cannot be, each as a German phrase without full stop."""
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
    if any(seats is not None and not 0 <= seats <= _MOST_SEATS for seats in (run.seats, run.seats_left)):
        yield "eine Zahl von Plätzen, die keine ist"
    moments: list[dt.date | None] = [run.start, run.end]
    for session in run.sessions:
        moments += [session.start, session.end]
    if any(moment is not None and moment.year not in _YEARS for moment in moments):
        yield "ein Datum in einer anderen Zeit"


def _is_somewhere(place: Place) -> bool:
    # a number that is none is not between two others either
    return (
        (place.ags is None or _MUNICIPALITY.fullmatch(place.ags) is not None)
        and (place.latitude is None or -90 <= place.latitude <= 90)
        and (place.longitude is None or -180 <= place.longitude <= 180)
    )
