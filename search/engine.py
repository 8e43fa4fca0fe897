"""The search: one question in, ranked offers with their reasons out."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Sequence
from functools import lru_cache

import msgspec
import numpy as np
from numpy.typing import NDArray

from catalogue.errors import CatalogueError
from catalogue.snapshot import Snapshot
from ontology.concepts import Schemes
from ontology.gazetteer import Gazetteer
from search.answer import SPELLING, Answer, Facet, SearchRequest
from search.columns import Columns
from search.concepts import ConceptFinder
from search.encoder.together import QuestionEncoder
from search.entries import day_number
from search.exclusion import Exclusions
from search.facets import FACETS
from search.filters import Judgement, judge, misses
from search.generic import Generic
from search.hits import HitWriter, OffersRead, Ranked, hits_of, ranked
from search.index import index_state
from search.lexicon import Lexicon
from search.question import Question, QuestionReader, Wishes
from search.question.wishes import names_of, overridden, without
from search.ranking import Candidates, Ranking, Topic
from search.services import ServiceSense
from search.spelling import Slip, Spelling, Vocabulary, corrected
from search.variety import varied
from search.vectors import VectorIndex
from search.weakness import HITS, Weakness
from search.wording import GERMAN, Wording, wording
from search.words import WordIndex

__all__ = ["IndexOutdated", "SearchEngine"]

_CANDIDATES = 300  # of each kind of retrieval and group
_FITTING_SHARE = 0.75  # of the score of an offer that misses a wish or leaves it open: enough for one that fits
_TOPIC_SHARE = 0.5  # of the score of the best that misses a wish: what fits with less is about something else
_STORY, _STORY_TOPIC = 15, 8  # words of a question that tells a story, and of its topic
# of the score at most, for how far the third group misses a wish: less than differences in meaning that count
_MISS = 0.05
_FACET_VALUES = 12
_LABELLED = {"phase": "phases", "topic": "topics", "mode": "mode"}  # by schemes; in the index the labels are German
# sets of wishes with what they do to every offer (about 2 MB each of 100,000): that of no wish is asked for most
_REMEMBERED = 8


class IndexOutdated(CatalogueError):
    """The index was made by another model or another version."""


class SearchEngine:
    """Answers questions over one snapshot. Thread-safe."""

    def __init__(
        self,
        snapshot: Snapshot,
        encode: QuestionEncoder,
        reader: QuestionReader,
        gazetteer: Gazetteer,
        schemes: Schemes,
        concepts: ConceptFinder,
        lexicon: Lexicon,
    ) -> None:
        """Opens the snapshot's index (memory-mapped). Raises IndexOutdated."""
        state = index_state(snapshot.path)
        if state is None or state.model != encode.name:
            made_by = "einer anderen Fassung" if state is None else f"dem Modell {state.model}"
            raise IndexOutdated(
                f"Der Suchindex stammt von {made_by}, eingestellt ist {encode.name}. Er muss neu aufgebaut werden."
            )
        self._snapshot = snapshot
        self._reader = reader
        self._gazetteer = gazetteer
        self._columns = Columns.load(snapshot.path / "columns.npz")
        self._columns.group(*snapshot.judgements.groups())
        self._across = {row: rows for rows in snapshot.judgements.across().values() for row in rows}
        self._words = WordIndex(snapshot.path / "words.npz")
        self._vectors = VectorIndex(snapshot.path)
        self._schemes = schemes
        self._generic = Generic()
        self._judged = lru_cache(_REMEMBERED)(self._judge)
        self._districts = lru_cache(1)(self._districts_with_offers)
        self._exclusions = Exclusions()
        self._spelling = Spelling(Vocabulary(self._words.vocabulary), lexicon.vocabulary)
        self._weakness = Weakness(self._words, self._vectors, lexicon)
        self._ranking = Ranking(
            self._words,
            self._vectors,
            self._columns,
            concepts,
            lexicon,
            ServiceSense(encode.name),
            encode,
        )

    def search(self, request: SearchRequest) -> Answer:
        """Ranks the offers for a question."""
        started = time.perf_counter()
        asked = self._asked(request)
        offers = OffersRead(self._snapshot.ledger.offers_at)
        weak = asked.topic is not None and self._is_weak(asked, asked.topic, offers)
        stated, missed = (0.0, 0.0) if request.chosen is not None else (_FITTING_SHARE, _TOPIC_SHARE)
        first, second, third = _near_the_best(*asked.found, 1.0 if request.far else _FITTING_SHARE, stated, missed)
        third = self._nearest_misses(third, asked.wishes, asked.judgement)
        order = ranked((first, second, third), self._columns, request.collapse)
        if request.collapse:
            order = varied(order, offers.at)
        shown = order.shown(request.offset, request.limit)
        best = [int(order.rows[first_one]) for first_one, *_ in shown]
        say = wording(request.language)
        between = None if asked.topic is None else self._ranking.between(asked.topic, best)
        writer = HitWriter(self._columns, self._words, self._schemes, asked.judgement, asked.topic, between, say)
        return Answer(
            question=asked.question,
            wishes=asked.wishes,
            total=order.total,
            weak=weak,
            hits=hits_of(order, shown, writer, offers, self._across if request.collapse else {}),
            facets=self._facets(order, say.language),
            took_ms=round((time.perf_counter() - started) * 1000, 2),
            language=say.language,
            respelled=_respelled(asked.slips, say),
        )

    def signs(self, request: SearchRequest) -> NDArray[np.float64] | None:
        """What speaks for and against a weak answer (see search/weakness.py); None for a question without a topic."""
        asked = self._asked(request)
        offers = OffersRead(self._snapshot.ledger.offers_at)
        return None if asked.topic is None else self._signs(asked, asked.topic, offers)

    def districts(self, today: dt.date) -> frozenset[str]:
        """The districts (5-digit keys) with offers that are not over on that day."""
        return self._districts(today)

    def _districts_with_offers(self, today: dt.date) -> frozenset[str]:
        runs = self._columns.runs
        keys = runs["ags"][(runs["ags"] >= 0) & (runs["last"] >= day_number(today))]
        return frozenset(f"{key:05d}" for key in np.unique(keys // 1000).tolist())

    def _asked(self, request: SearchRequest) -> _Asked:
        question = self._read(request)
        wishes = _override(question.wishes, request)
        judged = self._judged(wishes, request.today, _strict(request.chosen))
        text = "" if self._says_nothing(question, request, wishes) else question.topic
        slips: Sequence[Slip] = ()
        if request.understand and SPELLING not in request.dropped:
            text = self._spelling.joined(text)
            slips = self._spelling.slips(text)
            text = corrected(text, slips)
        told = self._exclusions.split(_told(question.text, text)).wanted
        topic = self._ranking.topic(self._exclusions.split(text), told, question.language) if text else None
        found = self._groups(topic, judged, self._narrowed(request))
        return _Asked(question, wishes, slips, judged.judgement, topic, found)

    def _is_weak(self, asked: _Asked, topic: Topic, offers: OffersRead) -> bool:
        """Whether nothing really fits; nothing answers what has neither letters nor digits ("???", emoji)."""
        if not any(map(str.isalnum, topic.text)):
            return True
        return not self._generic.is_wide(topic.text) and self._weakness.weak(self._signs(asked, topic, offers))

    def _signs(self, asked: _Asked, topic: Topic, offers: OffersRead) -> NDArray[np.float64]:
        best = [candidates.first(HITS) for candidates in asked.found]
        rows = np.concatenate([candidates.rows for candidates in best])
        scores = np.concatenate([candidates.scores for candidates in best])
        order = np.lexsort((rows, -scores))[:HITS]
        found = offers.at(rows[order].tolist())
        titles = [found[row].name for row in rows[order].tolist()]
        score = float(scores[order[0]]) if order.size else 0.0
        return self._weakness.signs(topic, rows[order], titles, score, asked.question.language)

    def _read(self, request: SearchRequest) -> Question:
        if request.understand:
            return self._reader.read(request.text, request.today)
        return Question(text=request.text, language="de", topic=request.text, wishes=Wishes(), spans=(), suggested=())

    def _says_nothing(self, question: Question, request: SearchRequest, wishes: Wishes) -> bool:
        """Whether beside wishes or facets only "Angebote" or the like is said: then these alone decide."""
        narrowed = any((request.provider, request.source, request.phase, request.topic, wishes != Wishes()))
        if not narrowed:
            return not question.topic.strip()
        return self._generic.is_all(question)

    def _narrowed(self, request: SearchRequest) -> NDArray[np.bool_] | None:
        """The rows that have the chosen facet values; None where none is chosen."""
        mask: NDArray[np.bool_] | None = None
        for facet in ("provider", "source", "phase", "topic"):
            value = getattr(request, facet)
            if value is not None:
                having = self._columns.rows_with(facet, [value])
                mask = having if mask is None else mask & having
        return mask

    def _judge(self, wishes: Wishes, today: dt.date, strict: frozenset[str]) -> _Judged:
        judgement = judge(self._columns, wishes, today, self._gazetteer, strict)
        group_of = self._columns.by_row(judgement.groups)
        return _Judged(judgement, tuple(group_of == group for group in (1, 2, 3)))

    def _groups(
        self, topic: Topic | None, judged: _Judged, narrowed: NDArray[np.bool_] | None
    ) -> tuple[Candidates, Candidates, Candidates]:
        """The best of each of the three groups: the filter is applied inside, so that none takes a place away from another."""
        allowed = judged.groups if narrowed is None else tuple(mask & narrowed for mask in judged.groups)
        if topic is None:
            first, second, third = (Candidates.by_date(self._columns, judged.judgement, mask) for mask in allowed)
        else:
            first, second, third = self._ranking.candidates(topic, allowed, _CANDIDATES)
        return first, second, third

    def _nearest_misses(self, third: Candidates, wishes: Wishes, judgement: Judgement) -> Candidates:
        """Of what misses a wish and is equally relevant, what misses it by less comes earlier."""
        if not third.rows.size:
            return third
        scores = third.scores - _MISS * misses(self._columns, wishes, judgement, third.rows)
        order = np.lexsort((third.rows, -scores))
        return Candidates(third.rows[order], scores[order])

    def _facets(self, order: Ranked, language: str) -> dict[str, tuple[Facet, ...]]:
        found: dict[str, list[Facet]] = {facet: [] for facet in FACETS}
        counted = slice(order.counted)
        for facet, value, label, count in self._columns.facets.count(
            order.rows[counted], order.hits[counted], _FACET_VALUES
        ):
            translated = language != GERMAN and facet in _LABELLED
            said = self._schemes[_LABELLED[facet]].label(value, language) if translated else label
            found[facet].append(Facet(value=value, count=count, label=said))
        return {facet: tuple(values) for facet, values in found.items()}


class _Asked(msgspec.Struct, frozen=True):
    """A question, what it wishes and looks for, and the best of each group for it."""

    question: Question
    wishes: Wishes
    slips: Sequence[Slip]
    judgement: Judgement
    topic: Topic | None
    found: tuple[Candidates, Candidates, Candidates]


class _Judged(msgspec.Struct, frozen=True):
    """What wishes do to every run, and the rows (masks) of the three groups."""

    judgement: Judgement
    groups: tuple[NDArray[np.bool_], ...]


def _near_the_best(
    first: Candidates, second: Candidates, third: Candidates, share: float, stated: float, missed: float
) -> tuple[Candidates, Candidates, Candidates]:
    """The groups without what is no hit: a wish that fits makes up for a part of the topic, not for all of it.

    ``share`` of the score of an offer that misses a wish makes one that fits a hit as good as the best. One that fits is a hit from
    ``stated`` of the score of an offer that leaves the wish open and from ``missed`` of one that misses it.
    """
    best, least = max(first.best, second.best, third.best * share), missed * third.best
    fitting = first.near(best).above(max(stated * second.best, least))
    return fitting, second.near(best).above(least), third.near(max(best, third.best))


def _respelled(slips: Sequence[Slip], say: Wording) -> str | None:
    sentence = say["note"]["slip"]
    sentences = [
        sentence.format(
            written=say.quoted(slip.written), meant=say.quoted(slip.meant if slip.whole else f"{slip.meant}…")
        )
        for slip in slips
    ]
    return " ".join(sentences) or None


def _told(question: str, topic: str) -> str:
    """What is encoded. A story as it was told, for so the encoder has learnt them, where its topic is one, too; else the topic."""
    long = len(question.split()) >= _STORY and len(topic.split()) >= _STORY_TOPIC
    return question if long else topic


def _strict(chosen: Wishes | None) -> frozenset[str]:
    """The wishes that are set."""
    names = frozenset[str]() if chosen is None else names_of(chosen)
    return names | ({"start"} if names & {"start_from", "start_to"} else set())


def _override(understood: Wishes, request: SearchRequest) -> Wishes:
    """The wishes of the words without the dropped ones, overridden by the chosen ones."""
    wishes = without(understood, request.dropped)
    return wishes if request.chosen is None else overridden(wishes, request.chosen)
