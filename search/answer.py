"""What is asked of the search and what it answers; the shapes of ``GET /api/search``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import msgspec

from ontology.offer import Offer
from search.wording import GERMAN

if TYPE_CHECKING:
    from search.question import Question, Wishes

__all__ = ["SPELLING", "Answer", "Facet", "Hit", "HitInstance", "Reason", "SearchRequest"]

SPELLING = "spelling"  # beside wishes, what a person may take away from how the question was understood

ReasonKind = Literal["meaning", "words", "fulfilled", "unfulfilled", "unknown"]


class SearchRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One question. ``chosen`` are wishes set by the person herself (parameters): they override those of the words and are strict.

    ``dropped`` names wishes of the words that the person took away, and ``SPELLING`` where no word is to be taken for a slip.
    ``provider``, ``source``, ``phase``, ``topic`` are facet values. ``today`` is the day to count from. ``far``: the place is one of which
    nothing is known, so what is elsewhere is wanted as much as what says no place. ``language`` is a BCP 47 code: that of the reasons.
    """

    text: str
    today: dt.date
    chosen: Wishes | None = None
    dropped: frozenset[str] = frozenset()
    understand: bool = True
    collapse: bool = True
    far: bool = False
    language: str = GERMAN
    limit: int = 20
    offset: int = 0
    provider: str | None = None
    source: str | None = None
    phase: str | None = None
    topic: str | None = None


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """Why a hit is one: ``field`` names what of the offer says so, ``text`` is in the language asked for."""

    kind: ReasonKind
    field: str
    text: str


class HitInstance(msgspec.Struct, frozen=True, kw_only=True):
    """One dated run of a hit, flattened: ISO date or local date-time, euro, ``online`` ``onsite`` ``blended``."""

    start: str | None = None
    end: str | None = None
    place: str | None = None
    price: float | None = None
    mode: str | None = None
    distance_km: float | None = None


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """One offer, or several alike. ``group`` 1 fits, 2 leaves something unknown, 3 fits except for something."""

    offer: Offer
    score: float
    group: int
    reasons: tuple[Reason, ...]
    instances: tuple[HitInstance, ...]
    alike: tuple[Offer, ...] = ()  # the repeated offers behind this hit
    elsewhere: tuple[Offer, ...] = ()  # the same offer in other sources, one of each


class Facet(msgspec.Struct, frozen=True, kw_only=True):
    """A value and in how many hits of groups 1 and 2 it occurs."""

    value: str
    count: int
    label: str


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """``total`` counts groups 1 and 2; ``weak`` says that nothing really fits.

    ``note`` is a sentence on the answer, ``respelled`` one on words of the question that were taken for slips. ``language`` is that of
    its texts, a BCP 47 code.
    """

    question: Question
    wishes: Wishes
    total: int
    weak: bool
    hits: tuple[Hit, ...]
    facets: Mapping[str, tuple[Facet, ...]]
    took_ms: float
    language: str
    note: str | None = None
    respelled: str | None = None
