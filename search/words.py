"""The words of the offers: BM25 over German stems, in arrays.

For every stem the rows that have it are kept with what it adds to their scores (as BM25S does, Lù 2024), so that a question adds up a few
arrays. All rows with one of its words have their score then, and a filter is a mask over them that costs the same whatever it leaves.
"""

from __future__ import annotations

import re
import threading
from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from search.arrays import among, in_order
from search.postings import Postings
from search.stems import stems
from search.vectors import best_of

__all__ = ["WordHits", "WordIndex"]

_TITLE_BOOST = 3.0
_FIELDS = {"title": _TITLE_BOOST, "body": 1.0}
_OTHER_FIELD = 0.1  # a term counts where it says most; in a second field it counts only a little more
_K1, _B = 1.2, 0.75  # of BM25, as everywhere
_REMEMBERED = 16  # questions: each is asked of several groups and for every page
_TERMS = 512  # of concepts whose rows are remembered
_MOST_WORDS = 200  # of a question
_HEAD, _TAIL = 4, 3  # stems of the parts of a compound have so many letters at least
_AS_PART = 0.5  # what a part of a compound counts
_WORD = re.compile(r"\w+")
_BEHIND_ALL = "\U0010ffff"  # in the order of letters
_STEMS = 1 << 16  # texts whose stems are remembered: words return in many offers

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]
Rows = NDArray[np.int64]


class WordHits(msgspec.Struct, frozen=True):
    """Rows (int64) with their BM25 scores (float32), best first."""

    rows: Rows
    scores: Floats


