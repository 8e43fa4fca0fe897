"""How sure a mean over questions is: bootstrap intervals and a permutation test, both with a fixed seed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

__all__ = ["Estimate", "Values", "estimate", "estimate_of", "permutation_p", "share"]

Values = NDArray[np.float64]

_DRAWS = 10_000
_FEWEST = 5
_Z = 1.959964  # 97.5 % of the normal distribution
_SEED = 20260101


class Estimate(msgspec.Struct, frozen=True):
    """A value over ``n`` questions with its 95 % confidence interval; fewer than five questions allow none."""

    mean: float
    low: float | None
    high: float | None
    n: int


def estimate(values: Sequence[float]) -> Estimate | None:
    """The mean of the values; None without any. The same values always give the same interval."""
    return estimate_of(lambda drawn: drawn.mean(axis=-1), np.asarray(values, np.float64)) if values else None


def estimate_of(statistic: Callable[[Values], Values], values: Values) -> Estimate:
    """Any statistic, with a percentile bootstrap over questions. ``values``: (n, …), one entry for each question; ``statistic`` takes
    (draws, n, …) to (draws,).
    """
    n, value = values.shape[0], float(statistic(values[None])[0])
    if n < _FEWEST:
        return Estimate(value, None, None, n)
    drawn = values[np.random.default_rng(_SEED).integers(n, size=(_DRAWS, n))]
    low, high = np.percentile(statistic(drawn), [2.5, 97.5])
    return Estimate(value, float(low), float(high), n)


def share(flags: Sequence[bool]) -> Estimate | None:
    """How many are true; None without any. The interval is Wilson's: where all or none are true, resampling would find no spread."""
    n = len(flags)
    if n == 0:
        return None
    mean = sum(flags) / n
    if n < _FEWEST:
        return Estimate(mean, None, None, n)
    middle = (mean + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * math.sqrt(mean * (1 - mean) / n + _Z**2 / (4 * n**2))
    return Estimate(mean, max(0.0, middle - half), min(1.0, middle + half), n)


def permutation_p(changes: Values) -> float:
    """Two-sided p of paired differences (n,): how often signs thrown by chance give a mean at least as far from 0 (10,000 throws)."""
    signs = np.random.default_rng(_SEED).choice([-1.0, 1.0], size=(_DRAWS, changes.size))
    as_far = np.abs((signs * changes).mean(axis=1)) >= abs(changes.mean()) - 1e-12
    return float((1 + as_far.sum()) / (1 + _DRAWS))
