"""What a visit to a neighbour carries: a relay before its server that keeps all that passes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from bench.wire import Wire

__all__ = ["Keeper", "relaying"]


class Keeper(Wire):
    """``port`` is where it listens, ``target`` where the server does, which may come and go."""

    def __init__(self, target: int) -> None:
        super().__init__()
        self.target = target
        self._sent = self._received = b""

    def note(self, part: bytes, sent: bool) -> None:
        """Kept until `forget`."""
        super().note(part, sent)
        if sent:
            self._sent += part
        else:
            self._received += part

    def requests(self) -> list[tuple[str, int]]:
        """Path and status of each since `forget`, where one connection carried all."""
        paths = re.findall(rb"^GET (\S+) HTTP/1\.1\r$", self._sent, re.MULTILINE)
        statuses = re.findall(rb"HTTP/1\.1 (\d{3}) ", self._received)
        return [(path.decode(), int(status)) for path, status in zip(paths, statuses, strict=True)]

    def forget(self) -> None:
        """Begins anew."""
        self.sent = self.received = 0
        self._sent = self._received = b""


@contextmanager
def relaying(target: int) -> Iterator[Keeper]:
    """Relays to the server at this port of the same machine until the block ends."""
    wire = Keeper(target)
    try:
        yield wire
    finally:
        wire.close()
