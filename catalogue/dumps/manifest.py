"""What a set of dumps says of itself: ``manifest.json``, read by whatever describes the dumps (DCAT, VoID) or hands them out."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from catalogue.audit import Audit
from ontology.dataset import DatasetHead

__all__ = [
    "MANIFEST",
    "Dataset",
    "DumpFile",
    "Manifest",
    "dumps_folder",
    "read_dumps",
    "read_manifest",
    "visible_dumps",
]

MANIFEST = "manifest.json"


class DumpFile(msgspec.Struct, frozen=True, kw_only=True):
    """One file, at ``{base}/dumps/{name}``.

    ``source`` is None for the whole catalogue. ``kind``: only ``data`` files are distributions; ``description`` says what the columns of a
    table are, ``audit`` is the report of the audit. ``media_type`` is that of the content; ``compressed`` says that gzip is around it
    (dcat:compressFormat). ``bytes`` and ``sha256`` (hex) are of the file as it is sent, ``unpacked`` are the bytes of its content.
    ``statements`` counts RDF statements, ``rows`` those of a table without its header. ``described_by`` names the description of a table.
    ``changed_at`` is the ISO time since when the file is as it is, through sets of dumps in which it did not change.
    """

    name: str
    source: str | None
    kind: Literal["data", "description", "audit"] = "data"
    media_type: str
    compressed: bool
    bytes: int
    unpacked: int
    sha256: str
    statements: int | None = None
    rows: int | None = None
    described_by: str | None = None
    changed_at: str = ""

    @property
    def packed_media_type(self) -> str:
        """The media type of the file as it is sent."""
        return "application/gzip" if self.compressed else self.media_type


class Dataset(DatasetHead, frozen=True, kw_only=True):
    """What is in the dumps of one source, or of the whole catalogue (``source`` None).

    ``first_day`` and ``last_day`` are ISO dates of the earliest and the latest dated run. ``statements`` are distinct triples, vocabularies
    not counted. ``classes`` counts instances by class (void:classPartition), ``properties`` statements by property
    (void:propertyPartition), ``entities`` the distinct subjects. ``example`` is the IRI of an offer. ``withheld`` offers are not in the
    dumps because of their licence.
    """

    statements: int
    entities: int
    first_day: str | None
    last_day: str | None
    classes: dict[str, int]
    properties: dict[str, int]
    example: str | None
    withheld: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A set of dumps. ``data_run`` and ``data_time`` (ISO) are those of the snapshot it was made from, ``base`` begins all its IRIs.

    ``datasets``: the whole catalogue first, then every own source that has offers in the dumps, by name. ``made_of`` is a digest of
    all that the files depend on: with another one they are outdated.
    """

    made_of: str
    data_run: int
    data_time: str
    base: str
    datasets: tuple[Dataset, ...]
    files: tuple[DumpFile, ...]
    audit: Audit

    @property
    def whole(self) -> Dataset:
        """The whole catalogue."""
        return self.datasets[0]

    def file(self, name: str) -> DumpFile | None:
        """The file of that name."""
        return next((file for file in self.files if file.name == name), None)

    def distributions(self, source: str | None) -> list[DumpFile]:
        """The data files of a source, or of the whole catalogue."""
        return [file for file in self.files if file.kind == "data" and file.source == source]


def dumps_folder(folder: Path) -> Path:
    """Where a catalogue's dumps lie."""
    return folder / "dumps"


def visible_dumps(folder: Path) -> Path | None:
    """Folder of the visible set of dumps of a catalogue's folder; None where there is none yet."""
    try:
        name = (dumps_folder(folder) / "current").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    return dumps_folder(folder) / name


def read_dumps(folder: Path) -> tuple[Path, Manifest] | None:
    """The visible set of dumps of a catalogue's folder, its own folder and its manifest; None where there is none yet."""
    while (path := visible_dumps(folder)) is not None:
        try:
            return path, msgspec.json.decode((path / MANIFEST).read_bytes(), type=Manifest)
        except FileNotFoundError:
            if visible_dumps(folder) == path:
                raise
    return None


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of the visible set of dumps."""
    found = read_dumps(folder)
    return None if found is None else found[1]
