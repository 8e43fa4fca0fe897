"""Data about offers and providers before the web framework gets to see the request (docs/adr/0006-publishing.md).

A small ASGI application around the framework's. It answers where data are asked for and nothing is amiss; pages, and everything that goes
wrong, are left to the framework, whose routes call the same functions. Answers are made in the event loop: they take a fraction of a
millisecond, less than a thread would cost.
"""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from service.answers import Answer, Asked
from service.problems import ServiceProblem
from service.state import Service
from service.things import answer_about, see_other

__all__ = ["Dereference"]

_THING = re.compile(r"/(id/)?(angebot|anbieter)/([^/]+)")
_DOCUMENTS = re.compile(r"/(?:id/)?(?:angebot|anbieter)/[^/]+|/ns(?:[./].*)?")
_READ = (b"accept", b"if-none-match", b"if-modified-since")
_METHODS = "GET, HEAD, OPTIONS"
# what a browser asks before a script of another site may set its own headers
_OPTIONS = {
    "Allow": _METHODS,
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": _METHODS,
    "Access-Control-Allow-Headers": "Accept, If-None-Match, If-Modified-Since",
    "Access-Control-Max-Age": "86400",
}


class Dereference:
    """ASGI middleware; the application's state holds the service."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        answer = _answer(scope) if scope["type"] == "http" else None
        if answer is None:
            await self._app(scope, receive, send)
            return
        headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers.items()]
        if answer.status != 304:
            headers.append((b"content-length", b"%d" % len(answer.body)))
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})


def _answer(scope: Scope) -> Answer | None:
    """None for what the framework answers."""
    method, path = scope["method"], scope["path"]
    if method == "OPTIONS" and _DOCUMENTS.fullmatch(path):
        return Answer(204, _OPTIONS)
    match = _THING.fullmatch(path) if method == "GET" else None  # HEAD comes as GET
    if match is None:
        return None
    service: Service = scope["app"].state.service
    site, asked = service.site, _asked(scope)
    try:
        with service.follower.use() as served:
            answer = (see_other if match[1] else answer_about)(site, served, match[2], match[3], asked)
    except ServiceProblem:
        return None
    return answer if isinstance(answer, Answer) else None


def _asked(scope: Scope) -> Asked:
    """A field that is repeated counts as a list (RFC 9110, section 5.3)."""
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        if raw_name in _READ:
            name, value = raw_name.decode(), raw_value.decode("latin-1")
            found[name] = f"{found[name]}, {value}" if name in found else value
    return Asked.of(found)
