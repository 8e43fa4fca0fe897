"""Headings: which row holds them, what they mean where no mapping says so, and which of them speak of persons."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from importlib import resources
from typing import Any

from ingest.sources.table.rows import RawRow
from ingest.text import clean_line
from ingest.values import Cell, as_text

__all__ = ["best_row", "guessed_field", "heading_key", "is_personal", "is_total", "names_of", "unit"]

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_NO_LETTER = re.compile(r"[\W_]+")


def names_of(cells: Iterable[Cell]) -> tuple[str, ...]:
    """The headings of a row, "" where a cell is empty; a name that comes again gets a number ("Datum", "Datum 2")."""
    names: list[str] = []
    for cell in cells:
        name = clean_line(as_text(cell)) or ""
        taken = {heading_key(other) for other in names if other}
        number = 2
        unique = name
        while name and heading_key(unique) in taken:
            unique = f"{name} {number}"
            number += 1
        names.append(unique)
    return tuple(names)


def heading_key(name: str) -> str:
    """What two spellings of a heading in a mapping and in a file have in common: everything but case and spaces."""
    return "".join(name.casefold().split())


def best_row(rows: Sequence[RawRow], known: Callable[[str], bool]) -> int | None:
    """Position of the row with most known headings, the first of equals; None where no row holds any."""
    scores = [sum(known(name) for name in names_of(row.cells) if name) for row in rows]
    best = max(scores, default=0)
    return scores.index(best) if best else None


def guessed_field(name: str) -> str | None:
    """The field that a heading stands for in German tables."""
    return _fields().get(_bare(name))


def is_personal(name: str) -> bool:
    """True where a heading, or any word of it, announces data of persons: who teaches, whom to ask, telephone, e-mail."""
    known, stems = _words("personal", "headings"), _words("personal", "stems")
    words = (_bare(name), *_NO_LETTER.split(name.casefold()))
    return any(word in known or word.startswith(stems) for word in words)


def is_total(text: str) -> bool:
    """True for the words that begin a row of totals."""
    return _bare(text) in _words("totals", "words")


def unit(name: str) -> str | None:
    """A heading that is a unit of its numbers ("UStd."), else None."""
    return name if _bare(name) in _words("units", "words") else None


def _bare(name: str) -> str:
    without = _BRACKETS.sub("", name) or name
    return _NO_LETTER.sub("", without.casefold()) or name


@cache
def _headings() -> dict[str, Any]:
    return tomllib.loads(resources.files("ingest.sources.table").joinpath("headings.toml").read_text(encoding="utf-8"))


@cache
def _words(table: str, key: str) -> tuple[str, ...]:
    return tuple(map(_bare, _headings()[table][key]))


@cache
def _fields() -> dict[str, str]:
    return {_bare(name): field for field, names in _headings()["fields"].items() for name in names}
