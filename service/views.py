"""What the pages show, made from what the search and the ledger know; templates only lay it out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from ontology.offer import Instance, Mode, Offer, Place
from search.answer import Answer, Facet, Hit, HitInstance
from search.question import Wishes
from service.border import Border, Origin
from service.dates import day_of, last_day
from service.parameters import Address, PlaceFinder
from service.wording import (
    distance_in_words,
    listed,
    moment_in_words,
    parse_moment,
    price_in_words,
    span_in_words,
    wish_in_words,
    words,
)

__all__ = ["PAGE_SIZE", "Card", "Chip", "Run", "SearchView", "card_of_hit", "card_of_offer", "runs_of", "search_view"]

PAGE_SIZE = 20
_TEASER = 170  # characters
_TOGETHER = {  # wishes that one chip stands for
    "radius_km": "place",
    "start_to": "start_from",
    "place_ags": "place",
}
_PARAMETERS = {"place": ("place", "radius_km"), "start_from": ("start_from", "start_to"), "age": ("age_min", "age_max")}
_FACETS = ("phase", "topic", "place", "provider", "mode", "source")


class Chip(NamedTuple):
    """A wish as a button: what it says and where it leads."""

    text: str
    address: Address


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


class Group(NamedTuple):
    """Hits of one kind; without a heading where there is nothing to tell apart."""

    number: int
    heading: str | None
    cards: Sequence[Card]


class FacetLink(NamedTuple):
    """A value to narrow down to; ``active`` ones lead back."""

    text: str
    number: int
    address: Address
    active: bool


class FacetView(NamedTuple):
    """One facet with its values."""

    heading: str
    links: Sequence[FacetLink]


class SearchView(NamedTuple):
    """Everything of a page of hits."""

    chips: Sequence[Chip]
    suggested: Sequence[Chip]
    groups: Sequence[Group]
    facets: Sequence[FacetView]
    total: int
    weak: bool
    note: str | None
    elsewhere: Address | None
    page: int
    pages: int
    before: Address | None
    after: Address | None


class Run(NamedTuple):
    """One dated run on an offer's page."""

    when: str
    past: bool
    instance: Instance
    sessions: Sequence[tuple[str, bool]]


def search_view(
    answer: Answer, address: Address, page: int, finder: PlaceFinder, border: Border, today: dt.date
) -> SearchView:
    """The view of an answer to the search that ``address`` carries."""
    pages = max(1, -(-answer.total // PAGE_SIZE))
    return SearchView(
        chips=[*_facet_chips(answer, address, border), *_chips(answer.wishes, address)],
        suggested=[
            Chip(suggestion.label, _with(address, suggestion.filter, suggestion.value))
            for suggestion in answer.question.suggested
            if not address.has(suggestion.filter)
        ],
        groups=list(_groups(answer, border, today)),
        facets=list(_facets(answer.facets, address, finder, border)),
        total=answer.total,
        weak=answer.weak,
        note=answer.note,
        elsewhere=_anywhere_near(answer.wishes, address) if answer.note and address.has("place") else None,
        page=page,
        pages=pages,
        before=address.page(page - 1) if page > 1 else None,
        after=address.page(page + 1) if page < pages else None,
    )


def _anywhere_near(wishes: Wishes, address: Address) -> Address:
    """The same search with the place as a wish of the words, which people bend, in the stead of a filter, which is strict."""
    words_said = " ".join([*address.values("q"), f"in {wishes.place}"])
    return address.without("place", "radius_km", "ohne").with_value("q", words_said)


def _chips(wishes: Wishes, address: Address, prefix: str = "") -> Iterator[Chip]:
    nothing = Wishes()
    seen: set[str] = set()
    for field in Wishes.__struct_fields__:
        if field == "ruled_out" or getattr(wishes, field) == getattr(nothing, field):
            continue
        name = _TOGETHER.get(field, field)
        if name in seen:
            continue
        seen.add(name)
        text = ("nicht " if prefix else "") + wish_in_words(name, wishes)
        yield Chip(text, _taken_away(address, prefix, name))
    if wishes.ruled_out is not None:
        yield from _chips(wishes.ruled_out, address, "not.")


def _taken_away(address: Address, prefix: str, name: str) -> Address:
    """Without the parameters that set a wish; where the words said it, with the note to pass over them."""
    keys = [prefix + key for key in _PARAMETERS.get(name, (name,))]
    rest = address.without(*keys)
    noted = "ruled_out" if prefix else name
    return rest if address.has(*keys) else rest.also("ohne", noted)


def _with(address: Address, name: str, value: Any) -> Address:
    """With a suggested wish as parameters."""
    if name == "age":
        low, high = value
        for key, years in (("age_min", low), ("age_max", high)):
            address = address if years is None else address.with_value(key, str(years))
        return address
    address = address.without(name)
    for single in value if isinstance(value, list | tuple) else [value]:
        text = str(single).lower() if isinstance(single, bool) else str(single)
        address = address.also(name, text)
    return address


def _facet_chips(answer: Answer, address: Address, border: Border) -> Iterator[Chip]:
    for facet in ("phase", "topic", "provider", "source"):
        for value in address.values(facet):
            label = next((f.label for f in answer.facets.get(facet, ()) if f.value == value), value)
            yield Chip(border.title_of(value) if facet == "source" else label, address.without(facet))


def _facets(
    facets: Mapping[str, tuple[Facet, ...]], address: Address, finder: PlaceFinder, border: Border
) -> Iterator[FacetView]:
    for name in _FACETS:
        links = []
        for facet in facets.get(name, ()):
            if name == "place" and finder.find(facet.value) is None:
                continue  # such as the name of a building
            active = facet.value in address.values(name)
            target = address.without(name) if active else address.with_value(name, facet.value)
            label = border.title_of(facet.value) if name == "source" else facet.label
            links.append(FacetLink(label, facet.count, target, active))
        if links:
            yield FacetView(words()["facet"][name], links)


def _groups(answer: Answer, border: Border, today: dt.date) -> Iterator[Group]:
    told_apart = {hit.group for hit in answer.hits} != {1} or answer.wishes != Wishes()
    for number, hits in groupby(answer.hits, key=lambda hit: hit.group):
        heading = words()["group"][str(number)] if told_apart and not answer.weak else None
        cards = [
            card_of_hit(hit, today, border.origin(hit.offer, answer.wishes, hit.instances), _also(hit, border))
            for hit in hits
        ]
        yield Group(number, heading, cards)


def _also(hit: Hit, border: Border) -> str | None:
    """ "Auch gefunden bei …" """
    if not hit.elsewhere:
        return None
    titles = listed([border.title_of(offer.source) for offer in hit.elsewhere])
    return str(words()["same"]["also"]).format(titles=titles)


def card_of_hit(hit: Hit, today: dt.date, origin: Origin | None, also: str | None = None) -> Card:
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
