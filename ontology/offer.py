"""What an offer is: the typed model that readers produce, the catalogue keeps and the search returns.

One shape for all kinds of offers. ``None`` always means "not stated": a price of ``None`` is unknown, 0 is free. Sets are sorted
tuples without repetitions (see `Offer.canonical`), so that equal offers are equal values. Times are German local times without an
offset. All structs are frozen.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

import msgspec

from ontology.iris import NEIGHBOUR, offer_iri, provider_iri

__all__ = [
    "WEEKDAYS",
    "Instance",
    "Kind",
    "Mode",
    "Moment",
    "Offer",
    "Place",
    "Provider",
    "Schedule",
    "Session",
    "day_of",
    "id_at_neighbour",
    "iri_of",
    "offer_from_json",
    "offer_to_json",
    "slug",
]

if TYPE_CHECKING:
    Moment = dt.datetime | dt.date
else:

    class _Dates(type):
        """Asked for each date of each offer that is read, which takes a third longer where an abstract class knows dates as its own."""

        def __instancecheck__(cls, value: object) -> bool:
            return isinstance(value, dt.date)

    class Moment(metaclass=_Dates):
        """A date, or a date with a time. A class of its own because msgspec tells no two kinds of string in a union apart."""


def day_of(moment: Moment) -> dt.date:
    """The day of a date or a time."""
    return moment.date() if isinstance(moment, dt.datetime) else moment


class Kind(StrEnum):
    """The class of an offer; the value is the local name of its schema.org class."""

    COURSE = "Course"
    PROGRAM = "EducationalOccupationalProgram"  # apprenticeship, degree, retraining
    EVENT = "EducationEvent"
    SERVICE = "Service"  # counselling, early help
    PRESCHOOL = "Preschool"
    SCHOOL = "School"
    LIBRARY = "Library"


class Mode(StrEnum):
    """Learning form; the value is the notation in the concept scheme ``mode``."""

    ONLINE = "online"
    ONSITE = "onsite"
    BLENDED = "blended"


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where something happens. ``ags`` is the 8-digit municipality key; coordinates are WGS 84 degrees."""

    name: str | None = None
    street: str | None = None
    postal_code: str | None = None
    locality: str | None = None
    ags: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    wheelchair: bool | None = None


