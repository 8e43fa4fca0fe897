"""Dates, times of day and weekdays as German exports write them; each parser raises `ingest.values.ValueRefused` with a German reason.

Results are German local times without an offset.
"""

from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

from ingest.lexicon import folded, lexicon
from ingest.values import Cell, ValueRefused, as_text, quoted
from ontology.offer import WEEKDAYS

__all__ = [
    "names_a_day",
    "parse_dates",
    "parse_moment",
    "parse_time",
    "parse_times",
    "parse_weekdays",
    "precedes",
    "with_times",
]

_NUMERIC = re.compile(r"([0-9]{1,2})\s?[./]\s?([0-9]{1,2})\s?[./]\s?([0-9]{4}|[0-9]{2})")
_NAMED = re.compile(r"([0-9]{1,2})\.?\s*([^\W\d_]{3,9})\.?\s*([0-9]{4}|[0-9]{2})")
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})|([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})")
_PRETENDED = re.compile(
    r"[0-9]{1,4}\s?[./-]\s?[0-9]{1,2}\s?[./-]\s?[0-9]{2,4}|[0-9]{1,2}\.?\s*[^\W\d_]{3,9}\.?\s*[0-9]{2,4}"
)
_ISO_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,6})?)?(?:Z|[+-][0-9]{2}:?[0-9]{2})?"
)
_WITH_TIME = re.compile(
    r"(.*?[0-9])\s*(?:,|;|\bum\b|\bab\b|\bT\b|\s)\s*([0-9]{1,2}(?:[:.h][0-9]{2}(?::[0-9]{2})?\s*(?:uhr|h)?|\s*(?:uhr|h)))",
    re.I,
)
_TIME = re.compile(r"([0-9]{1,2})(?:\s?[:.h]\s?([0-9]{2})(?::[0-9]{2})?)?\s*(?:uhr|h)?", re.IGNORECASE)
_TIME_PREFIX = re.compile(r"^(?:von|ab|um|jeweils|gegen)\s+", re.IGNORECASE)
_RANGE = re.compile(r"\s*(?:–|—|−|\bbis\b)\s*|\s*-\s*(?![0-9]{2}-|[0-9]{2}(?:T|$|\s|:))|\s+-\s+", re.IGNORECASE)
_TIME_RANGE = re.compile(r"\s*(?:-|–|—|−|\bbis\b)\s*", re.IGNORECASE)
_SHORT_START = re.compile(r"([0-9]{1,2})\.\s?(?:([0-9]{1,2})\.|([^\W\d_]{3,9})\.?)?")
_LONGEST = 200  # characters; a description in the column of dates shall not cost time
_EPOCH = dt.datetime(1899, 12, 30)
_FIRST_YEAR, _LAST_YEAR = 1980, 2100


def parse_moment(cell: Cell) -> dt.date | dt.datetime:
    """A date, or a datetime where the cell states a time of day. Offsets are converted to Europe/Berlin.

    Numbers are days as Excel counts them.
    """
    if isinstance(cell, dt.datetime):
        return _checked(
            cell.replace(tzinfo=None).date() if cell.time() == dt.time() else cell.replace(tzinfo=None), cell
        )
    if isinstance(cell, dt.date):
        return _checked(cell, cell)
    if isinstance(cell, int | float) and not isinstance(cell, bool):
        return _excel_day(float(cell), cell)
    text = " ".join(as_text(cell).split())
    if re.fullmatch(r"[0-9]{5}(?:[.,][0-9]{1,12})?", text):
        return _excel_day(float(text.replace(",", ".")), cell)
    if _ISO_MOMENT.fullmatch(text):
        return _iso_moment(text)
    date = _date(text)
    if date is not None:
        return date
    if match := _WITH_TIME.fullmatch(text):
        date = _date(match[1].rstrip(",; "))
        if date is not None:
            return dt.datetime.combine(date, parse_time(match[2]))
    raise ValueRefused(f"{quoted(cell)} ist kein Datum")


