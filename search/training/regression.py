"""Logistic regression with a ridge, for the two judgements that are learnt of a few hundred to thousand questions."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["logistic"]

_STEPS = 30  # of Newton's method, which needs fewer

Floats = NDArray[np.float64]


def logistic(signs: Floats, wanted: NDArray[np.bool_] | Floats, ridge: float) -> tuple[Floats, float]:
    """Weights (k,) and constant for ``signs`` (n, k) and what they tell, ``wanted`` (n,) of 0 and 1; the constant is not held down."""
    x = np.c_[signs, np.ones(len(signs))]
    penalty = np.r_[np.full(signs.shape[1], ridge), 0.0]
    weights = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        likely = 1 / (1 + np.exp(-x @ weights))
        slope = x.T @ (likely - wanted) + penalty * weights
        curve = (x * (likely * (1 - likely))[:, None]).T @ x + np.diag(penalty)
        weights -= np.linalg.solve(curve, slope)
    return weights[:-1], float(weights[-1])
