"""Variety where a question is wide: of hits that are about as good, those come first that differ from what is shown before them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
import numpy as np
from rapidfuzz import fuzz, process

from ontology.offer import Offer
from search.hits import Ranked

__all__ = ["varied"]

_VARIED = 10  # so many hits of a group are put in a varied order
_POOL = 20  # taken from so many: a page of hits
_LITTLE = 0.03  # of a hit's score: another that lacks no more may go before it
_OF_A_PROVIDER = 2  # hits in which nobody minds one provider
_SAME_TITLE = 85  # per cent of the letters: "Töpfern, Gruppe 1" and "Töpfern, Gruppe 2"


def varied(order: Ranked, offers_at: Callable[[Iterable[int]], Mapping[int, Offer]]) -> Ranked:
    """The same hits of each group, the first of them in another order. ``offers_at`` gives the offers of rows."""
    best = np.empty(
        int(order.hits.max()) + 1 if order.hits.size else 0, np.int64
    )  # where the best row of each hit stands
    best[order.hits[::-1]] = np.arange(order.hits.size)[::-1]
    new = np.arange(best.size)
    for group in (1, 2, 3):
        pool = np.flatnonzero(order.groups[best] == group)[:_POOL]
        scores = order.scores[best[pool]]
        if pool.size < 3 or scores[0] <= 0:  # without scores the order is that of the dates
            continue
        pool = pool[scores >= _enough(float(scores[:_VARIED][-1]))]  # what can come among the first at all
        rows = order.rows[best[pool]].tolist()
        offers = offers_at(rows)
        new[pool[_mixed([offers[row] for row in rows], scores.tolist())]] = pool
    return msgspec.structs.replace(order, hits=new[order.hits])


def _enough(score: float) -> float:
    """The score that is about as good as another."""
    return score - _LITTLE * abs(score)


def _mixed(offers: Sequence[Offer], scores: Sequence[float]) -> list[int]:
    """The order in which the first of them differ most, where no one goes before another that is clearly better."""
    titles = [offer.name.casefold() for offer in offers]
    same_title: list[list[bool]]
    same_title = (process.cdist(titles, titles, scorer=fuzz.ratio, score_cutoff=_SAME_TITLE) > 0).tolist()
    providers = [offer.provider.id if offer.provider else None for offer in offers]
    of_provider = Counter[str | None]()
    left, chosen = list(range(len(offers))), list[int]()

    def repeated(place: int) -> int:
        """How often the reader has seen the like: titles like this one, and more of its provider than anyone minds."""
        who, alike = providers[place], same_title[place]
        minded = 0 if who is None else max(0, of_provider[who] - _OF_A_PROVIDER + 1)
        return sum([alike[other] for other in chosen]) + minded

    while left and len(chosen) < _VARIED:
        enough = _enough(scores[left[0]])
        next_one = min([place for place in left if scores[place] >= enough], key=repeated)
        chosen.append(next_one)
        left.remove(next_one)
        of_provider[providers[next_one]] += 1
    return chosen + left
