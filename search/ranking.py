"""Which offers come first: meaning, words, and what the lexicon knows behind the words."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
from numpy.typing import NDArray

from search.columns import Columns
from search.concepts import ConceptFinder
from search.exclusion import Exclusion
from search.filters import OUT, Judgement
from search.lexicon import Lexicon
from search.vectors import VectorIndex
from search.words import WordIndex

__all__ = ["Behind", "Candidates", "Ranking", "Topic"]

# docs/suche.md says what each of these is worth.
_LEXICON = 0.5  # weight of the nearest concept of the lexicon, where that of the question is 1
_SURE = 0.5  # weight of an alias in the lexicon from which it counts fully
_AGREEING = 0.2  # similarity of question and concept from which it counts fully
_FOREIGN = 0.3  # similarity that is asked for beyond 0 in other languages, whose words look like German ones of another meaning: "bowls"
_SCANNED = 2  # of the surest concepts bring in candidates; the others only count
_OF_CONCEPT = 100  # candidates that each concept of the lexicon brings in
_WORDS = 0.1  # weight of the share of the question's specific words that an offer contains
_ALL_WORDS, _FEW = (
    0.1,
    3,
)  # what an offer gains that has all words of a question of so few: they are meant as they stand
_CONCEPTS = 0.15  # weight of having a concept that is all of the question
_EXCLUDED = 0.2  # what an offer loses that contains a word which the question rules out
_SHARE = 0.4  # of the best score: what lies lower is no hit


class Candidates:
    """Rows (int64) with their scores (float32), best first."""

    def __init__(self, rows: NDArray[np.int64], scores: NDArray[np.float32]) -> None:
        self.rows = rows
        self.scores = scores

    @property
    def best(self) -> float:
        """The best score; 0 where there is none."""
        return float(self.scores[0]) if self.scores.size else 0.0

    def near(self, best: float) -> Candidates:
        """Those whose score is not far below ``best``: what lies lower is no hit."""
        keep = self.scores >= _SHARE * best
        return Candidates(self.rows[keep], self.scores[keep])

    def first(self, count: int) -> Candidates:
        """The best ``count`` of them."""
        return Candidates(self.rows[:count], self.scores[:count])

    @classmethod
    def by_date(cls, columns: Columns, judgement: Judgement, allowed: NDArray[np.bool_]) -> Candidates:
        """All allowed rows for a question without a topic: what begins next first, undated ones behind."""
        start = columns.runs["start"].astype(np.int64)
        usable = np.where((judgement.runs < OUT) & (start >= 0), start, np.iinfo(np.int64).max)
        next_start = np.minimum.reduceat(usable, columns.first) if columns.rows.size else usable
        keep = allowed[columns.rows]
        rows, begins = columns.rows[keep], next_start[keep]
        rows = rows[np.lexsort((rows, begins))]
        return cls(rows, np.zeros(rows.size, np.float32))


class Behind(msgspec.Struct, frozen=True):
    """A concept of the lexicon behind a topic's words.

    What providers call it, the stems that name it, how sure it is (0 to 1), its vector (dim,).
    """

    terms: str
    said: frozenset[str]
    weight: float
    vector: NDArray[np.float32]


class Topic(msgspec.Struct, frozen=True):
    """What is looked for, prepared: its words and those it rules out, its vector, the concepts of the lexicon behind it; the notations it
    names by facet, the rows that have one of them and how much of the words they are.
    """

    text: str
    excluded: tuple[str, ...]
    vector: NDArray[np.float32]
    behind: tuple[Behind, ...]
    facets: dict[str, tuple[str, ...]]
    having: NDArray[np.bool_]
    share: float


class Ranking:
    """Meaning, words and concepts of one snapshot."""

    def __init__(
        self,
        words: WordIndex,
        vectors: VectorIndex,
        columns: Columns,
        concepts: ConceptFinder,
        lexicon: Lexicon,
        encode: Callable[[str], NDArray[np.float32]],
    ) -> None:
        """``encode``: the vector (dim,) of a question."""
        self._words = words
        self._vectors = vectors
        self._columns = columns
        self._concepts = concepts
        self._lexicon = lexicon
        self._encode = encode

    def topic(self, asked: Exclusion, language: str) -> Topic:
        """Prepares a topic; ``language``: the BCP 47 code of the question's."""
        text = asked.wanted
        vector = self._encode(text)
        named = self._concepts.find(text)
        having = np.zeros(self._columns.height, np.bool_)
        for facet, notations in named.facets.items():
            having |= self._columns.rows_with(facet, notations)
        share = min(1.0, named.words / max(1, len(self._words.terms(text))))
        return Topic(
            text,
            asked.stems,
            vector,
            self._behind(text, vector, _FOREIGN if language != "de" else 0.0),
            named.facets,
            having,
            share,
        )

    def _behind(self, text: str, vector: NDArray[np.float32], least: float) -> tuple[Behind, ...]:
        """The concepts behind the words, without those not nearer than ``least`` to the whole: "Messe" in "was man messen kann"."""
        found = []
        for concept in self._lexicon.find(text):
            vector_of_terms = self._lexicon.vector(concept.number)
            agreeing = (float(vector_of_terms @ vector) - least) / _AGREEING
            weight = min(1.0, concept.weight / _SURE) * min(1.0, max(0.0, agreeing))
            if weight > 0:
                found.append(Behind(self._lexicon.terms[concept.number], concept.words, weight, vector_of_terms))
        return tuple(sorted(found, key=lambda behind: -behind.weight))

    def candidates(self, topic: Topic, allowed: NDArray[np.bool_], count: int) -> Candidates:
        """The best of the allowed rows (a mask) for a topic."""
        by_words = self._words.search(topic.text, count, allowed)
        rows = np.union1d(by_words.rows, self._vectors.search(topic.vector, count, allowed).rows)
        for behind in topic.behind[:_SCANNED]:
            rows = np.union1d(rows, self._vectors.search(behind.vector, _OF_CONCEPT, allowed).rows)
        if topic.share > 0.5:  # else a concept is too small a part of the question to bring in offers of its own
            by_concept = self._vectors.search(topic.vector, count, allowed & topic.having)
            rows = np.union1d(rows, by_concept.rows)
        scores = self._meaning(topic, rows)
        full_marks = self._words.full_marks(topic.text)
        if full_marks > 0:
            scores[np.searchsorted(rows, by_words.rows)] += _WORDS * np.minimum(by_words.scores / full_marks, 1)
        terms = self._words.terms(topic.text)
        if 0 < len(terms) <= _FEW:
            scores[np.logical_and.reduce([self._words.having(term, rows) for term in terms])] += _ALL_WORDS
        scores[topic.having[rows]] += _CONCEPTS * topic.share**2
        if topic.excluded:
            scores[self._words.with_any(topic.excluded)[rows]] -= _EXCLUDED
        order = np.lexsort((rows, -scores))
        return Candidates(rows[order], scores[order])

    def _meaning(self, topic: Topic, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Nearness to the question, and to the nearest of the concepts behind it."""
        scores = self._vectors.similarity(topic.vector, rows)
        if not topic.behind:
            return scores
        nearest = np.max([self._vectors.similarity(c.vector, rows) * np.float32(c.weight) for c in topic.behind], 0)
        surest = max(concept.weight for concept in topic.behind)
        both: NDArray[np.float32] = (scores + np.float32(_LEXICON) * nearest) / np.float32(1 + _LEXICON * surest)
        return both
