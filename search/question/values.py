"""What the captured words of a pattern say: one small method for each ``reader`` that the lexicons name."""

from __future__ import annotations

import re
from typing import Any

from search.question.numbers import NumberReader
from search.question.wishes import LEVELS

__all__ = ["ValueReader"]

_PARTS = (("morning", 0, 12), ("afternoon", 12, 17), ("evening", 17, 25))  # hours, from and before
_NOON = 12  # "from nine" would be the whole day: meant is the morning
_ALIKE = str.maketrans("авс", "abc")  # Cyrillic letters that look like the levels'
_OLDEST = 110
_PM = re.compile(r"p\.?m|abends|nachmittags|مساء")
_HALF = re.compile(r"halb (\w+)")


class ValueReader:
    """Reads values by the name of the reader; None where the words make no sense, then the match does not count."""

    def __init__(self, number: NumberReader) -> None:
        self._number = number

    def __call__(self, reader: str, match: re.Match[str]) -> Any:
        """The value of a match of a rule with that ``reader``."""
        return getattr(self, f"_{reader}")(match)

    def _captured(self, match: re.Match[str]) -> list[float]:
        found = (self._number(text) for text in match.groupdict().values() if text)
        return [value for value in found if value is not None]

    def _largest(self, match: re.Match[str]) -> float | None:
        return max(self._captured(match), default=None)

    def _ages(self, match: re.Match[str]) -> list[int]:
        found = [int(value) for value in self._captured(match)]
        return found if found and max(found) <= _OLDEST else []

    def _from(self, match: re.Match[str]) -> tuple[int, None] | None:
        return (found[0], None) if (found := self._ages(match)) else None

    def _to(self, match: re.Match[str]) -> tuple[None, int] | None:
        return (None, found[0]) if (found := self._ages(match)) else None

    def _below(self, match: re.Match[str]) -> tuple[None, int] | None:
        return (None, found[0] - 1) if (found := self._ages(match)) and found[0] > 0 else None

    def _between(self, match: re.Match[str]) -> tuple[int, int] | None:
        return (min(found), max(found)) if len(found := self._ages(match)) == 2 else None

    def _exactly(self, match: re.Match[str]) -> tuple[int, int] | None:
        return (found[0], found[0]) if (found := self._ages(match)) else None

    def _hour(self, text: str) -> float | None:
        if half := _HALF.search(text):
            value = self._number(half[1])
            return None if value is None else value - 0.5 + (12 if value <= 8 else 0)
        value = self._number(text if text[:1].isdigit() else text.split(" ")[0])
        if value is None or value > 24:
            return None
        return value + 12 if value < 12 and _PM.search(text) else value

    def _clock_from(self, match: re.Match[str]) -> tuple[str, ...] | None:
        start = self._hour(match["a"])
        if start is None:
            return None
        return tuple(part for part, _, end in _PARTS if start < end) if start >= _NOON else (_PARTS[0][0],)

    def _clock_to(self, match: re.Match[str]) -> tuple[str, ...] | None:
        last = self._hour(match["b"])
        return None if last is None else tuple(part for part, start, _ in _PARTS if start < last)

    def _clock_at(self, match: re.Match[str]) -> tuple[str, ...] | None:
        at = self._hour(match["a"])
        return None if at is None else tuple(part for part, start, end in _PARTS if start <= at < end)

    def _levels(self, match: re.Match[str]) -> tuple[str, ...]:
        named = [LEVELS.index(text.translate(_ALIKE).upper()) for text in match.groupdict().values() if text]
        return LEVELS[min(named) : max(named) + 1]

    def _levels_from(self, match: re.Match[str]) -> tuple[str, ...]:
        return LEVELS[LEVELS.index(match["a"].translate(_ALIKE).upper()) :]
