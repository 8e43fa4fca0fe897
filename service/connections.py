"""HTTP connections that nobody can hold: limits for slow senders, slow readers, how many there are, and the end of the service."""

from __future__ import annotations

import asyncio
import socket
from http import HTTPStatus
from math import ceil

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

__all__ = ["Connection"]

_REQUEST_SECONDS = 15.0  # from its first byte, or from the connection, to the last byte of its body
_STALLED_SECONDS = 20.0  # in which a reader takes what the kernel does not
_MOST = 500  # connections of one process; with a store's files below the usual limit of 1,024
_GRACE_SECONDS = 1.0  # for answers under way when the service ends


class Connection(H11Protocol):
    """uvicorn's HTTP/1.1 with limits that it lacks.

    A request that is not complete in time is answered 408. A client that does not read its answer is cut off. Where there are too many
    connections, the one goes that has been without a complete request for longest: so slow senders push out each other, and not those who
    ask something. When the service ends, what is not answered soon is answered 503.
    """

    _receiving: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """One connection more, perhaps at the cost of another."""
        super().connection_made(transport)
        accepted = transport.get_extra_info("socket")
        if accepted is not None and accepted.family in (socket.AF_INET, socket.AF_INET6):
            # asyncio does so only where the socket names its protocol, and uvicorn's do not: an answer in two parts would take 40 ms more
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._since = self.loop.time()
        self._receiving = self.loop.call_later(_REQUEST_SECONDS, self._too_slow)
        if len(self.connections) > _MOST:
            waiting = [other for other in self.connections if isinstance(other, Connection) and other._incomplete]
            min(waiting, key=lambda other: other._since, default=self).transport.abort()

    def data_received(self, data: bytes) -> None:
        """A part of a request, or several."""
        super().data_received(data)
        if not self._incomplete:
            self._stop_receiving()
        elif self._receiving is None:
            self._since = self.loop.time()
            self._receiving = self.loop.call_later(_REQUEST_SECONDS, self._too_slow)

    def on_response_complete(self) -> None:
        """An answer is given; between two requests it is uvicorn that counts the seconds."""
        self._since = self.loop.time()
        super().on_response_complete()

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
        return self.cycle is None or self.cycle.response_complete or self.cycle.more_body

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
        if self.transport.is_closing():
            return
        begun = self.cycle is not None and self.cycle.response_started
        if begun and not self.cycle.response_complete:
            self.transport.abort()
            return
        if not begun and self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = said.encode()
            headers = {
                "content-type": "text/plain; charset=utf-8",
                "content-length": str(len(body)),
                "connection": "close",
            }
            if retry_after is not None:
                headers["retry-after"] = str(ceil(retry_after))
            start = h11.Response(status_code=status, reason=HTTPStatus(status).phrase, headers=list(headers.items()))
            events = (start, h11.Data(data=body), h11.EndOfMessage())
            self.transport.write(b"".join(self.conn.send(event) or b"" for event in events))
        self.transport.close()
