"""Loads a downloaded dump into an RDF store, in a process of its own that may hang, swell or crash without harm.

Started as ``python -I …/loader.py FILE MEDIA_TYPE BASE STORE MAX_BYTES MAX_DISK MAX_MEMORY MAX_SECONDS``; ``MAX_BYTES`` counts what is
unpacked, ``MAX_DISK`` what the store takes, which for short statements is some times as much.
Exit status 0 when all was read; else a reason on standard error.
"""

from __future__ import annotations

import gzip
import io
import resource
import sys
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import pyoxigraph as ox

__all__ = ["main"]

_GZIP = b"\x1f\x8b"


_NESTED = "ASK { ?subject ?predicate ?object FILTER(isTRIPLE(?object)) }"
_LOOK_EVERY = 4 << 20  # bytes read; the store takes at most some times as much until the next look


class _Limited(io.RawIOBase):
    """Reads from ``source``, and refuses to read more than ``most`` bytes or while ``store`` takes more than ``most_stored``."""

    def __init__(self, source: BinaryIO | gzip.GzipFile, most: int, store: Path, most_stored: int) -> None:
        self._source = source
        self._left = most
        self._store, self._most_stored = store, most_stored
        self._unwatched = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        part = self._source.read(1 << 20 if size < 0 else size)
        self._left -= len(part)
        self._unwatched += len(part)
        if self._unwatched >= _LOOK_EVERY:
            self._unwatched = 0
            if _size(self._store) > self._most_stored:
                raise ValueError("too large")
        if self._left < 0:
            raise ValueError("too large")
        return part


def _size(folder: Path) -> int:
    """Bytes on disk of its files, which come and go."""
    total = 0
    for path in folder.iterdir():
        with suppress(FileNotFoundError):
            total += path.stat().st_blocks * 512
    return total


def main() -> None:
    """Load and end."""
    file, media, base, store, *numbers = sys.argv[1:]
    max_bytes, max_disk, max_memory, max_seconds = map(int, numbers)
    resource.setrlimit(resource.RLIMIT_AS, (max_memory, max_memory))
    resource.setrlimit(resource.RLIMIT_CPU, (max_seconds, max_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    rdf_format = ox.RdfFormat.from_media_type(media)
    with Path(file).open("rb") as raw:
        packed = raw.read(2) == _GZIP
        raw.seek(0)
        source = gzip.GzipFile(fileobj=raw) if packed else raw
        try:
            limited = _Limited(source, max_bytes, Path(store), max_disk)
            loaded = ox.Store(store)
            loaded.bulk_load(limited, rdf_format, base_iri=base)  # type: ignore[arg-type]
            # no offer needs them, and whoever reads one within one within one … crashes, which should be here
            if loaded.query(_NESTED, use_default_graph_as_union=True):
                sys.exit("a statement about a statement")
        except (SyntaxError, ValueError, OSError, EOFError) as error:
            sys.exit(str(error)[:500])


if __name__ == "__main__":
    main()
