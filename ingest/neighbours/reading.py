"""RDF of strangers as quads, read by a process that can be ended (`ingest.neighbours.parser`)."""

from __future__ import annotations

import subprocess
import sys
import threading
from types import TracebackType

import pyoxigraph as ox

from ingest.neighbours import parser
from ingest.neighbours.client import NeighbourRefused

__all__ = ["RdfReader"]


class RdfReader:
    """A context manager. ``max_bytes`` of N-Quads, ``max_statements``, ``max_memory`` bytes and ``max_seconds`` are the limits for one
    document.
    """

    def __init__(
        self,
        max_bytes: int = 200_000_000,
        max_statements: int = 1_000_000,
        max_memory: int = 1_500_000_000,
        max_seconds: float = 60.0,
    ) -> None:
        self._arguments = (str(max_bytes), str(max_statements), str(max_memory), str(int(max_seconds)))
        self._max_seconds = max_seconds
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> RdfReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def quads(self, body: bytes, media: str, base: str) -> list[ox.Quad]:
        """The statements of a document. Raises NeighbourRefused where it is none."""
        process = self._running()
        guard = threading.Timer(self._max_seconds, process.kill)
        guard.start()
        try:
            good, text = _ask(process, body, media.encode(), base.encode())
        except (OSError, EOFError):
            self._end()
            raise NeighbourRefused(f"{base} ist zu verwickelt, um gelesen zu werden.") from None
        finally:
            guard.cancel()
        if not good:
            raise NeighbourRefused(f"{base} ist kein lesbares RDF: {text.decode(errors='replace')[:200]}")
        return list(ox.parse(text, ox.RdfFormat.N_QUADS))

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            self._process = subprocess.Popen(  # noqa: S603 - our own file
                [sys.executable, "-I", parser.__file__, *self._arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._process

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


def _ask(process: subprocess.Popen[bytes], body: bytes, media: bytes, base: bytes) -> tuple[bool, bytes]:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(parser.REQUEST.pack(len(media), len(base), len(body)) + media + base + body)
    process.stdin.flush()
    good, length = parser.ANSWER.unpack(_exactly(process, parser.ANSWER.size))
    return bool(good), _exactly(process, length)


def _exactly(process: subprocess.Popen[bytes], length: int) -> bytes:
    assert process.stdout is not None
    received = process.stdout.read(length)
    if len(received) < length:
        raise EOFError
    return received
