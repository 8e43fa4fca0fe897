"""Whether an answer is weak: nothing really fits, the hits are only the nearest there is."""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz

from ontology.concepts import fold
from search.lexicon import Lexicon
from search.ranking import Behind, Topic
from search.stems import stems
from search.vectors import VectorIndex
from search.words import WordIndex

__all__ = ["HITS", "SIGNS", "TABLE", "Said", "Weakness", "resembles", "spoken"]

TABLE = Path(__file__).with_name("weakness.toml")
_MOST = 60  # words of a question that are looked at
_WORD = re.compile(r"\w+")
_ALIKE = 86.0  # of 100: as a word and its misspelling, or its part of a compound
_LETTERS = 5  # of a word: shorter ones are too alike
# Similarity of a concept's terms and an offer from which that is about it: "Deutsch A1.1" is for beginners.
_ABOUT = 0.75
_REMEMBERED = 4096  # concepts with the nearest offer's similarity: more than the lexicon has

HITS = 5
"""So many of the best are looked at: in their words those of the question are to stand."""

SIGNS = ("score", "absent", "unknown", "covered", "met_concept", "unmet_concept", "length", "foreign")
"""What `Weakness.signs` gives, in this order."""


class Said(msgspec.Struct, frozen=True):
    """How likely an offer that answers a question says one of the question's words itself.

    Logistic regression: the fewer words the question has, the likelier; likelier for a word with a capital letter.
    """

    constant: float
    words: float
    capital: float

    def __call__(self, words: int, capital: bool) -> float:
        """For one of so many different words."""
        return 1 / (1 + math.exp(-self.constant - self.words * math.log1p(words) - self.capital * capital))


class _Table(msgspec.Struct, frozen=True):
    """``weakness.toml``, made by bench/weakness.py."""

    constant: float
    threshold: float
    weights: dict[str, float]
    said: Said


class Weakness:
    """Logistic regression over signs that an answer is weak, for one snapshot."""

    def __init__(self, words: WordIndex, vectors: VectorIndex, lexicon: Lexicon) -> None:
        self._words, self._vectors, self._lexicon = words, vectors, lexicon
        self._nearest_offer = lru_cache(_REMEMBERED)(self._nearest)
        table = msgspec.convert(tomllib.loads(TABLE.read_text(encoding="utf-8")), _Table)
        self._said, self._constant, self._threshold = table.said, table.constant, table.threshold
        self._weights = np.array([table.weights[sign] for sign in SIGNS])

    def weak(self, signs: NDArray[np.float64]) -> bool:
        """Whether these signs are those of a weak answer."""
        return bool(self._constant + self._weights @ signs > self._threshold)

    def signs(
        self, topic: Topic, rows: NDArray[np.int64], titles: Sequence[str], score: float, language: str
    ) -> NDArray[np.float64]:
        """What speaks for and against a weak answer: `SIGNS`, (8,).

        ``rows``, ``titles``: those of the best hits, ``score``: that of the first. ``absent``: how likely a word that an answer would say
        stands in none of the hits, and ``unknown``, in no offer at all; 0 in other languages than German, and words that name a concept
        which a hit names, too, are left out. ``covered``: how near the nearest
        of all offers is to the concept of the lexicon that is nearest to the question.
        """
        met, unmet, answered = self._concepts(topic, rows)
        german = language == "de"
        said = spoken(topic.text, self._words.terms)
        open_ones = {stem: word for stem, word in said.items() if stem not in answered}
        absent, unknown = self._missing(open_ones, rows, titles) if german else (0.0, 0.0)
        nearest = self._lexicon.nearest(topic.vector)
        return np.array(
            [
                score,
                absent,
                unknown,
                1.0 if nearest is None else self._nearest_offer(nearest),
                met,
                unmet if met == 0 else 0.0,
                math.log1p(len(said)),
                0.0 if german else 1.0,
            ]
        )

    def _missing(self, said: dict[str, str], rows: NDArray[np.int64], titles: Sequence[str]) -> tuple[float, float]:
        text = fold("\n".join(titles))
        none_absent = none_unknown = 1.0
        for stem, word in said.items():
            if self._words.having(stem, rows).any() or resembles(fold(word), text):
                continue
            needless = 1 - self._said(len(said), word[0].isupper())
            none_absent *= needless
            if not self._words.asked(word):
                none_unknown *= needless
        return 1 - none_absent, 1 - none_unknown

    def _concepts(self, topic: Topic, rows: NDArray[np.int64]) -> tuple[float, float, frozenset[str]]:
        """How sure the surest concept is that the question names and a hit as well, and the surest that no hit names; the stems by which
        the question names the former.
        """
        met = unmet = 0.0
        answered: frozenset[str] = frozenset()
        for concept in topic.behind:
            if not concept.said:
                continue  # it only sounds like it
            if self._is_near(concept, rows) or any(self._stands(term, rows) for term in concept.terms.split(", ")):
                met, answered = max(met, concept.weight), answered | concept.said
            else:
                unmet = max(unmet, concept.weight)
        return met, unmet, answered

    def _is_near(self, concept: Behind, rows: NDArray[np.int64]) -> bool:
        """Whether one of the rows is about the concept, in whatever words."""
        return bool((self._vectors.similarities(concept.vector[None], rows) > _ABOUT).any())

    def _stands(self, term: str, rows: NDArray[np.int64]) -> bool:
        """Whether one of the rows has all words of a term."""
        having = [self._words.having(stem, rows) for stem in self._words.terms(term)]
        return bool(having) and bool(np.logical_and.reduce(having).any())

    def _nearest(self, concept: int) -> float:
        everything = np.ones(self._vectors.height, np.bool_)
        found = self._vectors.search(self._lexicon.vector(concept), 1, everything).scores
        return float(found[0]) if found.size else 0.0


def spoken(text: str, stems: Callable[[str], Iterable[str]] = stems) -> dict[str, str]:
    """The words of a text that say something, by their ``stems``."""
    found: dict[str, str] = {}
    for word in _WORD.findall(text)[:_MOST]:
        for stem in stems(word):
            found.setdefault(stem, word)
    return found


def resembles(word: str, text: str) -> bool:
    """Whether a word stands in a text, misspelt or in a compound; both folded."""
    if len(word) < _LETTERS:
        return False
    whole = text.ljust(len(word))  # else a short text would be looked for in the word
    return fuzz.partial_ratio(word, whole, score_cutoff=_ALIKE) > 0
