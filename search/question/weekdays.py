"""Days of the week in full, short, in lists and in ranges."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from search.question.folding import Folded
from search.question.lexicon import Candidate, Patterns
from search.question.marks import weekday_of
from search.question.wishes import WEEKDAYS

__all__ = ["WeekdayReader"]

_TO = r" ?(?:-|bis(?: zum)?|to|until|do|по|до|الي) ?"


class WeekdayReader:
    """Finds weekdays that are no date, in marked text; ``table`` is words/calendar.toml."""

    def __init__(self, table: Mapping[str, Any], patterns: Patterns) -> None:
        self._short: list[str] = table["short"]
        patterns.add({"shortday": self._short, "each": table["every"]})
        plural = "(?: günleri| günü)?"
        self._range = patterns.phrase(rf"(?:(?:<each>|von|vom|from) )?<a:weekday>{_TO}<b:weekday>{plural}")
        self._single = patterns.phrase(f"(?:<each> )*<a:weekday>{plural}…")
        separator = r"(?:\.? ?(?:-|bis|und|oder|u\.|o\.|&|\+|/|,|;) ?|\.? )"
        self._list = patterns.phrase(rf"(?:<each> )*(?P<l><shortday>(?:{separator}<shortday>)+)\.?")
        self._alone = patterns.phrase(r"(?:<each> )*<a:shortday>\.?")
        self._refused = patterns.ending("(?:nicht|auch nicht|nur nicht|bloss nicht|nie|ausser|ohne|kein) ")
        self._item = re.compile(rf"({'|'.join(self._short)})(?:\.? ?(-|bis) ?({'|'.join(self._short)}))?")

    def find(self, folded: Folded) -> Iterator[Candidate]:
        """Candidates with the filter ``weekdays`` and days in the order of the week as value."""
        text = folded.text
        for match in self._range.finditer(text):
            yield Candidate(
                match.start(), match.end(), "weekdays", _between(weekday_of(match["a"]), weekday_of(match["b"]))
            )
        for match in self._single.finditer(text):
            yield Candidate(match.start(), match.end(), "weekdays", (WEEKDAYS[weekday_of(match["a"])],))
        for match in self._list.finditer(text):
            if (days := self._listed(match["l"])) and self._is_list(folded, match, len(days)):
                yield Candidate(match.start(), match.end(), "weekdays", days)
        for match in self._alone.finditer(text):
            if self._is_day(folded, match):
                yield Candidate(match.start(), match.end(), "weekdays", (WEEKDAYS[self._short.index(match["a"])],))

    def _listed(self, text: str) -> tuple[str, ...]:
        found: set[str] = set()
        for first, to, last in self._item.findall(text):
            begin, end = self._short.index(first), self._short.index(last or first)
            found.update(_between(begin, end) if to else (WEEKDAYS[begin],))
        return tuple(day for day in WEEKDAYS if day in found) if len(found) > 1 else ()

    def _is_list(self, folded: Folded, match: re.Match[str], days: int) -> bool:
        """Whether days with nothing but blanks between them are meant: three, or two written as days or before a time."""
        begin, end = folded.span(match.start("l"), match.end("l"))
        apart = not _ONLY_BLANKS.search(match["l"])
        written = all(word.istitle() for word in folded.original[begin:end].split())
        return apart or days > 2 or written or bool(_TIME_NEXT.match(folded.text, match.end()))

    def _is_day(self, folded: Folded, match: re.Match[str]) -> bool:
        """Two letters alone are a day only where they are written as one and stand as one or beside a time."""
        begin, end = folded.span(match.start("a"), match.end("a"))
        left = folded.text[: match.start()]
        if not folded.original[begin:end].istitle():
            return match["a"] != "so" and bool(_CLOCK_NEXT.match(folded.text, match.end()))
        if match.start("a") > match.start():
            return True
        if _TIME_NEXT.match(folded.text, match.end()):
            return bool(left) or match["a"] != "so"
        apart = not left or text_ends_clause(left) or bool(self._refused.search(left))
        return match["a"] != "so" and apart and bool(_CLAUSE_NEXT.match(folded.text, match.end()))


_ONLY_BLANKS = re.compile(r"\b\w\w\.? (?!(?:bis|und|oder)\b)\w\w\b")
_CLOCK = r"\d{1,2}(?:[:.]\d\d)? ?uhr|\d{1,2}:\d\d"
_CLOCK_NEXT = re.compile(rf",? (?:(?:ab|um|von) )?(?:{_CLOCK})")
_TIME_NEXT = re.compile(
    rf",? ?(?:abends?\b|(?:vor|nach)m(?:ittag|\.)|morgens|(?:ab|um) \d|(?:(?:von|zwischen) )?(?:{_CLOCK}|\d{{1,2}} ?(?:-|bis|und) ?\d))"
)
_CLAUSE_NEXT = re.compile(r" ?(?:$|[,;)]|(?:und|oder|noch) )")


def text_ends_clause(text: str) -> bool:
    """Whether the text ends with a comma or the like."""
    return text.rstrip()[-1:] in {",", ";", "(", ":"}


def _between(begin: int, end: int) -> tuple[str, ...]:
    chosen = {(begin + step) % 7 for step in range((end - begin) % 7 + 1)}
    return tuple(day for index, day in enumerate(WEEKDAYS) if index in chosen)
