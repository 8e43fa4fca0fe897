"""What every reader yields: offers found, records refused and remarks, each with the place in its file.

::

    SourceRefused        a whole file cannot be read: a sentence for the provider
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from ontology.offer import Offer, slug

if TYPE_CHECKING:  # the mapping reports its own mistakes with the shapes of this module
    from ingest.sources.table.mapping import Mapping

__all__ = ["Found", "Reader", "ReaderContext", "Refused", "Remark", "SourceRefused", "Where", "offer_id"]


_DATA_SUFFIXES = (".ttl", ".jsonld", ".json", ".nt", ".rdf")  # a page's data stand beside it under these


class Where(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A place in a file as people count: rows and lines from 1, so row 2 is the first below a header in row 1.

    ``file`` is the file's name without folders, ``column`` reads "F (Preis)", ``element`` names a part of an XML or JSON document.
    """

    file: str
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    element: str | None = None

    def __str__(self) -> str:
        parts = [self.file]
        if self.sheet is not None:
            parts.append(f"Blatt „{self.sheet}“")
        if self.row is not None:
            parts.append(f"Zeile {self.row}")
        if self.column is not None:
            parts.append(f"Spalte {self.column}")
        if self.element is not None:
            parts.append(f"Element {self.element}")
        return ", ".join(parts)


class Found(msgspec.Struct, frozen=True):
    """A record that became an offer."""

    offer: Offer
    where: Where


class Refused(msgspec.Struct, frozen=True):
    """A record that is not taken over. ``reason`` is a German sentence without its full stop, ``identifier`` the source's own, if known.

    ``broken_off``: the file cannot be read from here on, so nothing may be concluded from what is missing in it.
    """

    where: Where
    reason: str
    identifier: str | None = None
    broken_off: bool = False


class Remark(msgspec.Struct, frozen=True):
    """Something was repaired or left out, the record is kept; ``text`` is a German sentence without its full stop.

    Remarks are no records and are not counted.
    """

    where: Where
    text: str


class SourceRefused(Exception):
    """A file cannot be read at all. ``sentence`` is German, without its full stop."""

    def __init__(self, where: Where, sentence: str) -> None:
        super().__init__(f"{where}: {sentence}")
        self.where = where
        self.sentence = sentence


class ReaderContext(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader knows beside its file.

    ``source`` is the name of the source. ``mapping`` says what the columns of a table mean. ``land`` gives the two-digit key of the
    Land of a municipality where its name leaves no doubt, else None.
    """

    source: str
    mapping: Mapping | None = None
    land: Callable[[str], str | None] | None = None


class Reader(Protocol):
    """Reads one format as a stream; a bad record is `Refused` and the rest goes on. Raises `SourceRefused` for a whole file."""

    def __call__(self, path: Path, context: ReaderContext, /) -> Iterator[Found | Refused | Remark]: ...


def offer_id(source: str, key: str) -> str:
    """The last segment of an offer's IRI, the same in every run.

    A key that ends like the address of a data file ("kurs.json") gets eight hex digits of its SHA-256 appended.
    """
    segment = slug(f"{source}-{key}")
    if segment.lower().endswith(_DATA_SUFFIXES):
        return f"{segment}-{sha256(key.encode()).hexdigest()[:8]}"
    return segment
