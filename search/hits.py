"""From ranked rows to hits: what is alike becomes one hit, and what is shown is read, with its reasons and dates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import chain

import msgspec
import numpy as np
from numpy.typing import NDArray

from ontology.concepts import Schemes
from ontology.offer import Instance, Offer
from search.answer import Hit, HitInstance, Reason
from search.columns import Columns
from search.filters import FITS, OUT, Judgement
from search.matches import (
    meant_by,
    reasons_of_concepts,
    reasons_of_lexicon,
    reasons_of_meaning,
    reasons_of_words,
    texts_of,
)
from search.ranking import Candidates, Topic
from search.reasons import reason_of_wish
from search.wording import Wording
from search.words import WordIndex

__all__ = ["HitWriter", "OffersRead", "Ranked", "hits_of", "ranked"]

_ENOUGH = 10  # the third group is only shown when the first two hold fewer hits; of the third as many are shown
_SHOWN_RUNS = 3


class Ranked(msgspec.Struct, frozen=True):
    """Rows, best first, with their groups and scores; ``hits[i]`` numbers the hit that row i belongs to, in the order of the hits.

    The first ``counted`` rows are those of groups 1 and 2, which are ``total`` hits.
    """

    rows: NDArray[np.int64]
    groups: NDArray[np.int8]
    scores: NDArray[np.float32]
    hits: NDArray[np.int64]
    counted: int
    total: int

    def shown(self, offset: int, limit: int) -> list[list[int]]:
        """Of ``limit`` hits behind the first ``offset`` where the rows of each stand, the best one first."""
        found: dict[int, list[int]] = {}
        places = np.flatnonzero((self.hits >= offset) & (self.hits < offset + limit))
        for place, hit in zip(places.tolist(), self.hits[places].tolist(), strict=True):
            found.setdefault(hit, []).append(place)
        return [rows for _, rows in sorted(found.items())]


def ranked(groups: Sequence[Candidates], columns: Columns, collapse: bool) -> Ranked:
    """The three groups in a row. ``collapse`` makes one hit of rows that are the same offer."""
    rows = np.concatenate([candidates.rows for candidates in groups])
    scores = np.concatenate([candidates.scores for candidates in groups])
    numbers = np.repeat(np.array([1, 2, 3], np.int8), [candidates.rows.size for candidates in groups])
    hits = _in_order(columns.alike(rows)) if collapse else np.arange(rows.size)
    counted = rows.size - groups[2].rows.size
    total = int(hits[:counted].max()) + 1 if counted else 0
    keep = hits < total + _ENOUGH if total < _ENOUGH else np.arange(rows.size) < counted
    return Ranked(rows[keep], numbers[keep], scores[keep], hits[keep], counted, total)


def _in_order(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Equal numbers for equal keys, counted in order of their first appearance."""
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    numbers = np.empty(first.size, np.int64)
    numbers[np.argsort(first)] = np.arange(first.size)
    return numbers[which]


class OffersRead:
    """The offers of one answer, each read once. ``read`` gives the offers of rows."""

    def __init__(self, read: Callable[[Iterable[int]], Mapping[int, Offer]]) -> None:
        self._read = read
        self._known: dict[int, Offer] = {}

    def at(self, rows: Iterable[int]) -> Mapping[int, Offer]:
        """The offers of these rows, and those read before."""
        self._known.update(self._read([row for row in rows if row not in self._known]))
        return self._known


