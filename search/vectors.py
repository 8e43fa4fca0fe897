"""The meaning of the offers: vectors in a FAISS index, row by row.

multilingual-e5 puts all texts into a narrow cone: much of every inner product is what all texts share. So questions and offers are
centred, each on the mean of texts of their kind: ``(q - mean of questions) . norm(d - mean of offers)``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from search.encoder import Encoder
from search.encoder.cache import VectorCache

__all__ = ["Centre", "VectorHits", "VectorIndex", "measure_centre", "write_vectors"]

_TYPICAL = Path(__file__).with_name("typical.toml")

Vectors = NDArray[np.float32]


class Centre:
    """Mean question and mean offer of a model: float32 (dim,) each."""

    def __init__(self, question: Vectors, offer: Vectors) -> None:
        self.question = question
        self.offer = offer

    def of_questions(self, vectors: Vectors) -> Vectors:
        """Centred and L2-normalised questions (n, dim)."""
        return _normalised(vectors - self.question)

    def of_offers(self, vectors: Vectors) -> Vectors:
        """Centred and L2-normalised offers (n, dim)."""
        return _normalised(vectors - self.offer)


def _normalised(vectors: Vectors) -> Vectors:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.ascontiguousarray(vectors / np.maximum(lengths, 1e-12), np.float32)


def measure_centre(encoder: Encoder, cache: VectorCache) -> Centre:
    """The centre of a model, from texts that we wrote for it: the same for every catalogue, so that rows never shift."""
    typical = tomllib.loads(_TYPICAL.read_text(encoding="utf-8"))
    question = encoder.encode_questions(typical["questions"]).mean(axis=0)
    offer = cache.encode_cached(encoder, typical["offers"]).mean(axis=0)
    return Centre(question, offer)


def write_vectors(path: Path, vectors: Vectors) -> None:
    """Writes the index of offers' centred vectors (height, dim); unused rows are zero."""
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    part = path.with_suffix(".neu")  # the file may be shared with the visible snapshot: never write into it
    faiss.write_index(index, str(part))
    part.replace(path)


class VectorHits:
    """Rows (int64) with their similarities in [-1, 1] (float32), best first."""

    def __init__(self, rows: NDArray[np.int64], scores: Vectors) -> None:
        self.rows = rows
        self.scores = scores


class VectorIndex:
    """Read-only view of a snapshot's vectors, memory-mapped."""

    def __init__(self, path: Path) -> None:
        self._index = faiss.read_index(str(path), faiss.IO_FLAG_MMAP)

    def search(self, question: Vectors, count: int, allowed: NDArray[np.bool_]) -> VectorHits:
        """The best ``count`` of the allowed rows (a mask over all rows) for a centred question (dim,). Exact."""
        rows = np.flatnonzero(allowed).astype(np.int64)
        count = min(count, rows.size)
        if count == 0:
            return VectorHits(np.empty(0, np.int64), np.empty(0, np.float32))
        bits = np.packbits(allowed, bitorder="little")
        selector = faiss.IDSelectorBitmap(bits.size * 8, faiss.swig_ptr(bits))
        scores, found = self._index.search(question[None], count, params=faiss.SearchParameters(sel=selector))  # type: ignore[call-arg]
        order = np.lexsort((found[0], -scores[0]))
        return VectorHits(found[0][order], scores[0][order])

    def matrix(self) -> Vectors:
        """All rows (height, dim)."""
        vectors: Vectors = self._index.reconstruct_n(0, self._index.ntotal)
        return vectors

    def similarity(self, question: Vectors, rows: Sequence[int] | NDArray[np.int64]) -> Vectors:
        """Similarities of given rows."""
        if not len(rows):
            return np.empty(0, np.float32)
        vectors = np.stack([self._index.reconstruct(int(row)) for row in rows])
        similarities: Vectors = vectors @ question
        return similarities
