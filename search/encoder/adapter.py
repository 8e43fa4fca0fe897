"""What training added to the published weights: low-rank changes, and the centres of both sides.

``adapter.npz`` is made by search/training/train.py (docs/adr/0004-question-side.md). multilingual-e5 puts all texts into a narrow cone, so
the mean question is taken off every question and the mean offer off every offer: what all texts of a kind share says nothing.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

__all__ = ["Adapter", "Change", "load_adapter"]

Floats = NDArray[np.float32]


class Change:
    """Low-rank changes of one side: of each layer, named as in the packed file (``l0.q``), what is added to its weights."""

    def __init__(self, arrays: Mapping[str, NDArray[np.float16]], prefixes: tuple[str, ...]) -> None:
        self._arrays = arrays
        self._prefixes = prefixes

    def applied(self, name: str, weight: Floats) -> Floats:
        """The weight matrix (outputs, inputs) of a layer as this side uses it."""
        for prefix in self._prefixes:
            up, down = self._arrays[f"{prefix}.{name}.up"], self._arrays[f"{prefix}.{name}.down"]
            weight = weight + up.astype(np.float32) @ down.astype(np.float32)
        return weight


class Adapter:
    """``question_centre`` and ``offer_centre``: float32 (dim,). ``digest``: twelve hexadecimal digits of the file."""

    def __init__(self, data: bytes) -> None:
        self.digest = hashlib.sha256(data).hexdigest()[:12]
        with np.load(io.BytesIO(data)) as arrays:
            found = dict(arrays)
        self.question_centre: Floats = found["question_centre"]
        self.offer_centre: Floats = found["offer_centre"]
        self.questions = Change(found, ("both", "questions"))
        self.offers = Change(found, ("both",))


def load_adapter() -> Adapter:
    """The adapter that is shipped."""
    return Adapter(files("search.encoder").joinpath("adapter.npz").read_bytes())
