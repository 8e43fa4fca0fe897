"""What of an offer is compared with another."""

from __future__ import annotations

import datetime as dt
import re
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from ingest.resolve.titles import Title, read_title
from ontology.concepts import fold
from ontology.offer import Instance, Kind, Mode, Offer, Place, day_of

__all__ = ["Town", "Traits", "traits_of"]

_COMPARED = 400  # characters of a description
_LEGAL = re.compile(r"\b(?:e ?v|g?gmbh|mbh|ag|kg|co|ohg|gbr|s ?l|ltd|c o .*|z hd .*|zhd .*)\b")


class Town(NamedTuple):
    """A folded name and, where known, the municipality key."""

    name: str
    ags: str | None


class Traits(msgspec.Struct, frozen=True, kw_only=True):
    """One offer as it is compared. Texts are folded; ``days`` are the days on which its runs begin."""

    id: str
    source: str
    kind: Kind
    title: Title
    plain: str
    provider: str
    description: str
    towns: frozenset[Town]
    days: frozenset[dt.date]
    modes: frozenset[Mode]
    url: str
    identifier: str


def traits_of(offer: Offer) -> Traits:
    """The traits of an offer."""
    title = read_title(offer.name)
    runs = offer.instances or (Instance(),)
    places = [run.place or offer.place or Place() for run in runs]
    return Traits(
        id=offer.id,
        source=offer.source,
        kind=offer.kind,
        title=title,
        plain=" ".join(title.words),
        provider=_LEGAL.sub(" ", fold(offer.provider.name)).strip() if offer.provider else "",
        description=fold((offer.description or "")[:_COMPARED]),
        towns=frozenset(Town(fold(place.locality or ""), place.ags) for place in places if place.ags or place.locality),
        days=frozenset(day_of(run.start) for run in runs if run.start is not None),
        modes=frozenset(run.mode for run in runs if run.mode is not None),
        url=_deep(offer.url),
        identifier=offer.identifier,
    )


def _deep(url: str | None) -> str:
    """A web address that can stand for one offer: with a path or a query."""
    if url is None:
        return ""
    try:
        parts = urlsplit(url.strip().lower())
    except ValueError:
        return ""
    tail = parts.path.strip("/") + (f"?{parts.query}" if parts.query else "")
    return f"{parts.netloc.removeprefix('www.')}/{tail}" if tail else ""
