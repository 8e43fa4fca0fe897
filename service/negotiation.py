"""Which form of a thing a client wants: RFC 9110 content negotiation, and the data forms that every page has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import pyoxigraph as ox

__all__ = ["DATA_FORMS", "HTML", "JSON", "DataForm", "choose", "form_of_media", "split_suffix"]

HTML = "text/html"
JSON = "application/json"  # whoever asks for it gets JSON-LD, which is JSON


class DataForm(NamedTuple):
    """A serialisation of RDF: its suffix in addresses and its media type."""

    suffix: str
    media: str
    rdf_format: ox.RdfFormat

    @property
    def content_type(self) -> str:
        """The value for Content-Type."""
        return f"{self.media}; charset=utf-8" if self.media.startswith("text/") else self.media


DATA_FORMS = (
    DataForm("ttl", "text/turtle", ox.RdfFormat.TURTLE),
    DataForm("jsonld", "application/ld+json", ox.RdfFormat.JSON_LD),
    DataForm("nt", "application/n-triples", ox.RdfFormat.N_TRIPLES),
    DataForm("rdf", "application/rdf+xml", ox.RdfFormat.RDF_XML),
)


class _Range(NamedTuple):
    kind: str
    subtype: str
    quality: float

    def specificity(self, media: str) -> int:
        """How exactly the range names the media type; 0 where it does not."""
        kind, _, subtype = media.partition("/")
        if (self.kind, self.subtype) == (kind, subtype):
            return 3
        if (self.kind, self.subtype) == (kind, "*"):
            return 2
        return 1 if (self.kind, self.subtype) == ("*", "*") else 0


def choose(accept: str | None, offered: Sequence[str]) -> str | None:
    """The offered media type that the Accept header likes best; the first of equals; None where it likes none.

    Without a header, or with one that cannot be read, the first.
    """
    ranges = [found for part in (accept or "").split(",") if (found := _parse(part)) is not None]
    if not ranges:
        return offered[0]
    best, best_quality = None, 0.0
    for media in offered:
        quality = _quality(media, ranges)
        if quality > best_quality:
            best, best_quality = media, quality
    return best


def _quality(media: str, ranges: Sequence[_Range]) -> float:
    """The quality given by the most specific range that matches."""
    specificity, quality = max((r.specificity(media), r.quality) for r in ranges)
    return quality if specificity else 0.0


def _parse(part: str) -> _Range | None:
    media, *parameters = (piece.strip().lower() for piece in part.split(";"))
    kind, slash, subtype = media.partition("/")
    if not (kind and slash and subtype):
        return None
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = min(max(float(value), 0.0), 1.0)
            except ValueError:
                return None
    return _Range(kind, subtype, quality)


def form_of_media(media: str) -> DataForm | None:
    """The data form of this media type."""
    meant = "application/ld+json" if media == JSON else media
    return next((form for form in DATA_FORMS if form.media == meant), None)


def split_suffix(segment: str) -> tuple[str, DataForm | None]:
    """``kvhs-1.ttl`` as ``kvhs-1`` and Turtle; a segment without a known suffix as it is."""
    stem, dot, suffix = segment.rpartition(".")
    form = next((form for form in DATA_FORMS if form.suffix == suffix), None) if dot and stem else None
    return (segment, None) if form is None else (stem, form)
