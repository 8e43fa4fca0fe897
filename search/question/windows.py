"""Windows of days and the arithmetic of the calendar, counted from the day of the question. Weeks run from Monday to Sunday."""

from __future__ import annotations

import calendar
import datetime as dt

import msgspec

__all__ = ["Window", "cut", "day_window", "merge", "month_window", "next_date", "relative", "week_window"]

_EARLIEST, _LATEST = 1990, 2100
_FIRST, _LAST = dt.date.min, dt.date.max
_SEASONS = {"spring": (3, 5), "summer": (6, 8), "autumn": (9, 11), "winter": (12, 2)}
_THIRDS = {"early": (1, 10), "middle": (11, 20), "late": (21, 31)}  # days of a month
_AHEAD = {
    "today": ("day", 0),
    "tomorrow": ("day", 1),
    "day_after_tomorrow": ("day", 2),
    "this_week": ("week", 0),
    "next_week": ("week", 1),
    "week_after_next": ("week", 2),
    "this_month": ("month", 0),
    "next_month": ("month", 1),
    "month_after_next": ("month", 2),
    "this_year": ("year", 0),
    "next_year": ("year", 1),
}
_FEASTS = {  # month, days
    "end_of_year": (12, 21, 31),
    "turn_of_year": (1, 1, 1),
    "christmas": (12, 25, 26),
    "between_the_years": (12, 27, 31),
}
_PENTECOST = 49  # days after Easter Sunday


class Window(msgspec.Struct, frozen=True):
    """Days from ``start`` to ``end``, both included; None is open."""

    start: dt.date | None
    end: dt.date | None


def day_window(date: dt.date) -> Window:
    """That day only."""
    return Window(date, date)


def week_window(date: dt.date) -> Window:
    """The week that holds the day."""
    monday = date - dt.timedelta(date.weekday())
    return Window(monday, monday + dt.timedelta(6))


def month_window(
    today: dt.date, month: int, *, months: int = 1, year: int | None = None, part: str | None = None
) -> Window | None:
    """``months`` months from ``month`` on (or a third of it: early, middle, late): of ``year``, else the next not yet over."""
    for each in (today.year - 1, today.year, today.year + 1) if year is None else (year,):
        if not _EARLIEST <= each <= _LATEST:
            return None
        last_year, last_month = divmod(each * 12 + month + months - 2, 12)
        start = dt.date(each, month, 1)
        end = dt.date(last_year, last_month + 1, calendar.monthrange(last_year, last_month + 1)[1])
        if part is not None:
            first, last = _THIRDS[part]
            start, end = start.replace(day=first), end.replace(day=min(last, end.day))
        if year is not None or end >= today:
            return Window(start, end)
    return None


def next_date(today: dt.date, month: int, day: int, year: int | None = None) -> dt.date | None:
    """That day of ``year``, else its next occurrence; None where there is no such day."""
    for each in range(today.year, today.year + 9) if year is None else (year,):
        if _EARLIEST <= each <= _LATEST and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(each, month)[1]:
            date = dt.date(each, month, day)
            if year is not None or date >= today:
                return date
    return None


def _month_end(date: dt.date) -> dt.date:
    return date.replace(day=calendar.monthrange(date.year, date.month)[1])


def add_months(date: dt.date, months: int) -> dt.date:
    """The same day so many months later, or the last day of a shorter month."""
    year, month = divmod(date.year * 12 + date.month - 1 + months, 12)
    return dt.date(year, month + 1, min(date.day, calendar.monthrange(year, month + 1)[1]))


def cut(window: Window, side: str, today: dt.date) -> Window:
    """What "from", "to", "before", "after" or "within" that window leaves."""
    start, end = window.start or today, window.end
    if side == "from":
        return Window(start, None)
    if side == "before":
        end_before = start - dt.timedelta(1)
        return Window(None, end if end and end_before < today else end_before)  # "vor Jahresende" on 28 December
    if side == "to":
        return Window(None, end)
    if side == "after":
        return Window(end + dt.timedelta(1), None) if end else window
    return window


def merge(one: Window, other: Window) -> Window:
    """Both together: what they share, as of "from April" and "to June", else all, as of "May or June".

    An end before the start is meant a year later.
    """
    latest, earliest = max(one.start or _FIRST, other.start or _FIRST), min(one.end or _LAST, other.end or _LAST)
    if latest <= earliest:
        return Window(None if latest == _FIRST else latest, None if earliest == _LAST else earliest)
    start = min(filter(None, (one.start, other.start)), default=None)
    end = max(filter(None, (one.end, other.end)), default=None)
    if start and end and end < start:
        year_later = add_months(end, 12)
        end = _month_end(year_later) if end == _month_end(end) else year_later  # February has another one
    return Window(start, end)


def relative(name: str, today: dt.date) -> Window:
    """The window of a relative expression; the names are the keys of [relative] in words/calendar.toml."""
    name = name.removeprefix("at_")
    days = dt.timedelta
    if name in _SEASONS:
        first, last = _SEASONS[name]
        return month_window(today, first, months=(last - first) % 12 + 1) or day_window(today)
    if name in _AHEAD:
        unit, ahead = _AHEAD[name]
        if unit == "day":
            return day_window(today + days(ahead))
        if unit == "week":
            return week_window(today + days(7 * ahead))
        if unit == "month":
            begin = add_months(today.replace(day=1), ahead)
            return Window(begin, add_months(begin, 1) - days(1))
        return Window(dt.date(today.year + ahead, 1, 1), dt.date(today.year + ahead, 12, 31))
    if name == "this_weekend":
        monday = today - days(today.weekday())
        return Window(monday + days(5), monday + days(6))
    if name == "end_of_month":
        end = add_months(today.replace(day=1), 1) - days(1)
        return Window(end.replace(day=_THIRDS["late"][0]), end)
    if name in _FEASTS:
        month, first, last = _FEASTS[name]
        end = next_date(today, month, last) or today  # on one of its days it is this one
        return Window(end.replace(day=first), end)
    return _easter_time(today, _PENTECOST if name == "pentecost" else 0) if name != "right_now" else Window(today, None)


def _easter_time(today: dt.date, shift: int) -> Window:
    for year in (today.year, today.year + 1):
        sunday = easter(year) + dt.timedelta(shift)
        if sunday >= today:
            break
    return Window(sunday, sunday + dt.timedelta(1))


def easter(year: int) -> dt.date:
    """Easter Sunday of the Gregorian calendar (anonymous algorithm of 1876)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, day = divmod(h + k - 7 * m + 114, 31)
    return dt.date(year, month, day + 1)
