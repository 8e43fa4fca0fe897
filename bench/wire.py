"""A proxy that counts what is carried through it."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

__all__ = ["Wire", "free_port"]


class Wire:
    """A proxy on the loopback interface at ``port`` that carries to ``target`` and counts the bytes of both directions."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.target = int(self._socket.getsockname()[1]), free_port()
        self.sent = self.received = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        """Takes no more connections."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # else who waits for the next one waits on
        self._socket.close()

    @property
    def carried(self) -> int:
        """Bytes of both directions."""
        return self.sent + self.received

    def note(self, part: bytes, sent: bool) -> None:
        """What passes; ``sent`` to the server, else from it."""
        if sent:
            self.sent += len(part)
        else:
            self.received += len(part)

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                threading.Thread(target=self._carry, args=(connection,), daemon=True).start()

    def _carry(self, connection: socket.socket) -> None:
        with connection, suppress(OSError), socket.create_connection(("127.0.0.1", self.target)) as server:
            back = threading.Thread(target=self._pour, args=(server, connection, False), daemon=True)
            back.start()
            self._pour(connection, server, True)
            back.join()

    def _pour(self, source: socket.socket, target: socket.socket, sent: bool) -> None:
        with suppress(OSError):
            while part := source.recv(1 << 16):
                self.note(part, sent)
                target.sendall(part)
        for end in (source, target):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
