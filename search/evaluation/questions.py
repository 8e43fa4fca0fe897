"""The files that a measurement reads: questions as JSON lines, judgements as a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from catalogue.errors import CatalogueError

__all__ = ["EvaluationRefused", "JudgedQuestion", "Judgements", "WishQuestion", "read_judgements", "read_questions"]

Judgements = Mapping[str, Mapping[str, int]]
"""By question: grades 1 to 3 by the offer's own identifier. What is not listed is not relevant."""

_GRADES = ("1", "2", "3")


class EvaluationRefused(CatalogueError):
    """Questions, judgements or an earlier measurement that cannot be read or do not belong together."""


class JudgedQuestion(msgspec.Struct, frozen=True):
    """A line of the questions' file."""

    qid: str
    text: str
    lang: str
    kind: str


class WishQuestion(msgspec.Struct, frozen=True):
    """A line of a file of questions with the wishes that a careful reader takes from them."""

    qid: str
    text: str
    today: dt.date
    filters: dict[str, Any]


_Line = TypeVar("_Line", JudgedQuestion, WishQuestion)


def read_questions(path: Path, kind: type[_Line]) -> list[_Line]:
    """One question a line. Raises EvaluationRefused."""
    found = []
    for number, line in _lines(path):
        try:
            found.append(msgspec.json.decode(line, type=kind))
        except msgspec.DecodeError as error:
            raise EvaluationRefused(
                f"{path}, Zeile {number}: Das ist keine Frage, wie sie hier erwartet wird: {error}"
            ) from None
    if not found:
        raise EvaluationRefused(f"{path} enthält keine Fragen.")
    return found


def read_judgements(path: Path) -> Judgements:
    """Lines of question TAB identifier TAB grade. Raises EvaluationRefused."""
    found: dict[str, dict[str, int]] = {}
    for number, line in _lines(path):
        cells = line.split("\t")
        if len(cells) != 3 or cells[2].strip() not in _GRADES:
            raise EvaluationRefused(
                f"{path}, Zeile {number}: Erwartet werden Frage, Kennung und Note 1 bis 3, durch Tabulatoren getrennt."
            )
        found.setdefault(cells[0], {})[cells[1]] = int(cells[2])
    return found


def _lines(path: Path) -> list[tuple[int, str]]:
    """The lines that are not blank, with their numbers from 1."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError:
        raise EvaluationRefused(f"{path} kann nicht gelesen werden: Die Datei fehlt oder ist gesperrt.") from None
    except UnicodeDecodeError:
        raise EvaluationRefused(f"{path} kann nicht gelesen werden: Der Text ist nicht in UTF-8.") from None
    return [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
