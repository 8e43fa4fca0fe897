"""The gazetteer at run time: one compressed table, read as it is, turned into objects only where somebody asks."""

from __future__ import annotations

import gzip
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from functools import cached_property
from importlib.resources import files
from math import asin, cos, radians, sin, sqrt
from types import MappingProxyType
from typing import Protocol

import msgspec

from ontology.gazetteer.folding import fold, short_name

__all__ = ["District", "Gazetteer", "Municipality", "distance_km"]

_AGS, _NAME, _TYPE, _LAT, _LON, _DISTRICT, _DISTRICT_NAME, _DISTRICT_TYPE, _POSTAL_CODES, _POPULATION, _KEYS = range(11)
_TITLE = re.compile(
    r"^(?:(?:grosse )?(?:kreis)?stadt|universitaetsstadt|landeshauptstadt|hansestadt|ortsgemeinde|gemeinde|markt|stadtteil|ortsteil) "
)
_DISTRICT_TITLE = re.compile(r"^(?:landkreis|kreisfreie stadt|stadtkreis|kreis|lk|lkr|stadt) | (?:landkreis|kreis)$")
_UNKNOWN_POPULATION = 300  # GeoNames leaves out places below 500


class Municipality(msgspec.Struct, frozen=True, kw_only=True):
    """One municipality. Coordinates are WGS 84 degrees of a point inside its area; ``population`` is of GeoNames, None below about 500."""

    ags: str
    name: str
    type: str
    latitude: float
    longitude: float
    district_ags: str
    district_name: str
    postal_codes: tuple[str, ...] = ()
    population: int | None = None

    @property
    def short_name(self) -> str:
        """The name without what only tells it from others: "Heppenheim" of "Heppenheim (Bergstraße)"."""
        return short_name(self.name)


class District(msgspec.Struct, frozen=True, kw_only=True):
    """A Landkreis, Kreis or kreisfreie Stadt. Its coordinates are the mean of its municipalities' points."""

    ags: str
    name: str
    type: str
    latitude: float
    longitude: float

    @property
    def label(self) -> str:
        """As it is called in a sentence: "Landkreis Alzey-Worms", but "Odenwaldkreis" and "Worms"."""
        return self.name if "kreis" in self.name.lower() or "stadt" in self.type.lower() else f"{self.type} {self.name}"


