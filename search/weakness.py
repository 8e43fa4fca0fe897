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
from search.ranking import Topic
from search.stems import stems
from search.vectors import VectorIndex
from search.words import WordIndex

__all__ = ["HITS", "SIGNS", "TABLE", "Said", "Weakness", "resembles", "spoken"]

TABLE = Path(__file__).with_name("weakness.toml")
_MOST = 60  # words of a question that are looked at
_WORD = re.compile(r"\w+")
_ALIKE = 86.0  # of 100: as a word and its misspelling, or its part of a compound
_LETTERS = 5  # of a word: shorter ones are too alike
_SURELY = 0.7  # how sure a concept is at least that the question only sounds like and a hit meets
_REMEMBERED = 4096  # concepts with the nearest offer's similarity: more than the lexicon has

HITS = 5
"""So many of the best are looked at: in their words those of the question are to stand."""

SIGNS = (
    *("score", "absent", "unknown", "covered"),
    *("met_concept", "unmet_concept", "length", "foreign", "met_by_foreign_words"),
)
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
        """What speaks for and against a weak answer: `SIGNS`, (9,).

        ``rows``, ``titles``: those of the best hits, ``score``: that of the first. ``absent``: how likely a word that an answer would say
        stands in none of the hits, and ``unknown``, in no offer at all; 0 in other languages than German, and words that name a concept
        which a hit names in full are left out. ``covered``: how near the nearest of all offers is to the concept of the lexicon that is
        nearest to the question. ``met_concept``, ``unmet_concept``: how surely the question names a concept that a hit names, and one
        that none does; the first once more for other languages, where it is the only sign of words.
        """
        met, unmet, answered = self._concepts(topic, rows, titles)
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
                unmet,
                math.log1p(len(said)),
                0.0 if german else 1.0,
                0.0 if german else met,
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

    def _concepts(
        self, topic: Topic, rows: NDArray[np.int64], titles: Sequence[str]
    ) -> tuple[float, float, frozenset[str]]:
        """How surely a concept that the question names is met by a hit, and how surely one is not; the stems by which the question names
        those that are met in full.
        """
        met = unmet = 0.0
        answered: frozenset[str] = frozenset()
        texts = [" ".join(self._words.terms(title)) for title in titles]
        for concept in topic.behind:
            if not concept.said and concept.weight < _SURELY:
                continue
            share = max(self._share(term, rows, texts) for term in concept.terms.split(", "))
            # squared: "Deutsch A1" says one word of "Deutsch für Anfänger", but so does "Deutsch als Muttersprache" that is not meant
            met = max(met, concept.weight * share**2)
            if concept.said:  # what a question only sounds like may be missing
                unmet = max(unmet, concept.weight * (1 - share**2))
                answered = answered | concept.said if share == 1 else answered
        return met, max(0.0, unmet - met), answered

    def _share(self, term: str, rows: NDArray[np.int64], texts: Sequence[str]) -> float:
        """How many of a term's words one of the rows has at most, in [0, 1]; in its title (stems) also as a part: "Friseurin"."""
        having = [
            self._words.having(stem, rows)
            | np.array([len(stem) >= _LETTERS and stem in text for text in texts], np.bool_)
            for stem in self._words.terms(term)
        ]
        return float(np.mean(having, axis=0).max()) if having and rows.size else 0.0

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
