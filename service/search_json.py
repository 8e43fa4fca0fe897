"""The answer of the search as the JSON of ``GET /api/search``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.responses import Response

from ontology.offer import iri_of
from search.answer import Answer, Hit
from search.question import as_json
from search.wording import wording
from service.border import Border, Origin
from service.comparison import sources_as_json

__all__ = ["answer_as_json", "search_response"]


def search_response(
    answer: Answer, base: str, border: Border, note: str | None, headers: Mapping[str, str]
) -> Response:
    """The answer to a program."""
    body = msgspec.json.encode(answer_as_json(answer, base, border, note))
    return Response(body, 200, {**headers, "Content-Language": answer.language}, "application/json")


def answer_as_json(answer: Answer, base: str, border: Border | None = None, note: str | None = None) -> dict[str, Any]:
    """The published shape; ``base`` is the catalogue's public address, ``note`` a sentence on how the question was read.

    ``border`` says where a neighbour's offer comes from.
    """
    question, say = answer.question, wording(answer.language)
    note = " ".join(filter(None, (note, answer.respelled, answer.note))) or None
    return {
        "query": {
            "text": question.text,
            "language": question.language,
            "topic": question.topic,
            "filters": as_json(answer.wishes),
            "place_ags": answer.wishes.place_ags,
            "spans": [msgspec.to_builtins(span) for span in question.spans],
            "suggested": [
                {**msgspec.to_builtins(wish), "label": say.suggested(wish.filter, wish.value)}
                for wish in question.suggested
            ],
            **({} if note is None else {"note": note}),
        },
        "total": answer.total,
        "weak": answer.weak,
        "hits": [_hit(hit, base, _origin(hit, answer, border), border) for hit in answer.hits],
        "facets": {
            name: [msgspec.to_builtins(facet) for facet in facets] for name, facets in answer.facets.items() if facets
        },
        "took_ms": answer.took_ms,
    }


def _origin(hit: Hit, answer: Answer, border: Border | None) -> Origin | None:
    return None if border is None else border.origin(hit.offer, answer.wishes, hit.instances)


def _hit(hit: Hit, base: str, origin: Origin | None, border: Border | None) -> dict[str, Any]:
    return {
        "id": iri_of(hit.offer, base),
        "identifier": hit.offer.identifier,
        "name": hit.offer.name,
        "provider": hit.offer.provider.name if hit.offer.provider else None,
        "score": hit.score,
        "group": hit.group,
        "reasons": [msgspec.to_builtins(reason) for reason in hit.reasons],
        "instances": [msgspec.to_builtins(instance) for instance in hit.instances],
        "alike": [iri_of(offer, base) for offer in hit.alike],
        **({} if origin is None else {"origin": _said(origin)}),
        **({"sources": sources_as_json(hit.offer, hit.elsewhere, base, border)} if hit.elsewhere else {}),
    }


def _said(origin: Origin) -> dict[str, Any]:
    """A distance only where one is known."""
    named = {name: getattr(origin, name) for name in ("neighbour", "title", "url")}
    if origin.distance_km is None:
        return named
    return named | {"distance_km": origin.distance_km, "distance_from": origin.distance_from or "border"}
