"""Vectors by model and text, so that a run only encodes what it has not seen. Losing the file costs time, nothing else."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from search.encoder import Encoder

__all__ = ["VectorCache"]

_BATCH = 64  # texts between two commits: some seconds of work at most
_SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors (
    model TEXT NOT NULL, text BLOB NOT NULL, vector BLOB NOT NULL, PRIMARY KEY (model, text)
) WITHOUT ROWID
"""


class VectorCache:
    """A SQLite file of offers' vectors, for one writer; a context manager. A damaged file is replaced by an empty one."""

    def __init__(self, path: Path) -> None:
        """Open or create the file; its folder must exist. Raises sqlite3.OperationalError where it cannot be written."""
        self._path = path
        try:
            self._database = _open(path)
        except sqlite3.DatabaseError as error:
            _discard(path, error)
            self._database = _open(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def encode_cached(
        self, encoder: Encoder, texts: Sequence[str], progress: Callable[[int], None] | None = None
    ) -> NDArray[np.float32]:
        """Vectors of offers: float32 (n, dimension), from the file where it has them, else encoded and kept.

        `progress` is called with the number of texts done so far, first with those found. Interrupted at any moment, the next
        call goes on behind the last batch. Raises EncoderUnavailable.
        """
        keys = [hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in texts]
        rows: dict[bytes, list[int]] = {}
        for row, key in enumerate(keys):
            rows.setdefault(key, []).append(row)
        vectors = np.empty((len(texts), encoder.dimension), dtype=np.float32)
        found = self._read(encoder, rows)
        for key, vector in found.items():
            vectors[rows[key]] = vector
        missing = [key for key in rows if key not in found]
        missing.sort(key=lambda key: len(texts[rows[key][0]]))
        done = len(texts) - sum(len(rows[key]) for key in missing)
        if progress:
            progress(done)
        for start in range(0, len(missing), _BATCH):
            batch = missing[start : start + _BATCH]
            encoded = encoder.encode_offers([texts[rows[key][0]] for key in batch])
            self._write(encoder, zip(batch, encoded, strict=True))
            for key, vector in zip(batch, encoded, strict=True):
                vectors[rows[key]] = vector
                done += len(rows[key])
            if progress:
                progress(done)
        return vectors

    def _read(self, encoder: Encoder, keys: Iterable[bytes]) -> dict[bytes, NDArray[np.float32]]:
        found = {}
        try:
            for key in keys:
                row = self._database.execute(
                    "SELECT vector FROM vectors WHERE model = ? AND text = ?", (encoder.name, key)
                ).fetchone()
                if row and len(row[0]) == 4 * encoder.dimension:
                    found[key] = np.frombuffer(row[0], dtype=np.float32)
        except sqlite3.DatabaseError as error:
            self._begin_anew(error)
        return found

    def _write(self, encoder: Encoder, rows: Iterable[tuple[bytes, NDArray[np.float32]]]) -> None:
        values = [(encoder.name, key, vector.tobytes()) for key, vector in rows]
        insert = "INSERT OR REPLACE INTO vectors VALUES (?, ?, ?)"
        try:
            with self._database:
                self._database.executemany(insert, values)
        except sqlite3.DatabaseError as error:
            self._begin_anew(error)
            with self._database:
                self._database.executemany(insert, values)

    def _begin_anew(self, error: sqlite3.DatabaseError) -> None:
        self._database.close()
        _discard(self._path, error)
        self._database = _open(self._path)


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=30)
    try:
        database.execute("PRAGMA synchronous = NORMAL")
        with database:
            database.execute(_SCHEMA)
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database


def _discard(path: Path, error: sqlite3.DatabaseError) -> None:
    """Remove the file where the error says that it is damaged, else raise the error (locked, disk full, not writable)."""
    if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        raise error
    for ending in ("", "-journal"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
