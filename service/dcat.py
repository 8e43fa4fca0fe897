"""What the DCAT-AP.de description says of this catalogue: its settings and the dumps that are there (docs/adr/0006-publishing.md)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from catalogue.dumps import Dataset as DumpedDataset
from catalogue.dumps import Manifest, read_manifest
from catalogue.settings import Settings
from ontology.gazetteer import Gazetteer
from ontology.iris import SCHEMA
from ontology.profiles.dcat import Area, Catalogue, Dataset, File

__all__ = ["Describer", "area_of", "describe"]

_MARGIN = 0.05  # degrees, about a municipality's reach: the gazetteer knows a point of each, not its borders


class Describer:
    """Describes the catalogue in a folder, as its newest dumps are."""

    def __init__(self, folder: Path, settings: Settings, gazetteer: Gazetteer) -> None:
        self._folder, self._settings, self._gazetteer = folder, settings, gazetteer
        self._written: tuple[Catalogue | None, dict[tuple[str, ...], bytes]] = (None, {})
        self._settings_time = dt.datetime.fromtimestamp((folder / "katalog.toml").stat().st_mtime, dt.UTC)

    @cached_property
    def _area(self) -> Area | None:
        return area_of(self._settings.catalogue.district, self._gazetteer)

    def read(self) -> Catalogue | None:
        """None while there are no dumps, or only some with IRIs of another base: a catalogue with gaps would have datasets deleted."""
        manifest = read_manifest(self._folder)
        if manifest is None or manifest.base != self._settings.catalogue.base:
            return None
        return describe(self._settings, manifest, self._area)

    def written(self, catalogue: Catalogue, key: tuple[str, ...], write: Callable[[], bytes]) -> bytes:
        """What ``write`` makes for the key, kept as long as the description is the same: making it takes a tenth of a second."""
        known, kept = self._written  # as one: threads with the description before and after a change must not mix them
        if known != catalogue:
            kept = {}
            self._written = catalogue, kept
        if key not in kept:
            kept[key] = write()
        return kept[key]

    def changed_at(self, catalogue: Catalogue) -> str:
        """ISO time since when the description is as it is: titles and licences come from the settings, the rest changes with the data."""
        return max(dt.datetime.fromisoformat(catalogue.whole.modified), self._settings_time).isoformat()


def describe(settings: Settings, manifest: Manifest, area: Area | None) -> Catalogue:
    """The description of what is in the dumps."""
    general = settings.catalogue
    return Catalogue(
        base=manifest.base,
        title=general.title,
        publisher=general.publisher_or_title,
        contact=general.contact,
        licence=general.licence,
        contributor=general.contributor,
        language=general.language,
        area=area,
        datasets=tuple(_dataset(manifest, dataset) for dataset in manifest.datasets),
    )


def _dataset(manifest: Manifest, dataset: DumpedDataset) -> Dataset:
    def address(name: str) -> str:
        return f"{manifest.base}/dumps/{name}"

    return Dataset(
        source=dataset.source,
        title=dataset.title,
        publisher=dataset.publisher,
        licence=dataset.licence,
        issued=dataset.issued,
        modified=dataset.modified,
        first_day=dataset.first_day,
        last_day=dataset.last_day,
        offers=dataset.offers,
        classes=tuple(sorted(name.removeprefix(SCHEMA) for name in dataset.classes)),
        example=dataset.example,
        files=tuple(
            File(
                name=file.name,
                address=address(file.name),
                media_type=file.media_type,
                compressed=file.compressed,
                bytes=file.bytes,
                sha256=file.sha256,
                described_by=None if file.described_by is None else address(file.described_by),
            )
            for file in manifest.distributions(dataset.source)
        ),
    )


def area_of(district: str | None, gazetteer: Gazetteer) -> Area | None:
    """The district with this 5-digit key: the box lies around the points of its municipalities."""
    found = gazetteer.district(district) if district else None
    if found is None:
        return None
    members = gazetteer.in_district(found.ags)
    longitudes, latitudes = [place.longitude for place in members], [place.latitude for place in members]
    box = (min(longitudes) - _MARGIN, min(latitudes) - _MARGIN, max(longitudes) + _MARGIN, max(latitudes) + _MARGIN)
    west, south, east, north = (round(degrees, 5) for degrees in box)
    return Area(
        ags=found.ags,
        label=found.label,
        latitude=found.latitude,
        longitude=found.longitude,
        box=(west, south, east, north),
    )
