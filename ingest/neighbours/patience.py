"""For how long a neighbour asks to be left alone."""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime

__all__ = ["seconds_of"]

_LONGEST = 86_400.0  # seconds: whoever asks for a century made a mistake


def seconds_of(retry_after: str) -> float | None:
    """Seconds that the value of a Retry-After means (RFC 9110, section 10.2.3), at most a day; None where nothing readable is said."""
    if retry_after.isdecimal():
        return min(float(retry_after), _LONGEST)
    try:
        moment = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:  # "-0000": of no known zone (RFC 5322, section 3.3)
        moment = moment.replace(tzinfo=dt.UTC)
    return min(max(0.0, (moment - dt.datetime.now(dt.UTC)).total_seconds()), _LONGEST)
