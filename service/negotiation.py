"""Which form of a thing a client wants, among the data forms that every page has."""

from __future__ import annotations

from typing import NamedTuple

import pyoxigraph as ox

from catalogue.query import choose

__all__ = ["DATA_FORMS", "HTML", "JSON", "JSON_LD", "DataForm", "choose", "form_of_media", "split_suffix", "takes_gzip"]

HTML = "text/html"
JSON_LD = "application/ld+json"
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
    DataForm("jsonld", JSON_LD, ox.RdfFormat.JSON_LD),
    DataForm("nt", "application/n-triples", ox.RdfFormat.N_TRIPLES),
    DataForm("rdf", "application/rdf+xml", ox.RdfFormat.RDF_XML),
)


def form_of_media(media: str) -> DataForm | None:
    """The data form of this media type."""
    meant = JSON_LD if media == JSON else media
    return next((form for form in DATA_FORMS if form.media == meant), None)


def split_suffix(segment: str) -> tuple[str, DataForm | None]:
    """``kvhs-1.ttl`` as ``kvhs-1`` and Turtle; a segment without a known suffix as it is."""
    stem, dot, suffix = segment.rpartition(".")
    form = next((form for form in DATA_FORMS if form.suffix == suffix), None) if dot and stem else None
    return (segment, None) if form is None else (stem, form)


def takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding lets gzip be sent (RFC 9110, section 12.5.3)."""
    codings = [part.replace(" ", "").lower().partition(";q=") for part in accepted.split(",")]
    return any(
        name in ("gzip", "x-gzip") and quality not in ("0", "0.0", "0.00", "0.000") for name, _, quality in codings
    )
