"""Which offers are worth comparing: those that stand near one another in a block of offers with something in common.

An offer is in several blocks: of its provider and each of its longest words, of these words without the provider, of a day and a word, of
its web address, of its number. A block is sorted by title, and each offer is paired with the next ones. So pairs grow with the offers, not
with their square, and which pairs there are follows from the offers alone, in whatever order they came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from ingest.resolve.traits import Traits

__all__ = ["Blocks", "Pairs", "rows_of"]

_NEAR = 6  # an offer is paired with so many that follow it
_WORDS = 3  # the longest of a title
_BEGIN = 8  # letters of a word
_DAYS = 4  # of an offer's runs
_TITLE = 48  # bytes by which a block is sorted
_ROW_BITS = 31  # of the two rows of a pair, as one number
_ROW_MASK = (1 << _ROW_BITS) - 1

Pairs = NDArray[np.int64]
"""(n,) sorted, each once: the lower row of a pair before the higher one. As tuples the pairs of 100,000 offers would take 400 MB."""


class Blocks(msgspec.Struct, frozen=True):
    """``rows`` (n,) and ``keys`` (n,): in which blocks an offer is.

    Of each offer, in order of its row in ``offers`` (m,): ``titles`` (m,) bytes sort a block, ``ties`` (m,) equal titles. A tie is a number
    made of the offer's id, so that the order in which offers came decides nothing.
    """

    rows: NDArray[np.int64]
    keys: NDArray[np.int64]
    offers: NDArray[np.int64]
    titles: NDArray[np.bytes_]
    ties: NDArray[np.int64]

    @classmethod
    def empty(cls) -> Blocks:
        """Of no offers."""
        nothing = np.empty(0, np.int64)
        return cls(nothing, nothing, nothing, np.empty(0, f"S{_TITLE}"), nothing)

    @classmethod
    def load(cls, path: Path) -> Blocks:
        """What `save` wrote; empty where there is no file."""
        if not path.exists():
            return cls.empty()
        with np.load(path) as data:
            return cls(**{name: data[name] for name in cls.__struct_fields__})

    def save(self, path: Path) -> None:
        """Writes a file that `load` reads."""
        part = path.with_name("neu.npz")  # the file may be shared with the visible snapshot: never write into it
        arrays = {name: getattr(self, name) for name in self.__struct_fields__}
        np.savez(part, allow_pickle=False, **arrays)
        part.replace(path)

    def updated(self, offers: Iterable[tuple[int, Traits]], outdated: Iterable[int]) -> Blocks:
        """Without the ``outdated`` rows and with ``offers``: changed rows stand in both."""
        rows, keys, added, titles, ties = list[int](), list[int](), list[int](), list[bytes](), list[int]()
        for row, traits in offers:
            blocks = _keys(traits)
            rows += [row] * len(blocks)
            keys += blocks
            added.append(row)
            titles.append(traits.plain.encode()[:_TITLE])
            ties.append(_number(traits.id))
        gone = np.fromiter(outdated, np.int64)
        keep, stay = ~np.isin(self.rows, gone), ~np.isin(self.offers, gone)
        of = np.concatenate([self.offers[stay], np.array(added, np.int64)])
        order = np.argsort(of)
        return Blocks(
            rows=np.concatenate([self.rows[keep], np.array(rows, np.int64)]),
            keys=np.concatenate([self.keys[keep], np.array(keys, np.int64)]),
            offers=of[order],
            titles=np.concatenate([self.titles[stay], np.array(titles, f"S{_TITLE}")])[order],
            ties=np.concatenate([self.ties[stay], np.array(ties, np.int64)])[order],
        )

    def of_rows(self, rows: Iterable[int]) -> NDArray[np.int64]:
        """The blocks in which any of the rows is."""
        return np.unique(self.keys[np.isin(self.rows, np.fromiter(rows, np.int64))])

    def within(self, keys: NDArray[np.int64]) -> Blocks:
        """Only these blocks."""
        chosen = np.isin(self.keys, keys)
        rows = self.rows[chosen]
        there = np.isin(self.offers, rows)
        return Blocks(rows, self.keys[chosen], self.offers[there], self.titles[there], self.ties[there])

    def tie_of(self) -> dict[int, int]:
        """By row, the number made of the offer's id."""
        return dict(zip(self.offers.tolist(), self.ties.tolist(), strict=True))

    def pairs(self) -> Pairs:
        """The pairs of rows to compare, in order."""
        order = np.lexsort((self._places(self.rows), self.keys))
        rows, keys = self.rows[order], self.keys[order]
        found = np.empty(0, np.int64)
        for step in range(1, _NEAR + 1):
            together = np.flatnonzero(keys[step:] == keys[:-step])
            one, other = rows[together], rows[together + step]
            step_found = _packed(np.minimum(one, other), np.maximum(one, other))
            found = np.union1d(found, step_found[one != other])
        return found

    def by_title(self, pairs: Pairs) -> NDArray[np.int64]:
        """The same pairs in the order of a title of theirs: those of one offer, and of offers like it, come one soon after the other."""
        return pairs[np.argsort(self._places(rows_of(pairs)[0]), kind="stable")]

    def _places(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Of each row the place of its offer in the order of titles."""
        places = np.empty(self.offers.size, np.int64)
        places[np.lexsort((self.ties, self.titles))] = np.arange(self.offers.size)
        return places[np.searchsorted(self.offers, rows)]


def _packed(one: NDArray[np.int64], other: NDArray[np.int64]) -> Pairs:
    return one << _ROW_BITS | other


def rows_of(pairs: Pairs) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The lower and the higher rows of pairs."""
    return pairs >> _ROW_BITS, pairs & _ROW_MASK


def _keys(traits: Traits) -> set[int]:
    return {_number(text) for text in _blocks(traits)}


def _number(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big", signed=True)


def _blocks(traits: Traits) -> Iterator[str]:
    words = sorted({word[:_BEGIN] for word in traits.title.words}, key=lambda word: (-len(word), word))[:_WORDS]
    for word in words:
        yield f"provider {traits.provider} {word}"
    yield f"words {' '.join(sorted(words))}"
    for day in sorted(traits.days)[:_DAYS]:
        for word in words:
            yield f"day {day} {word}"
    if not words:
        yield f"provider {traits.provider}"
    if traits.url:
        yield f"address {traits.url}"
    yield f"number {traits.identifier}"
