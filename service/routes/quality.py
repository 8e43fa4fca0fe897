"""The catalogue's own figures: relevance, coverage, freshness."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import cast

import msgspec
from fastapi import APIRouter, Request, Response

from service.negotiation import JSON
from service.quality import FIELDS, Quality, QualityReporter
from service.state import fresh, not_modified, page, page_or_json, service_of, tag_of
from service.wording import ago_in_words, decimal_in_words, share_in_words

__all__ = ["router"]

router = APIRouter(include_in_schema=False)


@router.get("/guete")
@router.get("/guete.json")
async def quality(request: Request) -> Response:
    """How good the catalogue is, as far as it was measured and counted."""
    service = service_of(request)
    media = page_or_json(request)
    today = service.today()
    reporter = cast("QualityReporter", request.app.state.quality)
    with service.follower.use() as served:
        found: Quality = await asyncio.to_thread(reporter.report, served.snapshot, today)
        measured = "" if found.relevance is None else found.relevance.configuration.time
        tag = tag_of(
            served,
            request.url.path,
            media,
            today.isoformat(),
            measured,
            repr((found.audit, found.sources)),
            service.pages.fingerprint,
        )
    headers = fresh(tag)
    known = not_modified(request, headers)
    if known is not None:
        return known
    if media == JSON:
        body = msgspec.json.format(msgspec.json.encode(found), indent=1)
        return Response(body, headers={"Content-Type": JSON, **headers})
    return page(
        request,
        "quality",
        headers=headers,
        quality=found,
        measured=None if found.relevance is None else dt.datetime.fromisoformat(measured).astimezone(service.zone),
        fields=list(FIELDS),
        share=share_in_words,
        ago=ago_in_words,
        decimal=decimal_in_words,
    )
