"""The search: one question in, ranked offers with their reasons out."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterable
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from catalogue.errors import CatalogueError
from catalogue.snapshot import Snapshot
from ontology.concepts import Schemes, fold
from ontology.gazetteer import Gazetteer
from ontology.offer import Instance, Offer
from search.answer import Answer, Facet, Hit, HitInstance, Reason, SearchRequest
from search.columns import FACETS, Columns
from search.concepts import ConceptFinder
from search.encoder import Encoder
from search.filters import FITS, OUT, Judgement, judge
from search.index import index_state
from search.question import Question, QuestionReader, Wishes
from search.ranking import Candidates, Ranking, Topic, alike_groups
from search.reasons import reason_of_wish, reasons_of_concepts, reasons_of_words
from search.vectors import VectorIndex
from search.words import WordIndex

__all__ = ["IndexOutdated", "SearchEngine"]

_GENERIC = Path(__file__).with_name("generic.toml")
_CANDIDATES = 300  # of each kind of retrieval and group
_ENOUGH = 10  # the third group is only shown when the first two hold fewer
_FITTING_SHARE = 0.5  # of the score of an offer that misses a wish: enough for one that misses none
_SHOWN_RUNS = 3
_FACET_VALUES = 12


class IndexOutdated(CatalogueError):
    """The index was made by another model or another version."""


class SearchEngine:
    """Answers questions over one snapshot. Thread-safe."""

    def __init__(
        self,
        snapshot: Snapshot,
        encoder: Encoder,
        reader: QuestionReader,
        gazetteer: Gazetteer,
        schemes: Schemes,
    ) -> None:
        """Opens the snapshot's index (memory-mapped). Raises IndexOutdated."""
        state = index_state(snapshot.path)
        if state is None or state.model != encoder.name:
            made_by = "einer anderen Fassung" if state is None else f"dem Modell {state.model}"
            raise IndexOutdated(
                f"Der Suchindex stammt von {made_by}, eingestellt ist {encoder.name}. Er muss neu aufgebaut werden."
            )
        self._snapshot = snapshot
        self._encoder = encoder
        self._reader = reader
        self._gazetteer = gazetteer
        self._columns = Columns.load(snapshot.path / "columns.npz")
        self._words = WordIndex(snapshot.path / "words")
        self._vectors = VectorIndex(snapshot.path / "vectors.faiss")
        self._schemes = schemes
        self._generic = frozenset(tomllib.loads(_GENERIC.read_text(encoding="utf-8"))["words"])
        self._ranking = Ranking(self._words, self._vectors, self._columns, ConceptFinder(schemes))

    def search(self, request: SearchRequest) -> Answer:
        """Ranks the offers for a question."""
        started = time.perf_counter()
        question = self._read(request)
        wishes = _override(question.wishes, request)
        strict = _names_of(request.chosen)
        judgement = judge(self._columns, wishes, request.today, self._gazetteer, strict)
        narrowed = self._narrowed(request)
        text = "" if self._says_nothing(question, request, wishes) else question.topic
        topic = self._ranking.topic(text, self._encoder.encode_questions([text])[0]) if text else None
        found = [self._candidates(topic, judgement, narrowed, group) for group in (1, 2, 3)]
        weak = topic is not None and not any(candidates.convincing for candidates in found)
        first, second, third = _near_the_best(*found)
        groups = [(1, first), (2, second)]
        total_rows = np.concatenate([first.rows, second.rows])
        if total_rows.size < _ENOUGH:
            groups.append((3, third.first(_ENOUGH)))
        ranked = [
            (group, int(row), float(score))
            for group, candidates in groups
            for row, score in zip(candidates.rows, candidates.scores, strict=True)
        ]
        hits = self._hits(ranked, request, judgement, topic)
        return Answer(
            question=question,
            wishes=wishes,
            total=hits.total,
            weak=weak,
            hits=hits.shown,
            facets=self._facets(total_rows),
            took_ms=round((time.perf_counter() - started) * 1000, 2),
        )

    def _read(self, request: SearchRequest) -> Question:
        if request.understand:
            return self._reader.read(request.text, request.today)
        return Question(text=request.text, language="de", topic=request.text, wishes=Wishes(), spans=(), suggested=())

    def _says_nothing(self, question: Question, request: SearchRequest, wishes: Wishes) -> bool:
        """Whether beside wishes or facets only "Angebote" or the like is said: then these alone decide."""
        narrowed = any((request.provider, request.source, request.phase, request.topic, wishes != Wishes()))
        if not narrowed:
            return not question.topic.strip()
        rest = list(question.text)
        for span in question.spans:
            rest[span.start : span.end] = " " * (span.end - span.start)
        return set(fold("".join(rest)).split()) <= self._generic or set(fold(question.topic).split()) <= self._generic

    def _narrowed(self, request: SearchRequest) -> NDArray[np.bool_]:
        mask = np.ones(self._columns.height, np.bool_)
        for facet in ("provider", "source", "phase", "topic"):
            value = getattr(request, facet)
            if value is not None:
                mask &= self._columns.rows_with(facet, [value])
        return mask

    def _candidates(
        self,
        topic: Topic | None,
        judgement: Judgement,
        narrowed: NDArray[np.bool_],
        group: int,
    ) -> Candidates:
        allowed = np.zeros(self._columns.height, np.bool_)
        allowed[self._columns.rows[judgement.groups == group]] = True
        allowed &= narrowed
        if topic is None:
            return Candidates.by_date(self._columns, judgement, allowed)
        return self._ranking.candidates(topic, allowed, _CANDIDATES)

    def _hits(
        self, ranked: list[tuple[int, int, float]], request: SearchRequest, judgement: Judgement, topic: Topic | None
    ) -> _Hits:
        offers = self._snapshot.ledger.offers_at(row for _, row, _ in ranked)
        clusters = alike_groups(ranked, offers) if request.collapse else [[entry] for entry in ranked]
        total = sum(1 for cluster in clusters if cluster[0][0] < 3)
        asked = _Asked(frozenset(self._words.terms(topic.text)), topic.facets) if topic else _Asked(frozenset(), {})
        shown = clusters[request.offset : request.offset + request.limit]
        return _Hits(total, tuple(self._hit(cluster, offers, judgement, asked) for cluster in shown))

    def _hit(
        self,
        cluster: list[tuple[int, int, float]],
        offers: dict[int, Offer],
        judgement: Judgement,
        asked: _Asked,
    ) -> Hit:
        group, row, score = cluster[0]
        offer = offers[row]
        runs = self._runs(row, judgement)
        reasons = [
            *self._wish_reasons(offer, runs[0], judgement),
            *reasons_of_concepts(offer, asked.concepts, self._label),
            *reasons_of_words(offer, asked.stems, self._words.terms),
        ]
        instances = [
            _flat(offers[r], self._columns, run, judgement) for _, r, _ in cluster for run in self._runs(r, judgement)
        ]
        instances.sort(key=lambda instance: instance.start or "9999")
        return Hit(
            offer=offer,
            score=round(score, 4),
            group=group,
            reasons=tuple(reasons),
            instances=tuple(instances[: max(_SHOWN_RUNS, len(cluster))]),
            alike=tuple(offers[r].id for _, r, _ in cluster[1:]),
        )

    def _runs(self, row: int, judgement: Judgement) -> list[int]:
        """The runs of a row that are not out, best first, then by start."""
        part = self._columns.runs_of(row)
        start = self._columns.runs["start"]
        runs = [run for run in range(part.start, part.stop) if judgement.runs[run] < OUT]
        return sorted(runs, key=lambda run: (judgement.runs[run], start[run] < 0, start[run]))

    def _wish_reasons(self, offer: Offer, run: int, judgement: Judgement) -> Iterable[Reason]:
        instance = _instance(offer, int(self._columns.runs["position"][run]))
        distance = None if judgement.distance is None else _kilometres(judgement.distance[run])
        for wish, status in judgement.wishes.items():
            if wish.startswith("not.") and status[run] == FITS:
                continue  # what was ruled out and is not there needs no word
            yield reason_of_wish(wish, int(status[run]), offer, instance, distance)

    def _label(self, scheme: str, notation: str) -> str:
        return self._schemes[scheme].label(notation)

    def _facets(self, rows: NDArray[np.int64]) -> dict[str, tuple[Facet, ...]]:
        found: dict[str, list[Facet]] = {facet: [] for facet in FACETS}
        for facet, value, label, count in self._columns.count_tags(rows):
            found[facet].append(Facet(value=value, count=count, label=label))
        return {
            facet: tuple(sorted(values, key=lambda f: (-f.count, f.label))[:_FACET_VALUES])
            for facet, values in found.items()
        }


