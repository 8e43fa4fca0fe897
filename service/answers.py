"""Requests and answers of documents that come in several forms, without a framework: negotiation, conditions, links."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import quote

from service.conditional import http_date, is_known, strong_tag
from service.negotiation import choose
from service.problems import NotAcceptable

__all__ = ["Answer", "Asked", "chosen", "document", "link"]

_IN_AN_ADDRESS = "%/:?#[]@!$&'()*+,;=~-._"
_PLAIN = re.compile(r"[A-Za-z0-9/:#._~-]+")  # most are


class Asked(NamedTuple):
    """The headers of a request that an answer depends on."""

    accept: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Asked:
        """From headers by their names in lower case."""
        return cls(headers.get("accept"), headers.get("if-none-match"), headers.get("if-modified-since"))


class Answer(NamedTuple):
    """A whole HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


def chosen(asked: Asked, offered: Mapping[str, str]) -> str:
    """The media type that is wanted most of those offered, which have an address each.

    Raises NotAcceptable, whose document and whose links list what there is.
    """
    media = choose(asked.accept, tuple(offered))
    if media is None:
        raise NotAcceptable(
            f"Offered are: {', '.join(offered)}",
            headers={"Link": ", ".join(link(address, "alternate", other) for other, address in offered.items())},
            offered=[{"type": other, "href": address} for other, address in offered.items()],
        )
    return media


def document(body: bytes, content_type: str, asked: Asked, headers: dict[str, str], changed_at: str | None) -> Answer:
    """A document, or 304 where it is known. ``changed_at``: ISO time; None where no date can tell whether it is the same."""
    tag = strong_tag(body)
    found = {"ETag": tag, "Cache-Control": "no-cache", **headers}
    if changed_at is not None:
        found["Last-Modified"] = http_date(changed_at)
    if is_known(asked.if_none_match, asked.if_modified_since, tag, changed_at):
        return Answer(304, found)
    return Answer(200, found | {"Content-Type": content_type}, body)


def link(address: str, relation: str, media: str | None = None) -> str:
    """One link of the header Link (RFC 8288); nothing of an address can end it or be no ASCII."""
    plain = address if _PLAIN.fullmatch(address) else quote(address, safe=_IN_AN_ADDRESS)
    found = f'<{plain}>; rel="{relation}"'
    return found if media is None else f'{found}; type="{media}"'
