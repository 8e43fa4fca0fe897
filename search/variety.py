"""Variety where a question is wide: of hits that are about as good, those come first that differ from what is shown before them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
import numpy as np
from rapidfuzz import fuzz

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
    best = np.unique(order.hits, return_index=True)[1]  # where the best row of each hit stands
    new = np.arange(best.size)
    for group in (1, 2, 3):
        pool = np.flatnonzero(order.groups[best] == group)[:_POOL]
        if pool.size < 3 or order.scores[best[pool[0]]] <= 0:  # without scores the order is that of the dates
            continue
        rows = order.rows[best[pool]].tolist()
        offers = offers_at(rows)
        new[pool[_mixed([offers[row] for row in rows], order.scores[best[pool]].tolist())]] = pool
    return msgspec.structs.replace(order, hits=new[order.hits])


def _mixed(offers: Sequence[Offer], scores: Sequence[float]) -> list[int]:
    """The order in which the first of them differ most, where no one goes before another that is clearly better."""
    left, chosen = list(range(len(offers))), list[int]()
    while left and len(chosen) < _VARIED:
        enough = scores[left[0]] - _LITTLE * abs(scores[left[0]])
        shown = [offers[place] for place in chosen]
        near = (place for place in left if scores[place] >= enough)
        chosen.append(min(near, key=lambda place: (_repeated(offers[place], shown), place)))
        left.remove(chosen[-1])
    return chosen + left


def _repeated(offer: Offer, shown: Sequence[Offer]) -> int:
    """How often the reader has seen the like: titles that hardly differ, and more than some of one provider."""
    title = offer.name.casefold()
    titles = sum(fuzz.ratio(title, other.name.casefold()) >= _SAME_TITLE for other in shown)
    who = offer.provider
    of_provider = (
        0 if who is None else sum(other.provider is not None and other.provider.id == who.id for other in shown)
    )
    return titles + max(0, of_provider - _OF_A_PROVIDER + 1)