class _Asked(msgspec.Struct, frozen=True):
    """What of a question can be found in an offer: stems of words, notations of concepts by facet."""

    stems: frozenset[str]
    concepts: dict[str, tuple[str, ...]]


class _Hits(msgspec.Struct, frozen=True):
    total: int
    shown: tuple[Hit, ...]


def _near_the_best(
    first: Candidates, second: Candidates, third: Candidates
) -> tuple[Candidates, Candidates, Candidates]:
    """The groups without what is no hit: a wish that fits makes up for a part of the topic, not for all of it."""
    best = max(first.best, second.best, third.best * _FITTING_SHARE)
    return first.near(best), second.near(best), third.near(max(best, third.best))


def _instance(offer: Offer, position: int) -> Instance:
    return Instance() if position < 0 else offer.instances[position]


def _kilometres(distance: np.float32) -> float | None:
    return None if np.isnan(distance) else float(distance)


def _flat(offer: Offer, columns: Columns, run: int, judgement: Judgement) -> HitInstance:
    instance = _instance(offer, int(columns.runs["position"][run]))
    place = instance.place or offer.place
    distance = None if judgement.distance is None else _kilometres(judgement.distance[run])
    return HitInstance(
        start=None if instance.start is None else instance.start.isoformat()[:16],
        end=None if instance.end is None else instance.end.isoformat()[:16],
        place=None if place is None else place.locality or place.name,
        price=None if instance.price is None else float(instance.price),
        mode=instance.mode,
        distance_km=None if distance is None else round(distance, 1),
    )


def _names_of(wishes: Wishes | None) -> frozenset[str]:
    """The wishes that are set."""
    if wishes is None:
        return frozenset()
    names = {field for field in Wishes.__struct_fields__ if getattr(wishes, field) != getattr(Wishes(), field)}
    return frozenset(names | ({"start"} if names & {"start_from", "start_to"} else set()))


def _override(understood: Wishes, request: SearchRequest) -> Wishes:
    """The wishes of the words without the dropped ones, overridden by the chosen ones."""
    kept = {name: getattr(Wishes(), name) for name in request.dropped if name in Wishes.__struct_fields__}
    if "place" in request.dropped:
        kept |= {"place_ags": None, "radius_km": None}
    wishes = msgspec.structs.replace(understood, **kept)
    if request.chosen is None:
        return wishes
    chosen = {name: getattr(request.chosen, name) for name in _names_of(request.chosen) - {"start"}}
    return msgspec.structs.replace(wishes, **chosen)
