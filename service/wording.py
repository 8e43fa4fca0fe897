"""How the pages say dates, prices, places and wishes: German sentences for people."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from ontology.offer import WEEKDAYS, Moment, Place, Schedule, day_of

__all__ = [
    "age_in_words",
    "ago_in_words",
    "day_in_words",
    "days_in_words",
    "decimal_in_words",
    "distance_in_words",
    "listed",
    "moment_in_words",
    "parse_moment",
    "place_in_words",
    "price_in_words",
    "schedule_in_words",
    "share_in_words",
    "size_in_words",
    "span_in_words",
    "wish_in_words",
    "words",
]

_NO_BREAK = "\u00a0"


@cache
def words() -> dict[str, Any]:
    """The words of ``wording.toml``."""
    return tomllib.loads(Path(__file__).with_name("wording.toml").read_text(encoding="utf-8"))


def listed(parts: Sequence[str], last: str = "und") -> str:
    """ "a, b und c" """
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}" if parts else ""


def parse_moment(text: str) -> Moment:
    """An ISO date, or date and time."""
    return dt.datetime.fromisoformat(text) if "T" in text else dt.date.fromisoformat(text)


def day_in_words(moment: dt.date) -> str:
    """ "13. April 2026" """
    return f"{moment.day}.{_NO_BREAK}{words()['months'][moment.month - 1]}{_NO_BREAK}{moment.year}"


def moment_in_words(moment: dt.date) -> str:
    """ "Mo, 13. April 2026, 18:30 Uhr", without the time where none is stated."""
    day = f"{words()['weekdays_short'][moment.weekday()]},{_NO_BREAK}{day_in_words(moment)}"
    return f"{day}, {moment:%H:%M}{_NO_BREAK}Uhr" if isinstance(moment, dt.datetime) else day


def span_in_words(start: dt.date | None, end: dt.date | None) -> str:
    """Beginning and end, the end's day only where it is another one."""
    if start is None:
        return "Termin auf Anfrage" if end is None else f"bis {moment_in_words(end)}"
    text = moment_in_words(start)
    if end is None or end == start:
        return text
    if day_of(start) != day_of(end):
        return f"{text} bis {moment_in_words(day_of(end))}"
    if isinstance(start, dt.datetime) and isinstance(end, dt.datetime):
        return f"{text.removesuffix(f'{_NO_BREAK}Uhr')}–{end:%H:%M}{_NO_BREAK}Uhr"
    return text


def price_in_words(price: Decimal | float | None) -> str:
    """ "kostenlos", "45 €", "1.250,50 €", "Preis nicht angegeben"."""
    if price is None:
        return "Preis nicht angegeben"
    if price == 0:
        return "kostenlos"
    whole, _, cents = f"{price:,.2f}".partition(".")
    return f"{whole.replace(',', '.')}{'' if cents == '00' else ',' + cents}{_NO_BREAK}€"


def ago_in_words(days: int) -> str:
    """ "heute", "gestern", "vor 3 Tagen" """
    return ("heute", "gestern")[max(days, 0)] if days < 2 else f"vor {days} Tagen"


def decimal_in_words(value: float) -> str:
    """ "0,44" """
    return f"{value:.2f}".replace(".", ",")


def size_in_words(size: int) -> str:
    """Bytes: "84 KB", "1,2 MB"."""
    if size < 999_500:
        return f"{max(1, round(size / 1000))}{_NO_BREAK}KB"
    return f"{size / 1_000_000:.1f}".replace(".", ",") + f"{_NO_BREAK}MB"


def share_in_words(part: float, whole: float) -> str:
    """ "45 %"; never rounded to all or to none of it; "–" of nothing."""
    if not whole:
        return "–"
    percent = round(100 * part / whole)
    if (percent == 0 and part) or (percent == 100 and part < whole):
        return f"unter 1{_NO_BREAK}%" if percent == 0 else f"über 99{_NO_BREAK}%"
    return f"{percent}{_NO_BREAK}%"


def distance_in_words(km: float) -> str:
    """ "12 km entfernt" """
    return "weniger als 1 km entfernt" if km < 1 else f"{km:.0f}{_NO_BREAK}km entfernt"


def age_in_words(low: int | None, high: int | None) -> str:
    """ "ab 6 Jahren", "6 bis 10 Jahre"."""
    if low is None:
        return "" if high is None else f"bis {high} Jahre"
    if high is None:
        return f"ab {low} Jahren"
    return f"{low} Jahre" if low == high else f"{low} bis {high} Jahre"


def days_in_words(days: Sequence[str]) -> str:
    """Weekdays in the order of the week: "montags und mittwochs", "am Wochenende"."""
    ordered = [day for day in WEEKDAYS if day in days]
    known: str | None = words()["weekday_sets"].get(" ".join(ordered))
    return known or listed([words()["weekdays"][day] for day in ordered])


def schedule_in_words(schedule: Schedule) -> str:
    """ "montags, 18:30–20:00 Uhr, 10 Treffen" """
    parts = [days_in_words(schedule.weekdays)] if schedule.weekdays else []
    if schedule.start_time is not None:
        end = "" if schedule.end_time is None else f"–{schedule.end_time:%H:%M}"
        parts.append(f"{schedule.start_time:%H:%M}{end}{_NO_BREAK}Uhr")
    if schedule.meetings is not None:
        parts.append("1 Treffen" if schedule.meetings == 1 else f"{schedule.meetings} Treffen")
    return ", ".join(parts)


def place_in_words(place: Place) -> str:
    """Name and address on one line."""
    town = " ".join(part for part in (place.postal_code, place.locality) if part)
    parts = (None if place.name == place.locality else place.name, place.street, town)
    return ", ".join(part for part in parts if part)


def wish_in_words(name: str, wishes: Any) -> str:
    """What a person asked for, as she would say it. ``name`` is a wish's name; place and radius, and both ends of a start, are one."""
    value = getattr(wishes, name)
    if name == "place":
        return f"in {value}" if wishes.radius_km is None else f"bis {wishes.radius_km:g}{_NO_BREAK}km um {value}"
    if name in ("start_from", "start_to"):
        return _window(wishes.start_from, wishes.start_to)
    if name == "weekdays":
        return days_in_words(value)
    if name == "price_max":
        return "kostenlos" if value == 0 else f"höchstens {price_in_words(value)}"
    if name == "level":
        return "Niveau " + listed(value, "oder")
    if name == "in_language":
        return f"auf {words()['language'].get(value.partition('-')[0], value)}"
    if name == "age":
        return age_in_words(*value)
    if name in words()["yes"]:
        return str(words()["yes"][name])
    labels = words()[name]
    values = [value] if isinstance(value, str) else value
    return listed([labels.get(v, v) for v in values], "oder")


def _window(start: dt.date | None, end: dt.date | None) -> str:
    if end is None:
        return "" if start is None else f"ab {day_in_words(start)}"
    if start is None:
        return f"bis {day_in_words(end)}"
    return f"am {day_in_words(start)}" if start == end else f"{day_in_words(start)} bis {day_in_words(end)}"
