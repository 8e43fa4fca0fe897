"""How well the search understands the wishes in questions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from search.answer import SearchRequest
from search.evaluation.confidence import Estimate, Values, estimate_of, share
from search.evaluation.questions import WishQuestion
from search.evaluation.relevance import Ask
from search.question import as_json

__all__ = ["WishEvaluation", "evaluate_wishes"]


class WishEvaluation(msgspec.Struct, frozen=True, kw_only=True):
    """Wishes found. ``keys``: right, too much, missing; ``wrong``: by question what was too much and what is missing."""

    precision: float
    recall: float
    f1: Estimate
    right_in_full: Estimate
    keys: dict[str, tuple[int, int, int]]
    wrong: dict[str, tuple[list[str], list[str]]]


def evaluate_wishes(ask: Ask, questions: Sequence[WishQuestion]) -> WishEvaluation:
    """A wish is a pair of key and value; "not." before the key where it is ruled out; each value of a list counts."""
    keys: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    wrong, counts = {}, []
    for question in questions:
        found = _pairs(as_json(ask(SearchRequest(text=question.text, today=question.today, limit=1)).wishes))
        wanted = _pairs(question.filters)
        parts = (found & wanted, found - wanted, wanted - found)
        counts.append([len(part) for part in parts])
        for column, part in enumerate(parts):
            for key, _ in part:
                keys[key][column] += 1
        if found != wanted:
            too_much, missing = ([f"{key} {value}" for key, value in sorted(part)] for part in parts[1:])
            wrong[question.qid] = (too_much, missing)
    table = np.array(counts, np.float64)
    right, too_many, missed = table.sum(axis=0).tolist()
    full = share([not any(row[1:]) for row in counts])
    assert full is not None
    return WishEvaluation(
        precision=right / max(right + too_many, 1),
        recall=right / max(right + missed, 1),
        f1=estimate_of(_f1, table),
        right_in_full=full,
        keys={key: (a, b, c) for key, (a, b, c) in sorted(keys.items())},
        wrong=wrong,
    )


def _pairs(filters: Mapping[str, Any], prefix: str = "") -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for key, value in filters.items():
        if key == "not":
            found |= _pairs(value, "not.")
        elif isinstance(value, list) and key != "age":
            found |= {(prefix + key, str(single)) for single in value}
        else:
            plain = [float(v) if _is_number(v) else v for v in (value if isinstance(value, list) else [value])]
            found.add((prefix + key, " ".join(map(str, plain))))
    return found


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _f1(counts: Values) -> Values:
    """Of (draws, n, 3) counts of right, too much and missing: (draws,)."""
    right, too_much, missing = np.moveaxis(counts.sum(axis=1), -1, 0)
    return np.asarray(2 * right / np.maximum(2 * right + too_much + missing, 1))
