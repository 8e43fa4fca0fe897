"""The facet values of the offers: topics, phases, places, providers, learning forms and sources, to narrow down by and to count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ontology.offer import Offer
from search.arrays import in_order

__all__ = ["FACETS", "FacetIndex", "Labels", "Names", "tags_of"]

FACETS = ("phase", "topic", "place", "provider", "mode", "source")

Integers = NDArray[Any]


class Labels(Protocol):
    """German labels of concepts."""

    def __call__(self, scheme: str, notation: str, /) -> str: ...


class Names:
    """Numbers for strings, in order of appearance."""

    def __init__(self, names: Iterable[str]) -> None:
        self.numbers = {name: number for number, name in enumerate(names)}

    def number(self, name: str) -> int:
        """The number of a name, a new one where it has none."""
        return self.numbers.setdefault(name, len(self.numbers))


def tags_of(offer: Offer, labels: Labels) -> list[str]:
    """Everything by which the offer can be narrowed down, each as "facet TAB value TAB label", sorted."""
    found = {("phase", phase, labels("phases", phase)) for phase in offer.phases}
    found |= {("topic", topic, labels("topics", topic)) for topic in offer.topics}
    found |= {("mode", i.mode.value, labels("mode", i.mode)) for i in offer.instances if i.mode}
    places = (offer.place, *(instance.place for instance in offer.instances))
    found |= {("place", p.locality, p.locality) for p in places if p and p.locality}
    found.add(("source", offer.source, offer.source))
    if offer.provider is not None:
        found.add(("provider", offer.provider.id, offer.provider.name))
    return sorted("\t".join(part.replace("\t", " ") for part in tag) for tag in found)


def _parts_of(tag: str) -> tuple[str, str, str]:
    facet, value, label = tag.split("\t")
    return facet, value, label


class FacetIndex:
    """Pairs of rows and tags (numbers of ``names``), sorted by row, over ``height`` rows."""

    def __init__(self, rows: Integers, tags: Integers, names: Sequence[str], height: int) -> None:
        self._rows, self._tags = rows, tags
        self._height = height
        self._first = np.searchsorted(rows, np.arange(height + 1))
        self._parts = [_parts_of(name) for name in names]
        self._numbers: dict[tuple[str, str], list[int]] = {}
        for number, (facet, value, _) in enumerate(self._parts):
            self._numbers.setdefault((facet, value), []).append(number)

    @cached_property
    def _order(self) -> tuple[Integers, Integers]:
        """Of each tag the number of its facet and its place in the alphabet of labels."""
        facets = np.array([FACETS.index(facet) for facet, _, _ in self._parts], np.int64)
        places = np.empty(len(self._parts), np.int64)
        places[sorted(range(len(self._parts)), key=lambda number: self._parts[number][2])] = np.arange(places.size)
        return facets, places

    @cached_property
    def _rows_by_tag(self) -> tuple[Integers, Integers]:
        """Rows in the order of their tags, and where those of each tag begin."""
        order = np.argsort(self._tags, kind="stable")
        return self._rows[order], np.searchsorted(self._tags[order], np.arange(len(self._parts) + 1))

    def rows_with(self, facet: str, values: Iterable[str]) -> NDArray[np.bool_]:
        """A mask over all rows: those that have one of the facet's values."""
        rows, first = self._rows_by_tag
        mask = np.zeros(self._height, np.bool_)
        for value in values:
            for number in self._numbers.get((facet, value), ()):
                mask[rows[first[number] : first[number + 1]]] = True
        return mask

    def count(
        self, rows: NDArray[np.int64], hits: NDArray[np.int64], most: int | None = None
    ) -> Iterator[tuple[str, str, str, int]]:
        """Facet, value, label and number of hits that have it, of each facet the ``most`` frequent ones, these first, then by label.

        ``rows[i]`` belongs to hit ``hits[i]``: of several rows of one hit it is enough that one has the value.
        """
        begin = self._first[rows]
        lengths = self._first[rows + 1] - begin
        places = np.repeat(begin - np.cumsum(lengths) + lengths, lengths) + np.arange(lengths.sum())
        pairs = in_order(np.repeat(hits, lengths) * len(self._parts) + self._tags[places])
        counts = np.bincount(pairs % max(1, len(self._parts)), minlength=len(self._parts))
        numbers = np.flatnonzero(counts)
        facets, labels = self._order
        # one number for facet, count and label: sorted in a tenth of the time of three keys
        height = counts.max(initial=0) + 1
        keys = (facets[numbers] * height + height - 1 - counts[numbers]) * len(self._parts) + labels[numbers]
        numbers = numbers[keys.argsort()]
        borders = np.searchsorted(facets[numbers], np.arange(len(FACETS) + 1)).tolist()
        for start, end in pairwise(borders):
            shown = numbers[start:end][:most]
            for number, count in zip(shown.tolist(), counts[shown].tolist(), strict=True):
                yield *self._parts[number], count
