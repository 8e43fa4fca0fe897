"""The words of the offers on disk: for every German stem the rows that have it, and how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from ontology.offer import Offer
from search.arrays import load_arrays
from search.stems import analyzer
from search.texts import body_words, title_words

__all__ = ["Postings", "update_words", "write_words"]

_TYPES: dict[str, type] = {
    "first": np.int64,  # (stems + 1): where the postings of a stem begin
    "rows": np.int32,  # of a posting; sorted within a stem
    "title": np.uint8,  # how often the stem stands in the row's title
    "body": np.uint8,
    "title_length": np.int32,  # (height): stems of a row's title; 0 for rows not in use
    "body_length": np.int32,
}


class Postings(msgspec.Struct, frozen=True):
    """``stems`` by number, and the arrays of `_TYPES`."""

    stems: list[str]
    arrays: Mapping[str, NDArray[Any]]

    @classmethod
    def empty(cls) -> Postings:
        """Those of no offers."""
        return cls([], {name: np.zeros(1 if name == "first" else 0, kind) for name, kind in _TYPES.items()})

    @classmethod
    def load(cls, path: Path) -> Postings:
        """What `save` wrote."""
        data = load_arrays(path)
        stems = msgspec.json.decode(data.pop("stems").tobytes(), type=list[str])
        return cls(stems, data)

    def save(self, path: Path) -> None:
        """Writes the postings to a file that `load` reads."""
        part = path.with_name("words-neu.npz")  # the file may be shared with the visible snapshot: never write into it
        stems = np.frombuffer(msgspec.json.encode(self.stems), np.uint8)
        np.savez(part, allow_pickle=False, stems=stems, **self.arrays)
        part.replace(path)

    def updated(self, offers: Sequence[tuple[int, Offer]], outdated: Iterable[int]) -> Postings:
        """Without the words of the ``outdated`` rows and with those of ``offers``: changed rows stand in both."""
        analyze = analyzer().analyze
        old = self.arrays
        height = max([old["title_length"].size, *(row + 1 for row, _ in offers)])
        lengths = {}
        for name in ("title_length", "body_length"):
            lengths[name] = np.zeros(height, np.int32)
            lengths[name][: old[name].size] = old[name]
        gone = np.zeros(height, np.bool_)
        gone[[row for row in outdated if row < height]] = True
        for length in lengths.values():
            length[gone] = 0
        numbers = {stem: number for number, stem in enumerate(self.stems)}
        new: list[tuple[int, int, int, int]] = []  # stem, row, how often in the title, in the rest
        for row, offer in offers:
            title, body = Counter(analyze(title_words(offer))), Counter(analyze(body_words(offer)))
            lengths["title_length"][row], lengths["body_length"][row] = title.total(), body.total()
            for stem in title | body:
                number = numbers.setdefault(stem, len(numbers))
                new.append((number, row, min(title[stem], 255), min(body[stem], 255)))
        added = np.array(sorted(new), np.int64).reshape(-1, 4)
        removed = np.flatnonzero(gone[old["rows"]])
        places = self._places(added)
        places -= np.searchsorted(removed, places)
        is_new = np.zeros(old["rows"].size - removed.size + places.size, np.bool_)
        is_new[places + np.arange(places.size)] = True
        keep = np.ones(old["rows"].size, np.bool_)
        keep[removed] = False
        arrays: dict[str, NDArray[Any]] = {}
        for column, name in ((1, "rows"), (2, "title"), (3, "body")):
            arrays[name] = np.empty(is_new.size, _TYPES[name])
            arrays[name][~is_new] = old[name][keep]
            arrays[name][is_new] = added[:, column]
        counts = np.bincount(added[:, 0], minlength=len(numbers))
        counts[: len(self.stems)] += np.diff(old["first"])
        counts -= np.bincount(np.searchsorted(old["first"], removed, "right") - 1, minlength=len(numbers))
        arrays["first"] = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        return Postings(list(numbers), arrays | lengths)

    def _places(self, added: NDArray[np.int64]) -> NDArray[np.int64]:
        """Between which postings new ones (stem and row, sorted by both) belong: behind so many."""
        rows = self.arrays["rows"]
        places = np.full(added.shape[0], rows.size)
        known = np.searchsorted(added[:, 0], len(self.stems))  # stems behind are new
        begins: list[int] = np.flatnonzero(np.diff(added[:known, 0], prepend=-1)).tolist()
        for begin, end in pairwise([*begins, int(known)]):
            first, last = self.arrays["first"][added[begin, 0] :][:2]
            places[begin:end] = first + np.searchsorted(rows[first:last], added[begin:end, 1].astype(rows.dtype))
        return places


def write_words(path: Path, offers: Sequence[tuple[int, Offer]]) -> None:
    """Writes the words of offers with their rows."""
    Postings.empty().updated(offers, ()).save(path)


def update_words(path: Path, offers: Sequence[tuple[int, Offer]], outdated: Iterable[int]) -> None:
    """Forgets the words of the ``outdated`` rows, then adds those of ``offers``: changed rows stand in both."""
    Postings.load(path).updated(offers, outdated).save(path)
