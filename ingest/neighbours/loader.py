"""Loads a downloaded dump into an RDF store, in a process of its own that may hang, swell or crash without harm.

Started as ``python -I …/loader.py FILE MEDIA_TYPE BASE STORE MAX_BYTES MAX_MEMORY MAX_SECONDS``; ``MAX_BYTES`` counts what is unpacked.
Exit status 0 when all was read; else a reason on standard error.
"""

from __future__ import annotations

import gzip
import io
import resource
import sys
from pathlib import Path
from typing import BinaryIO

import pyoxigraph as ox

__all__ = ["main"]

_GZIP = b"\x1f\x8b"


class _Limited(io.RawIOBase):
    """Reads from ``source`` and refuses to read more than ``most`` bytes."""

    def __init__(self, source: BinaryIO | gzip.GzipFile, most: int) -> None:
        self._source = source
        self._left = most

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        part = self._source.read(1 << 20 if size < 0 else size)
        self._left -= len(part)
        if self._left < 0:
            raise ValueError("too large")
        return part


def main() -> None:
    """Load and end."""
    file, media, base, store, *numbers = sys.argv[1:]
    max_bytes, max_memory, max_seconds = map(int, numbers)
    resource.setrlimit(resource.RLIMIT_AS, (max_memory, max_memory))
    resource.setrlimit(resource.RLIMIT_CPU, (max_seconds, max_seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    rdf_format = ox.RdfFormat.from_media_type(media)
    with Path(file).open("rb") as raw:
        packed = raw.read(2) == _GZIP
        raw.seek(0)
        source = gzip.GzipFile(fileobj=raw) if packed else raw
        try:
            ox.Store(store).bulk_load(_Limited(source, max_bytes), rdf_format, base_iri=base)  # type: ignore[arg-type]
        except (SyntaxError, ValueError, OSError, EOFError) as error:
            sys.exit(str(error)[:500])


if __name__ == "__main__":
    main()
