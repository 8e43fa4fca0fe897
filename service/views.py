"""A page of hits, made from what the search found: wishes as chips, groups of cards, facets. Templates only lay it out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from search.answer import SPELLING, Answer, Facet, Hit
from search.question import Wishes
from search.wording import wording
from service.address import Address
from service.border import Border
from service.cards import Card, card_of_hit
from service.parameters import PlaceFinder
from service.wording import listed, wish_in_words, words

__all__ = ["PAGE_SIZE", "Chip", "SearchView", "search_view"]

PAGE_SIZE = 20
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
    respelled: str | None
    as_written: Address | None
    elsewhere: Address | None
    page: int
    pages: int
    before: Address | None
    after: Address | None


def search_view(
    answer: Answer, address: Address, page: int, finder: PlaceFinder, border: Border, today: dt.date
) -> SearchView:
    """The view of an answer to the search that ``address`` carries."""
    pages = max(1, -(-answer.total // PAGE_SIZE))
    return SearchView(
        chips=[*_facet_chips(answer, address, border), *_chips(answer.wishes, address)],
        suggested=[
            Chip(wording(answer.language).suggested(wish.filter, wish.value), _with(address, wish.filter, wish.value))
            for wish in answer.question.suggested
            if not address.has(wish.filter)
        ],
        groups=list(_groups(answer, border, today)),
        facets=list(_facets(answer.facets, address, finder, border)),
        total=answer.total,
        weak=answer.weak,
        note=answer.note,
        respelled=answer.respelled,
        as_written=address.also("ohne", SPELLING) if answer.respelled else None,
        elsewhere=_anywhere_near(answer.wishes, address) if answer.note and address.has("place") else None,
        page=page,
        pages=pages,
        before=address.page(min(page - 1, pages)) if page > 1 else None,
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
    return rest if address.has(*keys) else rest.also("ohne", prefix + name)


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
