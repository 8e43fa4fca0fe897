"""Learns from questions with and without an answer when an answer is weak: ``search/weakness.toml``.

python -m bench.weakness DIR

DIR is a catalogue of the offers that ``answered.tsv`` was written for. Regularised logistic regression over the signs of
search/weakness.py. The threshold is the one at which, in ten-fold cross-validation, a share of _FALSE of the answered questions is called
weak.
"""

from __future__ import annotations

import datetime as dt
import random
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import search
from catalogue.snapshot import Snapshot
from search.answer import SearchRequest
from search.weakness import SIGNS
from service.opening import Opener

__all__ = ["calibrated", "fit"]

_FALSE = 0.1  # of the answered questions may be called weak
_RIDGE = 3.0
_STEPS = 30
_FOLDS = 10
_TODAY = dt.date(2015, 1, 1)  # before every offer: none is past

Floats = NDArray[np.float64]


def fit(signs: Floats, weak: Floats) -> Floats:
    """Weights of the signs, the constant last, by Newton's method. ``signs`` (n, 8), ``weak`` (n,) of 0 and 1."""
    spread = signs.std(0) + 1e-9
    x = np.hstack([(signs - signs.mean(0)) / spread, np.ones((len(signs), 1))])
    penalty = np.diag([_RIDGE] * signs.shape[1] + [0.0])
    weights = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        p = 1 / (1 + np.exp(-x @ weights))
        step = np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + penalty, x.T @ (p - weak) + penalty @ weights)
        weights -= step
    slopes = weights[:-1] / spread
    return np.append(slopes, weights[-1] - slopes @ signs.mean(0))


def calibrated(signs: Floats, weak: Floats) -> tuple[Floats, float, Floats]:
    """Weights and constant, threshold, and the cross-validated scores (n,)."""
    order = list(range(len(weak)))
    random.Random(1).shuffle(order)
    scores = np.empty(len(weak))
    for fold in range(_FOLDS):
        out = order[fold::_FOLDS]
        others = [row for row in order if row not in set(out)]
        weights = fit(signs[others], weak[others])
        scores[out] = signs[out] @ weights[:-1] + weights[-1]
    return fit(signs, weak), float(np.quantile(scores[weak == 0], 1 - _FALSE)), scores


def _written(weights: Floats, threshold: float) -> str:
    lines = [
        "# Made by `python -m bench.weakness`; docs/suche.md says what it is worth.",
        f"constant = {weights[-1]:.4f}",
        f"threshold = {threshold:.4f}",
        "",
        "[weights]",
        *(f"{sign} = {weight:.4f}" for sign, weight in zip(SIGNS, weights[:-1], strict=True)),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Writes ``weakness.toml`` and prints what it is worth."""
    rows = [
        line.split("\t") for line in files("search.training").joinpath("answered.tsv").read_text("utf-8").splitlines()
    ]
    folder = Path(sys.argv[1])
    with Snapshot.open(folder) as snapshot:
        engine = Opener(folder).engine(snapshot)
        found = [engine.signs(SearchRequest(text=text, today=_TODAY)) for *_, text in rows]
    kept = [(signs, row) for signs, row in zip(found, rows, strict=True) if signs is not None]
    weak = np.array([float(row[0] == "no") for _, row in kept])
    weights, threshold, scores = calibrated(np.stack([signs for signs, _ in kept]), weak)
    (Path(search.__path__[0]) / "weakness.toml").write_text(_written(weights, threshold), encoding="utf-8")
    called = scores > threshold
    styles = np.array([row[2] for _, row in kept])
    print("cross-validated, called weak     without an answer      with one")
    for style in ("all", *sorted(set(styles))):
        chosen = np.ones(len(kept), np.bool_) if style == "all" else styles == style
        shares = [called[chosen & (weak == value)] for value in (1, 0)]
        print(f"{style:30}", *(f"{part.mean():12.2f} of {part.size:3}" for part in shares if part.size))


if __name__ == "__main__":
    main()
