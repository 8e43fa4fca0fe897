"""What training added to the published weights: a low-rank change of the question side, and the centres of both sides.

``adapter.npz`` is made by search/training/train.py. multilingual-e5 puts all texts into a narrow cone, so the mean question is taken off
every question and the mean offer off every offer: what all texts of a kind share says nothing.
"""

from __future__ import annotations

import hashlib
import io
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

__all__ = ["Adapter", "load_adapter"]

Floats = NDArray[np.float32]


class Adapter:
    """``question_centre`` and ``offer_centre``: float32 (dim,). ``digest``: twelve hexadecimal digits of the file."""

    def __init__(self, data: bytes) -> None:
        self.digest = hashlib.sha256(data).hexdigest()[:12]
        with np.load(io.BytesIO(data)) as arrays:
            self._arrays = dict(arrays)
        self.question_centre: Floats = self._arrays["question_centre"]
        self.offer_centre: Floats = self._arrays["offer_centre"]

    def changed(self, name: str, weight: Floats) -> Floats:
        """The weight matrix of a layer (named as in the packed file, ``l0.q``) as questions use it."""
        up, down = self._arrays[f"{name}.up"], self._arrays[f"{name}.down"]
        changed: Floats = weight + up.astype(np.float32) @ down.astype(np.float32)
        return changed


def load_adapter() -> Adapter:
    """The adapter that is shipped."""
    return Adapter(files("search.encoder").joinpath("adapter.npz").read_bytes())
