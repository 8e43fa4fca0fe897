"""The neighbours whose catalogues are followed, and how it stands with them."""

from __future__ import annotations

import asyncio
import datetime as dt

import msgspec
from fastapi import APIRouter, Request, Response

from service.negotiation import JSON
from service.neighbours import neighbours_of
from service.state import fresh, not_modified, page, page_or_json, service_of, tag_of
from service.wording import ago_in_words, day_in_words

__all__ = ["router"]

router = APIRouter(include_in_schema=False)


@router.get("/nachbarn")
@router.get("/nachbarn.json")
async def neighbours(request: Request) -> Response:
    """Who is followed by what means, since when each one's state is as it is, and what the trouble is."""
    service = service_of(request)
    media = page_or_json(request)
    with service.follower.use() as served:
        found = await asyncio.to_thread(neighbours_of, service.folder, service.settings, served.snapshot)
        today = service.today()
        tag = tag_of(served, request.url.path, media, today.isoformat(), repr(found), service.pages.fingerprint)
    headers = fresh(tag)
    known = not_modified(request, headers)
    if known is not None:
        return known
    if media == JSON:
        body = msgspec.json.format(msgspec.json.encode({"neighbours": found}), indent=1)
        return Response(body, headers={"Content-Type": JSON, **headers})

    def when(moment: str) -> str:
        day = dt.datetime.fromisoformat(moment).astimezone(service.zone).date()
        return f"{ago_in_words((today - day).days)}, {day_in_words(day)}"

    return page(request, "neighbours", headers=headers, neighbours=found, when=when)
