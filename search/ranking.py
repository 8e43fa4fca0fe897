"""Which offers come first: meaning, words, and what the lexicon knows behind the words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from search.arrays import among
from search.columns import Columns
from search.concepts import ConceptFinder
from search.exclusion import Exclusion
from search.filters import OUT, Judgement
from search.lexicon import Concept, Lexicon
from search.services import ServiceSense
from search.vectors import VectorIndex, best_of
from search.words import WordIndex

__all__ = ["Behind", "Between", "Candidates", "Ranking", "Topic"]

# docs/suche.md says what each of these is worth.
_LEXICON = 0.5  # weight of the nearest concept of the lexicon, where that of the question is 1
_SURE = 0.5  # weight of an alias in the lexicon from which it counts fully
_AGREEING = 0.2  # similarity of question and concept from which it counts fully
# similarity of a question and the concept that its word of another language names from which the encoder knows that word
_UNDERSTOOD = 0.5
# similarity of question and everyday words from which a concept is one that the question sounds like, and from which it counts fully
_SOUNDS, _SOUNDS_SURELY = 0.4, 0.9
_FOREIGN = 0.3  # similarity that is asked for beyond 0 in other languages, whose words look like German ones of another meaning: "bowls"
_WORDS = 0.1  # weight of the share of the question's specific words that an offer contains
_FEW = 3  # words of a question that are meant as they stand
_ALL_WORDS = 0.1  # what an offer gains that has all words of a question of so few
_NAMED = 0.06  # what an offer gains that says the term which providers use most for a concept behind the question
_SERVICE = 0.1  # what a service of the district gains where the question surely asks for one
_EXCLUDED = 0.2  # what an offer loses that contains a word which the question rules out
_BETWEEN_QUESTION, _BETWEEN_OFFER = 0.5, 0.65  # similarity of a concept that is said to connect both
_DIGITS = 6  # of a score: offers with the same words and vector have the same, in whatever order they were multiplied
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
        return self.above(_SHARE * best)

    def above(self, least: float) -> Candidates:
        """Those whose score is not below ``least``."""
        keep = self.scores >= least
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

    What providers call it, the stems that name it (none where the question only sounds like it), how sure it is (0 to 1), its vector
    (dim,).
    """

    terms: str
    said: frozenset[str]
    weight: float
    vector: NDArray[np.float32]


class Topic(msgspec.Struct, frozen=True):
    """What is looked for, prepared: its words and those it rules out, its vector, the concepts of the lexicon behind it; the notations it
    names by facet; how likely it is a service of the district.
    """

    text: str
    excluded: tuple[str, ...]
    vector: NDArray[np.float32]
    behind: tuple[Behind, ...]
    facets: dict[str, tuple[str, ...]]
    service: float


class Between:
    """Names the concept of the lexicon that is near to a question and to an offer, to the farther of both as near as any.

    ``rows``: the offers that may be asked about.
    """

    def __init__(
        self, question: NDArray[np.float32], rows: Sequence[int], lexicon: Lexicon, vectors: VectorIndex
    ) -> None:
        self._question, self._rows, self._lexicon, self._vectors = question, rows, lexicon, vectors

    @cached_property
    def _named(self) -> dict[int, str]:
        """What providers call it, by row; only looked for where a hit asks, then for all of them."""
        near = self._lexicon.near(self._question, _BETWEEN_QUESTION)
        if not near:
            return {}
        vectors = np.array([self._lexicon.vector(number) for number in near], np.float32)
        to_offers = self._vectors.similarities(vectors, np.array(self._rows, np.int64))
        least = np.where(to_offers > _BETWEEN_OFFER, np.minimum(to_offers, (vectors @ self._question)[:, None]), -1)
        return {
            row: self._lexicon.terms[near[best]].partition(", ")[0]
            for row, best, nearest in zip(self._rows, least.argmax(0).tolist(), least.max(0).tolist(), strict=True)
            if nearest > 0
        }

    def __call__(self, row: int) -> str | None:
        """What providers call it; None where none is near to both."""
        return self._named.get(row)


