"""The nearest of the lexicon's vectors: codes, made once and shipped, find those that may be the nearest, which are compared one by one."""

from __future__ import annotations

from typing import Any

import faiss
import msgspec
import numpy as np
from numpy.typing import NDArray

__all__ = ["Nearest", "Packed", "pack"]

_MANY = 1000  # vectors: fewer are all compared
_PART_OF_CODE, _BITS = 4, 4  # so many directions share a code of so many bits
_ROUNDS = 2  # of learning the codes: more of them find no more
_SPARE = 8  # codes looked at for each vector that is wanted


class Packed(msgspec.Struct, frozen=True):
    """Vectors as they are shipped: ``height`` rows of float16, as bytes, and their codes, an index of FAISS as bytes; none for few."""

    height: int
    vectors: bytes
    codes: bytes

    def array(self) -> NDArray[np.float16]:
        """The vectors (height, dim), not copied."""
        return np.frombuffer(self.vectors, np.float16).reshape(self.height, -1)


def pack(vectors: NDArray[np.floating[Any]]) -> Packed:
    """Vectors (n, dim), at least one, with their codes."""
    height, dimension = vectors.shape
    codes = b""
    if height >= _MANY:
        index: Any = faiss.IndexPQFastScan(dimension, dimension // _PART_OF_CODE, _BITS, faiss.METRIC_INNER_PRODUCT)
        index.pq.cp.niter = _ROUNDS
        full = vectors.astype(np.float32)
        index.train(full)
        index.add(full)
        codes = faiss.serialize_index(index).tobytes()
    return Packed(height, vectors.astype(np.float16).tobytes(), codes)


class Nearest:
    """Finds vectors. Thread-safe."""

    def __init__(self, packed: Packed) -> None:
        self._vectors = packed.array()
        self._codes: Any = faiss.deserialize_index(np.frombuffer(packed.codes, np.uint8)) if packed.codes else None

    def __call__(self, vector: NDArray[np.float32], count: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Similarities and rows of at most ``count`` that are nearest to a vector (dim,), nearest first."""
        rows = self._likely(vector, count * _SPARE)
        similarities = self._vectors[rows].astype(np.float32) @ vector
        order = np.argsort(-similarities, kind="stable")[:count]
        return similarities[order], rows[order]

    def _likely(self, vector: NDArray[np.float32], count: int) -> NDArray[np.int64]:
        if self._codes is None:
            return np.arange(len(self._vectors))
        faiss.omp_set_num_threads(1)  # of this thread: one question is too little to share, and teams wait by spinning
        _, (rows,) = self._codes.search(vector[None], count)
        likely: NDArray[np.int64] = np.sort(rows[rows >= 0])
        return likely
