"""Which of several media types an Accept header likes best (RFC 9110, section 12.5.1)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

__all__ = ["choose"]


class _Range(NamedTuple):
    kind: str
    subtype: str
    quality: float

    def specificity(self, media: str) -> int:
        """How exactly the range names the media type; 0 where it does not."""
        kind, _, subtype = media.partition("/")
        if (self.kind, self.subtype) == (kind, subtype):
            return 3
        if (self.kind, self.subtype) == (kind, "*"):
            return 2
        return 1 if (self.kind, self.subtype) == ("*", "*") else 0


@lru_cache(100)  # one program sends the same header with every request
def choose(accept: str | None, offered: tuple[str, ...]) -> str | None:
    """The offered media type that the Accept header likes best; the first of equals; None where it likes none.

    Without a header, or with one that cannot be read, the first.
    """
    ranges = [found for part in (accept or "").split(",") if (found := _parse(part)) is not None]
    if not ranges:
        return offered[0]
    best, best_quality = None, 0.0
    for media in offered:
        quality = _quality(media, ranges)
        if quality > best_quality:
            best, best_quality = media, quality
    return best


def _quality(media: str, ranges: Sequence[_Range]) -> float:
    """The quality given by the most specific range that matches."""
    specificity, quality = max((r.specificity(media), r.quality) for r in ranges)
    return quality if specificity else 0.0


def _parse(part: str) -> _Range | None:
    media, *parameters = (piece.strip().lower() for piece in part.split(";"))
    kind, slash, subtype = media.partition("/")
    if not (kind and slash and subtype):
        return None
    quality = 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                quality = float(value)
            except ValueError:
                return None
            if math.isnan(quality):
                return None
    return _Range(kind, subtype, min(max(quality, 0.0), 1.0))