class Provider(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who offers it; never a natural person's data. ``id`` and ``iri`` as those of an `Offer`."""

    id: str
    name: str
    url: str | None = None
    iri: str | None = None


class Schedule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Regular times: weekdays as ``mo tu we th fr sa su`` in week order, number of meetings."""

    weekdays: tuple[str, ...] = ()
    start_time: dt.time | None = None
    end_time: dt.time | None = None
    meetings: int | None = None


class Session(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One meeting of an instance. A plain date where no time is stated."""

    start: Moment
    end: Moment | None = None


class Instance(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One dated run of an offer (schema:CourseInstance).

    ``number`` names it within its offer (fragment ``#termin-{number}``, matches ``[A-Za-z0-9._-]+``). ``price`` in euro, 0 is free,
    ``None`` unknown. ``workload`` and ``price_note`` are the source's words. ``time_model`` holds notations of that concept scheme.
    """

    number: str = "1"
    start: Moment | None = None
    end: Moment | None = None
    mode: Mode | None = None
    time_model: tuple[str, ...] = ()
    schedule: Schedule | None = None
    sessions: tuple[Session, ...] = ()
    workload: str | None = None
    place: Place | None = None
    price: Decimal | None = None
    price_note: str | None = None
    url: str | None = None
    seats: int | None = None
    seats_left: int | None = None


class Offer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One offer along the Bildungskette.

    ``id`` is the last segment of its IRI, ``identifier`` the source's own, unchanged. ``iri`` is set for what a neighbour delivered: the
    one that its own catalogue gave it, from which `id_at_neighbour` makes the id. ``licence`` is what the source says. ``topics``,
    ``phases``, ``audience``, ``level`` and ``funding`` hold notations of the concept schemes of the same name; ``in_language`` BCP 47
    codes of the teaching language; ``age_min`` and ``age_max`` years, inclusive. ``place`` is where services and learning places are;
    courses have theirs in the instances.
    """

    id: str
    source: str
    identifier: str
    kind: Kind
    name: str
    description: str | None = None
    provider: Provider | None = None
    url: str | None = None
    keywords: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    phases: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    age_min: int | None = None
    age_max: int | None = None
    level: tuple[str, ...] = ()
    in_language: tuple[str, ...] = ()
    certificate: bool | None = None
    credential: str | None = None
    funding: tuple[str, ...] = ()
    childcare: bool | None = None
    prerequisites: str | None = None
    place: Place | None = None
    instances: tuple[Instance, ...] = ()
    iri: str | None = None
    licence: str | None = None

    def canonical(self) -> Offer:
        """The same offer with every set sorted and free of repetitions: the form that is stored and compared."""
        return msgspec.structs.replace(
            self,
            **{name: _sorted_set(getattr(self, name)) for name in _SETS},
            instances=tuple(sorted((_canonical_instance(i) for i in self.instances), key=_instance_order)),
        )


_SETS = ("keywords", "topics", "phases", "audience", "level", "in_language", "funding")
WEEKDAYS = ("mo", "tu", "we", "th", "fr", "sa", "su")


def _sorted_set(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _instance_order(instance: Instance) -> tuple[int, str]:
    """Numbered instances in numeric order, named ones behind them by name."""
    return (int(instance.number) if instance.number.isdecimal() else 1_000_000, instance.number)


def _session_order(session: Session) -> tuple[str, str]:
    return (session.start.isoformat(), session.end.isoformat() if session.end else "")


def _canonical_instance(instance: Instance) -> Instance:
    schedule = instance.schedule
    if schedule is not None:
        days = tuple(day for day in WEEKDAYS if day in schedule.weekdays)
        schedule = msgspec.structs.replace(schedule, weekdays=days)
        if schedule == Schedule():
            schedule = None
    return msgspec.structs.replace(
        instance,
        schedule=schedule,
        time_model=_sorted_set(instance.time_model),
        sessions=tuple(sorted(set(instance.sessions), key=_session_order)),
        place=None if instance.place == Place() else instance.place,
    )


def offer_to_json(offer: Offer) -> bytes:
    """The offer as compact JSON; what is not stated is left out."""
    return msgspec.json.encode(offer)


def offer_from_json(data: bytes) -> Offer:
    """The offer that `offer_to_json` wrote. Raises msgspec.ValidationError."""
    return _decoder().decode(data)


@cache
def _decoder() -> msgspec.json.Decoder[Offer]:
    return msgspec.json.Decoder(Offer, dec_hook=_decode_moment)


def _decode_moment(_moment: type, value: str) -> Moment:
    return dt.date.fromisoformat(value) if len(value) == len("2026-01-05") else dt.datetime.fromisoformat(value)


def iri_of(thing: Offer | Provider, base: str) -> str:
    """The IRI of an offer or a provider in the catalogue with this base: its own where a neighbour gave it one."""
    if thing.iri is not None:
        return thing.iri
    return offer_iri(base, thing.id) if isinstance(thing, Offer) else provider_iri(base, thing.id)


def id_at_neighbour(source: str, iri: str, kind: Literal["angebot", "anbieter"] = "angebot") -> str:
    """The id here of what ``source`` (``nachbar/worms``) calls ``iri``: ``worms~kvhs-A1``; no own id holds a ``~``.

    So are those named of a catalogue of ours at the root of its host, which is one for all that a neighbour may speak of. Everything else
    gets 32 hex digits of its IRI's SHA-256 besides, ``worms~kurs-7~…``. Two names of one kind therefore never give one id, whatever else
    there is and whenever it was heard of.
    """
    name = source.removeprefix(NEIGHBOUR)
    match = _AT_THE_ROOT.fullmatch(iri)
    if match is not None and match["kind"] == kind and slug(match["key"]) == match["key"]:
        return f"{name}~{match['key']}"
    last = re.split("[/?#]", iri.rstrip("/"))[-1]
    return f"{name}~{_plain(last)[:80]}~{sha256(iri.encode()).hexdigest()[:32]}"


# of the ways to write a host only the plain one: small letters, no final dot, no port that goes without saying
_AT_THE_ROOT = re.compile(
    r"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)*(?::(?!80/|443/)[1-9][0-9]*)?/id/(?P<kind>angebot|anbieter)/(?P<key>[^/]+)"
)


def slug(key: str) -> str:
    """``key`` as a segment of an IRI: ``[A-Za-z0-9._-]``, with eight hex digits of its SHA-256 appended where that lost anything.

    Two different keys therefore never give one segment.
    """
    plain = _plain(key)
    if plain == key:
        return key
    return f"{plain[:80]}-{sha256(key.encode()).hexdigest()[:8]}".lstrip("-")


def _plain(key: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", key.translate(_UMLAUTS)).strip("-.")


_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})