class HitWriter:
    """Writes the hits of one question. ``topic`` is None where none was asked."""

    def __init__(
        self,
        columns: Columns,
        words: WordIndex,
        schemes: Schemes,
        judgement: Judgement,
        topic: Topic | None,
        between: Callable[[int], str | None] | None,
        say: Wording,
    ) -> None:
        """``between`` names what lies between the topic and the offer of a row, where words do not; None without a topic."""
        self._columns, self._words, self._schemes, self._judgement = columns, words, schemes, judgement
        asked = frozenset(words.asked(topic.text)) if topic else frozenset[str]()
        self._asks = cache(lambda word: not asked.isdisjoint(words.terms(word)))  # words return in many offers
        self._concepts = topic.facets if topic else {}
        self._between, self._say = between, say
        behind = [(concept.terms, concept.said) for concept in topic.behind] if topic else []
        self._meant = meant_by(topic.text, behind, words.terms) if topic else []
        self._sought = asked.union(*(concept.stems for concept in self._meant))

    def hit(self, group: int, score: float, offers: Sequence[tuple[int, Offer]]) -> Hit:
        """One hit from offers with their rows, the best one first."""
        offer = offers[0][1]
        runs = [self._runs(row) for row, _ in offers]
        reasons = [*self._wish_reasons(offer, runs[0][0]), *self._matches(*offers[0])]
        instances = [self._instance(other, run) for (_, other), own in zip(offers, runs, strict=True) for run in own]
        instances.sort(key=lambda instance: instance.start or "9999")
        return Hit(
            offer=offer,
            score=round(score, 4),
            group=group,
            reasons=tuple(reasons),
            instances=tuple(instances[: max(_SHOWN_RUNS, len(offers))]),
            alike=tuple(other for _, other in offers[1:]),
        )

    def _matches(self, row: int, offer: Offer) -> list[Reason]:
        """What of the topic the offer has."""
        say, sought = self._say, self._sought
        texts = [text for text in texts_of(offer, self._words.terms) if not sought.isdisjoint(text[2])]
        found = [
            *reasons_of_concepts(offer, self._concepts, self._label, say),
            *reasons_of_lexicon(texts, self._meant, self._words.terms, say),
            *reasons_of_words(texts, self._asks, say),
        ]
        if not found and self._between is not None:
            found.extend(reasons_of_meaning(offer, self._between(row), say))
        return found

    def _runs(self, row: int) -> list[int]:
        """The runs of a row that are not out, best first, then by start."""
        part, status = self._columns.runs_of(row), self._judgement.runs
        if part.stop - part.start == 1:
            return [part.start] if status[part.start] < OUT else []
        start = self._columns.runs["start"]
        runs = [run for run in range(part.start, part.stop) if status[run] < OUT]
        return sorted(runs, key=lambda run: (status[run], start[run] < 0, start[run]))

    def _wish_reasons(self, offer: Offer, run: int) -> Iterable[Reason]:
        instance = self._instance_of(offer, run)
        for wish, status in self._judgement.wishes.items():
            if wish.startswith("not.") and status[run] == FITS:
                continue  # what was ruled out and is not there needs no word
            yield reason_of_wish(wish, int(status[run]), offer, instance, self._kilometres(run), self._say)

    def _label(self, scheme: str, notation: str) -> str:
        return self._schemes[scheme].label(notation, self._say.language)

    def _instance_of(self, offer: Offer, run: int) -> Instance:
        position = int(self._columns.runs["position"][run])
        return Instance() if position < 0 else offer.instances[position]

    def _kilometres(self, run: int) -> float | None:
        distance = self._judgement.distance
        return None if distance is None or np.isnan(distance[run]) else float(distance[run])

    def _instance(self, offer: Offer, run: int) -> HitInstance:
        instance = self._instance_of(offer, run)
        place, distance = instance.place or offer.place, self._kilometres(run)
        return HitInstance(
            start=None if instance.start is None else instance.start.isoformat()[:16],
            end=None if instance.end is None else instance.end.isoformat()[:16],
            place=None if place is None else place.locality or place.name,
            price=None if instance.price is None else float(instance.price),
            mode=instance.mode,
            distance_km=None if distance is None else round(distance, 1),
        )


def hits_of(
    order: Ranked,
    shown: Sequence[Sequence[int]],
    writer: HitWriter,
    offers: OffersRead,
    across: Mapping[int, list[int]],
) -> tuple[Hit, ...]:
    """The hits whose rows stand at these places (see `Ranked.shown`); ``across``: by row, the rows of its group in other sources."""
    found = offers.at(order.rows[list(chain.from_iterable(shown))].tolist() if shown else ())
    hits = []
    for best, *others in shown:
        rows = order.rows[[best, *others]].tolist()
        own = [(row, found[row]) for row in rows]
        hit = writer.hit(int(order.groups[best]), float(order.scores[best]), own)
        if rows[0] in across:
            hit = msgspec.structs.replace(hit, elsewhere=_elsewhere(hit, across[rows[0]], offers))
        hits.append(hit)
    return tuple(hits)


def _elsewhere(hit: Hit, rows: Sequence[int], offers: OffersRead) -> tuple[Offer, ...]:
    """Of the offers of a group one for each source that is not the hit's, such as are among its repeated ones first."""
    found = offers.at(rows)
    others = {offer.source: offer for offer in [*(found[row] for row in reversed(rows)), *reversed(hit.alike)]}
    return tuple(offer for source, offer in sorted(others.items()) if source != hit.offer.source)
