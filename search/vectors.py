"""The meaning of the offers: exact vectors, memory-mapped, and short codes of all of them.

Few rows are compared one by one. Among many, the codes (the 128 directions in which offers differ most, product quantisation, 32 bytes a
row, scanned in registers by FAISS) find those that may be the best, and these are compared one by one: so every similarity that is
returned is exact.
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

from search.arrays import in_order, load_arrays

__all__ = ["VectorHits", "VectorIndex", "best_of", "update_vectors", "write_vectors"]

_FEW = 2048  # rows: comparing so many one by one takes about as long as scanning the codes of 100,000
_DIRECTIONS = (
    128  # of real vectors they hold nine tenths of the variance: what is scanned is a third, and found is the same
)
_BITS = 4
_PART = 2  # directions that share a code: on real vectors all of the best ten are among the best thousand codes
_TRAINING = 25_000  # rows
_SPARE, _MORE = 2, 300  # codes looked at for each row that is wanted, and beside: 0.99 of the best 300 are among them
_COPIED = 10_000  # rows, 15 MB: not all at once, where a copy is needed
_AT_ONCE = 256  # rows multiplied at once: more of them leave the processor's cache
_CHANGED = 0.05  # of the rows may lie in the file of changes before all are written anew
_REMEMBERED = 16  # questions with their filters: each is asked again for every page

Vectors = NDArray[np.float32]
Rows = NDArray[np.int64]


def write_vectors(folder: Path, vectors: Vectors) -> None:
    """Writes the index of offers' vectors (height, dim); unused rows are zero."""
    (folder / "changes.npz").unlink(missing_ok=True)
    (folder / "codes.faiss").unlink(missing_ok=True)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    _write(index, folder / "vectors.faiss")
    del index  # a copy of all vectors
    if vectors.shape[0] > _FEW:
        _write(_coded(vectors), folder / "codes.faiss")