class Ranking:
    """Meaning, words and concepts of one snapshot."""

    def __init__(
        self,
        words: WordIndex,
        vectors: VectorIndex,
        columns: Columns,
        concepts: ConceptFinder,
        lexicon: Lexicon,
        service: ServiceSense,
        encode: Callable[[str], NDArray[np.float32]],
    ) -> None:
        """``encode``: the vector (dim,) of a question."""
        self._words = words
        self._vectors = vectors
        self._columns = columns
        self._concepts = concepts
        self._lexicon = lexicon
        self._service = service
        self._encode = encode

    def topic(self, asked: Exclusion, told: str, language: str) -> Topic:
        """Prepares a topic; ``told``: the words that say what is meant, ``language``: the BCP 47 code of the question's."""
        text = asked.wanted
        named = self._lexicon.find(text)
        vector = self._understood(text, named, self._encode(told))
        return Topic(
            text,
            asked.stems,
            vector,
            self._behind(named, vector, _FOREIGN if language != "de" else 0.0),
            self._concepts.find(text),
            self._service(vector),
        )

    def _understood(self, text: str, named: Sequence[Concept], vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """The vector of a question; of a few words towards the concept that one of another language names, where the encoder does not know
        that: "يوغا".
        """
        foreign = next((concept for concept in named if concept.foreign), None)
        if foreign is None or len(self._words.terms(text)) > _FEW:
            return vector
        of_terms = self._lexicon.vector(foreign.number)
        if of_terms @ vector > _UNDERSTOOD:
            return vector
        moved = vector + np.float32(min(1.0, foreign.weight / _SURE)) * of_terms
        return np.asarray(moved / np.linalg.norm(moved), np.float32)

    def _behind(self, concepts: Sequence[Concept], vector: NDArray[np.float32], least: float) -> tuple[Behind, ...]:
        """The concepts that the words name or sound like, without those whose terms are not nearer than ``least`` to the whole: "Messe" in
        "was man messen kann". One that the words name and that the question sounds like most is meant, however far its terms are: "kreş".
        """
        named = {concept.number: (min(1.0, concept.weight / _SURE), concept.words) for concept in concepts}
        sounding = self._lexicon.sounding(vector)
        meant = next((number for number, _ in sounding[:1] if number in named), None)
        for number, similarity in sounding:
            before, words = named.get(number, (0.0, frozenset()))
            sounds = min(1.0, (similarity - _SOUNDS) / (_SOUNDS_SURELY - _SOUNDS))
            named[number] = (max(before, sounds), words)
        found = []
        for number, (sure, words) in named.items():
            vector_of_terms = self._lexicon.vector(number)
            agreement = 1.0 if number == meant else (float(vector_of_terms @ vector) - least) / _AGREEING
            weight = sure * min(1.0, agreement)
            if sure > 0 and weight > 0:
                found.append(Behind(self._lexicon.terms[number], words, weight, vector_of_terms))
        return tuple(sorted(found, key=lambda behind: -behind.weight))

    def between(self, topic: Topic, rows: Sequence[int]) -> Between:
        """What lies between a topic and the offers of these rows."""
        return Between(topic.vector, rows, self._lexicon, self._vectors)

    def candidates(self, topic: Topic, groups: Sequence[NDArray[np.bool_]], count: int) -> list[Candidates]:
        """The best ``count`` of each group of rows (a mask) for a topic."""
        sought = topic.vector
        if topic.behind:
            surest = topic.behind[0]
            sought = sought + np.float32(_LEXICON * surest.weight) * surest.vector  # what the score is made of
        found = [
            self._vectors.candidates(sought, count, allowed, self._words.search(topic.text, count, allowed).rows)
            if allowed.any()
            else np.empty(0, np.int64)
            for allowed in groups
        ]
        rows = np.concatenate(found)  # the vectors of all groups are fetched at once
        scores = self._scores(topic, rows)
        best = []
        for own, borders in zip(found, np.cumsum([part.size for part in found]).tolist(), strict=True):
            of_own = scores[borders - own.size : borders]
            order = best_of(of_own, count)
            best.append(Candidates(own[order], of_own[order]))
        return best

    def _scores(self, topic: Topic, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        scores = self._meaning(topic, rows)
        full_marks = self._words.full_marks(topic.text)
        if full_marks > 0:
            of_words = self._words.scores(topic.text, rows)
            scores += np.float32(_WORDS) * np.minimum(of_words / np.float32(full_marks), 1)
        terms = self._words.terms(topic.text)
        if 0 < len(terms) <= _FEW:
            scores[np.logical_and.reduce([self._words.having(term, rows) for term in terms])] += _ALL_WORDS
        if topic.behind:
            scores += np.float32(_NAMED) * np.max([self._naming(concept, rows) for concept in topic.behind], 0)
        scores += np.float32(_SERVICE * topic.service) * self._columns.services[rows]
        if topic.excluded:
            scores[self._words.with_any(topic.excluded)[rows]] -= _EXCLUDED
        return np.round(scores, _DIGITS)

    def _naming(self, concept: Behind, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """How sure the concept is, for rows that have all words of its first term, or compounds that end with them; 0 for others."""
        naming = self._words.naming(concept.terms.partition(", ")[0])
        return among(rows, naming) * np.float32(concept.weight)

    def _meaning(self, topic: Topic, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Nearness to the question, and to the nearest of the concepts behind it."""
        vectors = np.stack([topic.vector, *(concept.vector for concept in topic.behind)])
        similarities = self._vectors.similarities(vectors, rows)
        to_question: NDArray[np.float32] = similarities[0]
        if not topic.behind:
            return to_question
        weights = np.array([concept.weight for concept in topic.behind], np.float32)
        nearest = (weights[:, None] * similarities[1:]).max(0)
        both: NDArray[np.float32] = (to_question + np.float32(_LEXICON) * nearest) / (
            1 + np.float32(_LEXICON) * weights.max()
        )
        return both
