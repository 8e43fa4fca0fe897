"""What the routes share, made by `service.app.create_app`."""

from __future__ import annotations

import datetime as dt
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import msgspec
from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse

from catalogue.query.pool import QueryPool
from catalogue.settings import Settings
from ontology.concepts import Schemes
from search.answer import Answer, SearchRequest
from service.border import Border
from service.conditional import is_known
from service.follower import Follower, Served
from service.middleware import Gate
from service.negotiation import HTML, JSON, choose
from service.pages import Pages
from service.parameters import PlaceFinder
from service.problems import NotAcceptable
from service.things import Site

__all__ = ["Service", "fresh", "not_modified", "page", "page_or_json", "service_of", "tag_of"]


class Service(msgspec.Struct, kw_only=True):
    """Folder, settings and parts of the running service."""

    folder: Path
    settings: Settings
    pages: Pages
    schemes: Schemes
    finder: PlaceFinder
    border: Border
    follower: Follower
    queries: QueryPool
    gate: Gate
    zone: dt.tzinfo

    @property
    def site(self) -> Site:
        """Where the catalogue is."""
        return Site(self.settings, self.pages.root)

    def today(self) -> dt.date:
        """The day it is in Germany."""
        return dt.datetime.now(self.zone).date()

    async def search(self, served: Served, request: SearchRequest) -> Answer:
        """One question, off the event loop. Raises Unavailable."""
        async with self.gate.enter():
            return await run_in_threadpool(self.border.search, served.engine, request)


def service_of(request: Request) -> Service:
    """The service that a request came to."""
    return cast("Service", request.app.state.service)


def tag_of(served: Served, path: str, media: str, *more: str) -> str:
    """A strong ETag: the state of the data, the path, the form, and what else the answer depends on."""
    state = served.snapshot.state
    parts = (str(state.data_run), state.data_time, path, media, *more)
    return f'"{sha256(chr(0).join(parts).encode()).hexdigest()[:24]}"'


def fresh(tag: str, vary: bool = True) -> dict[str, str]:
    """Headers of an answer that may be kept, but has to be asked about again."""
    return {"ETag": tag, "Cache-Control": "no-cache", **({"Vary": "Accept"} if vary else {})}


def not_modified(request: Request, headers: dict[str, str]) -> Response | None:
    """304 where the client has this answer already."""
    known = is_known(request.headers.get("if-none-match"), None, headers["ETag"])
    return Response(status_code=304, headers=headers) if known else None


def page_or_json(request: Request) -> str:
    """Which of the two media types is wanted of a page that has its data beside it, by suffix or Accept. Raises NotAcceptable."""
    if request.url.path.endswith(".json"):
        return JSON
    media = choose(request.headers.get("accept"), (HTML, JSON))
    if media is None:
        raise NotAcceptable(f"Offered are: {HTML}, {JSON}")
    return media


def page(request: Request, template: str, *, headers: dict[str, str] | None = None, **values: Any) -> HTMLResponse:
    """A filled page."""
    return HTMLResponse(service_of(request).pages.render(template, **values), headers=headers)
