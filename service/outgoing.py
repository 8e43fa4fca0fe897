"""Large answers: sent piece by piece, as fast as their readers read, and only so many at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.clients import client_of
from service.problems import problem_response

__all__ = ["Outgoing"]

_LARGE = 1_000_000  # bytes
_PIECE = 128 * 1024
_MOST = 200_000_000  # bytes of large answers that are being sent
_MOST_PER_CLIENT = 100_000_000


class Outgoing:
    """ASGI middleware: an answer that would be held in memory too long beside others is a 503, before any of it is sent.

    Without it a few slow readers of the largest answers would use up the memory of the service.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._sending: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "http":
            send = _InPieces(self._sending, scope, receive, send)
        await self._app(scope, receive, send)


class _InPieces:
    """ASGI's ``send`` of one request."""

    def __init__(self, sending: Counter[str], scope: Scope, receive: Receive, send: Send) -> None:
        self._sending = sending  # bytes of large answers, by client
        self._scope, self._receive, self._send = scope, receive, send
        self._start: Message | None = None
        self._refused = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        body = message.get("body", b"")
        if self._start is not None:
            self._refused = len(body) > _LARGE and not self._room(len(body))
            if self._refused:
                detail = "Zurzeit werden zu viele große Antworten verschickt."
                answer = problem_response(503, detail, headers={"Retry-After": "10"})
                await answer(self._scope, self._receive, self._send)
            else:
                await self._send(self._start)
            self._start = None
        if not self._refused:
            await (self._send_pieces(message, body) if len(body) > _LARGE else self._send(message))

    @cached_property
    def _client(self) -> str:
        return client_of(HTTPConnection(self._scope))

    async def _send_pieces(self, message: Message, body: bytes) -> None:
        self._sending[self._client] += len(body)
        try:
            for piece, more in _pieces(body):
                await self._send({**message, "body": piece, "more_body": more or message.get("more_body", False)})
        finally:
            self._sending[self._client] -= len(body)
            self._sending += Counter()  # forgets who has nothing under way

    def _room(self, size: int) -> bool:
        return self._sending.total() + size <= _MOST and self._sending[self._client] + size <= _MOST_PER_CLIENT


def _pieces(body: bytes) -> Iterator[tuple[bytes, bool]]:
    """(piece, whether another one follows)."""
    for begin in range(0, len(body), _PIECE):
        yield body[begin : begin + _PIECE], begin + _PIECE < len(body)
