"""When a course of Open-vhs takes place: its meetings, and the run and the timetable that follow from them."""

from __future__ import annotations

import datetime as dt
import re

import msgspec

from ingest.dates import parse_moment, parse_time, parse_weekdays
from ingest.sources.openvhs.stream import Element
from ingest.sources.remarks import Remarks
from ingest.values import ValueRefused, parse_int
from ontology.offer import WEEKDAYS, Moment, Schedule, Session, day_of

__all__ = ["Dates", "dates_of"]

_OFFSET = re.compile(r"(?:Z|[+-][0-9]{2}:[0-9]{2})$")


class Dates(msgspec.Struct, frozen=True):
    """Start and end of the run with times of day where the first and the last meeting state them."""

    start: Moment | None
    end: Moment | None
    sessions: tuple[Session, ...]
    schedule: Schedule | None


def dates_of(record: Element, remarks: Remarks) -> Dates:
    """The dates of a record. An end before its start is dropped with a remark; offsets are converted to Europe/Berlin."""
    sessions = tuple(session for termin in record.all("termin") if (session := _session(termin, remarks)) is not None)
    sessions = tuple(sorted(set(sessions), key=lambda session: session.start.isoformat()))
    start, end = (_date(record, name, remarks) for name in ("beginn_datum", "ende_datum"))
    if start is not None and end is not None and end < start:
        remarks.add(
            f"ende_datum: Das Ende {end:%d.%m.%Y} liegt vor dem Anfang {start:%d.%m.%Y}; das Ende wird nicht übernommen"
        )
        end = None
    return Dates(*_run(start, end, sessions), sessions, _schedule(record, sessions, remarks))


def _run(
    start: dt.date | None, end: dt.date | None, sessions: tuple[Session, ...]
) -> tuple[Moment | None, Moment | None]:
    """The stated days, with the times of the meetings on them; without stated days, those of the meetings."""
    if not sessions:
        return start, end
    first, last = sessions[0].start, max((s.end or s.start for s in sessions), key=day_of)
    if start is None or start == day_of(first):
        start = first
    if end is None and day_of(last) >= day_of(start) and len(sessions) > 1:
        return start, last
    if end is not None and end == day_of(last) and any(s.end == last for s in sessions):
        return start, last
    if end is None and sessions[0].end is not None:
        return start, sessions[0].end
    return start, end


def _date(element: Element, name: str, remarks: Remarks) -> dt.date | None:
    text = next(iter(element.texts(name)), None)
    moment = remarks.value(parse_moment, None if text is None else _OFFSET.sub("", text.strip()), name)
    return None if moment is None else day_of(moment)


def _session(termin: Element, remarks: Remarks) -> Session | None:
    day = _date(termin, "beginn_datum", remarks)
    last_day = _date(termin, "ende_datum", remarks) or day
    if day is None or last_day is None:
        return None
    start = _at(day, termin, "beginn_uhrzeit", remarks)
    end = _at(last_day, termin, "ende_uhrzeit", remarks)
    if start is None:
        return Session(start=day, end=last_day if last_day > day else None)
    if end is not None and end <= start and end.time() == dt.time() and last_day == day:
        end += dt.timedelta(days=1)  # until midnight
        if start.time() == dt.time():  # 00:00 to 00:00 is how exports leave the times open
            return Session(start=day)
    if end is not None and end < start:
        remarks.add(
            f"termin: Das Ende {end:%d.%m.%Y %H:%M} liegt vor dem Anfang {start:%d.%m.%Y %H:%M}; das Ende wird nicht übernommen"
        )
        end = None
    return Session(start=start, end=end)


def _at(day: dt.date, termin: Element, name: str, remarks: Remarks) -> dt.datetime | None:
    """The time of day on ``day``; its offset, where it has one, is that of this day."""

    def parse(text: str) -> dt.datetime:
        try:
            moment = parse_moment(f"{day.isoformat()}T{text}")
        except ValueRefused:
            return dt.datetime.combine(day, parse_time(_OFFSET.sub("", text)))
        return moment if isinstance(moment, dt.datetime) else dt.datetime.combine(moment, dt.time())

    text = next(iter(termin.texts(name)), None)
    return remarks.value(parse, None if text is None else text.strip(), name)


def _schedule(record: Element, sessions: tuple[Session, ...], remarks: Remarks) -> Schedule | None:
    stated = [days for text in record.texts("wochentag") if (days := remarks.value(parse_weekdays, text, "wochentag"))]
    weekdays = {day for days in stated for day in days} or {
        WEEKDAYS[day_of(session.start).weekday()] for session in sessions
    }
    count = remarks.value(parse_int, next(iter(record.texts("anzahl_termine")), None), "anzahl_termine")
    starts = {s.start.time() for s in sessions if isinstance(s.start, dt.datetime)}
    ends = {s.end.time() for s in sessions if isinstance(s.end, dt.datetime)}
    schedule = Schedule(
        weekdays=tuple(day for day in WEEKDAYS if day in weekdays),
        start_time=starts.pop() if len(starts) == 1 else None,
        end_time=ends.pop() if len(ends) == 1 else None,
        meetings=count or len(sessions) or None,
    )
    return None if schedule == Schedule() else schedule
