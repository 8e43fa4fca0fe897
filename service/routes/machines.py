"""For machines and for those who look after the service: health, description of the interface, style."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from service.pages import STATIC_FILES
from service.problems import NotFound, Unavailable
from service.state import page, service_of

__all__ = ["router"]

router = APIRouter()


@router.get("/gesund", summary="Health")
async def health(request: Request) -> Response:
    """200 when questions can be answered, 503 when not, with the reason."""
    service = service_of(request)
    headers = {"Cache-Control": "no-store"}
    try:
        with service.follower.use() as served:
            state = served.snapshot.state
            offers = await asyncio.to_thread(served.snapshot.ledger.count)
    except Unavailable as reason:
        return JSONResponse({"status": "nicht bereit", "detail": str(reason)}, 503, headers | reason.headers)
    answer = {"status": "bereit", "offers": offers, "run": state.number, "data_time": state.data_time}
    if service.follower.trouble:
        answer["detail"] = service.follower.trouble
    return JSONResponse(answer, headers=headers)


@router.get("/docs", include_in_schema=False)
async def description(request: Request) -> Response:
    """The interface for people; without anything from elsewhere."""
    return page(request, "docs", headers={"Cache-Control": "no-cache"}, api=request.app.openapi())


@router.get("/static/{version}/{name}", include_in_schema=False)
async def static(request: Request, version: str, name: str) -> Response:
    """Style and picture; their address changes with their content."""
    if name not in STATIC_FILES:
        raise NotFound(f"There is no file “{name}” here.")
    pages = service_of(request).pages
    current = version == pages.versions[name]
    keep = "public, max-age=31536000, immutable" if current else "no-cache"
    return Response(pages.static[name], headers={"Content-Type": STATIC_FILES[name], "Cache-Control": keep})
