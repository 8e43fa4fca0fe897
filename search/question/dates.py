"""When something is to start: dates, months and weeks with the words around them that say which side is meant."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Any, ParamSpec, TypeVar

import msgspec

from search.question.lexicon import Candidate, Patterns
from search.question.marks import is_doubtful, month_of, weekday_of
from search.question.sieve import Sieve
from search.question.windows import Window, add_months, cut, day_window, month_window, next_date, relative, week_window

__all__ = ["DateReader"]

_LOOK_BACK = 48
_SIDES = ("before", "after", "from", "to", "within")  # in the order in which they are tried
_MIDDLE = 15  # "ab Mitte Mai"
_YEARLY = {"date", "days_of_month", "month", "months_of_year", "week_number"}  # what a year beside it belongs to
_YEAR_GAP = 16  # characters between both, at most
_SEASONS = {"spring", "summer", "autumn", "winter"}
_YEAR = re.compile(r"(?<![\w.])20[2-9]\d(?!\w)")
_P = ParamSpec("_P")
_T = TypeVar("_T")


class _Found(msgspec.Struct, frozen=True):
    """An expression of time, before the words around it say what it bounds; ``sides`` are those it may have, "" is none."""

    start: int
    end: int
    window: Window
    sides: tuple[str, ...]
    middle: bool = False


class DateReader:
    """Finds start windows in marked text; ``table`` is words/calendar.toml, ``ordinals`` the part of words/numbers.toml."""

    def __init__(self, table: Mapping[str, Any], patterns: Patterns, ordinals: Mapping[str, list[str]]) -> None:
        self._ordinals = {word: int(value) for value, forms in ordinals.items() for word in forms}
        patterns.add(
            {
                "part": chain(*table["part"].values()),
                "next_month": table["relative"]["next_month"],
                **table["words"],
                "unit": ["<days>", "<weeks>", "<months>"],
            }
        )
        self._parts = {name: patterns.any_of(forms) for name, forms in table["part"].items()}
        self._units = {name: patterns.any_of(table["words"][name]) for name in ("days", "weeks", "months")}
        forms = [(name, patterns.phrase(form)) for name, forms in table["relative"].items() for form in forms]
        self._relative = Sieve((pattern.needs, (name, pattern)) for name, pattern in forms)
        self._relative_sides = {n: tuple(sides) for n, sides in table["relative_sides"].items()}
        self._never_behind = {n: patterns.ending(source) for n, source in table["never_behind"].items()}
        self._next_year = [patterns.phrase(form) for form in table["relative"]["next_year"]]
        self._year_gap = patterns.starting(f",? ?(?:(?:{'|'.join(table['before_year'])}) )*$")
        relation = table["relation"]
        self._left = {side: patterns.ending(f"(?:{'|'.join(relation[side])}) ") for side in _SIDES}
        self._right = {
            side: patterns.starting(f" ?(?:{'|'.join(relation[side + '_behind'])})(?!\\w)")
            for side in ("from", "to", "before")
        }
        self._through = patterns.starting(f" (?:{'|'.join(relation['through'])}) \\|")
        grammar = [
            (patterns.phrase(source), entry["reader"], tuple(entry.get("sides", ("", *_SIDES))))
            for entry in table["expression"]
            for source in entry["any"]
        ]
        self._grammar = Sieve((entry[0].needs, entry) for entry in grammar)

    def _reader(self, name: str) -> Callable[[re.Match[str], dt.date], Window | None]:
        readers: dict[str, Callable[[re.Match[str], dt.date], Window | None]] = {
            "date": self._date,
            "days_of_month": self._days_of_month,
            "month": self._month,
            "part_of_next_month": self._part_of_next_month,
            "year": self._year,
            "months_of_year": self._months_of_year,
            "week_number": self._week_number,
            "coming_weekday": self._coming_weekday,
            "weekday_of_next_week": self._weekday_of_next_week,
            "span_ahead": self._span_ahead,
            "distance_ahead": self._distance_ahead,
        }
        return readers[name]

    def find(self, text: str, today: dt.date) -> Iterator[Candidate]:
        """Candidates with the filter ``start`` and a Window as value; none for days beyond the calendar's last year."""
        last: Candidate | None = None
        for found in sorted(self._expressions(text, today), key=lambda f: (f.start, -f.end, -len(f.sides))):
            if last and found.start < last.end:
                continue
            candidate = _in_calendar(self._bounded, text, found, today)
            if candidate and last:
                last, candidate = self._from_to(text, last, candidate)
                yield last
            last = candidate or last
        if last:
            yield last

    def _from_to(self, text: str, one: Candidate, other: Candidate) -> tuple[Candidate, Candidate]:
        """Of "1. Mai bis 5. Juni" both ends; else the two as they are."""
        until: Window = other.value
        between = text[one.end : other.start]
        if until.start is not None and self._through.match(f"{between}|"):
            until = Window(None, until.end)
        if one.value.start is None or until.start is not None or not (between.isspace() or until != other.value):
            return one, other
        begin = msgspec.structs.replace(one, value=Window(one.value.start, None))
        start = one.end + len(between) - len(between.lstrip())
        return begin, msgspec.structs.replace(other, start=start, value=until)

    def _expressions(self, text: str, today: dt.date) -> Iterator[_Found]:
        years = list(self._years(text, today))
        for pattern, name, sides in self._grammar.of(text):
            for match in pattern.found_in(text):
                base, end = self._year_beside(text, match, years) if name in _YEARLY else (None, match.end())
                window = _in_calendar(self._reader(name), match, base or today)
                if window is not None:
                    groups = match.groupdict()
                    bare = not (groups.get("m") and "d" not in groups and is_doubtful(groups["m"]))
                    middle = groups.get("p") is not None and self._part(groups["p"]) == "middle"
                    yield _Found(match.start(), end, window, sides if bare else sides[1:], middle)
        for name, pattern in self._relative.of(text):
            for match in pattern.found_in(text):
                left = text[max(0, match.start() - _LOOK_BACK) : match.start()]
                if name not in self._never_behind or not self._never_behind[name].search(left):
                    sides = self._relative_sides.get(name, ("", *_SIDES))
                    base, end = self._year_beside(text, match, years) if name in _SEASONS else (None, match.end())
                    window = _in_calendar(relative, name, base or today)
                    if window is not None:
                        yield _Found(match.start(), end, window, ("", *sides) if base else sides)

    def _years(self, text: str, today: dt.date) -> Iterator[tuple[int, int, int]]:
        """Where a year is named, and which."""
        for pattern in self._next_year:
            for match in pattern.finditer(text):
                yield match.start(), match.end(), today.year + 1
        for match in _YEAR.finditer(text):
            yield match.start(), match.end(), int(match[0])

    def _year_beside(
        self, text: str, match: re.Match[str], years: list[tuple[int, int, int]]
    ) -> tuple[dt.date | None, int]:
        """The first day of the year named beside a month or season, and the end of both ("im August nächsten Jahres")."""
        for start, end, year in years:
            if match.end() <= start <= match.end() + _YEAR_GAP and self._year_gap.match(text[match.end() : start]):
                return dt.date(year, 1, 1), end
            if end <= match.start() <= end + _YEAR_GAP and self._year_gap.match(text[end : match.start()]):
                return dt.date(year, 1, 1), match.end()
        return None, match.end()

    def _bounded(self, text: str, found: _Found, today: dt.date) -> Candidate | None:
        """The expression with the words around it that say from, to, before or after."""
        for side, pattern in self._right.items():
            if side in found.sides and (match := pattern.match(text, found.end)):
                return Candidate(found.start, match.end(), "start", cut(_point(found, side), side, today), rank=1)
        left = text[max(0, found.start - _LOOK_BACK) : found.start]
        behind = [(m, side) for side in _SIDES if side in found.sides and (m := self._left[side].search(left))]
        if behind:
            match, side = max(behind, key=lambda pair: len(pair[0][0]))
            begin = found.start - len(match[0])
            return Candidate(begin, found.end, "start", cut(_point(found, side), side, today), rank=1)
        return Candidate(found.start, found.end, "start", found.window, rank=1) if "" in found.sides else None

    def _date(self, match: re.Match[str], today: dt.date) -> Window | None:
        month = int(match["m"]) if match["m"].isdigit() else month_of(match["m"])
        date = next_date(today, month, int(match["d"]), _full_year(match.groupdict().get("y")))
        return None if date is None else day_window(date)

    def _days_of_month(self, match: re.Match[str], today: dt.date) -> Window | None:
        month = month_of(match["m"])
        end = next_date(today, month, int(match["e"]), _full_year(match["y"]))
        if end is None or not 1 <= int(match["d"]) <= end.day:
            return None
        return Window(end.replace(day=int(match["d"])), end)

    def _month(self, match: re.Match[str], today: dt.date) -> Window | None:
        part = match.groupdict().get("p")
        return month_window(
            today,
            month_of(match["m"]),
            year=_full_year(match.groupdict().get("y")),
            part=self._part(part) if part else None,
        )

    def _part_of_next_month(self, match: re.Match[str], today: dt.date) -> Window | None:
        first = add_months(today.replace(day=1), 1)
        return month_window(today, first.month, year=first.year, part=self._part(match["p"]))

    def _part(self, text: str) -> str | None:
        return next((name for name, pattern in self._parts.items() if pattern.fullmatch(text)), None)

    def _year(self, match: re.Match[str], today: dt.date) -> Window | None:
        year = int(match["y"])
        return Window(dt.date(year, 1, 1), dt.date(year, 12, 31)) if today.year <= year <= today.year + 9 else None

    def _months_of_year(self, match: re.Match[str], today: dt.date) -> Window | None:
        length = 3 if match.groupdict().get("q") else 6
        which = self._count(match["q"] if length == 3 else match["h"])
        if which is None or not 1 <= which <= 12 // length:
            return None
        return month_window(today, (which - 1) * length + 1, months=length, year=_full_year(match.groupdict().get("y")))

    def _week_number(self, match: re.Match[str], today: dt.date) -> Window | None:
        week, year = int(match["w"]), _full_year(match["y"])
        for each in (today.year, today.year + 1) if year is None else (year,):
            if 1 <= week <= dt.date(each, 12, 28).isocalendar().week:
                window = week_window(dt.date.fromisocalendar(each, week, 1))
                if year is not None or (window.end and window.end >= today):
                    return window
        return None

    def _coming_weekday(self, match: re.Match[str], today: dt.date) -> Window | None:
        ahead = (weekday_of(match["d"]) - today.weekday() - 1) % 7 + 1
        return day_window(today + dt.timedelta(ahead))

    def _weekday_of_next_week(self, match: re.Match[str], today: dt.date) -> Window | None:
        ahead = 7 - today.weekday() + weekday_of(match["d"])
        return day_window(today + dt.timedelta(ahead))

    def _span_ahead(self, match: re.Match[str], today: dt.date) -> Window | None:
        end = self._ahead(match, today)
        return None if end is None else Window(today, end)

    def _distance_ahead(self, match: re.Match[str], today: dt.date) -> Window | None:
        date = self._ahead(match, today)
        if date is None or self._units["days"].fullmatch(match["u"]):
            return None if date is None else day_window(date)
        return (
            week_window(date)
            if self._units["weeks"].fullmatch(match["u"])
            else month_window(today, date.month, year=date.year)
        )

    def _count(self, text: str) -> int | None:
        return int(text.rstrip(".")) if text[0].isdigit() else self._ordinals.get(text)

    def _ahead(self, match: re.Match[str], today: dt.date) -> dt.date | None:
        count = self._count(match["n"])
        if count is None or not 0 < count <= 100:
            return None
        if self._units["months"].fullmatch(match["u"]):
            return add_months(today, count)
        return today + dt.timedelta(count * (7 if self._units["weeks"].fullmatch(match["u"]) else 1))


def _in_calendar(reckon: Callable[_P, _T], *arguments: _P.args, **named: _P.kwargs) -> _T | None:
    """None where the reckoning leaves the years 1 to 9999, which are all that dates can say."""
    try:
        return reckon(*arguments, **named)
    except (OverflowError, ValueError):
        return None


def _point(found: _Found, side: str) -> Window:
    """The middle of a month is a day where it bounds a window, and ten days where it is one."""
    if not found.middle or side == "within" or found.window.start is None:
        return found.window
    return day_window(found.window.start.replace(day=_MIDDLE))


def _full_year(text: str | None) -> int | None:
    if text is None:
        return None
    return int(text) + 2000 if len(text) == 2 else int(text)
