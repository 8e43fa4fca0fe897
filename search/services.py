"""Whether a question asks for a service of the district (a Kita, a school, a club, counselling) and not for a course."""

from __future__ import annotations

import math
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

__all__ = ["FILE", "Learnt", "ServiceSense"]

FILE = Path(__file__).with_name("services.msgpack")


class Learnt(msgspec.Struct, frozen=True):
    """``services.msgpack``, made by search/training/services.py: float32 (dim,) as bytes, for questions that ``model`` encodes."""

    model: str
    weights: bytes
    constant: float


class ServiceSense:
    """Logistic regression over the vector of a question; 0 where another model is set."""

    def __init__(self, model: str) -> None:
        learnt = msgspec.msgpack.decode(FILE.read_bytes(), type=Learnt)
        self._known = learnt.model == model
        self._weights = np.frombuffer(learnt.weights, np.float32)
        self._constant = learnt.constant

    def __call__(self, vector: NDArray[np.float32]) -> float:
        """How likely a service is asked for, 0 to 1; ``vector`` (dim,) is the question's."""
        if not self._known:
            return 0.0
        return 1 / (1 + math.exp(-float(self._weights @ vector) - self._constant))