class Gazetteer:
    """All municipalities in the order of their keys; ``gazetteer[i]`` is the one at place ``i`` of `names`."""

    def __init__(self, table: str) -> None:
        """``table`` is the text of municipalities.tsv, with its header line."""
        self._lines = table.splitlines()[1:]  # in the order of their keys; split only where needed, to start fast
        self._made: list[Municipality | None] = [None] * len(self._lines)
        names: dict[str, tuple[int, ...]] = {}
        for index, line in enumerate(self._lines):
            _, own, other = line.rsplit("\t", 2)
            for key in f"{own}|{other}".split("|") if other else own.split("|"):
                names[key] = (*names[key], index) if key in names else (index,)
        self._names = names

    @classmethod
    def load(cls) -> Gazetteer:
        """The shipped table. The caller keeps the result."""
        packed = files(__package__).joinpath("municipalities.tsv.gz").read_bytes()
        return cls(gzip.decompress(packed).decode("utf-8"))

    def __len__(self) -> int:
        return len(self._lines)

    def __getitem__(self, index: int) -> Municipality:
        made = self._made[index]
        if made is None:
            made = self._made[index] = _municipality(self._row(index))
        return made

    def _row(self, index: int) -> list[str]:
        return self._lines[index].split("\t")

    def names(self) -> Mapping[str, tuple[int, ...]]:
        """Every folded name (official, short, Ortsteil, foreign) with the places of its municipalities, for one's own matching."""
        return MappingProxyType(self._names)

    def by_ags(self, ags: str) -> Municipality | None:
        """The municipality with this 8-digit key. Keys of before a known change are not found."""
        index = bisect_left(self._lines, ags)
        found = index < len(self) and self._lines[index].startswith(f"{ags}\t")
        return self[index] if found else None

    def by_postal_code(self, postal_code: str) -> tuple[Municipality, ...]:
        """Those that share this postal code, the most populous first; empty where none is known."""
        found = [self[index] for index in self._postal_codes.get(postal_code, ())]
        return tuple(sorted(found, key=lambda m: (-(m.population or 0), m.ags)))

    def find(
        self, name: str, *, near: tuple[float, float] | None = None, postal_code: str | None = None
    ) -> tuple[Municipality, ...]:
        """Municipalities called ``name``, best first; no fuzzy matching.

        Own names (official or short) go before those of parts (Ortsteil) and foreign ones. Among equals: with ``near``
        (latitude, longitude) the nearest first, else the most populous, where the exact official name counts ten times. Those
        with ``postal_code`` go before all others. "Karlsruhe-Durlach" finds Karlsruhe, but "Alzey-Worms" and "Alzey-Land" nothing.
        """
        key = fold(name)
        if key not in self._names:
            key = _TITLE.sub("", key)
        if key not in self._names:
            town, _, part = name.rpartition("-")
            # the district is asked for last: that search is the slow one
            if fold(town) in self._names and part.lower() != "land" and not self.find_district(name):
                key = fold(town)
        return tuple(self[index] for index in sorted(self._names.get(key, ()), key=self._order(key, near, postal_code)))

    def _order(self, key: str, near: tuple[float, float] | None, postal_code: str | None) -> _Order:
        def order(index: int) -> tuple[bool, bool, float, str]:
            row = self._row(index)
            own = row[_KEYS].split("|")
            if near is not None:
                worth = distance_km(*near, float(row[_LAT]), float(row[_LON]))
            else:
                worth = -int(row[_POPULATION] or _UNKNOWN_POPULATION) * (10 if own[0] == key else 1)
            elsewhere = postal_code is not None and postal_code not in row[_POSTAL_CODES].split(" ")
            return elsewhere, key not in own, worth, row[_AGS]

        return order

    def within(self, latitude: float, longitude: float, km: float) -> tuple[tuple[Municipality, float], ...]:
        """Municipalities whose point lies at most ``km`` kilometres away, with the distance, nearest first."""
        latitudes, order = self._by_latitude
        reach = km / 111.0  # one degree of latitude is never shorter
        nearby = order[bisect_left(latitudes, latitude - reach) : bisect_right(latitudes, latitude + reach)]
        found = []
        for index in nearby:
            row = self._row(index)
            distance = distance_km(latitude, longitude, float(row[_LAT]), float(row[_LON]))
            if distance <= km:
                found.append((self[index], distance))
        return tuple(sorted(found, key=lambda pair: (pair[1], pair[0].ags)))

    def district(self, ags: str) -> District | None:
        """The district with this 5-digit key."""
        return self._districts.get(ags)

    def districts(self) -> tuple[District, ...]:
        """All districts by key."""
        return tuple(self._districts.values())

    def in_district(self, ags: str) -> tuple[Municipality, ...]:
        """The municipalities of the district with this 5-digit key, by key."""
        return tuple(self[index] for index in self._district_members.get(ags, ()))

    def find_district(self, name: str) -> tuple[District, ...]:
        """Districts called ``name`` ("Landkreis Alzey-Worms", "Alzey-Worms", "Kreis Bergstraße"): those of the named type first."""
        wanted = fold(name)
        bare = _DISTRICT_TITLE.sub("", wanted)
        found = [
            district
            for district in self.districts()
            if bare in _district_keys(district) or wanted == fold(district.name)
        ]
        rural = "kreis" in wanted or wanted.startswith(("lk ", "lkr "))
        return tuple(sorted(found, key=lambda d: (rural == ("stadt" in d.type.lower()), d.ags)))

    @cached_property
    def _postal_codes(self) -> dict[str, list[int]]:
        codes: dict[str, list[int]] = {}
        for index in range(len(self)):
            for code in self._row(index)[_POSTAL_CODES].split():
                codes.setdefault(code, []).append(index)
        return codes

    @cached_property
    def _by_latitude(self) -> tuple[list[float], list[int]]:
        pairs = sorted((float(self._row(index)[_LAT]), index) for index in range(len(self)))
        return [latitude for latitude, _ in pairs], [index for _, index in pairs]

    @cached_property
    def _district_members(self) -> dict[str, list[int]]:
        members: dict[str, list[int]] = {}
        for index in range(len(self)):
            members.setdefault(self._row(index)[_DISTRICT], []).append(index)
        return members

    @cached_property
    def _districts(self) -> dict[str, District]:
        return {
            ags: _district([self._row(index) for index in members])
            for ags, members in sorted(self._district_members.items())
        }


class _Order(Protocol):
    def __call__(self, index: int, /) -> tuple[bool, bool, float, str]: ...


def distance_km(a_lat: float, a_lon: float, b_lat: float, b_lon: float) -> float:
    """Great-circle distance in kilometres of two points in degrees (haversine, mean radius 6371.0088 km)."""
    lat, lon = radians(b_lat - a_lat) / 2, radians(b_lon - a_lon) / 2
    chord = sin(lat) ** 2 + cos(radians(a_lat)) * cos(radians(b_lat)) * sin(lon) ** 2
    return 2 * 6371.0088 * asin(min(1.0, sqrt(chord)))


def _municipality(row: list[str]) -> Municipality:
    return Municipality(
        ags=row[_AGS],
        name=row[_NAME],
        type=row[_TYPE],
        latitude=float(row[_LAT]),
        longitude=float(row[_LON]),
        district_ags=row[_DISTRICT],
        district_name=row[_DISTRICT_NAME],
        postal_codes=tuple(row[_POSTAL_CODES].split()),
        population=int(row[_POPULATION]) if row[_POPULATION] else None,
    )


def _district(rows: list[list[str]]) -> District:
    return District(
        ags=rows[0][_DISTRICT],
        name=rows[0][_DISTRICT_NAME],
        type=rows[0][_DISTRICT_TYPE],
        latitude=round(sum(float(row[_LAT]) for row in rows) / len(rows), 5),
        longitude=round(sum(float(row[_LON]) for row in rows) / len(rows), 5),
    )


def _district_keys(district: District) -> Iterable[str]:
    for name in (district.name, short_name(district.name)):
        key = _DISTRICT_TITLE.sub("", fold(name))
        yield key
        yield key.removesuffix("kreis")  # "Kreis Odenwald", "Vogtland"
