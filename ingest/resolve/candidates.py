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

__all__ = ["Blocks"]

_NEAR = 6  # an offer is paired with so many that follow it
_WORDS = 3  # the longest of a title
_BEGIN = 8  # letters of a word
_DAYS = 4  # of an offer's runs
_TITLE = 48  # bytes by which a block is sorted


class Blocks(msgspec.Struct, frozen=True):
    """``rows`` (n,) and ``keys`` (n,): in which blocks an offer is. ``titles`` (n,) bytes sort each of them, ``ties`` (n,) equal titles: a
    number made of the offer's id, so that the order in which offers came decides nothing.
    """

    rows: NDArray[np.int64]
    keys: NDArray[np.int64]
    titles: NDArray[np.bytes_]
    ties: NDArray[np.int64]

    @classmethod
    def empty(cls) -> Blocks:
        """Of no offers."""
        return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, f"S{_TITLE}"), np.empty(0, np.int64))

    @classmethod
    def load(cls, path: Path) -> Blocks:
        """What `save` wrote; empty where there is no file."""
        if not path.exists():
            return cls.empty()
        with np.load(path) as data:
            return cls(data["rows"], data["keys"], data["titles"], data["ties"])

    def save(self, path: Path) -> None:
        """Writes a file that `load` reads."""
        part = path.with_name("neu.npz")  # the file may be shared with the visible snapshot: never write into it
        np.savez(part, allow_pickle=False, rows=self.rows, keys=self.keys, titles=self.titles, ties=self.ties)
        part.replace(path)

    def updated(self, offers: Iterable[tuple[int, Traits]], outdated: Iterable[int]) -> Blocks:
        """Without the ``outdated`` rows and with ``offers``: changed rows stand in both."""
        rows, keys, titles, ties = list[int](), list[int](), list[bytes](), list[int]()
        for row, traits in offers:
            title, tie = traits.plain.encode()[:_TITLE], _number(traits.id)
            for key in _keys(traits):
                rows.append(row)
                keys.append(key)
                titles.append(title)
                ties.append(tie)
        keep = ~np.isin(self.rows, np.fromiter(outdated, np.int64))
        return Blocks(
            np.concatenate([self.rows[keep], np.array(rows, np.int64)]),
            np.concatenate([self.keys[keep], np.array(keys, np.int64)]),
            np.concatenate([self.titles[keep], np.array(titles, f"S{_TITLE}")]),
            np.concatenate([self.ties[keep], np.array(ties, np.int64)]),
        )

    def of_rows(self, rows: Iterable[int]) -> NDArray[np.int64]:
        """The blocks in which any of the rows is."""
        return np.unique(self.keys[np.isin(self.rows, np.fromiter(rows, np.int64))])

    def within(self, keys: NDArray[np.int64]) -> Blocks:
        """Only these blocks."""
        chosen = np.isin(self.keys, keys)
        return Blocks(self.rows[chosen], self.keys[chosen], self.titles[chosen], self.ties[chosen])

    def tie_of(self) -> dict[int, int]:
        """By row, the number made of the offer's id."""
        return dict(zip(self.rows.tolist(), self.ties.tolist(), strict=True))

    def pairs(self) -> set[tuple[int, int]]:
        """The pairs of rows to compare, the lower row first."""
        order = np.lexsort((self.ties, self.titles, self.keys))
        rows, keys = self.rows[order], self.keys[order]
        found = [np.empty((0, 2), np.int64)]
        for step in range(1, _NEAR + 1):
            together = np.flatnonzero(keys[step:] == keys[:-step])
            found.append(np.sort(np.stack([rows[together], rows[together + step]], axis=1), axis=1))
        both = np.unique(np.concatenate(found), axis=0)
        return set(map(tuple, both[both[:, 0] != both[:, 1]].tolist()))


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
