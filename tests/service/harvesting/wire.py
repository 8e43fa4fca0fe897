"""What a visit to a neighbour carries: a relay before its server that keeps all that passes."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

__all__ = ["Wire", "relaying"]


class Wire:
    """``port`` is where it listens, ``target`` where the server does, which may come and go."""

    def __init__(self, port: int, target: int) -> None:
        self.port, self.target = port, target
        self._sent = self._received = b""

    @property
    def carried(self) -> int:
        """Bytes of both directions since `forget`."""
        return len(self._sent) + len(self._received)

    def requests(self) -> list[tuple[str, int]]:
        """Path and status of each since `forget`, where one connection carried all."""
        paths = re.findall(rb"^GET (\S+) HTTP/1\.1\r$", self._sent, re.MULTILINE)
        statuses = re.findall(rb"HTTP/1\.1 (\d{3}) ", self._received)
        return [(path.decode(), int(status)) for path, status in zip(paths, statuses, strict=True)]

    def forget(self) -> None:
        """Begins anew."""
        self._sent = self._received = b""

    def carry(self, connection: socket.socket) -> None:
        """Until one end closes."""
        with connection, suppress(OSError), socket.create_connection(("127.0.0.1", self.target)) as server:
            back = threading.Thread(target=self._bring, args=(server, connection))
            back.start()
            with suppress(OSError):
                while part := connection.recv(1 << 16):
                    self._sent += part
                    server.sendall(part)
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            back.join()

    def _bring(self, server: socket.socket, connection: socket.socket) -> None:
        with suppress(OSError):
            while part := server.recv(1 << 16):
                self._received += part
                connection.sendall(part)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


@contextmanager
def relaying(target: int) -> Iterator[Wire]:
    """Relays to the server at this port of the same machine until the block ends."""
    listening = socket.create_server(("127.0.0.1", 0))
    wire = Wire(int(listening.getsockname()[1]), target)
    threads: list[threading.Thread] = []

    def listen() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                threads.append(threading.Thread(target=wire.carry, args=(connection,)))
                threads[-1].start()

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        yield wire
    finally:
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        listener.join()
        for thread in threads:
            thread.join(5)