def _coded(vectors: Vectors) -> Any:
    """The codes of all rows, behind the change of directions that they are made of."""
    used = np.flatnonzero(vectors.any(axis=1))
    sample = vectors[used[:: -(-used.size // _TRAINING)]]
    directions = _directions(sample)
    change = faiss.LinearTransform(vectors.shape[1], directions.shape[0], False)
    faiss.copy_array_to_vector(directions.ravel(), change.A)
    change.is_trained = True
    codes = faiss.IndexPQ(directions.shape[0], directions.shape[0] // _PART, _BITS, faiss.METRIC_INNER_PRODUCT)
    with threadpool_limits(limits=1):  # where others compute, its threads wait for each other by spinning
        codes.pq.train(np.ascontiguousarray(sample @ directions.T))
        parts = (vectors[start : start + _COPIED] for start in range(0, vectors.shape[0], _COPIED))
        _put_codes(codes, np.concatenate([codes.pq.compute_codes(part @ directions.T) for part in parts]))
    codes.is_trained = True
    both = faiss.IndexPreTransform(change, codes)
    both.ntotal = codes.ntotal
    return both


def _directions(vectors: Vectors) -> Vectors:
    """The orthonormal directions (n, dim) that keep most of the inner products, turned at random, so that all say equally much."""
    count = min(_DIRECTIONS, vectors.shape[1] // _PART * _PART)
    _, axes = np.linalg.eigh(vectors.T @ vectors)
    turned, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((count, count)))
    return np.ascontiguousarray((axes[:, -count:] @ turned).T, np.float32)


def update_vectors(folder: Path, rows: Sequence[int], vectors: Vectors) -> None:
    """Replaces the vectors of ``rows`` by ``vectors`` (n, dim), zero where an offer is gone. What others have open stays as it was."""
    old = VectorIndex(folder)
    height = max([old.height, *(row + 1 for row in rows)])
    changed = np.union1d(old.changed, np.asarray(rows, np.int64))
    if changed.size > max(_FEW, _CHANGED * height):
        write_vectors(folder, old.matrix(height, rows, vectors))
        return
    kept = np.zeros((changed.size, vectors.shape[1]), np.float32)
    kept[np.searchsorted(changed, old.changed)] = old.vectors(old.changed)
    kept[np.searchsorted(changed, rows)] = vectors
    part = folder / "changes-neu.npz"
    np.savez(part, rows=changed, vectors=kept)
    part.replace(folder / "changes.npz")
    if (folder / "codes.faiss").exists():
        both: Any = faiss.read_index(str(folder / "codes.faiss"))
        index: Any = faiss.downcast_index(both.index)
        change = both.chain.at(0)
        codes = np.zeros((height, index.pq.code_size), np.uint8)
        codes[: index.ntotal] = faiss.vector_to_array(index.codes).reshape(index.ntotal, -1)
        codes[rows] = index.pq.compute_codes(change.apply(np.ascontiguousarray(vectors)))
        _put_codes(index, codes)
        both.ntotal = index.ntotal
        _write(both, folder / "codes.faiss")


def _put_codes(index: Any, codes: NDArray[np.uint8]) -> None:
    faiss.copy_array_to_vector(codes.ravel(), index.codes)
    index.ntotal = codes.shape[0]


def _write(index: Any, path: Path) -> None:
    part = path.with_suffix(".neu")  # the file may be shared with the visible snapshot: never write into it
    faiss.write_index(index, str(part))
    part.replace(path)


def best_of(scores: Vectors, count: int) -> NDArray[np.int64]:
    """Where the best ``count`` scores stand, best first; of equal ones the earlier."""
    bits = (0.0 - scores).view(np.int32)
    ordered = bits ^ (bits >> 31 & 0x7FFFFFFF)  # as the floats are, also below 0
    # plain numbers are sorted ten times as fast as by two keys
    both = ordered.astype(np.int64) << 32 | np.arange(scores.size)
    if scores.size > count:
        both = np.partition(both, count)[:count]
    both.sort()
    return both & 0xFFFFFFFF


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
        self._bytes = self._base.view(
            np.uint8
        )  # mapped at an odd address, floats would be copied one by one, and all of them
        self.changed: Rows = np.empty(0, np.int64)
        self._changes: Vectors = np.empty((0, self._dimension), np.float32)
        if (folder / "changes.npz").exists():
            changes = load_arrays(folder / "changes.npz")
            self.changed, self._changes = changes["rows"], changes["vectors"]
        self.height = max(self._base.shape[0], int(self.changed[-1]) + 1 if self.changed.size else 0)
        self._slots = np.arange(self.height)  # of each row in the file of changes, behind those of the base
        self._slots[self.changed] = self._base.shape[0] + np.arange(self.changed.size)
        self._codes_path = folder / "codes.faiss"
        self._coded = self._codes_path.exists()
        self._nearest = lru_cache(_REMEMBERED)(self._scan)

    @cached_property
    def _codes(self) -> tuple[Vectors, Any]:
        """The change of directions, and the codes behind it as the one list of an inverted file: these can be scanned under a filter."""
        both: Any = faiss.read_index(str(self._codes_path))
        change: Any = faiss.downcast_VectorTransform(both.chain.at(0))
        codes: Any = faiss.downcast_index(both.index)
        centre: Any = faiss.IndexFlatIP(codes.d)
        centre.add(np.zeros((1, codes.d), np.float32))
        lists: Any = faiss.IndexIVFPQ(centre, codes.d, 1, codes.pq.M, _BITS, faiss.METRIC_INNER_PRODUCT)
        lists.by_residual, lists.pq, lists.is_trained = False, codes.pq, True
        rows = np.arange(codes.ntotal)
        lists.invlists.add_entries(0, rows.size, faiss.swig_ptr(rows), codes.codes.data())
        lists.ntotal = rows.size
        return faiss.vector_to_array(change.A).reshape(-1, self._dimension), faiss.IndexIVFPQFastScan(lists)

    def search(self, question: Vectors, count: int, allowed: NDArray[np.bool_]) -> VectorHits:
        """The best ``count`` of the allowed rows (a mask over all rows) for a question's vector (dim,). Similarities are exact."""
        rows = self.candidates(question, count, allowed)
        scores = self.similarities(question[None], rows)[0]
        order = best_of(scores, count)
        return VectorHits(rows[order], scores[order])

    def candidates(self, question: Vectors, count: int, allowed: NDArray[np.bool_], others: Rows | None = None) -> Rows:
        """Allowed rows (a mask over all rows), in order, among which are the nearest ``count`` of a vector (dim,), and ``others``."""
        number = int(np.count_nonzero(allowed))
        if not self._coded or number <= _FEW:
            return np.flatnonzero(allowed)
        # bits, so that what is remembered of a filter is small
        near = self._nearest(
            question.tobytes(), np.packbits(allowed, bitorder="little").tobytes(), _SPARE * count + _MORE
        )
        return in_order(near if others is None else np.concatenate([near, others]))

    def _scan(self, question: bytes, allowed: bytes, count: int) -> Rows:
        """About the nearest ``count`` of the allowed rows (a bit each), in no order."""
        faiss.omp_set_num_threads(1)  # of this thread: one question is too little to share, and teams wait by spinning
        directions, codes = self._codes
        selector: Any = faiss.IDSelectorBitmap  # the package's own hints do not know what these two take
        parameters: Any = faiss.SearchParametersIVF
        only = parameters(sel=selector(np.frombuffer(allowed, np.uint8)))
        _, (rows,) = codes.search((directions @ np.frombuffer(question, np.float32))[None], count, params=only)
        found: Rows = rows[rows >= 0]  # where fewer are allowed
        return found

    def similarities(self, questions: Vectors, rows: Rows) -> Vectors:
        """Inner products of vectors (n, dim) with those of given rows: (n, rows)."""
        products = np.empty((len(questions), rows.size), np.float32)
        for start in range(0, rows.size, _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            products[:, part] = questions @ self.vectors(rows[part]).T
        return products

    def vectors(self, rows: Rows) -> Vectors:
        """Vectors of given rows (n, dim)."""
        slots = self._slots[rows]
        if not self._base.size:
            return self._changes[slots]
        found = np.take(self._bytes, slots, axis=0, mode="clip").view(np.float32)
        late = np.flatnonzero(slots >= self._base.shape[0])
        if late.size:
            found[late] = self._changes[slots[late] - self._base.shape[0]]
        return found

    def matrix(self, height: int = 0, rows: Sequence[int] = (), vectors: Vectors | None = None) -> Vectors:
        """All rows (at least ``height``, dim), with other ``vectors`` in some."""
        found = np.zeros((max(height, self.height), self._dimension), np.float32)
        for start in range(0, self.height, _COPIED):
            part = np.arange(start, min(start + _COPIED, self.height))
            found[part] = self.vectors(part)
        if vectors is not None:
            found[list(rows)] = vectors
        return found
