"""Which offers come first: meaning and words together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from ontology.offer import Offer
from search.columns import Columns
from search.concepts import ConceptFinder
from search.filters import OUT, Judgement
from search.vectors import VectorIndex
from search.words import WordIndex

__all__ = ["Candidates", "Ranking", "Topic", "alike_groups"]

# On the 60 judged development questions each of these is worth less than the spread of that set; they are chosen small where they could
# harm (long questions) and large where they decide (one or two words).
_WORDS = 0.15  # weight of the share of the question's specific words that an offer contains
_CONCEPTS = 0.3  # weight of having a concept that is all of the question
_SHARE = 0.6  # of the best score: what lies lower is no hit
_CONVINCING = 0.2  # best score from which an answer is not called weak


class Candidates:
    """Rows (int64) with their scores (float32), best first."""

    def __init__(self, rows: NDArray[np.int64], scores: NDArray[np.float32]) -> None:
        self.rows = rows
        self.scores = scores

    @property
    def best(self) -> float:
        """The best score; 0 where there is none."""
        return float(self.scores[0]) if self.scores.size else 0.0

    @property
    def convincing(self) -> bool:
        """Whether the best of them really fits."""
        return self.best >= _CONVINCING

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


class Topic(msgspec.Struct, frozen=True):
    """What is looked for, prepared: its words, its vector, the notations it names by facet, the rows that have one of them and how much of
    the words they are.
    """

    text: str
    vector: NDArray[np.float32]
    facets: dict[str, tuple[str, ...]]
    having: NDArray[np.bool_]
    share: float


class Ranking:
    """Meaning, words and concepts of one snapshot."""

    def __init__(self, words: WordIndex, vectors: VectorIndex, columns: Columns, concepts: ConceptFinder) -> None:
        self._words = words
        self._vectors = vectors
        self._columns = columns
        self._concepts = concepts

    def topic(self, text: str, vector: NDArray[np.float32]) -> Topic:
        """Prepares a topic with its vector (dim,)."""
        named = self._concepts.find(text)
        having = np.zeros(self._columns.height, np.bool_)
        for facet, notations in named.facets.items():
            having |= self._columns.rows_with(facet, notations)
        return Topic(text, vector, named.facets, having, min(1.0, named.words / max(1, len(self._words.terms(text)))))

    def candidates(self, topic: Topic, allowed: NDArray[np.bool_], count: int) -> Candidates:
        """The best of the allowed rows (a mask) for a topic."""
        by_words = self._words.search(topic.text, count, allowed)
        by_meaning = self._vectors.search(topic.vector, count, allowed)
        rows = np.union1d(by_words.rows, by_meaning.rows)
        if topic.share > 0.5:  # else a concept is too small a part of the question to bring in offers of its own
            by_concept = self._vectors.search(topic.vector, count, allowed & topic.having)
            rows = np.union1d(rows, by_concept.rows)
        scores = self._vectors.similarity(topic.vector, rows)
        full_marks = self._words.full_marks(topic.text)
        if full_marks > 0:
            scores[np.searchsorted(rows, by_words.rows)] += _WORDS * np.minimum(by_words.scores / full_marks, 1)
        scores[topic.having[rows]] += _CONCEPTS * topic.share**2
        order = np.lexsort((rows, -scores))
        return Candidates(rows[order], scores[order])


def alike_groups(
    ranked: Sequence[tuple[int, int, float]], offers: Mapping[int, Offer]
) -> list[list[tuple[int, int, float]]]:
    """Hits (group, row, score) gathered by what is the same offer: same title, same provider. Order is that of the best of each."""
    clusters: dict[tuple[str, str], list[tuple[int, int, float]]] = {}
    for entry in ranked:
        offer = offers[entry[1]]
        provider = offer.provider.name.casefold() if offer.provider else offer.id
        clusters.setdefault((offer.name.casefold(), provider), []).append(entry)
    return list(clusters.values())
