"""For machines and for those who look after the service: health, robots, site map, description of the interface, style."""

from __future__ import annotations

import asyncio
from urllib.parse import quote
from xml.sax.saxutils import escape

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse, PlainTextResponse

from service.pages import STATIC_FILES
from service.problems import NotFound, Unavailable
from service.state import fresh, not_modified, page, service_of, tag_of

__all__ = ["router"]

router = APIRouter()
_MOST_IN_A_SITEMAP = 50_000  # https://www.sitemaps.org/protocol.html


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


@router.get("/robots.txt", include_in_schema=False)
async def robots(request: Request) -> Response:
    """Pages of offers may be listed, every possible search may not."""
    service = service_of(request)
    base, root = service.settings.catalogue.base, service.pages.root
    text = f"User-agent: *\nDisallow: {root}/suche\nDisallow: {root}/api/search\nDisallow: {root}/sparql\n\nSitemap: {base}/sitemap.xml\n"
    return PlainTextResponse(text, headers={"Cache-Control": "public, max-age=3600"})


@router.get("/sitemap.xml", include_in_schema=False)
async def sitemap(request: Request) -> Response:
    """The pages of all offers."""
    service = service_of(request)
    base = service.settings.catalogue.base
    with service.follower.use() as served:
        headers = fresh(tag_of(served, request.url.path, "application/xml"), vary=False)
        found = not_modified(request, headers)
        if found is not None:
            return found
        offers = await asyncio.to_thread(lambda: list(served.snapshot.ledger.offer_ids())[:_MOST_IN_A_SITEMAP])
    entries = "".join(
        f"<url><loc>{escape(f'{base}/angebot/{quote(offer)}')}</loc><lastmod>{escape(changed)}</lastmod></url>\n"
        for offer, changed in offers
    )
    xml = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n'
        f"<url><loc>{escape(base)}/</loc></url>\n{entries}</urlset>\n"
    )
    return Response(xml, media_type="application/xml", headers=headers)


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