class WordIndex:
    """Read-only view of a snapshot's words."""

    def __init__(self, path: Path) -> None:
        postings = Postings.load(path)
        self._numbers = {stem: number for number, stem in enumerate(postings.stems)}
        self._postings = postings.arrays
        self._first, self._rows = postings.arrays["first"], postings.arrays["rows"]
        self._height = postings.arrays["title_length"].size
        used = (postings.arrays["title_length"] + postings.arrays["body_length"]) > 0
        self._documents = int(used.sum())
        self._norms = [self._norms_of(field) for field in _FIELDS]
        self._scores: dict[int, Floats] = {}
        self._own = threading.local()
        self._found = lru_cache(_REMEMBERED)(self._find)
        self._naming = lru_cache(_TERMS)(self._find_naming)
        self._stems = lru_cache(_STEMS)(lambda text: tuple(stems(text)))

    @property
    def vocabulary(self) -> Collection[str]:
        """The stems of all offers."""
        return self._numbers.keys()

    def terms(self, text: str) -> tuple[str, ...]:
        """The stems of a text that are looked for, each once, in order of appearance."""
        return self._stems(text)

    def search(self, text: str, count: int, allowed: Bools | None = None) -> WordHits:
        """The best ``count`` rows among the allowed ones (a mask over rows, None for all).

        The filter is applied inside: rows that are not allowed take no place away from those that are.
        """
        rows, scores = self._found(text)
        if allowed is not None:
            fits = allowed[rows]
            rows, scores = rows[fits], scores[fits]
        order = best_of(scores, count)
        return WordHits(rows[order], scores[order])

    def scores(self, text: str, rows: Rows) -> Floats:
        """The scores of given rows (n,) for a text, 0 where one has none of its words."""
        found, scores = self._found(text)
        if not found.size:
            return np.zeros(rows.size, np.float32)
        places = found.searchsorted(rows)
        return np.where(found.take(places, mode="clip") == rows, scores.take(places, mode="clip"), np.float32(0))

    def asked(self, text: str) -> dict[str, float]:
        """The stems of the index that a text asks for, with what each counts: those of its words, of parts of its compounds, and of words
        that were written apart or without umlauts.
        """
        words = _WORD.findall(text)[:_MOST_WORDS]
        found = {stem: 1.0 for stem in self.terms(text) if stem in self._numbers}
        for word, following in pairwise(words):
            found |= {stem: 1.0 for stem in self.terms(word + following) if stem in self._numbers}
        for word in words:
            for stem in self.terms(word):
                if stem not in self._numbers:
                    found |= {plain: 1.0 for plain in self.terms(_without_digraphs(word)) if plain in self._numbers}
                for part in self._parts(stem):
                    found.setdefault(part, _AS_PART)
        return found

    def _parts(self, stem: str) -> tuple[str, ...]:
        """The two stems of the index that a compound is made of, the longer the last one the better; none where there are none."""
        for border in range(_HEAD, len(stem) - _TAIL + 1):
            head, tail = stem[:border], stem[border:]
            for known in (head, head.rstrip("sn")):
                if len(known) >= _HEAD and known in self._numbers and tail in self._numbers:
                    return known, tail
        return ()

    def with_any(self, stems: Iterable[str]) -> Bools:
        """Which rows have one of these stems in title or body: a mask (height,)."""
        having = np.zeros(self._height, np.bool_)
        for stem in stems:
            if (number := self._numbers.get(stem)) is not None:
                having[self._rows[self._part(number)]] = True
        return having

    def naming(self, term: str) -> Rows:
        """The rows, in order, whose titles have all words of a term, or compounds that end with them: "Kreismusikschule" names a
        "Musikschule".
        """
        return self._naming(term)

    def _find_naming(self, term: str) -> Rows:
        having = np.full(self._height, bool(self.terms(term)))
        for stem in self.terms(term):
            numbers = [self._numbers[other] for other in self._ending(stem) if other in self._numbers]
            has = np.zeros(self._height, np.bool_)
            for number in numbers:
                part = self._part(number)
                has[self._rows[part][self._postings["title"][part] > 0]] = True
            having &= has
        return np.flatnonzero(having)

    def _ending(self, stem: str) -> Sequence[str]:
        """The stems of the index that are this one or end with it."""
        if len(stem) < _HEAD:
            return (stem,)
        back = stem[::-1]
        first = bisect_left(self._backwards, back)
        last = bisect_left(self._backwards, back + _BEHIND_ALL, first)
        return [other[::-1] for other in self._backwards[first:last]]

    @cached_property
    def _backwards(self) -> list[str]:
        """All stems read from their ends, in order."""
        return sorted(stem[::-1] for stem in self._numbers)

    def having(self, stem: str, rows: Rows) -> Bools:
        """Which of a few rows (n,) have a stem in title or body."""
        number = self._numbers.get(stem)
        return among(rows, self._rows[:0] if number is None else self._rows[self._part(number)])

    def full_marks(self, text: str) -> float:
        """About the score of an offer with all the text's words in its title: what `search` scores are measured against."""
        return sum(_TITLE_BOOST * self.rarity(term) for term in self.terms(text))

    def rarity(self, term: str) -> float:
        """BM25's inverse document frequency of a stem in titles."""
        number = self._numbers.get(term)
        having = 0 if number is None else np.count_nonzero(self._postings["title"][self._part(number)])
        return float(_rarity(self._documents, having))

    def _find(self, text: str) -> tuple[Rows, Floats]:
        """The rows that have a word of the text, in order, and their scores."""
        if not hasattr(self._own, "total"):  # one for each thread: a new one costs more than what is done with it
            self._own.total = np.zeros(self._height, np.float32)
        total: Floats = self._own.total
        having = [self._rows[:0]]
        for term, weight in self.asked(text).items():
            number = self._numbers[term]
            part = self._rows[self._part(number)]
            total[part] += np.float32(weight) * self._scores_of(number)
            having.append(part)
        rows = in_order(np.concatenate(having))  # a few thousand: a fifth of what it takes to look through all totals
        scores = total[rows]
        total[rows] = 0
        return rows, scores

    def _scores_of(self, number: int) -> Floats:
        """What each posting of a stem adds to the score of its row; made when the stem is first asked for."""
        scores = self._scores.get(number)
        if scores is None:
            scores = self._scores[number] = self._made_scores(self._part(number))
        return scores

    def _made_scores(self, part: slice) -> Floats:
        fields = []
        for (name, boost), norms in zip(_FIELDS.items(), self._norms, strict=True):
            often = self._postings[name][part]
            weight = np.float32(boost * (1 + _K1) * _rarity(self._documents, np.count_nonzero(often)))
            times = often.astype(np.float32)
            fields.append(weight * times / (times + norms[self._rows[part]]))
        title, body = fields
        scores: Floats = np.maximum(title, body) + np.float32(_OTHER_FIELD) * np.minimum(title, body)
        return scores

    def _norms_of(self, field: str) -> Floats:
        """What the length of a field adds below the line of BM25's fraction, for each row."""
        lengths = self._postings[f"{field}_length"]
        mean = lengths.sum() / max(1, self._documents)
        norms: Floats = (_K1 * (1 - _B + _B * lengths / max(mean, 1e-9))).astype(np.float32)
        return norms

    def _part(self, number: int) -> slice:
        """Where the postings of a stem lie."""
        return slice(self._first[number], self._first[number + 1])


def _without_digraphs(word: str) -> str:
    """As the index has it: umlauts as plain vowels."""
    return re.sub(r"(?i)([aou])e", r"\1", word)


def _rarity(documents: int, having: Any) -> Any:
    return np.log(1 + (documents - having + 0.5) / (having + 0.5))
