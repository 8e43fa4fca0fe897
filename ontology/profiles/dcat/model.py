"""What the DCAT-AP.de description of a catalogue is made of; made by whoever knows the settings and the dumps."""

from __future__ import annotations

from hashlib import sha256

import msgspec

from ontology.dataset import DatasetHead
from ontology.iris import dataset_iri

__all__ = ["Area", "Catalogue", "Dataset", "File"]


class File(msgspec.Struct, frozen=True, kw_only=True):
    """A file to download (dcat:Distribution). ``media_type`` is that of the content, ``compressed`` says that gzip is around it.

    ``bytes`` and ``sha256`` (hex) are of the file as it is sent. ``described_by`` is the address of what says what the columns are.
    """

    name: str
    address: str
    media_type: str
    compressed: bool
    bytes: int
    sha256: str
    described_by: str | None = None


class Dataset(DatasetHead, frozen=True, kw_only=True):
    """The offers of one own source, or all of them (``source`` None).

    ``first_day`` and ``last_day`` are ISO dates. ``classes`` are local names of schema.org. ``example`` is the IRI of an offer.
    """

    first_day: str | None
    last_day: str | None
    classes: tuple[str, ...]
    example: str | None
    files: tuple[File, ...]

    @property
    def path(self) -> str:
        """What follows the base in its IRI."""
        return dataset_iri("", self.source)

    @property
    def anchor(self) -> str:
        """Its place on the page for people."""
        return "gesamt" if self.source is None else f"quelle-{self.source}"


class Area(msgspec.Struct, frozen=True, kw_only=True):
    """A Landkreis or a kreisfreie Stadt: ``ags`` has five digits; degrees (WGS 84); ``box`` is west, south, east, north."""

    ags: str
    label: str
    latitude: float
    longitude: float
    box: tuple[float, float, float, float]


class Catalogue(msgspec.Struct, frozen=True, kw_only=True):
    """A catalogue with all its datasets, the whole first."""

    base: str
    title: str
    publisher: str
    contact: str | None
    licence: str | None
    contributor: str | None
    language: str
    area: Area | None
    datasets: tuple[Dataset, ...]

    @property
    def whole(self) -> Dataset:
        """All offers."""
        return self.datasets[0]

    @property
    def order(self) -> str:
        """A digest of which datasets there are, in which order: where it changes, pages read before and after do not fit together."""
        return sha256("\n".join(dataset.path for dataset in self.datasets).encode()).hexdigest()[:12]
