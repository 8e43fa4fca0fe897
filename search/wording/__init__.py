"""How an answer is worded, in the languages that people here speak: one TOML file for each, all with the keys of ``de.toml``."""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

__all__ = ["GERMAN", "LANGUAGES", "Wording", "wording"]

_FOLDER = Path(__file__).parent
GERMAN = "de"
LANGUAGES = tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))
"""BCP 47 codes."""


class Wording:
    """The words of one language. ``language`` is its BCP 47 code."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._words = tomllib.loads((_FOLDER / f"{language}.toml").read_text(encoding="utf-8"))

    def __getitem__(self, table: str) -> dict[str, str]:
        """The words of one table of the file."""
        found: dict[str, str] = self._words[table]
        return found

    def listed(self, parts: Sequence[str]) -> str:
        """ "a, b und c" """
        words = self["list"]
        return words["last"].join(filter(None, (words["comma"].join(parts[:-1]), parts[-1])))

    def quoted(self, text: str) -> str:
        """What stands somewhere word for word."""
        return self["quoted"]["text"].format(text=text)

    def date(self, day: dt.date) -> str:
        """A day in digits."""
        return day.strftime(self["start"]["date"])

    def amount(self, amount: Decimal) -> str:
        """A number of euros, whole ones without cents."""
        whole, _, cents = f"{amount:,.2f}".partition(".")
        words = self["number"]
        euros = whole.replace(",", words["thousands"])
        return euros if cents == "00" else f"{euros}{words['decimal']}{cents}"

    def distance(self, km: float) -> str:
        """How far away something is."""
        words = self["place"]
        return words["near"] if km < 1 else words["away"].format(km=f"{km:.0f}")

    def ages(self, low: int | None, high: int | None) -> str:
        """The ages an offer is for, of which at least one is known."""
        form = "from" if high is None else "to" if low is None else "between" if low < high else "exactly"
        return self["age"][form].format(low=low, high=high)

    def suggested(self, name: str, value: Any) -> str:
        """An uncertain wish (a filter and its value) as a question."""
        values: dict[str, str] = self._words["suggested"][name]
        first = value[0] if isinstance(value, tuple) else value
        return values[first if isinstance(first, str) else "free"]  # the only number is the price 0


@cache
def wording(language: str) -> Wording:
    """The words of a language, given by its BCP 47 code; German where there are none of it."""
    code = language.partition("-")[0].lower()
    return Wording(code if code in LANGUAGES else GERMAN)
