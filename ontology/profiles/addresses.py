"""Which of a source's addresses may be passed on as one."""

from __future__ import annotations

import re

__all__ = ["web_address"]

_WEB = re.compile(r"https?://[^\s<>\"{}|\\^`\x00-\x20]+")


def web_address(address: str | None) -> str | None:
    """The address if it is one of the web and has no sign that an IRI must not have (RFC 3987); None otherwise."""
    return address if address is not None and _WEB.fullmatch(address) else None
