"""The meaning of the offers: vectors in a FAISS index, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

__all__ = ["VectorHits", "VectorIndex", "write_vectors"]

Vectors = NDArray[np.float32]


def write_vectors(path: Path, vectors: Vectors) -> None:
    """Writes the index of offers' vectors (height, dim); unused rows are zero."""
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
        """The best ``count`` of the allowed rows (a mask over all rows) for a question's vector (dim,). Exact."""
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
        similarities: Vectors = self._index.reconstruct_batch(np.asarray(rows, np.int64)) @ question
        return similarities
