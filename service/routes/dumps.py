"""Everything at once: the dumps as files, a page and a list of them, their checksums, and VoID.

A file is sent as it lies there, packed with gzip under a name that says so. Under its name without ``.gz`` it is sent as what it holds:
packed by Content-Encoding to whoever takes that, unpacked to others.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse, StreamingResponse
from starlette.types import Receive, Scope, Send

from catalogue.dumps import DumpFile, Manifest, read_dumps
from service.conditional import http_date, is_known, strong_tag
from service.negotiation import DATA_FORMS, HTML, JSON, choose, form_of_media, takes_gzip
from service.problems import NotAcceptable, NotFound, Unavailable
from service.state import Service, service_of
from service.void import void_statements, void_text
from service.wording import size_in_words

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
_RETRY_AFTER = 30  # seconds
_RANGES = re.compile(r"bytes=\s*(\d+-\d*|-\d+)\s*(,\s*(\d+-\d*|-\d+)\s*)*")
_PIECE = 256 * 1024


class _File(FileResponse):
    """A file or parts of it. A Range that cannot be read, or comes with HEAD, does not count (RFC 9110, section 14.2)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_head = scope.get("is_head", False)
        headers = [
            (name, value)
            for name, value in scope["headers"]
            if name != b"range" or (_RANGES.fullmatch(value.decode("latin-1")) and not is_head)
        ]
        await super().__call__(dict(scope, headers=headers, method="HEAD" if is_head else "GET"), receive, send)


@router.get("/dumps")
@router.get("/dumps/")
async def listing(request: Request) -> Response:
    """What there is to download, for people or as the manifest."""
    service = service_of(request)
    _, manifest = await _opened(service)
    media = choose(request.headers.get("accept"), (HTML, JSON))
    if media is None:
        raise NotAcceptable(f"Offered are: {HTML}, {JSON}")
    if media == JSON:
        return _manifest(request, manifest)
    html = service.pages.render("dumps", manifest=manifest, modified=_day(service, manifest), size=size_in_words)
    return _document(request, html.encode(), f"{HTML}; charset=utf-8")


def _day(service: Service, manifest: Manifest) -> dt.datetime:
    return dt.datetime.fromisoformat(manifest.whole.modified).astimezone(service.zone)


def _manifest(request: Request, manifest: Manifest) -> Response:
    return _document(request, msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n", JSON)


def _document(request: Request, body: bytes, content_type: str) -> Response:
    tag = strong_tag(body)
    headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept", "Content-Type": content_type}
    if is_known(request.headers.get("if-none-match"), None, tag):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers)


@router.get("/dumps/{name}")
async def dump(request: Request, name: str) -> Response:
    """One file, a checksum, or all of them. Only what the manifest names is ever opened."""
    folder, manifest = await _opened(service_of(request))
    if name == "manifest.json":
        return _manifest(request, manifest)
    if name == "SHA256SUMS":
        lines = "".join(f"{file.sha256}  {file.name}\n" for file in manifest.files)
        return PlainTextResponse(lines, headers={"Cache-Control": "no-cache"})
    summed = manifest.file(name.removesuffix(".sha256"))
    if name.endswith(".sha256") and summed is not None:
        return PlainTextResponse(f"{summed.sha256}  {summed.name}\n", headers={"Cache-Control": "no-cache"})
    file = manifest.file(name)
    if file is not None:
        return _as_it_is(request, folder, file)
    packed = manifest.file(f"{name}.gz")
    if packed is not None:
        return _as_what_it_holds(request, folder, packed)
    raise NotFound(f"There is no dump “{name}” here.")


async def _opened(service: Service) -> tuple[Path, Manifest]:
    """Raises Unavailable while there are no dumps yet."""
    found = await asyncio.to_thread(read_dumps, service.folder)
    if found is None:
        raise Unavailable("Die Abzüge werden gerade zum ersten Mal gemacht.", _RETRY_AFTER)
    return found


def _as_it_is(request: Request, folder: Path, file: DumpFile) -> Response:
    return _sent(request, folder, file, f'"{file.sha256}"', {"Content-Type": _content_type(file.packed_media_type)})


def _as_what_it_holds(request: Request, folder: Path, file: DumpFile) -> Response:
    headers = {"Content-Type": _content_type(file.media_type), "Vary": "Accept-Encoding"}
    if takes_gzip(request.headers.get("accept-encoding", "")):
        return _sent(request, folder, file, f'"{file.sha256}-gzip"', headers | {"Content-Encoding": "gzip"})
    headers |= _headers(file, f'"{file.sha256}-plain"')
    if _has_it(request, headers, file):
        return Response(status_code=304, headers=headers)
    headers["Content-Length"] = str(file.unpacked)
    if request.scope.get("is_head"):
        return Response(headers=headers)
    return StreamingResponse(_unpacked(folder / file.name), headers=headers)


def _sent(request: Request, folder: Path, file: DumpFile, tag: str, more: dict[str, str]) -> Response:
    headers = _headers(file, tag) | more
    if _has_it(request, headers, file):
        return Response(status_code=304, headers=headers)
    return _File(folder / file.name, headers=headers)


def _headers(file: DumpFile, tag: str) -> dict[str, str]:
    return {"ETag": tag, "Last-Modified": http_date(file.changed_at), "Cache-Control": "no-cache"}


def _has_it(request: Request, headers: dict[str, str], file: DumpFile) -> bool:
    asked = request.headers
    return is_known(asked.get("if-none-match"), asked.get("if-modified-since"), headers["ETag"], file.changed_at)


def _content_type(media_type: str) -> str:
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def _unpacked(path: Path) -> Iterator[bytes]:
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield unpacker.decompress(piece)


@router.get("/.well-known/void")
async def void(request: Request) -> Response:
    """VoID: what data there are, how many, and where (https://www.w3.org/TR/void/)."""
    _, manifest = await _opened(service_of(request))
    media = choose(request.headers.get("accept"), (*(form.media for form in DATA_FORMS), JSON))
    form = form_of_media(media or "")
    if form is None:
        raise NotAcceptable(f"Offered are: {', '.join(form.media for form in DATA_FORMS)}")
    body = await asyncio.to_thread(lambda: void_text(void_statements(manifest), form))
    return _document(request, body, form.content_type)
