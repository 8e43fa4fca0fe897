"""What every answer carries, a limit for what runs at once, and an end for what nobody waits for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.problems import Unavailable, problem_response

__all__ = ["Everywhere", "Gate", "while_connected"]

_Result = TypeVar("_Result")

# no script runs at all; the data block of an offer's page is not run
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",  # a question stands in the address of the page
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_RAW = [(name.lower().encode(), value.encode()) for name, value in _HEADERS.items()]
_OPEN = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Content-Location, ETag, Last-Modified, Link, Location, Retry-After"),
]
_RAW_AND_OPEN = [*_RAW, *_OPEN]
# data are there to be used by other sites; pages are not
_OPEN_PATHS = ("/api/", "/sparql", "/id/", "/openapi.json")
_MOST_IN_HEADERS = 32 * 1024  # bytes of names and values: no header of 200 kB is read word by word


class Everywhere:
    """ASGI middleware: what no request may be, security headers, CORS for data, and HEAD as GET without its body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                there = dict(message["headers"])
                is_page = there.get(b"content-type", b"").startswith(b"text/html")
                ours = _RAW if is_page and not scope["path"].startswith(_OPEN_PATHS) else _RAW_AND_OPEN
                message["headers"] = [*message["headers"], *[each for each in ours if each[0] not in there]]
            await send(message)

        if scope["method"] == "HEAD":  # the server itself leaves the body out, as it knows the real method
            scope = dict(scope, method="GET", is_head=True)  # whoever can save work may look
        with suppress(ClientDisconnect):  # nobody is there to be told
            await (_refusal(scope) or self._app)(scope, receive, send_with_headers)


def _refusal(scope: Scope) -> Response | None:
    """The answer to a request that is judged by its headers alone."""
    headers = scope["headers"]
    if sum(len(name) + len(value) for name, value in headers) > _MOST_IN_HEADERS:
        return problem_response(431, f"All header fields together may have {_MOST_IN_HEADERS} bytes.")
    if scope["http_version"] != "1.0" and sum(name == b"host" for name, _ in headers) != 1:
        return problem_response(400, "A request names its host once (RFC 9112, section 3.2).")
    return None


class Gate:
    """Lets ``at_once`` in, keeps ``waiting`` more, and turns away the rest."""

    def __init__(self, at_once: int, waiting: int) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._most = at_once + waiting
        self._inside = 0

    @asynccontextmanager
    async def enter(self) -> AsyncIterator[None]:
        """Raises Unavailable."""
        if self._inside >= self._most:
            raise Unavailable(
                "Gerade suchen sehr viele Menschen zugleich. Bitte versuchen Sie es gleich noch einmal.", 2
            )
        self._inside += 1
        try:
            async with self._free:
                yield
        finally:
            self._inside -= 1


async def while_connected(request: Request, work: Coroutine[Any, Any, _Result]) -> _Result:
    """What ``work`` gives; it is cancelled when the client goes. The body of the request is read before. Raises ClientDisconnect."""
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_gone(request))
    leaving.add_done_callback(lambda _: working.cancel())
    try:
        return await working
    except asyncio.CancelledError:
        if leaving.done():
            raise ClientDisconnect from None
        raise
    finally:
        leaving.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
