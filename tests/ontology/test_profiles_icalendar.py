"""An offer's dates as a calendar, read back by another library's rules and checked line by line against RFC 5545."""

from __future__ import annotations

import datetime as dt
import re

from hypothesis import given, settings
from icalendar import Calendar

from ontology.offer import Instance, Kind, Offer, Place, Session
from ontology.profiles.icalendar import calendar_of
from tests.ontology.offers import offers

BASE = "https://bildung.example"
CHANGED = "2026-01-05T09:30:00+00:00"


def an_offer(*instances: Instance, **more: object) -> Offer:
    values: dict[str, object] = {"name": "Töpfern; für \\ alle, auch\nabends"} | more
    return Offer(id="kvhs-A1", source="kvhs", identifier="A1", kind=Kind.COURSE, instances=instances, **values)


def lines_of(offer: Offer) -> list[str]:
    """The content lines, unfolded. RFC 5545, section 3.1: CRLF, at most 75 octets, no control characters."""
    body = calendar_of(offer, BASE, CHANGED)
    assert body is not None
    assert body.endswith(b"\r\n")
    physical = body.split(b"\r\n")[:-1]
    assert all(len(line) <= 75 for line in physical)
    assert not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", b"".join(physical))
    lines = body.decode("utf-8").replace("\r\n ", "").split("\r\n")[:-1]
    assert all(re.match(r"[A-Z-]+(;[A-Z-]+=(\"[^\"]*\"|[^\";:,]*))*:", line) for line in lines)
    return lines


def event_of(offer: Offer) -> list[str]:
    lines = lines_of(offer)
    assert lines.count("BEGIN:VEVENT") == 1
    return lines[lines.index("BEGIN:VEVENT") : lines.index("END:VEVENT")]


def test_each_meeting_is_an_event_in_german_time() -> None:
    sessions = (
        Session(start=dt.datetime(2026, 3, 23, 18, 30), end=dt.datetime(2026, 3, 23, 20, 0)),
        Session(start=dt.datetime(2026, 3, 30, 18, 30)),
    )
    lines = lines_of(an_offer(Instance(start=sessions[0].start, sessions=sessions)))
    assert lines.count("BEGIN:VTIMEZONE") == 1
    assert [line for line in lines if line.startswith(("DTSTART;", "DTEND;", "UID"))] == [
        "DTSTART;TZID=Europe/Berlin:20260323T183000",
        "DTEND;TZID=Europe/Berlin:20260323T200000",
        f"UID:{BASE}/id/angebot/kvhs-A1#termin-1-1",
        "DTSTART;TZID=Europe/Berlin:20260330T183000",
        f"UID:{BASE}/id/angebot/kvhs-A1#termin-1-2",
    ]


def test_the_time_zone_changes_when_germany_does() -> None:
    body = calendar_of(an_offer(Instance(start=dt.datetime(2026, 3, 28, 10))), BASE, CHANGED)
    assert body is not None
    [zone] = Calendar.from_ical(body).walk("VTIMEZONE")
    berlin = zone.to_tz(lookup_tzid=False)
    offsets = [berlin.utcoffset(dt.datetime(2026, 3, day, 10)) for day in (28, 29)]
    assert offsets == [dt.timedelta(hours=1), dt.timedelta(hours=2)]
    assert berlin.utcoffset(dt.datetime(2026, 10, 25, 10)) == dt.timedelta(hours=1)


def test_a_date_without_a_time_is_all_day() -> None:
    event = event_of(an_offer(Instance(start=dt.date(2026, 6, 1))))
    assert "DTSTART;VALUE=DATE:20260601" in event
    assert "TRANSP:TRANSPARENT" in event
    assert not any(line.startswith("DTEND") for line in event)


def test_a_week_is_shown_whole_and_a_year_by_its_first_day() -> None:
    week = event_of(an_offer(Instance(start=dt.date(2026, 6, 1), end=dt.date(2026, 6, 5))))
    assert "DTEND;VALUE=DATE:20260606" in week
    year = event_of(an_offer(Instance(start=dt.date(2026, 8, 1), end=dt.date(2029, 7, 31))))
    assert not any(line.startswith("DTEND") for line in year)


def test_a_run_over_weeks_is_its_first_evening() -> None:
    run = Instance(start=dt.datetime(2026, 1, 15, 10), end=dt.datetime(2026, 3, 26, 11, 15))
    assert "DTEND;TZID=Europe/Berlin:20260115T111500" in event_of(an_offer(run))


def test_text_is_escaped_and_the_stamp_is_that_of_the_change() -> None:
    place = Place(name="Haus", street="Ring 2", postal_code="55232", locality="Alzey", latitude=49.75, longitude=8.11)
    event = event_of(an_offer(Instance(start=dt.date(2026, 6, 1), place=place, url="javascript:alert(1)")))
    assert "SUMMARY:Töpfern\\; für \\\\ alle\\, auch\\nabends" in event
    assert "LOCATION:Haus\\, Ring 2\\, 55232 Alzey" in event
    assert "GEO:49.75;8.11" in event
    assert f"URL:{BASE}/id/angebot/kvhs-A1" in event
    assert {"DTSTAMP:20260105T093000Z", "LAST-MODIFIED:20260105T093000Z"} <= set(event)


def test_without_dates_there_is_no_calendar() -> None:
    assert calendar_of(an_offer(Instance(workload="4 Wochen")), BASE, CHANGED) is None


@settings(deadline=None, max_examples=60)
@given(offers)
def test_any_offer_gives_a_calendar_that_can_be_read(offer: Offer) -> None:
    body = calendar_of(offer, BASE, CHANGED)
    if body is None:
        return
    lines_of(offer)
    assert body == calendar_of(offer, BASE, CHANGED)
    events = Calendar.from_ical(body).walk("VEVENT")
    dated = [max(len(i.sessions), 1) for i in offer.instances if i.sessions or i.start is not None]
    assert len(events) == sum(dated)
    assert len({str(event["UID"]) for event in events}) == len(events)
    assert all(event.errors == [] for event in events)
