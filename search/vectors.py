"""The meaning of the offers: exact vectors, memory-mapped, and short codes of all of them.

Few rows are compared one by one. Among many, the codes (product quantisation, 96 bytes a row, scanned in registers by FAISS) find those
that may be the best, and these are compared one by one: so every similarity that is returned is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import faiss
import msgspec
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

__all__ = ["VectorHits", "VectorIndex", "update_vectors", "write_vectors"]

_FEW = 4096  # rows: comparing so many one by one takes as long as scanning the codes of 100,000
_BITS = 4
_PART = 2  # dimensions that share a code: on real vectors all of the best ten are among the best thousand codes
_TRAINING = 25_000  # rows
_SPARE = 1000  # codes that are looked at at least: 0.99 of the best 300 are among them
_CHANGED = 0.05  # of the rows may lie in the file of changes before all are written anew
_REMEMBERED = 16  # questions: each is asked of several groups and for every page

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]


def write_vectors(folder: Path, vectors: Vectors) -> None:
    """Writes the index of offers' vectors (height, dim); unused rows are zero."""
    (folder / "changes.npz").unlink(missing_ok=True)
    (folder / "codes.faiss").unlink(missing_ok=True)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    _write(index, folder / "vectors.faiss")
    if vectors.shape[0] > _FEW and vectors.shape[1] % _PART == 0:
        codes = faiss.IndexPQ(vectors.shape[1], vectors.shape[1] // _PART, _BITS, faiss.METRIC_INNER_PRODUCT)
        used = vectors[np.any(vectors != 0, axis=1)]
        with threadpool_limits(limits=1):  # where others compute, its threads wait for each other by spinning
            codes.pq.train(used[:: -(-used.shape[0] // _TRAINING)])
            _put_codes(codes, codes.pq.compute_codes(vectors))
        codes.is_trained = True
        _write(codes, folder / "codes.faiss")


def update_vectors(folder: Path, rows: Sequence[int], vectors: Vectors) -> None:
    """Replaces the vectors of ``rows`` by ``vectors`` (n, dim), zero where an offer is gone. What others have open stays as it was."""
    old = VectorIndex(folder)
    height = max([old.height, *(row + 1 for row in rows)])
    changed = np.union1d(old.changed, np.asarray(rows, np.int64))
    if changed.size > max(_FEW, _CHANGED * height):
        write_vectors(folder, old.matrix(height, rows, vectors))
        return
    both = np.zeros((changed.size, vectors.shape[1]), np.float32)
    both[np.searchsorted(changed, old.changed)] = old.vectors(old.changed)
    both[np.searchsorted(changed, rows)] = vectors
    part = folder / "changes-neu.npz"
    np.savez(part, rows=changed, vectors=both)
    part.replace(folder / "changes.npz")
    if (folder / "codes.faiss").exists():
        index: Any = faiss.read_index(str(folder / "codes.faiss"))
        codes = np.zeros((height, index.pq.code_size), np.uint8)
        codes[: index.ntotal] = faiss.vector_to_array(index.codes).reshape(index.ntotal, -1)
        codes[rows] = index.pq.compute_codes(vectors)
        _put_codes(index, codes)
        _write(index, folder / "codes.faiss")


def _put_codes(index: Any, codes: NDArray[np.uint8]) -> None:
    faiss.copy_array_to_vector(codes.ravel(), index.codes)
    index.ntotal = codes.shape[0]


def _write(index: Any, path: Path) -> None:
    part = path.with_suffix(".neu")  # the file may be shared with the visible snapshot: never write into it
    faiss.write_index(index, str(part))
    part.replace(path)


class VectorHits(msgspec.Struct, frozen=True):
    """Rows (int64) with their similarities in [-1, 1] (float32), best first."""

    rows: Rows
    scores: Vectors


class VectorIndex:
    """Read-only view of the vectors in a snapshot's folder. ``height`` is the number of rows, ``changed`` those that lie in the file of
    changes, in order.
    """

    def __init__(self, folder: Path) -> None:
        self._file = faiss.read_index(str(folder / "vectors.faiss"), faiss.IO_FLAG_MMAP_IFC)
        self._dimension = self._file.d
        base: Any = faiss.rev_swig_ptr(self._file.get_xb(), self._file.ntotal * self._dimension)  # type: ignore[attr-defined]
        self._base: Vectors = base.reshape(-1, self._dimension)
        self.changed: Rows = np.empty(0, np.int64)
        self._changes: Vectors = np.empty((0, self._dimension), np.float32)
        if (folder / "changes.npz").exists():
            with np.load(folder / "changes.npz") as data:
                self.changed, self._changes = data["rows"], data["vectors"]
        self.height = max(self._base.shape[0], int(self.changed[-1]) + 1 if self.changed.size else 0)
        self._slots = np.arange(self.height)  # of each row in the file of changes, behind those of the base
        self._slots[self.changed] = self._base.shape[0] + np.arange(self.changed.size)
        self._codes_path = folder / "codes.faiss"
        self._coded = self._codes_path.exists()
        self._nearest = lru_cache(_REMEMBERED)(self._scan)

    @cached_property
    def _codes(self) -> Any:
        codes: Any = faiss.read_index(str(self._codes_path))
        return faiss.IndexPQFastScan(codes)

    def search(self, question: Vectors, count: int, allowed: NDArray[np.bool_]) -> VectorHits:
        """The best ``count`` of the allowed rows (a mask over all rows) for a question's vector (dim,). Similarities are exact."""
        number = int(np.count_nonzero(allowed))
        count = min(count, number)
        if count == 0:
            return VectorHits(np.empty(0, np.int64), np.empty(0, np.float32))
        rows = self._candidates(question, count, allowed, number)
        scores = self.similarity(question, rows)
        if rows.size > count:
            keep = scores >= np.partition(scores, -count)[-count]
            rows, scores = rows[keep], scores[keep]
        order = np.lexsort((rows, -scores))[:count]
        return VectorHits(rows[order], scores[order])

    def _candidates(self, question: Vectors, count: int, allowed: NDArray[np.bool_], number: int) -> Rows:
        """Allowed rows among which the best ``count`` are, in no order."""
        if not self._coded or number <= _FEW:
            return np.flatnonzero(allowed)
        spare = max(_SPARE, 2 * count)
        wanted = spare * self.height // number
        key = question.tobytes()
        while True:
            # in steps, so that the groups of a question share what is remembered
            near = self._nearest(key, min(self.height, 1024 << max(0, (wanted - 1) // 1024).bit_length()))
            rows = near[allowed[near]][:spare]
            if rows.size >= min(number, spare) or near.size >= self.height:
                return rows
            wanted *= 4

    def _scan(self, question: bytes, count: int) -> Rows:
        """About the nearest ``count`` of all rows, best first."""
        faiss.omp_set_num_threads(1)  # of this thread: one question is too little to share, and teams wait by spinning
        rows: Rows = self._codes.search(np.frombuffer(question, np.float32)[None], count)[1][0]
        return rows

    def similarity(self, question: Vectors, rows: Sequence[int] | Rows) -> Vectors:
        """Similarities of given rows."""
        slots = self._slots[np.asarray(rows, np.int64)]
        scores = _products(self._base, question, slots)
        if self.changed.size:
            late = np.flatnonzero(slots >= self._base.shape[0])
            scores[late] = _products(self._changes, question, slots[late] - self._base.shape[0])
        return scores

    def vectors(self, rows: Rows) -> Vectors:
        """Vectors of given rows (n, dim)."""
        slots = self._slots[rows]
        late = slots >= self._base.shape[0]
        found = np.empty((rows.size, self._dimension), np.float32)
        found[~late] = self._base[slots[~late]]
        found[late] = self._changes[slots[late] - self._base.shape[0]]
        return found

    def matrix(self, height: int = 0, rows: Sequence[int] = (), vectors: Vectors | None = None) -> Vectors:
        """All rows (at least ``height``, dim), with other ``vectors`` in some."""
        found = np.zeros((max(height, self.height), self._dimension), np.float32)
        found[: self.height] = self.vectors(np.arange(self.height))
        if vectors is not None:
            found[list(rows)] = vectors
        return found


def _products(vectors: Vectors, question: Vectors, slots: Rows) -> Vectors:
    """Inner products with the vectors at ``slots``, those behind the last one left out; unlike numpy's, without copying vectors."""
    products = np.zeros(slots.size, np.float32)
    own = np.where(slots < vectors.shape[0], slots, -1)  # FAISS leaves out what is negative
    question = np.ascontiguousarray(question, np.float32)
    if slots.size and vectors.shape[0]:
        faiss.omp_set_num_threads(1)
        faiss.fvec_inner_products_by_idx(  # type: ignore[attr-defined]
            *(faiss.swig_ptr(array) for array in (products, question, vectors, own)), question.size, 1, slots.size
        )
    return products
