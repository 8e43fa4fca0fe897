"""Where a worker writes an answer: in memory, within the limits of bytes and of rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

__all__ = ["Output", "TooLargeError", "counted"]

# What stands once for each row, and how many of them stand for none. No value can hold these: in JSON a quotation mark inside of one
# comes after a backslash, XML writes < otherwise, TSV the end of a line. (Rows without any value have no such mark in JSON.)
_MARKS = {
    "application/sparql-results+json": (b'},{"', -1),
    "application/json": (b'},{"', -1),
    "application/sparql-results+xml": (b"<result>", 0),
    "application/xml": (b"<result>", 0),
    "text/csv": (b"\n", 1),
    "text/tab-separated-values": (b"\n", 1),
}


class TooLargeError(Exception):
    """The answer has more bytes or rows than it may."""


class Output:
    """A file that refuses to grow over ``max_bytes``, or over ``max_rows`` where the media type is one of tables."""

    def __init__(self, media_type: str, max_bytes: int, max_rows: int) -> None:
        self.chunks: list[bytes] = []
        self._bytes_left = max_bytes
        self._mark, more = _MARKS.get(media_type, (b"", 0))
        self._marks_left = max_rows + more
        self._quoting = media_type == "text/csv"  # where a value may hold an end of line
        self._quoted = False
        self._tail = b""

    def write(self, chunk: bytes) -> int:
        """Raises TooLargeError."""
        self._bytes_left -= len(chunk)
        if self._mark:
            self._marks_left -= self._count(chunk)
        if self._bytes_left < 0 or self._marks_left < 0:
            raise TooLargeError
        self.chunks.append(chunk)
        return len(chunk)

    def flush(self) -> None:
        """Files have this."""

    def _count(self, chunk: bytes) -> int:
        if self._quoting:
            parts = chunk.split(b'"')
            found = sum(part.count(self._mark) for part in parts[self._quoted :: 2])
            self._quoted ^= len(parts) % 2 == 0
            return found
        text = self._tail + chunk  # a mark may begin in one chunk and end in the next
        self._tail = text[max(0, len(text) - len(self._mark) + 1) :]
        return text.count(self._mark)


def counted(statements: Iterable[Any], max_rows: int) -> Iterator[Any]:
    """The same. Raises TooLargeError after ``max_rows``."""
    for number, statement in enumerate(statements):
        if number == max_rows:
            raise TooLargeError
        yield statement
