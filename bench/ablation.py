"""What each part of the ranking contributes: judged questions with one part after the other left out.

python -m bench.ablation DIR QUESTIONS.jsonl QRELS.tsv [--other-values]

With --other-values the constants of the ranking are varied one by one, and five folds of the questions each choose the best for the others:
the difference between chosen and held-out questions is what choosing on these questions adds.
"""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Mapping
from pathlib import Path

import numpy as np

import search.ranking as ranking
from catalogue.snapshot import Snapshot
from search.evaluation import (
    Configuration,
    Evaluation,
    JudgedQuestion,
    compare,
    evaluate,
    read_judgements,
    read_questions,
)
from service.opening import Opener

_NEVER = 1e9
_DEAF: dict[str, float] = {"_SOUNDS": 2.0, "_SOUNDS_SURELY": 3.0}  # no similarity is that high
_LEFT_OUT: dict[str, dict[str, float]] = {
    "everything": {},
    "without the lexicon": {"_SURE": _NEVER, **_DEAF},
    "without concepts that words name": {"_SURE": _NEVER},
    "without concepts that it sounds like": _DEAF,
    "without named concepts": {"_NAMED": 0.0},
    "without words": {"_WORDS": 0.0},
    "without exclusions": {"_EXCLUDED": 0.0},
    "without services": {"_SERVICE": 0.0},
    "meaning alone": {"_SURE": _NEVER, **_DEAF, "_WORDS": 0.0, "_EXCLUDED": 0.0, "_SERVICE": 0.0},
}
_VARIED: dict[str, tuple[float, ...]] = {
    "_LEXICON": (0.3, 0.5, 0.7, 0.9),
    "_SURE": (0.25, 0.37, 0.6),
    "_SOUNDS": (0.3, 0.5),
    "_AGREEING": (0.1, 0.2, 0.35),
    "_NAMED": (0.0, 0.03, 0.1),
    "_WORDS": (0.0, 0.08, 0.15, 0.25),
    "_SERVICE": (0.0, 0.05, 0.15),
    "_SHARE": (0.0, 0.3, 0.5, 0.6),
}
_FOLDS = 5


class _Judged:
    """Asks the judged questions with some constants of the ranking changed."""

    def __init__(self, folder: Path, questions: Path, judgements: Path) -> None:
        self._snapshot = Snapshot.open(folder)
        opener = Opener(folder)
        self._ask = opener.engine(self._snapshot).search
        self._questions = read_questions(questions, JudgedQuestion)
        self._grades = read_judgements(judgements)
        self._configuration = Configuration(
            time=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            model=opener.encoder.name,
            offers=self._snapshot.ledger.count(),
            data_run=self._snapshot.state.data_run,
            data_time=self._snapshot.state.data_time,
        )

    def __call__(self, changed: Mapping[str, float]) -> Evaluation:
        usual = {name: getattr(ranking, name) for name in changed}
        try:
            for name, value in changed.items():
                setattr(ranking, name, value)
            return evaluate(self._ask, self._questions, self._grades, self._configuration)
        finally:
            for name, value in usual.items():
                setattr(ranking, name, value)


def _contributions(judged: _Judged) -> None:
    whole = judged({})
    print(f"{'':38}{'nDCG@10':>22}{'recall@50':>22}   difference in nDCG@10")
    for name, changed in _LEFT_OUT.items():
        found = judged(changed)
        cells = [
            "" if part is None else f"{part.mean:.3f} ({part.low:.2f} to {part.high:.2f})"
            for part in (found.all.ndcg10, found.all.recall50)
        ]
        difference = compare(whole, found).ndcg10 if changed else None
        said = "" if difference is None else f"{difference.change.mean:+.3f}, p {difference.p:.2f}"
        print(f"{name:38}{cells[0]:>22}{cells[1]:>22}   {said}")


def _other_values(judged: _Judged) -> None:
    print("\none constant varied, the others as they are: nDCG@10, recall@50")
    rows = {"as it is": _each(judged({}))}
    for name, values in _VARIED.items():
        for value in values:
            found = judged({name: value})
            rows[f"{name} {value}"] = _each(found)
            print(f"{name:12}{value:6.2f}   {_mean(found, 'ndcg10'):.3f}  {_mean(found, 'recall50'):.3f}")
    table = np.array(list(rows.values()))
    order = np.random.default_rng(1).permutation(table.shape[1])
    chosen, held = [], []
    for fold in range(_FOLDS):
        out = order[fold::_FOLDS]
        rest = np.setdiff1d(order, out)
        best = int(table[:, rest].mean(1).argmax())
        chosen.append(table[best, rest].mean())
        held.append(table[best, out].mean())
    print(f"\nchosen on four fifths: {np.mean(chosen):.3f} there, {np.mean(held):.3f} on the held-out fifth", end="")
    print(f" (spread of the fifths {np.std(held):.3f})")


def _each(found: Evaluation) -> list[float]:
    return [scores.ndcg10 for scores in found.rows if scores.ndcg10 is not None]


def _mean(found: Evaluation, measure: str) -> float:
    value = getattr(found.all, measure)
    return float("nan") if value is None else float(value.mean)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("questions", type=Path)
    parser.add_argument("judgements", type=Path)
    parser.add_argument("--other-values", action="store_true")
    options = parser.parse_args()
    judged = _Judged(options.folder, options.questions, options.judgements)
    _contributions(judged)
    if options.other_values:
        _other_values(judged)


if __name__ == "__main__":
    main()
