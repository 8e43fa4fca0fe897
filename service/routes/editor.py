"""The page for SPARQL and its files."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from fastapi import APIRouter, Request, Response

from catalogue.query import GRAPHS, RESULTS
from service.editor import EDITOR_POLICY, Editor
from service.problems import NotFound
from service.state import page

__all__ = ["query_page", "router"]

router = APIRouter(include_in_schema=False)


@router.get("/sparql/{version}/{name}")
async def editor_file(request: Request, version: str, name: str) -> Response:
    """The editor, its terms and the map; the address changes with the content."""
    editor: Editor = request.app.state.editor
    files = await asyncio.to_thread(lambda: editor.files)
    if name not in files:
        raise NotFound(f"There is no file “{name}” here.")
    file = files[name]
    keep = "public, max-age=31536000, immutable" if version == editor.versions[name] else "no-cache"
    headers = {"Content-Type": file.media, "Cache-Control": keep, "Vary": "Accept-Encoding"}
    codings = [coding.partition(";")[0].strip() for coding in request.headers.get("accept-encoding", "").split(",")]
    if "gzip" not in codings:
        return Response(file.content, headers=headers)
    return Response(file.packed, headers=headers | {"Content-Encoding": "gzip"})


async def query_page(request: Request, pairs: Iterable[tuple[str, str]]) -> Response:
    """The page; the parameter ``beispiel`` names one of the examples."""
    editor: Editor = request.app.state.editor
    versions, examples = await asyncio.to_thread(lambda: (editor.versions, editor.examples))
    wanted = next((value for name, value in pairs if name == "beispiel"), "")
    return page(
        request,
        "sparql",
        headers={"Vary": "Accept", "Content-Security-Policy": EDITOR_POLICY},
        files=versions,
        examples=list(examples.values()),
        example=examples.get(wanted) or next(iter(examples.values())),
        results=RESULTS,
        graphs=GRAPHS,
    )
