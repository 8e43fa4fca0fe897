"""Moments, timetables and durations of schema.org."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

from ingest.dates import parse_moment, parse_time, parse_weekdays
from ingest.sources.remarks import Remarks
from ingest.sources.schemaorg.node import Node
from ingest.sources.schemaorg.words import words
from ingest.values import ValueRefused, parse_int
from ontology.offer import WEEKDAYS, Moment, Schedule, Session

__all__ = ["in_words", "moment", "period", "schedule_of", "sessions_of"]

_EPOCH = re.compile(r"[0-9]{10}(?:[0-9]{3})?")
_DURATION = re.compile(
    r"P(?:(?P<Y>\d+)Y)?(?:(?P<M>\d+)M)?(?:(?P<W>\d+)W)?(?:(?P<D>\d+)D)?(?:T(?:(?P<TH>\d+(?:[.,]\d+)?)H)?(?:(?P<TM>\d+)M)?(?:\d+S)?)?"
)
_LAST_MINUTE = dt.time(23, 59)


def period(node: Node, remarks: Remarks) -> tuple[Moment | None, Moment | None]:
    """``startDate`` and ``endDate``; an end before its start is dropped with a remark."""
    start, end = (moment(node, name, remarks) for name in ("startDate", "endDate"))
    if start is not None and end is not None and _before(end, start):
        remarks.add(
            f"endDate: Das Ende {_shown(end)} liegt vor dem Anfang {_shown(start)}; das Ende wird nicht übernommen"
        )
        end = None
    return start, end


def moment(node: Node, name: str, remarks: Remarks) -> Moment | None:
    """The property as German local time; a date where the time is midnight or, at the end of a day, the last minute."""
    raw = next(iter(node.values(name)), None)
    if raw is None or isinstance(raw, Node | bool):
        return None
    text = str(raw).strip()
    if _EPOCH.fullmatch(text):
        found: Moment | None = remarks.value(_unix_time, text, name)
        if found is not None:
            remarks.add(f"{name}: „{text}“ ist kein Datum von schema.org; als Unix-Zeit gelesen ist es {_shown(found)}")
        return found
    found = remarks.value(parse_moment, text, name)
    return _whole_day(found) if isinstance(found, dt.datetime) else found


def _unix_time(text: str) -> Moment:
    seconds = int(text) / (1000 if len(text) == 13 else 1)
    found = dt.datetime.fromtimestamp(seconds, ZoneInfo("Europe/Berlin")).replace(tzinfo=None)
    if not 1980 <= found.year <= 2100:
        raise ValueRefused(f"„{text}“ ist kein Datum")
    return _whole_day(found)


def _whole_day(found: dt.datetime) -> Moment:
    found = found.replace(second=0, microsecond=0)
    return found.date() if found.time() in (dt.time(), _LAST_MINUTE) else found


def _before(end: Moment, start: Moment) -> bool:
    if isinstance(end, dt.datetime) and isinstance(start, dt.datetime):
        return end < start
    return end.isoformat()[:10] < start.isoformat()[:10]


def _shown(found: Moment) -> str:
    return f"{found:%d.%m.%Y %H:%M}" if isinstance(found, dt.datetime) else f"{found:%d.%m.%Y}"


def schedule_of(node: Node, remarks: Remarks) -> Schedule | None:
    """``courseSchedule`` or ``eventSchedule``: days of all schedules, times of day where they are one."""
    schedules = [schedule for name in ("courseSchedule", "eventSchedule") for schedule in node.nodes(name)]
    if not schedules:
        return None
    days, starts, ends, counts = set(), set(), set(), []
    for schedule in schedules:
        days |= {day for raw in schedule.raw_texts("byDay") for day in remarks.value(_weekdays, raw, "byDay") or ()}
        starts |= {remarks.value(parse_time, _first(schedule, "startTime"), "startTime")}
        ends |= {remarks.value(parse_time, _first(schedule, "endTime"), "endTime")}
        counts.append(remarks.value(parse_int, _first(schedule, "repeatCount"), "repeatCount"))
        schedule.values("scheduleTimezone")
        schedule.values("repeatFrequency")
    starts, ends = starts - {None}, ends - {None}
    found = Schedule(
        weekdays=tuple(day for day in WEEKDAYS if day in days),
        start_time=starts.pop() if len(starts) == 1 else None,
        end_time=ends.pop() if len(ends) == 1 else None,
        meetings=sum(count for count in counts if count) or None,
    )
    return None if found == Schedule() else found


def _first(node: Node, name: str) -> Any:
    text = next(iter(node.raw_texts(name)), None)
    return None if text is None else re.sub(r"(?:Z|[+-][0-9]{2}:[0-9]{2})$", "", text)


def _weekdays(raw: str) -> tuple[str, ...]:
    word = raw.rpartition("/")[2].strip().lower()
    if word == "publicholidays":
        return ()
    return (words()["weekdays"][word],) if word in words()["weekdays"] else parse_weekdays(raw)


def sessions_of(node: Node, remarks: Remarks) -> tuple[Session, ...]:
    """The meetings of a run: its ``subEvent``."""
    periods = [period(meeting, remarks) for meeting in node.nodes("subEvent")]
    return tuple(Session(start=start, end=end) for start, end in periods if start is not None)


def in_words(duration: str) -> str:
    """An ISO 8601 duration as a German reader says it ("PT22H" is "22 Stunden"); other words stay as they are."""
    match = _DURATION.fullmatch(duration)
    if match is None or not any(match.groups()):
        return duration
    units: dict[str, list[str]] = words()["duration"]
    said = [f"{number} {units[unit][number != '1']}" for unit, number in match.groupdict().items() if number]
    return ", ".join(said).replace(".", ",")
