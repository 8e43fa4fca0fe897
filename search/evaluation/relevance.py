"""How well the search ranks what was judged relevant, and two measurements side by side.

Every question is asked as of 2015-01-01, so that no offer is past; repeated offers stay apart, for they were judged one by one.
"""

from __future__ import annotations

import datetime as dt
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec
import numpy as np

from search.answer import Answer, SearchRequest
from search.evaluation.confidence import Estimate, estimate, permutation_p, share
from search.evaluation.questions import EvaluationRefused, JudgedQuestion, Judgements

__all__ = [
    "MEASURES",
    "Ask",
    "Change",
    "Comparison",
    "Configuration",
    "Difference",
    "Evaluation",
    "Scores",
    "Summary",
    "compare",
    "evaluate",
    "score",
]

Ask = Callable[[SearchRequest], Answer]

MEASURES = ("ndcg10", "recall50", "mrr10")
_DAY = dt.date(2015, 1, 1)
_DEPTH = 50
_GOOD = 2  # the grade from which an offer counts for recall and reciprocal rank


class Scores(msgspec.Struct, frozen=True, kw_only=True):
    """One question. ``relevant`` offers were judged so; without any there is no nDCG, without good ones no recall and rank."""

    qid: str
    kind: str
    lang: str
    relevant: int
    weak: bool
    ndcg10: float | None
    recall50: float | None
    mrr10: float | None
    ms: float = 0.0


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """The measures over ``n`` questions; None where none of them has a value."""

    n: int
    ndcg10: Estimate | None
    recall50: Estimate | None
    mrr10: Estimate | None


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured and when: ISO time in UTC, the model's name, number of offers, the run that last changed the data and its time."""

    time: str
    model: str
    offers: int
    data_run: int
    data_time: str


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """One measurement. ``none_called_weak``: share of the questions without relevant offers whose answer called itself weak."""

    configuration: Configuration
    all: Summary
    german: Summary
    other: Summary
    languages: dict[str, Summary]
    kinds: dict[str, Summary]
    none_called_weak: Estimate | None
    answered_called_weak: Estimate | None
    ms_median: float
    ms_p95: float
    rows: tuple[Scores, ...] = ()


class Difference(msgspec.Struct, frozen=True):
    """Mean of the paired differences, later minus earlier, its interval, and the p of a permutation test (two-sided)."""

    before: float
    after: float
    change: Estimate
    p: float


class Change(msgspec.Struct, frozen=True):
    """nDCG@10 of one question in both measurements."""

    qid: str
    before: float
    after: float


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two measurements, question by question; ``changed`` are the questions that differ, the largest changes first."""

    ndcg10: Difference | None
    recall50: Difference | None
    mrr10: Difference | None
    changed: tuple[Change, ...]


def evaluate(
    ask: Ask, questions: Sequence[JudgedQuestion], judgements: Judgements, configuration: Configuration
) -> Evaluation:
    """Asks every question and scores the answers."""
    rows = tuple(_asked(ask, question, judgements.get(question.qid, {})) for question in questions)
    times = np.array([row.ms for row in rows])
    return Evaluation(
        configuration=configuration,
        all=_summary(rows),
        german=_summary(row for row in rows if row.lang == "de"),
        other=_summary(row for row in rows if row.lang != "de"),
        languages={name: _summary(r for r in rows if r.lang == name) for name in sorted({row.lang for row in rows})},
        kinds={name: _summary(r for r in rows if r.kind == name) for name in sorted({row.kind for row in rows})},
        none_called_weak=share([row.weak for row in rows if not row.relevant]),
        answered_called_weak=share([row.weak for row in rows if row.relevant]),
        ms_median=round(float(np.median(times)), 1),
        ms_p95=round(float(np.percentile(times, 95)), 1),
        rows=rows,
    )


def _asked(ask: Ask, question: JudgedQuestion, grades: Mapping[str, int]) -> Scores:
    started = time.perf_counter()
    answer = ask(SearchRequest(text=question.text, today=_DAY, collapse=False, limit=_DEPTH))
    ms = (time.perf_counter() - started) * 1000
    ndcg, recall, rank = score([hit.offer.identifier for hit in answer.hits], grades)
    return Scores(
        qid=question.qid,
        kind=question.kind,
        lang=question.lang,
        relevant=len(grades),
        weak=answer.weak,
        ndcg10=ndcg,
        recall50=recall,
        mrr10=rank,
        ms=round(ms, 2),
    )


def score(identifiers: Iterable[str], grades: Mapping[str, int]) -> tuple[float | None, float | None, float | None]:
    """nDCG@10 (gain 2^grade - 1, Järvelin and Kekäläinen with the gain of Burges), recall@50 and reciprocal rank among the first ten of
    grades 2 and 3. An identifier counts where it comes first.
    """
    ranked = list(dict.fromkeys(identifiers))
    good = {identifier for identifier, grade in grades.items() if grade >= _GOOD}
    first = next((rank for rank, identifier in enumerate(ranked[:10], start=1) if identifier in good), None)
    ndcg = _dcg(grades.get(i, 0) for i in ranked) / _dcg(sorted(grades.values(), reverse=True)) if grades else None
    recall = len(good.intersection(ranked[:_DEPTH])) / min(len(good), _DEPTH) if good else None
    return ndcg, recall, (1 / first if first else 0.0) if good else None


def _dcg(grades: Iterable[int]) -> float:
    return math.fsum((2.0**grade - 1) / math.log2(rank + 2) for rank, grade in enumerate(list(grades)[:10]))


def _summary(rows: Iterable[Scores]) -> Summary:
    part = list(rows)
    found = {name: estimate([v for row in part if (v := getattr(row, name)) is not None]) for name in MEASURES}
    return Summary(n=len(part), **found)


def compare(before: Evaluation, after: Evaluation) -> Comparison:
    """Over the questions that both have. Raises EvaluationRefused where they share none."""
    earlier = {row.qid: row for row in before.rows}
    pairs = [(earlier[row.qid], row) for row in after.rows if row.qid in earlier]
    if not pairs:
        raise EvaluationRefused("Die beiden Messungen haben keine Frage gemeinsam.")
    changed = [
        Change(old.qid, old.ndcg10, new.ndcg10)
        for old, new in pairs
        if old.ndcg10 is not None and new.ndcg10 is not None and old.ndcg10 != new.ndcg10
    ]
    changed.sort(key=lambda change: (-abs(change.after - change.before), change.qid))
    return Comparison(**{name: _difference(pairs, name) for name in MEASURES}, changed=tuple(changed))


def _difference(pairs: Sequence[tuple[Scores, Scores]], name: str) -> Difference | None:
    both = [(getattr(old, name), getattr(new, name)) for old, new in pairs]
    values = np.array([pair for pair in both if None not in pair], np.float64)
    if not values.size:
        return None
    changes = values[:, 1] - values[:, 0]
    change = estimate(changes.tolist())
    assert change is not None
    return Difference(float(values[:, 0].mean()), float(values[:, 1].mean()), change, permutation_p(changes))
