"""Conditional requests: what a client has already is not sent again (RFC 9110, sections 8.8 and 13)."""

from __future__ import annotations

import datetime as dt
import re
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from hashlib import blake2b

__all__ = ["http_date", "is_known", "strong_tag"]

_TAG = re.compile(r'(?:W/)?("[^"]*")')


def strong_tag(body: bytes) -> str:
    """A strong ETag: another one for every other sequence of bytes, the same for the same whatever else has changed."""
    return f'"{blake2b(body, digest_size=12).hexdigest()}"'


@lru_cache  # a run gives all that it changes one time
def http_date(moment: str) -> str:
    """An ISO time with an offset as a value for Last-Modified; parts of a second are cut off."""
    return format_datetime(dt.datetime.fromisoformat(moment).astimezone(dt.UTC), usegmt=True)


def is_known(if_none_match: str | None, if_modified_since: str | None, tag: str, modified: str | None = None) -> bool:
    """Whether the client has the answer with this ETag and this time of last change (ISO, None where unknown).

    ``*`` and lists are understood; a date counts only where no tags are given, and one that cannot be read does not count.
    """
    if if_none_match is not None:
        return if_none_match.strip() == "*" or tag in _TAG.findall(if_none_match)
    if if_modified_since is None or modified is None:
        return False
    try:
        since = parsedate_to_datetime(if_modified_since)
    except ValueError:
        return False
    changed = dt.datetime.fromisoformat(modified).replace(microsecond=0)
    return changed <= (since if since.tzinfo else since.replace(tzinfo=dt.UTC))
