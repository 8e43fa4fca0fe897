"""What several sources say of one offer, field by field, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from catalogue.snapshot import Snapshot
from ontology.offer import Instance, Offer, iri_of
from service.border import Border, shown
from service.wording import listed, moment_in_words, parse_moment, price_in_words, words

__all__ = ["Elsewhere", "Row", "elsewhere_of", "fields_of", "rows_of", "sources_as_json"]

_DATES = 5  # of an offer are shown
_TEXT = 400  # characters of a description


class Row(NamedTuple):
    """One field of two offers: its name and label, what each says in words ("" where nothing), and whether that differs."""

    field: str
    label: str
    values: tuple[str, str]
    differs: bool


class Elsewhere(NamedTuple):
    """The same offer in another source: whose it is, its id here, and the rows in which it differs."""

    title: str
    id: str
    differing: Sequence[Row]


def fields_of(offer: Offer) -> dict[str, Any]:
    """What an offer states of the compared fields, by name: texts, numbers, ISO dates, notations."""
    offer = shown(offer)
    runs = offer.instances or (Instance(),)
    places = [place.locality or place.name for run in runs if (place := run.place or offer.place) is not None]
    prices = [float(run.price) for run in runs if run.price is not None]
    starts = [run.start.isoformat()[:16] for run in runs if run.start is not None]
    found: dict[str, Any] = {
        "name": offer.name,
        "provider": offer.provider.name if offer.provider else None,
        "start": sorted(set(starts))[:_DATES],
        "place": sorted({place for place in places if place}),
        "price": sorted(set(prices)),
        "mode": sorted({run.mode.value for run in runs if run.mode}),
        "level": list(offer.level),
        "description": None if offer.description is None else offer.description[:_TEXT],
        "url": offer.url,
        "identifier": offer.identifier,
    }
    return {name: value for name, value in found.items() if value}


def rows_of(one: Offer, other: Offer) -> list[Row]:
    """Both offers side by side, without the fields of which neither says anything."""
    here, there = fields_of(one), fields_of(other)
    return [
        Row(
            name,
            label,
            (_in_words(name, here.get(name)), _in_words(name, there.get(name))),
            here.get(name) != there.get(name),
        )
        for name, label in words()["same"]["field"].items()
        if name in here or name in there
    ]


def _in_words(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        say = _SAID.get(name, str)
        return listed([say(single) for single in value])
    return str(value)


def _mode_in_words(mode: str) -> str:
    return str(words()["mode"][mode])


def _moment_in_words(moment: str) -> str:
    return moment_in_words(parse_moment(moment))


_SAID: Mapping[str, Callable[[Any], str]] = {"start": _moment_in_words, "price": price_in_words, "mode": _mode_in_words}


def elsewhere_of(offer: Offer, snapshot: Snapshot, border: Border) -> list[Elsewhere]:
    """Where else the same offer is, one for each other source."""
    row = snapshot.ledger.row_of(offer.id)
    rows = [] if row is None else snapshot.judgements.group_of(row)
    if len(rows) < 2:
        return []
    others = {
        found.source: found
        for found in reversed(snapshot.ledger.offers_at(rows).values())
        if found.source != offer.source
    }
    return [
        Elsewhere(
            border.title_of(source), other.id, [row for row in rows_of(offer, other) if row.differs and row.values[1]]
        )
        for source, other in sorted(others.items())
    ]


def sources_as_json(offer: Offer, others: Iterable[Offer], base: str, border: Border | None) -> list[dict[str, Any]]:
    """Each source of a merged hit with what it says of each field; the hit shows the first one's."""
    return [
        {
            "source": found.source,
            "title": found.source if border is None else border.title_of(found.source),
            "id": iri_of(found, base),
            "fields": fields_of(found),
        }
        for found in (offer, *others)
    ]
