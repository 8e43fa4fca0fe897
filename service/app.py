"""The HTTP service over one catalogue's folder."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Coroutine, Iterable
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute

from catalogue.query import QueryError
from catalogue.query.pool import QueryPool
from ontology.concepts import load_schemes
from service.border import Border
from service.dcat import Describer
from service.dereference import Dereference
from service.dumping import DumpKeeper
from service.editor import Editor
from service.endpoint import Endpoint
from service.follower import Follower
from service.following import follow_neighbours
from service.middleware import Everywhere, Gate
from service.negotiation import HTML, choose
from service.opening import Opener
from service.outgoing import Outgoing
from service.pages import Pages
from service.parameters import PlaceFinder
from service.problems import PROBLEM_MEDIA, ServiceProblem, problem_response
from service.quality import QualityReporter
from service.routes import (
    api,
    catalogue_dcat,
    dumps,
    editor,
    feed,
    machines,
    neighbours,
    pages,
    profiles,
    quality,
    same,
    sitemap,
    sparql,
    things,
    vocabulary,
)
from service.state import Service, service_of
from service.vocabulary import Vocabulary

__all__ = ["create_app", "create_app_from_environment", "tell_errors"]

_LOG = logging.getLogger(__name__)
_STANDARD_ERROR = 2
_WITH_A_PAGE = (404, 406, 422, 500, 503)
_TOGETHER = 8  # questions at once: more than cores, as those that come together are encoded together
_WAITING_FOR_A_CORE = 60  # questions; more are turned away


def create_app_from_environment() -> FastAPI:
    """The app over the folder that the environment names: for servers that make the app themselves."""
    return create_app(Path(os.environ["BILDUNGSKATALOG_DIR"]))


def create_app(folder: Path, opener: Opener | None = None) -> FastAPI:
    """The app over a catalogue's folder; ``opener`` where the folder is opened already. Raises SettingsRefused."""
    opener = opener or Opener(folder)
    settings = opener.settings

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        _keep_files_to_ourselves()
        queries = QueryPool(folder, workers=settings.sparql.workers, seconds=settings.sparql.seconds)
        follower = Follower(folder, opener.engine, queries.switch)
        _share(app.state, opener, follower, queries)
        await follower.look()
        works = [follower.follow(), DumpKeeper(folder, settings).keep()]
        if settings.neighbour:
            works.append(follow_neighbours(folder))
        try:
            async with _going_on(works):
                yield
        finally:
            follower.close()
            await queries.close()

    app = FastAPI(
        redirect_slashes=False,  # such a redirect would trust the request's Host
        title=settings.catalogue.title,
        version="1",
        summary="A catalogue of educational offers as linked open data, with a search that understands questions.",
        docs_url=None,  # would load scripts of others
        redoc_url=None,
        lifespan=lifespan,
        routes=_routes(),
    )
    app.add_middleware(Dereference)  # inside the next: its answers carry the same headers
    app.add_middleware(Outgoing)
    app.add_middleware(Everywhere)
    tell_errors(app)
    return app


def _share(state: State, opener: Opener, follower: Follower, queries: QueryPool) -> None:
    """Makes what the routes share, where they look for it."""
    settings = opener.settings
    service = Service(
        folder=opener.folder,
        settings=settings,
        pages=Pages(settings),
        schemes=load_schemes(),
        finder=PlaceFinder(opener.gazetteer, settings.catalogue.district),
        border=Border(settings, opener.gazetteer),
        follower=follower,
        queries=queries,
        gate=Gate(at_once=max(_TOGETHER, os.cpu_count() or 1), waiting=_WAITING_FOR_A_CORE),
        zone=ZoneInfo("Europe/Berlin"),
    )
    state.service = service
    state.endpoint = Endpoint(f"{settings.catalogue.base}/sparql", queries, follower.graphs)
    state.vocabulary = Vocabulary()
    state.describer = Describer(opener.folder, settings, opener.gazetteer)
    state.courses = profiles.Courses()
    state.editor = Editor(settings, opener.gazetteer, service.schemes)
    state.quality = QualityReporter(opener.folder, settings, service.border, service.zone)


@asynccontextmanager
async def _going_on(works: Iterable[Coroutine[object, object, None]]) -> AsyncIterator[None]:
    """Works that go on in the block, and end with it."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def _routes() -> list[BaseRoute]:
    """In one list: routers in routers would be searched twice for every request. Queries first: machines ask the most of them."""
    modules = (
        sparql,
        pages,
        profiles,
        feed,
        things,
        quality,
        same,
        neighbours,
        api,
        dumps,
        catalogue_dcat,
        editor,
        machines,
        sitemap,
        vocabulary,
    )
    return [route for module in modules for route in module.router.routes]


def _keep_files_to_ourselves() -> None:
    """uvloop leaves open to a program that it starts what may be inherited, and uvicorn's listening socket may be: whoever runs
    foreign queries could answer in our name, and the port would not be free again as long as one of them outlives us.
    """
    for descriptor in [int(path.name) for path in Path("/dev/fd").iterdir()]:
        if descriptor > _STANDARD_ERROR:
            with suppress(OSError):  # the listing's own is closed by now
                os.set_inheritable(descriptor, False)


def tell_errors(app: FastAPI) -> None:
    """Errors become problem documents, or pages for people."""
    app.add_exception_handler(ServiceProblem, _service_problem)
    app.add_exception_handler(QueryError, _query_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _failure)


async def _service_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ServiceProblem)
    return _told(request, error.status, str(error), error.extra, error.headers)


async def _query_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, QueryError)
    retry_after = getattr(error, "retry_after", None)
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    return _told(request, error.status, str(error), {}, headers)


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [{"parameter": str(item["loc"][1]), "message": item["msg"]} for item in error.errors()]
    detail = "; ".join(f"{item['parameter']}: {item['message']}" for item in errors)
    return _told(request, 422, detail, {"parameter": errors[0]["parameter"], "errors": errors}, {})


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _told(request, error.status_code, error.detail, {}, dict(error.headers or {}))


async def _failure(request: Request, _: Exception) -> Response:
    """The server itself writes the traceback; the client learns nothing of it."""
    return _told(request, 500, "The request could not be answered because of a fault of ours.", {}, {})


def _told(request: Request, status: int, detail: str, extra: dict[str, object], headers: dict[str, str]) -> Response:
    headers = {**headers, "Vary": "Accept", "Cache-Control": "no-store"}
    is_interface = request.url.path.startswith("/api/")
    if is_interface or choose(request.headers.get("accept"), (PROBLEM_MEDIA, HTML)) != HTML:
        return problem_response(status, detail, extra, headers)
    known = status if status in _WITH_A_PAGE else 500 if status >= HTTPStatus.INTERNAL_SERVER_ERROR else 422
    said = detail if status in (400, 413, 503) else None
    parameter = extra.get("parameter")
    wrong = None if parameter is None else (parameter, request.query_params.getlist(str(parameter)))
    html = service_of(request).pages.render("error", status=status, known=str(known), said=said, wrong=wrong)
    return HTMLResponse(html, status, headers)
