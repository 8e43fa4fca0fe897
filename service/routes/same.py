"""Pairs of offers of which the machine cannot tell whether they are the same, side by side."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

import msgspec
from fastapi import APIRouter, Request, Response

from catalogue.judgements import Judgement
from catalogue.snapshot import Snapshot
from ingest.resolve.model import Model
from ontology.offer import Offer, iri_of
from service.address import Address
from service.border import Border
from service.comparison import Row, fields_of, rows_of
from service.negotiation import JSON
from service.state import fresh, not_modified, page, page_or_json, service_of, tag_of
from service.wording import words

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
_PAIRS = 10  # on a page
_DEEPEST_PAGE = 1000


class _Side(NamedTuple):
    offer: Offer
    title: str  # of its source


class _Pair(NamedTuple):
    number: int
    score: float
    one: _Side
    other: _Side
    rows: list[Row]
    reasons: list[tuple[str, str]]  # name and sentence of what speaks for or against it
    command: str


class _Found(NamedTuple):
    total: int
    pairs: list[_Pair]


@router.get("/doppelt")
@router.get("/doppelt.json")
async def same(request: Request) -> Response:
    """What a person has to decide."""
    service = service_of(request)
    media = page_or_json(request)
    address = Address(f"{service.pages.root}{request.url.path}", request.query_params.multi_items())
    number = _page_number(address)
    with service.follower.use() as served:
        headers = fresh(tag_of(served, request.url.path, media, str(number), service.pages.fingerprint))
        known = not_modified(request, headers)
        if known is not None:
            return known
        found = await asyncio.to_thread(_found, served.snapshot, service.border, number)
    if media == JSON:
        base = service.settings.catalogue.base
        body = {"total": found.total, "pairs": [_as_json(pair, base) for pair in found.pairs]}
        return Response(
            msgspec.json.format(msgspec.json.encode(body), indent=1), headers={"Content-Type": JSON, **headers}
        )
    said = words()["same"]
    sentence = said["none"] if not found.total else said["one_pair"] if found.total == 1 else said["pairs"]
    return page(
        request,
        "doppelt",
        headers=headers,
        pairs=found.pairs,
        sentence=sentence.format(count=found.total),
        page=number,
        before=address.page(number - 1) if number > 1 else None,
        after=address.page(number + 1) if number * _PAIRS < found.total else None,
        json_address=f"{service.pages.root}/doppelt.json",
    )


def _page_number(address: Address) -> int:
    text = next(iter(address.values("seite")), "1")
    return min(max(int(text), 1), _DEEPEST_PAGE) if text.isdecimal() and text.isascii() and len(text) < 6 else 1


def _found(snapshot: Snapshot, border: Border, number: int) -> _Found:
    judgements = snapshot.judgements.unsure(_PAIRS, (number - 1) * _PAIRS)
    offers = snapshot.ledger.offers_at({row for judgement in judgements for row in (judgement.one, judgement.other)})
    said = Model().said
    pairs = [
        _pair((number - 1) * _PAIRS + place, judgement, offers[judgement.one], offers[judgement.other], border, said)
        for place, judgement in enumerate(judgements, start=1)
    ]
    return _Found(snapshot.judgements.count_unsure(), pairs)


def _pair(number: int, judgement: Judgement, one: Offer, other: Offer, border: Border, said: Any) -> _Pair:
    return _Pair(
        number=number,
        score=judgement.score or 0.0,
        one=_Side(one, border.title_of(one.source)),
        other=_Side(other, border.title_of(other.source)),
        rows=rows_of(one, other),
        reasons=[(name, said[name]) for name in judgement.features],
        command=f"bildungskatalog judge {one.id} {other.id} same --by NAME",
    )


def _as_json(pair: _Pair, base: str) -> dict[str, Any]:
    def side(found: _Side) -> dict[str, Any]:
        return {
            "id": iri_of(found.offer, base),
            "source": found.offer.source,
            "title": found.title,
            "fields": fields_of(found.offer),
        }

    return {
        "score": pair.score,
        "reasons": [{"feature": name, "text": text} for name, text in pair.reasons],
        "one": side(pair.one),
        "other": side(pair.other),
        "different": [row.field for row in pair.rows if row.differs],
        "command": pair.command,
    }
