"""Neighbours of every kind, as HTTP servers on loopback."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import NamedTuple

__all__ = ["Request", "answer", "serving"]


class Request(NamedTuple):
    """What a client sent; header names in small letters."""

    path: str
    headers: dict[str, str]


Behaviour = Callable[[Request, socket.socket], None]


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A whole HTTP answer; underscores in names of headers stand for hyphens."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


@contextlib.contextmanager
def serving(behave: Behaviour) -> Iterator[str]:
    """A server that lets ``behave`` do with each request what it likes; its origin."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)
    ended = threading.Event()
    threads: list[threading.Thread] = []

    def listen() -> None:
        while not ended.is_set():
            with contextlib.suppress(TimeoutError):
                connection, _ = listening.accept()
                threads.append(threading.Thread(target=_converse, args=(connection, behave)))
                threads[-1].start()

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        ended.set()
        listener.join()
        listening.close()
        for thread in threads:
            thread.join(5)


def _converse(connection: socket.socket, behave: Behaviour) -> None:
    with connection, contextlib.suppress(OSError):
        connection.settimeout(5)
        received = b""
        while True:
            while b"\r\n\r\n" not in received:
                part = connection.recv(65536)
                if not part:
                    return
                received += part
            head, _, received = received.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            behave(Request(first.split()[1], headers), connection)
