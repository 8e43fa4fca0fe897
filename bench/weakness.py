"""Learns from questions with and without an answer when an answer is weak: ``search/weakness.toml``.

python -m bench.weakness DIR

DIR is a catalogue of the offers that ``answered.tsv`` was written for. How likely an answer says a word of the question is learnt from the
training pairs. Regularised logistic regression over the signs of search/weakness.py. The threshold is the one at which, in ten-fold
cross-validation, a share of _FALSE of the answered questions is called weak.
"""

from __future__ import annotations

import datetime as dt
import math
import random
import sys
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from catalogue.snapshot import Snapshot
from ontology.concepts import fold
from search.answer import SearchRequest
from search.stems import stems
from search.training.pairs import Pair, read_pairs
from search.training.regression import logistic
from search.weakness import SIGNS, TABLE, Said, resembles, spoken
from service.opening import Opener

__all__ = ["calibrated", "fit", "fitted_said"]

_FALSE = 0.05  # of the answered questions may be called weak: leaves room for harder ones than ours
_RIDGE = 3.0
_FOLDS = 10
_DRAWS = 2000
_TODAY = dt.date(2015, 1, 1)  # before every offer: none is past

Floats = NDArray[np.float64]


def fit(signs: Floats, weak: Floats) -> Floats:
    """Weights of the signs, the constant last; the ridge holds down all alike. ``signs`` (n, 9), ``weak`` (n,) of 0 and 1."""
    centre, spread = signs.mean(0), signs.std(0) + 1e-9
    weights, constant = logistic((signs - centre) / spread, weak, _RIDGE)
    slopes = weights / spread
    return np.append(slopes, constant - slopes @ centre)


def calibrated(signs: Floats, weak: Floats) -> tuple[Floats, float, Floats]:
    """Weights and constant, threshold, and the cross-validated scores (n,)."""
    order = list(range(len(weak)))
    random.Random(1).shuffle(order)
    scores = np.empty(len(weak))
    for part in range(_FOLDS):
        out = order[part::_FOLDS]
        others = [row for row in order if row not in set(out)]
        weights = fit(signs[others], weak[others])
        scores[out] = signs[out] @ weights[:-1] + weights[-1]
    return fit(signs, weak), float(np.quantile(scores[weak == 0], 1 - _FALSE)), scores


def fitted_said(pairs: Iterable[Pair]) -> Said:
    """How likely an answer says a word of the question: from which words of German questions stand in their needs and titles."""
    found, stands = [], []
    for pair in pairs:
        if pair.lang != "de":
            continue
        text = "\n".join([pair.need, *pair.titles])
        there, folded = set(stems(text)), fold(text)
        words = spoken(pair.question)
        for stem, word in words.items():
            found.append((math.log1p(len(words)), float(word[0].isupper())))
            stands.append(float(stem in there or resembles(fold(word), folded)))
    few, capital, constant = fit(np.array(found), np.array(stands)).tolist()
    return Said(constant=round(constant, 4), words=round(few, 4), capital=round(capital, 4))


def _written(said: Said, weights: Floats, threshold: float) -> str:
    tables = {
        "weights": dict(zip(SIGNS, weights[:-1].tolist(), strict=True)),
        "said": msgspec.structs.asdict(said),
    }
    lines = [
        "# Made by `python -m bench.weakness`; docs/suche.md says what it is worth.",
        f"constant = {weights[-1]:.4f}",
        f"threshold = {threshold:.4f}",
    ]
    for name, values in tables.items():
        lines += ["", f"[{name}]", *(f"{key} = {value:.4f}" for key, value in values.items())]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Writes ``weakness.toml`` and prints what it is worth."""
    rows = [
        line.split("\t") for line in files("search.training").joinpath("answered.tsv").read_text("utf-8").splitlines()
    ]
    said = fitted_said(read_pairs())
    # the engine reads the table: first with what the signs need, then with their weights
    TABLE.write_text(_written(said, np.zeros(len(SIGNS) + 1), 0.0), encoding="utf-8")
    folder = Path(sys.argv[1])
    with Snapshot.open(folder) as snapshot:
        engine = Opener(folder).engine(snapshot)
        found = [engine.signs(SearchRequest(text=text, today=_TODAY)) for *_, text in rows]
    kept = [(signs, row) for signs, row in zip(found, rows, strict=True) if signs is not None]
    weak = np.array([float(row[0] == "no") for _, row in kept])
    weights, threshold, scores = calibrated(np.stack([signs for signs, _ in kept]), weak)
    TABLE.write_text(_written(said, weights, threshold), encoding="utf-8")
    _print_worth(scores, weak, threshold, [row for _, row in kept])


def _print_worth(scores: Floats, weak: Floats, threshold: float, rows: Sequence[Sequence[str]]) -> None:
    languages = np.array([row[1] for row in rows])
    styles = np.array([row[2] for row in rows])
    parts = {"all": np.ones(weak.size, np.bool_), "German": languages == "de", "other languages": languages != "de"}
    parts |= {style: styles == style for style in sorted(set(styles))}
    print("cross-validated, called weak     without an answer      with one")
    for name, chosen in parts.items():
        shares = [(scores > threshold)[chosen & (weak == value)] for value in (1, 0)]
        print(f"{name:30}", *(f"{part.mean():12.2f} of {part.size:3}" for part in shares if part.size))
    for share in (0.05, 0.08, 0.1):
        low, high = np.quantile(_resampled(scores[weak == 1], scores[weak == 0], share), (0.025, 0.975))
        caught = _caught(scores[weak == 1], scores[weak == 0], share)
        print(f"where {share:.2f} of those with an answer are called weak: {caught:.2f} ({low:.2f} to {high:.2f})")


def _caught(without: Floats, with_one: Floats, share: float) -> float:
    return float((without > np.quantile(with_one, 1 - share)).mean())


def _resampled(without: Floats, with_one: Floats, share: float) -> list[float]:
    """The same for questions drawn anew, with replacement."""
    draw = np.random.default_rng(1).choice
    return [_caught(draw(without, without.size), draw(with_one, with_one.size), share) for _ in range(_DRAWS)]


if __name__ == "__main__":
    main()
