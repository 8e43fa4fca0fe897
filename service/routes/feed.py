"""The feed of changes, for neighbours (docs/nachbarn.md)."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import NamedTuple

import pyoxigraph as ox
from fastapi import APIRouter, Request, Response

from catalogue.feed import Feed, root_page
from service.answers import Asked, chosen
from service.conditional import is_known, strong_tag
from service.follower import Served
from service.negotiation import takes_gzip
from service.problems import NotFound, ServiceProblem
from service.state import service_of

__all__ = ["router"]

router = APIRouter(include_in_schema=False)

_FOR_EVER = "public, max-age=31536000, immutable"
_A_MOMENT = "public, max-age=5"
_PAGE = re.compile(r"((?:\d{1,18}|stand\d{1,18}-\d{1,18})(?:-[0-9a-f]{16})?)(?:\.(\w+))?")
_EPOCH = re.compile(r"\d{8}T\d{6}Z")
_EVENT = re.compile(r"(\d{1,18}(?:-[0-9a-f]{16})?)(?:\.(\w+))?")
_WORTH_PACKING = 1000  # bytes


class _Form(NamedTuple):
    suffix: str
    media: str
    rdf_format: ox.RdfFormat


_FORMS = (
    _Form("trig", "application/trig", ox.RdfFormat.TRIG),
    _Form("nq", "application/n-quads", ox.RdfFormat.N_QUADS),
    _Form("jsonld", "application/ld+json", ox.RdfFormat.JSON_LD),
)


class _Found(NamedTuple):
    """TriG, and how long it may be kept."""

    text: str
    lasting: str


class _Moved(NamedTuple):
    """What is there under another name now."""

    address: str


class Gone(ServiceProblem):
    """It was there once: folded into other pages, or of a catalogue that was made anew."""

    status = HTTPStatus.GONE


@router.options("/feed")
@router.options("/feed.{suffix}")
@router.options("/feed/ereignis/{segment}")
@router.options("/feed/{epoch}/{segment}")
async def methods() -> Response:
    """What a browser asks before a script of another site may make a conditional request."""
    allowed = {"Allow": "GET, HEAD, OPTIONS", "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS"}
    return Response(status_code=204, headers=allowed | {"Access-Control-Allow-Headers": "Accept, If-None-Match"})


@router.get("/feed")
async def root(request: Request) -> Response:
    """The stream and its pages."""
    return await _answer(request, None, _root)


@router.get("/feed.{suffix}")
async def root_in_form(request: Request, suffix: str) -> Response:
    """The stream and its pages in the form with this suffix."""
    return await _answer(request, suffix, _root)


@router.get("/feed/ereignis/{segment}")
async def event(request: Request, segment: str) -> Response:
    """One event."""
    match = _EVENT.fullmatch(segment)
    if match is None:
        raise NotFound(f"There is no event “{segment}”.")
    return await _answer(request, match[2], lambda feed, _: _event(feed, match[1]))


@router.get("/feed/{epoch}/{segment}")
async def page(request: Request, epoch: str, segment: str) -> Response:
    """A page: a full one for ever, the newest for a moment."""
    match = _PAGE.fullmatch(segment)
    if match is None or not _EPOCH.fullmatch(epoch):
        raise NotFound(f"There is no page “{epoch}/{segment}”.")
    return await _answer(request, match[2], lambda feed, base: _page(feed, base, epoch, match[1]))


def _root(feed: Feed, base: str) -> _Found:
    return _Found(root_page(feed, base), _A_MOMENT)


def _event(feed: Feed, name: str) -> _Found:
    position = int(name.partition("-")[0])
    found = feed.event(position)
    if found is not None and found.name == name:
        # without a digest, as older versions named it, the name may be used again by a catalogue that is restored
        return _Found(found.text, _FOR_EVER if "-" in name else _A_MOMENT)
    if found is None and 0 < position <= feed.state.position:
        raise Gone("This event is not kept any more: it is over a year old, and something newer was told of its offer.")
    raise NotFound(f"There is no event {name}.")


def _page(feed: Feed, base: str, epoch: str, name: str) -> _Found | _Moved:
    if epoch == feed.state.epoch:
        if feed.is_full(name):
            return _Found(feed.text(name), _FOR_EVER)
        if name == feed.state.newest:
            return _Found(feed.text(name), _A_MOMENT)
        if (filled := feed.full_page_after(name)) is not None:
            return _Moved(feed.address(base, filled))
    if feed.is_gone(epoch, name):
        raise Gone("This page is not kept any more. Begin anew at /feed, and drop what is no longer told of.")
    raise NotFound(f"There is no page “{epoch}/{name}”.")


async def _answer(request: Request, suffix: str | None, read: Callable[[Feed, str], _Found | _Moved]) -> Response:
    """What ``read`` finds, in the form that is wanted."""
    form = _wanted(request, suffix)
    packed = takes_gzip(request.headers.get("accept-encoding", ""))
    service = service_of(request)

    def made(served: Served) -> Response:
        found = read(served.snapshot.feed, service.settings.catalogue.base)
        if isinstance(found, _Moved):
            address = f"{found.address}.{suffix}" if suffix else found.address
            return Response(status_code=307, headers={"Location": address, "Cache-Control": _A_MOMENT})
        body = found.text.encode()
        if form.rdf_format != ox.RdfFormat.TRIG:
            written = ox.serialize(ox.parse(body, ox.RdfFormat.TRIG), format=form.rdf_format)
            assert written is not None
            body = written
        headers = {
            "ETag": strong_tag(body + b"gzip" * packed),
            "Cache-Control": found.lasting,
            "Vary": "Accept-Encoding" if suffix else "Accept, Accept-Encoding",
            "Access-Control-Expose-Headers": "ETag",
        }
        if is_known(request.headers.get("if-none-match"), None, headers["ETag"]):
            return Response(status_code=304, headers=headers)
        if packed and len(body) >= _WORTH_PACKING:
            body = gzip.compress(body, compresslevel=5, mtime=0)
            headers["Content-Encoding"] = "gzip"
        return Response(body, headers={"Content-Type": form.media, **headers})

    with service.follower.use() as served:  # users are counted in the event loop
        return await asyncio.to_thread(made, served)


def _wanted(request: Request, suffix: str | None) -> _Form:
    if suffix is None:
        base = service_of(request).settings.catalogue.base
        offered = {form.media: f"{base}{request.url.path}.{form.suffix}" for form in _FORMS}
        asked = Asked(request.headers.get("accept"))
        media = chosen(asked, {**offered, "application/json": f"{base}{request.url.path}.jsonld"})
        return next((form for form in _FORMS if form.media == media), _FORMS[-1])
    found = next((form for form in _FORMS if form.suffix == suffix), None)
    if found is None:
        raise NotFound(f"There is no form “{suffix}”; there are: {', '.join(form.suffix for form in _FORMS)}.")
    return found
