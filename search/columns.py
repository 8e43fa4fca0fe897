"""What can be filtered, as columns: one entry for each dated run of each offer, so that a wish is a comparison of arrays.

An offer without dated runs has one entry of its own. What the numbers mean is said in search/entries.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ontology.offer import Instance, Kind, Offer
from search.arrays import load_arrays
from search.entries import KINDS, offer_entries, run_entries
from search.facets import FacetIndex, Labels, Names, tags_of

__all__ = ["Columns"]

_RUN_TYPES: dict[str, type] = {
    "row": np.int64,
    "position": np.int32,  # of the run within its offer; -1: the offer itself
    "alike": np.int64,  # equal where title and provider are
    "kind": np.int8,
    "start": np.int32,
    "last": np.int32,
    "mode": np.int8,
    "weekdays": np.uint8,
    "daytimes": np.uint8,
    "time_model": np.uint8,
    "ags": np.int32,
    "latitude": np.float32,
    "longitude": np.float32,
    "wheelchair": np.int8,
    "price": np.float32,
    "audience": np.uint32,
    "level": np.uint8,
    "age_min": np.int16,
    "age_max": np.int16,
    "funding": np.uint8,
    "certificate": np.int8,
    "childcare": np.int8,
    "language": np.uint64,
}
_SERVICES = [KINDS.index(kind) for kind in (Kind.SERVICE, Kind.PRESCHOOL, Kind.SCHOOL, Kind.LIBRARY)]
_ALL_TYPES = _RUN_TYPES | {"tag_rows": np.int64, "tags": np.int32}


class Columns:
    """The columns of a snapshot.

    ``runs[name]`` has one entry per run, sorted by row; ``first[i]`` is where the runs of ``rows[i]`` begin. ``facets`` are what offers can
    be narrowed down by.
    """

    def __init__(self, arrays: Mapping[str, NDArray[Any]], tag_names: Sequence[str]) -> None:
        self._arrays = {name: arrays[name] for name in _ALL_TYPES}
        self.runs = {name: arrays[name] for name in _RUN_TYPES}
        self._tag_names = list(tag_names)
        begins = np.ones(self.runs["row"].size, np.bool_)
        begins[1:] = self.runs["row"][1:] != self.runs["row"][:-1]
        self.first = np.flatnonzero(begins)
        self.rows = self.runs["row"][self.first]
        self.height = int(self.rows[-1]) + 1 if self.rows.size else 0
        self._ends = np.append(self.first[1:], self.runs["row"].size)
        self._dense = self.rows.size == self.height  # then a row is its own place
        self._place = np.zeros(self.height, np.int64)  # of a row among those in use
        self._place[self.rows] = np.arange(self.rows.size)

    @cached_property
    def facets(self) -> FacetIndex:
        """What offers can be narrowed down by."""
        return FacetIndex(self._arrays["tag_rows"], self._arrays["tags"], self._tag_names, self.height)

    @classmethod
    def build(cls, offers: Iterable[tuple[int, Offer]], labels: Labels) -> Columns:
        """From offers with their rows."""
        empty: dict[str, NDArray[Any]] = {name: np.empty(0, kind) for name, kind in _ALL_TYPES.items()}
        return cls(empty, ()).updated(offers, (), labels)

    def updated(self, offers: Iterable[tuple[int, Offer]], outdated: Iterable[int], labels: Labels) -> Columns:
        """The columns without the ``outdated`` rows and with those of ``offers`` added: changed rows stand in both."""
        outdated = list(outdated)
        lists: dict[str, list[float]] = {name: [] for name in _ALL_TYPES}
        tag_names = Names(self._tag_names)
        for row, offer in offers:
            own = offer_entries(offer)
            for position, instance in enumerate(offer.instances) if offer.instances else [(-1, Instance())]:
                entries = own | run_entries(offer, instance) | {"row": row, "position": position}
                for name in _RUN_TYPES:
                    lists[name].append(entries[name])
            for tag in tags_of(offer, labels):
                lists["tag_rows"].append(row)
                lists["tags"].append(tag_names.number(tag))
        gone = np.zeros(max([self.height, *(row + 1 for row in outdated)]), np.bool_)
        gone[outdated] = True
        keep = {"row": ~gone[self.runs["row"]], "tag_rows": ~gone[self._arrays["tag_rows"]]}
        arrays = {}
        for key, names in (("row", tuple(_RUN_TYPES)), ("tag_rows", ("tag_rows", "tags"))):
            added = np.array(lists[key], np.int64)
            order = np.argsort(added, kind="stable")
            kept = keep[key]
            places = np.searchsorted(self._arrays[key][kept], added[order])
            for name in names:
                values: NDArray[Any] = np.array(lists[name], _ALL_TYPES[name])[order]
                arrays[name] = np.insert(self._arrays[name][kept], places, values)
        # names that nobody has any more are forgotten, else who changes them often would fill the memory
        used = np.bincount(arrays["tags"], minlength=len(tag_names.numbers)) > 0
        tags = (np.cumsum(used) - 1).astype(np.int32)[arrays["tags"]]
        return Columns(
            arrays | {"tags": tags}, [name for name, still in zip(tag_names.numbers, used, strict=True) if still]
        )

    def save(self, path: Path) -> None:
        """Writes the columns to a file that `load` reads."""
        names = msgspec.json.encode(self._tag_names)
        part = path.with_name("neu.npz")  # the file may be shared with the visible snapshot: never write into it
        np.savez(part, allow_pickle=False, names=np.frombuffer(names, np.uint8), **self._arrays)
        part.replace(path)

    @classmethod
    def load(cls, path: Path) -> Columns:
        """What `save` wrote."""
        data = load_arrays(path)
        return cls(data, msgspec.json.decode(data["names"].tobytes(), type=list[str]))

    def per_row(self, values: NDArray[np.int8]) -> NDArray[np.int8]:
        """The least value over the runs of each row in use, in the order of ``rows``."""
        least: NDArray[np.int8] = values[self.first]
        several, runs, first = self._several
        if several.size:
            least[several] = np.minimum.reduceat(values[runs], first)
        return least

    def by_row(self, values: NDArray[np.int8]) -> NDArray[np.int8]:
        """Values in the order of ``rows`` as values of all rows; 0 for those not in use."""
        if self._dense:
            return values
        spread = np.zeros(self.height, values.dtype)
        spread[self.rows] = values
        return spread

    @cached_property
    def _several(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Most offers have one run. The others (places in ``rows``), their runs, and where those of each begin among these."""
        lengths = self._ends - self.first
        several = np.flatnonzero(lengths > 1)
        runs = np.flatnonzero(np.repeat(lengths > 1, lengths))
        return several, runs, np.cumsum(lengths[several]) - lengths[several]

    @cached_property
    def _places(self) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """The different latitudes and longitudes (n, 2), and which of them each run has."""
        both = np.stack([self.runs["latitude"], self.runs["longitude"]], axis=1)
        pairs, which = np.unique(
            both.view(np.uint64)[:, 0], return_inverse=True
        )  # as bits, so that NaN is equal to NaN
        return pairs.view(np.float32).reshape(-1, 2), which

    def distances(self, latitude: float, longitude: float) -> NDArray[np.float32]:
        """Kilometres from a point to each run (great circle on a sphere of 6371 km); NaN where it is not known."""
        places, which = self._places
        lat, lon = np.radians(places[:, 0]), np.radians(places[:, 1])
        there_lat, there_lon = np.radians(latitude), np.radians(longitude)
        half = np.sin((lat - there_lat) / 2) ** 2 + np.cos(lat) * np.cos(there_lat) * np.sin((lon - there_lon) / 2) ** 2
        kilometres: NDArray[np.float32] = (2 * 6371.0 * np.arcsin(np.sqrt(np.minimum(half, 1)))).astype(np.float32)
        return kilometres[which]

    def runs_of(self, row: int) -> slice:
        """Where the runs of a row in use lie."""
        index = self._place[row]
        return slice(int(self.first[index]), int(self._ends[index]))

    def runs_of_all(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The runs of rows in use one after the other, and where those of each row begin among them."""
        places = self._place[rows]
        lengths = self._ends[places] - self.first[places]
        first = np.cumsum(lengths) - lengths
        return np.repeat(self.first[places] - first, lengths) + np.arange(lengths.sum()), first

    def group(self, rows: Sequence[int], groups: Sequence[int]) -> None:
        """Offers that were judged are alike where the group is the same, whatever title and provider say."""
        self._alike[self._place[np.array(rows, np.int64)]] = groups

    @cached_property
    def _alike(self) -> NDArray[np.int64]:
        return self.runs["alike"][self.first]

    def alike(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """A number for each of the given rows in use, equal where they were judged the same, else where title and provider are."""
        return self._alike[self._place[rows]]

    @cached_property
    def services(self) -> NDArray[np.bool_]:
        """A mask over all rows: what is no course but a place to go to, such as a Kita, a school or counselling."""
        return self.by_row(np.isin(self.runs["kind"][self.first], _SERVICES).astype(np.int8)).astype(np.bool_)

    def rows_with(self, facet: str, values: Iterable[str]) -> NDArray[np.bool_]:
        """A mask over all rows: those that have one of the facet's values."""
        return self.facets.rows_with(facet, values)
