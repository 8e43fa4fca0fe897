"""Prepares the sample catalogue's folder: settings, mappings and sources as providers deliver them, with dates around today."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import openpyxl

__all__ = ["QUESTIONS", "monday_of", "prepare", "shift_to", "shifted"]

_HERE = Path(__file__).parent
_REFERENCE = dt.date(2026, 1, 5)  # the Monday from which the sample's dates are written
_ISO = re.compile(r"\b(20\d\d)-(\d\d)-(\d\d)(?=\b|T)")
_GERMAN = re.compile(r"\b(\d{1,2})\.(\d{1,2})\.(20\d\d|\d\d)\b")

QUESTIONS = (
    "Ich will besser mit Excel umgehen",
    "Kurs für Mama mit Baby",
    "Weiterbildung abends in Alzey",
    "Deutsch lernen, ich bin neu hier",
    "хочу вивчити німецьку",
)


def monday_of(day: dt.date) -> dt.date:
    """The Monday of a day's week."""
    return day - dt.timedelta(days=day.weekday())


def shift_to(today: dt.date) -> dt.timedelta:
    """By how much the dates of the samples are moved: whole weeks."""
    return monday_of(today) - _REFERENCE


def prepare(folder: Path, today: dt.date) -> bool:
    """Writes the sample into ``folder`` with its dates shifted to this week; False when that was done in this week already."""
    stamp = folder / "quellen" / ".woche"
    week = monday_of(today).isoformat()
    if stamp.exists() and stamp.read_text(encoding="ascii") == week:
        return False
    shift = shift_to(today)
    sources, mappings = folder / "quellen", folder / "zuordnung"
    for path in (sources, mappings):
        path.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_HERE / "katalog.toml", folder / "katalog.toml")
    for path in (_HERE / "tables").glob("*.toml"):
        if path.name != "files.toml":
            shutil.copyfile(path, mappings / path.name)
    for path in (*_HERE.glob("*.xml"), *_HERE.glob("*.jsonld")):
        text = path.read_text(encoding="utf-8")
        (sources / path.name).write_text(shifted(text, shift), encoding="utf-8", newline="\n")
    for file in tomllib.loads((_HERE / "tables" / "files.toml").read_text(encoding="utf-8"))["file"]:
        _deliver(file, sources / file["name"], shift)
    stamp.write_text(week, encoding="ascii")
    return True


def shifted(text: str, shift: dt.timedelta) -> str:
    """The text with every date moved; what is no date stays as it is."""

    def iso(match: re.Match[str]) -> str:
        day = _day(int(match[1]), int(match[2]), int(match[3]))
        return match[0] if day is None else (day + shift).isoformat()

    def german(match: re.Match[str]) -> str:
        year = int(match[3])
        day = _day(year if year > 99 else 2000 + year, int(match[2]), int(match[1]))
        if day is None:
            return match[0]
        moved = day + shift
        filled = len(match[1]) == 2
        written_year = f"{moved.year}" if year > 99 else f"{moved.year % 100:02d}"
        return f"{moved:%d.%m.}{written_year}" if filled else f"{moved.day}.{moved.month}.{written_year}"

    return _GERMAN.sub(german, _ISO.sub(iso, text))


def _day(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _deliver(file: dict[str, Any], target: Path, shift: dt.timedelta) -> None:
    """One table as its provider's program writes it."""
    if "sheet" in file:
        _write_workbook(file, target, shift)
        return
    text = shifted((_HERE / "tables" / file["csv"]).read_text(encoding="utf-8"), shift)
    newline = {"lf": "\n", "crlf": "\r\n"}[file["newline"]]
    target.write_text(text, encoding=file["encoding"], newline=newline)


def _write_workbook(file: dict[str, Any], target: Path, shift: dt.timedelta) -> None:
    book = openpyxl.Workbook()
    del book[book.sheetnames[0]]
    for declared in file["sheet"]:
        sheet = book.create_sheet(declared["name"])
        text = shifted((_HERE / "tables" / declared["csv"]).read_text(encoding="utf-8"), shift)
        rows = list(csv.reader(io.StringIO(text), delimiter=file["delimiter"]))
        header = declared["header_row"] - 1
        for number, row in enumerate(rows):
            names = rows[header] if number > header else [""] * len(row)
            sheet.append([_cell(value, name, declared) for value, name in zip(row, names, strict=False)])
    book.properties.created = book.properties.modified = dt.datetime(2026, 1, 5)  # the same bytes in every build
    book.save(target)


def _cell(value: str, column: str, declared: dict[str, Any]) -> str | float | dt.date | None:
    """A cell as a spreadsheet holds it: numbers and dates where declared, text elsewhere."""
    if value == "":
        return None
    if column in declared["numbers"] and re.fullmatch(r"\d+([.,]\d+)?", value):
        return float(value.replace(",", ".")) if re.search(r"[.,]", value) else int(value)
    if column in declared["dates"] and (match := _GERMAN.fullmatch(value)):
        return _day(int(match[3]), int(match[2]), int(match[1])) or value
    return value