def parse_dates(cell: Cell) -> tuple[dt.date | dt.datetime, dt.date | dt.datetime | None]:
    """First and last moment of "12.01.2026 – 30.03.2026", "12.-16.01.2026", "12.01. bis 30.03.2026", or one date and None."""
    if not isinstance(cell, str):
        return parse_moment(cell), None
    if len(cell) > _LONGEST:
        raise ValueRefused(f"{quoted(cell)} ist kein Datum")
    text = re.sub(r"^(?:vom|von|ab)\s+", "", " ".join(cell.split()), flags=re.IGNORECASE)
    for match in _RANGE.finditer(text):
        try:
            end = parse_moment(text[match.end() :].strip())
            start = _short_start(text[: match.start()].strip(), end)
        except ValueRefused:
            continue
        if precedes(end, start):
            raise ValueRefused(f"{quoted(cell)} ist kein Zeitraum: Das Ende liegt vor dem Anfang")
        return start, end
    return parse_moment(text), None


def names_a_day(cell: Cell) -> bool:
    """True where a cell that is no date means to name a day ("32.13.2026"); false for "laufend", "Mai 2027", "KW 20/2027"."""
    return not isinstance(cell, str) or cell.strip().isdecimal() or _PRETENDED.search(cell) is not None


def parse_times(cell: Cell) -> tuple[dt.time, dt.time | None]:
    """Start and end of "18.30-20.00 Uhr", "18 Uhr", "von 9 bis 12 Uhr"; the end is None where it is not stated."""
    if isinstance(cell, str):
        text = _TIME_PREFIX.sub("", " ".join(cell.split()))
        parts = [part for part in _TIME_RANGE.split(text) if part]
        if len(parts) == 2:
            return parse_time(parts[0]), parse_time(parts[1])
    return parse_time(cell), None


