"""HTTP connections that nobody can hold: limits for slow senders, slow readers, how many there are, and the end of the service."""

from __future__ import annotations

import asyncio
import socket
from http import HTTPStatus
from math import ceil
from typing import TYPE_CHECKING
from weakref import proxy

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application

__all__ = ["Connection"]

_LONGEST_REQUEST = 256 * 1024  # bytes without its body: a question of 100 kB still gets an answer
_LONGEST_ADDRESS = 65_535  # bytes that the parser can count
_REQUEST_SECONDS = 15.0  # from its first byte, or from the connection, to the last byte of its body
_STALLED_SECONDS = 20.0  # in which a reader takes what the kernel does not
_MOST = 500  # connections of one process; with a store's files below the usual limit of 1,024
_GRACE_SECONDS = 1.0  # for answers under way when the service ends
_LINGER_SECONDS = 2.0  # in which a client that still sends may read its answer, before that resets the connection


class Connection(HttpToolsProtocol):
    """uvicorn's HTTP/1.1 with limits that it lacks.

    A request that is not complete in time is answered 408, one that is too long beside its body 431. A client that does not read its
    answer is cut off. Where there are too many connections, the one goes that has been without a complete request for longest: so slow
    senders push out each other, and not those who ask something. When the service ends, what is not answered soon is answered 503.

    Closing while something is unread would reset the connection, and the client might never read its answer; so where a request is
    answered for good before all of it is here only our half is closed, and what still comes is read and forgotten (RFC 9112, section 9.6).
    """

    _receiving: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _since = 0.0
    _beside_body = 0  # bytes of the present request: line, headers, the frames of chunks, trailers
    _ending = False  # our half is closed
    # the request that is answered now; `cycle` is the one that was read last
    _active: RequestResponseCycle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """One connection more, perhaps at the cost of another."""
        super().connection_made(transport)
        self._answering = _Answering(self)
        accepted = transport.get_extra_info("socket")
        if accepted is not None and accepted.family in (socket.AF_INET, socket.AF_INET6):
            # asyncio does so only where the socket names its protocol, and uvicorn's do not: an answer in two parts would take 40 ms more
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._await_request()
        if len(self.connections) > _MOST:
            waiting = [other for other in self.connections if isinstance(other, Connection) and other._incomplete]
            min(waiting, key=lambda other: other._since, default=self).transport.abort()

    def data_received(self, data: bytes) -> None:
        """A part of a request, or several."""
        if self._ending:
            return  # read and forgotten
        self._beside_body += len(data)
        super().data_received(data)
        if self._beside_body > _LONGEST_REQUEST:
            self._refuse(431, "Die Anfrage ist zu lang.")
        elif not self._incomplete:
            self._stop_receiving()
        else:
            self._await_request()

    def on_headers_complete(self) -> None:
        """A request that can be answered, perhaps as soon as its body is there."""
        address, _, query = self.url.partition(b"?")
        if len(self.url) <= _LONGEST_ADDRESS:
            super().on_headers_complete()
        else:
            self.url = address
            super().on_headers_complete()
            self.scope["query_string"] = query  # nobody has read it yet

    def on_body(self, body: bytes) -> None:
        """A part of the body, whose length is for others to judge."""
        self._beside_body -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        """What follows belongs to the next request."""
        self._beside_body = 0
        super().on_message_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._active = cycle
        cycle.transport = self._answering
        super()._start_asgi_task(cycle, app)

    def end_answer(self) -> None:
        """The last answer is given, or broken off."""
        if self._active is None or not self._active.more_body or self.transport.is_closing():
            self.transport.close()
        else:
            self._close_our_half()

    def on_response_complete(self) -> None:
        """An answer is given; between two requests it is uvicorn that counts the seconds."""
        self._since = self.loop.time()
        answered = self._active
        super().on_response_complete()
        if self._active is not answered and self._incomplete:  # the next one was begun meanwhile
            self._await_request()

    def send_400_response(self, msg: str) -> None:
        """What came is no HTTP."""
        self._refuse(400, msg)

    def pause_writing(self) -> None:
        """The client reads slower than the answer is written."""
        super().pause_writing()
        self._stalled = self.loop.call_later(_STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """It has read."""
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def connection_lost(self, exc: Exception | None) -> None:
        """One connection less."""
        super().connection_lost(exc)
        self._stop_receiving()
        if self._stalled is not None:
            self._stalled.cancel()

    @property
    def _incomplete(self) -> bool:
        """Whether no request is here that could be answered."""
        return self._active is None or self._active.response_complete or self._active.more_body

    def _await_request(self) -> None:
        if self._receiving is None and not self._ending:
            self._since = self.loop.time()
            self._receiving = self.loop.call_later(_REQUEST_SECONDS, self._too_slow)

    def _stop_receiving(self) -> None:
        if self._receiving is not None:
            self._receiving.cancel()
            self._receiving = None

    def shutdown(self) -> None:
        """The service ends."""
        super().shutdown()
        self.loop.call_later(_GRACE_SECONDS, self._refuse, 503, "Der Dienst wird gerade beendet.", _GRACE_SECONDS)

    def _too_slow(self) -> None:
        self._receiving = None
        self._refuse(408, "Die Anfrage kam nicht vollständig an.")

    def _refuse(self, status: int, said: str, retry_after: float | None = None) -> None:
        """Ends the connection, with an answer where none was begun. Whoever worked for it sees that the client is gone."""
        if self._ending or self.transport.is_closing():
            return
        active = self._active
        if active is not None and active.response_started and not active.response_complete:
            self.transport.abort()
            return
        body = said.encode()
        lines = [
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
            "content-type: text/plain; charset=utf-8",
            f"content-length: {len(body)}",
            "connection: close",
        ]
        if retry_after is not None:
            lines.append(f"retry-after: {ceil(retry_after)}")
        for cycle in (active, self.cycle):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        self.transport.write("\r\n".join([*lines, "", ""]).encode() + body)
        self._close_our_half()

    def _close_our_half(self) -> None:
        self._ending = True
        self._stop_receiving()
        if not self.transport.can_write_eof():
            self.transport.close()
            return
        self.transport.write_eof()
        self.flow.resume_reading()
        self.loop.call_later(_LINGER_SECONDS, self._leave)

    def _leave(self) -> None:
        if self.flow.write_paused:  # a long answer, which is still being read, or soon cut off
            self.loop.call_later(_LINGER_SECONDS, self._leave)
        else:
            self.transport.abort()


class _Answering(asyncio.Transport):
    """What uvicorn writes an answer to, and closes when it was the last."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection: Connection = proxy(connection)  # else both would stay until garbage is collected

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """A part of the answer."""
        self._connection.transport.write(data)

    def is_closing(self) -> bool:
        """Whether nobody reads it any more."""
        return self._connection.transport.is_closing()

    def close(self) -> None:
        """Nothing more is answered."""
        self._connection.end_answer()
