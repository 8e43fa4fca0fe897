"""Offers as the pages show them: a card in a list, and the dated runs of an offer's own page."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import NamedTuple

from ontology.offer import Instance, Mode, Offer, Place, day_of
from search.answer import Hit, HitInstance
from service.border import Origin
from service.dates import last_day
from service.wording import distance_in_words, moment_in_words, parse_moment, price_in_words, span_in_words, words

__all__ = ["Card", "Run", "card_of_hit", "card_of_offer", "runs_of"]

_TEASER = 170  # characters


class Mark(NamedTuple):
    """A reason: ``kind`` as in the search's answer."""

    kind: str
    text: str


class Card(NamedTuple):
    """One hit."""

    id: str
    name: str
    kind: str
    provider: str | None
    provider_id: str | None
    when: str
    more_dates: int
    where: str | None
    price: str
    mode: str | None
    teaser: str
    marks: Sequence[Mark]
    found: Sequence[Mark]
    origin: Origin | None
    also: str | None  # where else the same offer is


class Run(NamedTuple):
    """One dated run on an offer's page."""

    when: str
    past: bool
    instance: Instance
    sessions: Sequence[tuple[str, bool]]


def card_of_hit(hit: Hit, today: dt.date, origin: Origin | None, also: str | None) -> Card:
    """A hit as a card, with its best date first."""
    first = hit.instances[0] if hit.instances else HitInstance()
    where = first.place
    if where and first.distance_km is not None and first.distance_km >= 1 and origin is None:  # that says it too
        where = f"{where}, {distance_in_words(first.distance_km)}"
    said = [Mark(r.kind, r.text) for r in hit.reasons if r.text]
    return _card(
        hit.offer,
        when=_when(None if first.start is None else parse_moment(first.start), today),
        more=max(0, len(hit.instances) - 1),
        where=where,
        price=first.price,
        mode=first.mode,
        marks=[mark for mark in said if mark.kind in ("fulfilled", "unknown", "unfulfilled")],
        found=[mark for mark in said if mark.kind in ("words", "meaning")],
        origin=origin,
        also=also,
    )


def card_of_offer(offer: Offer, today: dt.date, origin: Origin | None) -> Card:
    """An offer as a card, with its next date."""
    dated = [i for i in offer.instances if i.start is not None and last_day(i) >= today]
    chosen = min(dated, key=lambda i: str(i.start)) if dated else (offer.instances or (Instance(),))[0]
    place = chosen.place or offer.place or Place()
    return _card(
        offer,
        when=_when(chosen.start, today),
        more=max(0, len(dated) - 1),
        where=place.locality or place.name,
        price=None if chosen.price is None else float(chosen.price),
        mode=chosen.mode,
        marks=(),
        found=(),
        origin=origin,
    )


def _card(
    offer: Offer,
    *,
    when: str,
    more: int,
    where: str | None,
    price: float | None,
    mode: str | None,
    marks: Sequence[Mark],
    found: Sequence[Mark],
    origin: Origin | None,
    also: str | None = None,
) -> Card:
    return Card(
        id=offer.id,
        name=offer.name,
        kind=words()["kind"][offer.kind],
        provider=offer.provider.name if offer.provider else None,
        provider_id=offer.provider.id if offer.provider else None,
        when=when,
        more_dates=more,
        where=where,
        price=price_in_words(price) if origin is None or origin.whole else "",
        mode=words()["mode"][Mode(mode)] if mode else None,
        teaser=_teaser(offer.description or ""),
        marks=marks,
        found=found,
        origin=origin,
        also=also,
    )


def _when(start: dt.date | None, today: dt.date) -> str:
    """The beginning; what began already says that it is under way."""
    if start is None:
        return ""
    began = day_of(start)
    return f"läuft seit {moment_in_words(began)}" if began < today else moment_in_words(start)


def _teaser(text: str) -> str:
    """The beginning of a text, cut between words."""
    flat = " ".join(text.split())
    return flat if len(flat) <= _TEASER else flat[:_TEASER].rpartition(" ")[0].rstrip(",;:–-") + " …"


def runs_of(offer: Offer, today: dt.date) -> list[Run]:
    """The dated runs in the order of their beginnings, past ones last and marked."""
    runs = [
        Run(
            when=span_in_words(instance.start, instance.end),
            past=instance.start is not None and last_day(instance) < today,
            instance=instance,
            sessions=[(span_in_words(s.start, s.end), day_of(s.end or s.start) < today) for s in instance.sessions],
        )
        for instance in offer.instances
        if instance != Instance(number=instance.number)
    ]
    return sorted(runs, key=lambda run: (run.past, run.instance.start is None, str(run.instance.start)))