def parse_time(cell: Cell) -> dt.time:
    """A time of day; numbers below 1 are fractions of a day, whole numbers hours, as workbooks hold them."""
    if isinstance(cell, dt.time):
        return cell.replace(second=0, microsecond=0, tzinfo=None)
    if isinstance(cell, dt.datetime):
        return cell.time().replace(second=0, microsecond=0)
    if isinstance(cell, dt.timedelta):
        cell = cell / dt.timedelta(days=1)
    if isinstance(cell, float) and 0 <= cell < 1:
        minutes = round(cell * 1440) % 1440
        return dt.time(minutes // 60, minutes % 60)
    match = _TIME.fullmatch(_TIME_PREFIX.sub("", as_text(cell).strip()).strip())
    hour, minute = (int(match[1]), int(match[2] or 0)) if match else (99, 99)
    if (hour, minute) == (24, 0):
        hour = 0
    if hour > 23 or minute > 59:
        raise ValueRefused(f"{quoted(cell)} ist keine Uhrzeit")
    return dt.time(hour, minute)


def parse_weekdays(cell: Cell) -> tuple[str, ...]:
    """Days of the week as ``mo tu we th fr sa su``, in week order; ranges are filled ("Mo–Fr")."""
    names: dict[str, list[str]] = lexicon()["weekdays"]
    fillers = lexicon()["weekday_fillers"]["words"]
    found: set[str] = set()
    last: str | None = None
    ranged = False
    for token in re.findall(r"[^\W\d_]+|[-–—]|[^\s,;/+&.]", as_text(cell).lower()):
        if token in ("-", "–", "—", "bis"):
            ranged = last is not None
            continue
        if token in fillers:
            continue
        days = names.get(token)
        if days is None:
            raise ValueRefused(f"{quoted(cell)} nennt keinen Wochentag")
        if ranged and last is not None:
            found.update(_days_between(last, days[0]))
        found.update(days)
        last, ranged = days[-1], False
    if not found:
        raise ValueRefused(f"{quoted(cell)} nennt keinen Wochentag")
    return tuple(day for day in WEEKDAYS if day in found)


def _days_between(first: str, last: str) -> tuple[str, ...]:
    start, end = WEEKDAYS.index(first), WEEKDAYS.index(last)
    return WEEKDAYS[start:end] if start <= end else WEEKDAYS[start:] + WEEKDAYS[:end]


def _date(text: str) -> dt.date | None:
    """A written date, None where the text has no such shape; refuses days that do not exist."""
    text = _without_day_name(text)
    if match := _ISO.fullmatch(text):
        year, month, day = (int(part) for part in match.groups() if part)
        return _existing(year, month, day, text)
    if match := _NUMERIC.fullmatch(text):
        return _existing(_year(match[3]), int(match[2]), int(match[1]), text)
    if match := _NAMED.fullmatch(text):
        month = lexicon()["months"].get(folded(match[2]))
        return None if month is None else _existing(_year(match[3]), month, int(match[1]), text)
    return None


def _without_day_name(text: str) -> str:
    match = re.match(r"([^\W\d_]{2,10})[.,]{0,2}\s*(?:den\s+)?(?=[0-9])", text)
    return (
        text[match.end() :]
        if match and (folded(match[1]) in lexicon()["weekdays"] or match[1] in ("am", "den", "ab"))
        else text
    )


def _year(digits: str) -> int:
    year = int(digits)
    return year if len(digits) == 4 else year + (2000 if year < 70 else 1900)


def _existing(year: int, month: int, day: int, text: str) -> dt.date:
    try:
        return _checked(dt.date(year, month, day), text)
    except ValueError:
        raise ValueRefused(f"{quoted(text)} ist kein Datum") from None


def _checked(moment: dt.date, cell: Cell) -> dt.date:
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValueRefused(f"{quoted(cell)} ist kein Datum zwischen {_FIRST_YEAR} und {_LAST_YEAR}")
    return moment


def _excel_day(number: float, cell: Cell) -> dt.date | dt.datetime:
    if not 29221 <= number < 73416:  # 1.1.1980 to 31.12.2100
        raise ValueRefused(f"{quoted(cell)} ist kein Datum")
    moment = _EPOCH + dt.timedelta(minutes=round(number * 1440))
    return moment.date() if moment.time() == dt.time() else moment


def _iso_moment(text: str) -> dt.date | dt.datetime:
    try:
        moment = dt.datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            moment = moment.astimezone(ZoneInfo("Europe/Berlin")).replace(tzinfo=None)
    except (ValueError, OverflowError):
        raise ValueRefused(f"{quoted(text)} ist kein Datum") from None
    return _checked(moment, text)


def _short_start(text: str, end: dt.date) -> dt.date | dt.datetime:
    """A start that leaves month or year to the end of the range."""
    short = _without_day_name(text)
    match = _SHORT_START.fullmatch(short)
    if match is None:
        return parse_moment(text)
    month = int(match[2]) if match[2] else lexicon()["months"].get(folded(match[3]), 0) if match[3] else end.month
    year = end.year - 1 if month > end.month else end.year
    return _existing(year, month, int(match[1]), text)


def with_times(
    start: dt.date | None, end: dt.date | None, start_time: dt.time | None, end_time: dt.time | None
) -> tuple[dt.date | None, dt.date | None]:
    """Dates with the times of day stated beside them; an end on the day of the start may fall behind midnight."""
    if start is not None and not isinstance(start, dt.datetime) and start_time is not None:
        start = dt.datetime.combine(start, start_time)
    if end is not None and not isinstance(end, dt.datetime) and end_time is not None:
        end = dt.datetime.combine(end, end_time)
        if isinstance(start, dt.datetime) and end.date() == start.date() and end <= start:
            end += dt.timedelta(days=1)
    return start, end


def precedes(one: dt.date, other: dt.date) -> bool:
    """True where ``one`` lies before ``other``; a date is its whole day, so it precedes no time of that day."""
    if isinstance(one, dt.datetime) and isinstance(other, dt.datetime):
        return one < other
    return one.isoformat()[:10] < other.isoformat()[:10]
