"""Reads tables: finds the heading row, takes every column for what the mapping says, and accounts for every row and column."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from importlib import resources
from itertools import chain, islice
from pathlib import Path
from typing import Any

import msgspec

from ingest.records import Found, ReaderContext, Refused, Remark, SourceRefused, Where
from ingest.sources.table.dialect import read_text
from ingest.sources.table.fields import SEVERAL_COLUMNS
from ingest.sources.table.headings import best_row, guessed_field, heading_key, is_personal, is_total, names_of
from ingest.sources.table.mapping import Mapping, SheetMapping
from ingest.sources.table.record import Columns, Row, RowRefused
from ingest.sources.table.rows import RawRow, RawSheet, is_blank
from ingest.sources.table.workbook import check_package, read_workbook
from ingest.text import clean_line
from ingest.values import as_text
from ontology.offer import Offer

__all__ = ["read"]

_SEARCHED = 30  # rows in which the heading row is looked for


def read(path: Path, context: ReaderContext) -> Iterator[Found | Refused | Remark]:
    """The rows of all sheets, one record each; see `ingest.records.Reader`. Raises SourceRefused while it is walked through."""
    mapping = context.mapping
    complaint: SourceRefused | None = None
    missing = set(mapping.sheets) if mapping else set()
    records = 0
    for sheet in _sheets(path, mapping):
        where = Where(file=path.name, sheet=sheet.name)
        yield from (Remark(where, text) for text in sheet.remarks)
        try:
            for item in _read_sheet(sheet, where, context):
                records += not isinstance(item, Remark)
                yield item
        except _SheetRefused as refused:
            complaint = complaint or SourceRefused(where, refused.sentence)
            if sheet.name is None or sheet.name in missing:
                raise SourceRefused(where, refused.sentence) from None
            yield Remark(where, f"Das Blatt wird nicht gelesen: {refused.sentence}")
        missing.discard(sheet.name or "")
    if missing and path.suffix.lower() != ".csv":
        raise SourceRefused(
            Where(file=path.name), f"Das Blatt „{min(missing)}“ aus der Zuordnung gibt es in der Datei nicht"
        )
    if not records:
        raise complaint or SourceRefused(Where(file=path.name), "Die Tabelle enthält keine Angebote")


class _SheetRefused(Exception):
    """A sheet cannot be read; there may be others."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


def _sheets(path: Path, mapping: Mapping | None) -> Iterator[RawSheet]:
    where = Where(file=path.name)
    try:
        with path.open("rb") as stream:
            start = stream.read(512)
    except FileNotFoundError:
        raise SourceRefused(where, "Die Datei gibt es nicht") from None
    except OSError as error:
        raise SourceRefused(where, f"Die Datei kann nicht geöffnet werden ({error.strerror})") from None
    if start.startswith(b"PK\x03\x04"):
        parts = check_package(path)
        if "xl/workbook.xml" not in parts:
            packed: dict[str, str] = _contents()["packed"]
            what = next((text for name, text in packed.items() if name in parts), "eine gepackte Datei (ZIP)")
            raise SourceRefused(where, f"Das ist keine Tabelle, sondern {what}")
        yield from read_workbook(path)
        return
    _refuse_other_contents(start, where)
    yield read_text(path, _known(mapping.default if mapping else None))


def _refuse_other_contents(start: bytes, where: Where) -> None:
    text = start.decode("latin-1")
    squeezed = "".join(text.removeprefix("ï»¿").lower().split())
    for beginnings, candidate in (("beginnings", text), ("texts", squeezed)):
        for beginning, what in _contents()[beginnings].items():
            if candidate.startswith(beginning):
                raise SourceRefused(where, f"Das ist keine Tabelle, sondern {what}")


def _known(mapping: SheetMapping | None) -> Callable[[str], bool]:
    """Tells the headings that the mapping names, or without one those that German tables use."""
    if mapping is None:
        return lambda name: guessed_field(name) is not None or is_personal(name)
    keys = {heading_key(name) for name in chain(mapping.columns, mapping.ignore, mapping.key)}
    return lambda name: heading_key(name) in keys


def _read_sheet(sheet: RawSheet, where: Where, context: ReaderContext) -> Iterator[Found | Refused | Remark]:
    declared = context.mapping.for_sheet(sheet.name) if context.mapping else None
    head, above, rows = _heading_row(sheet.rows, declared)
    names = names_of(head.cells)
    at_head = msgspec.structs.replace(where, row=head.number)
    if above:
        yield Remark(at_head, _unread(above))
    mapping = declared or _guessed(names)
    if declared is None:
        yield Remark(at_head, _guess(mapping))
    columns, remarks = _columns(names, mapping)
    yield from (Remark(msgspec.structs.replace(at_head, column=column), text) for column, text in remarks)
    stray: set[int] = set()
    told: set[tuple[str, str]] = set()
    for raw in rows:
        at = msgspec.structs.replace(where, row=raw.number)
        if all(map(is_blank, raw.cells)):
            continue
        skipped = None if raw.defect else _no_record(raw, columns)
        if skipped:
            yield Remark(at, skipped)
            continue
        beyond = [
            index
            for index in range(len(raw.cells))
            if (index >= len(names) or not names[index]) and not is_blank(raw.cells[index])
        ]
        if sheet.name is None and beyond and beyond[-1] >= len(names) and not raw.defect:
            raw = msgspec.structs.replace(raw, defect=_too_many(len(raw.cells), len(names)))
        if not raw.defect:
            stray.update(beyond)
        yield from _record(Row(raw, columns, mapping, at, told), context)
    for index in sorted(stray):
        yield Remark(
            msgspec.structs.replace(where, column=columns.label(index)),
            "Die Spalte hat keine Überschrift und wird nicht übernommen",
        )


def _unread(above: Sequence[RawRow]) -> str:
    if len(above) == 1:
        return f"Zeile {above[0].number} steht über der Kopfzeile und wird nicht gelesen"
    return f"Die Zeilen {above[0].number} bis {above[-1].number} stehen über der Kopfzeile und werden nicht gelesen"


def _guess(mapping: SheetMapping) -> str:
    pairs = ", ".join(f"„{column}“ als {fields[0]}" for column, fields in mapping.columns.items())
    key = ", ".join(f"„{column}“" for column in mapping.key)
    return f"Ohne Zuordnung sind die Spalten nach ihren Überschriften gedeutet: {pairs}; Schlüssel: {key}"


def _too_many(cells: int, names: int) -> str:
    return f"Die Zeile hat {cells} Felder, die Kopfzeile nur {names}; vermutlich fehlen Anführungszeichen um einen Text mit Trennzeichen"


def _record(row: Row, context: ReaderContext) -> Iterator[Found | Refused | Remark]:
    if row.raw.defect:
        yield Refused(row.where, row.raw.defect)
        return
    try:
        offer: Offer = row.offer(context)
    except RowRefused as refused:
        yield Refused(refused.where, str(refused), row.identifier())
        return
    yield from row.remarks
    yield Found(offer, row.where)


def _no_record(raw: RawRow, columns: Columns) -> str | None:
    """Why a row is none of the records: the heading row once more, or totals."""
    first, text = next(
        (index, clean_line(as_text(cell)) or "") for index, cell in enumerate(raw.cells) if not is_blank(cell)
    )
    total = is_total(text)
    if not total and not _repeats(text, first, columns):
        return None
    stated = [(index, line) for index, cell in enumerate(raw.cells) if (line := clean_line(as_text(cell)))]
    if len(stated) > 1 and all(_repeats(text, index, columns) for index, text in stated):
        return "Die Kopfzeile steht hier noch einmal; die Zeile wird übergangen"
    named = columns.fields.get("name", ())
    if total and all(index not in named or is_total(text) for index, text in stated):
        return "Das ist eine Zeile mit Summen; sie wird übergangen"
    return None


def _repeats(text: str, index: int, columns: Columns) -> bool:
    return index < len(columns.names) and heading_key(text) == heading_key(columns.names[index])


def _heading_row(
    rows: Iterator[RawRow], declared: SheetMapping | None
) -> tuple[RawRow, list[RawRow], Iterator[RawRow]]:
    """The row of the headings, the rows above it that hold anything and are not declared away, and the rows below it."""
    if declared and declared.header_row:
        head = next((row for row in rows if row.number == declared.header_row), None)
        if head is None or all(map(is_blank, head.cells)):
            raise _SheetRefused(f"In Zeile {declared.header_row} soll die Kopfzeile stehen, sie ist aber leer")
        return head, [], rows
    first = list(islice((row for row in rows if not all(map(is_blank, row.cells))), _SEARCHED))
    if not first:
        raise _SheetRefused("Das Blatt ist leer")
    best = best_row(first, _known(declared))
    if best is None:
        found = ", ".join(name for name in names_of(first[0].cells)[:20] if name)
        raise _SheetRefused(
            f"Es ist keine Kopfzeile zu finden, deren Spalten bekannt sind; die erste Zeile lautet: {found}"
        )
    return first[best], first[:best], chain(first[best + 1 :], rows)


def _guessed(names: tuple[str, ...]) -> SheetMapping:
    columns: dict[str, tuple[str, ...]] = {}
    by_field: dict[str, str] = {}
    for name in names:
        field = guessed_field(name)
        if field and not is_personal(name) and (field not in by_field or field in SEVERAL_COLUMNS):
            columns[name] = (field,)
            by_field.setdefault(field, name)
    key = (
        [by_field["identifier"]]
        if "identifier" in by_field
        else [by_field[f] for f in ("name", "start", "dates", "locality") if f in by_field]
    )
    return SheetMapping(key=tuple(key), columns=columns)


def _columns(names: tuple[str, ...], mapping: SheetMapping) -> tuple[Columns, list[tuple[str | None, str]]]:
    """The mapping applied to the headings at hand, and what is to be said about columns that are missing or left over."""
    positions = {heading_key(name): index for index, name in enumerate(names) if name}
    found = ", ".join(name for name in names if name)
    fields: dict[str, tuple[int, ...]] = {}
    remarks: list[tuple[str | None, str]] = []
    for column, targets in mapping.columns.items():
        index = positions.get(heading_key(column))
        if index is None and "name" in targets:
            raise _SheetRefused(f"Die Spalte „{column}“ mit den Namen der Angebote fehlt; vorhanden sind: {found}")
        if index is None and column not in mapping.key_columns():
            remarks.append((None, f"Die Spalte „{column}“ aus der Zuordnung fehlt"))
        elif index is not None:
            for target in targets:
                fields[target] = (*fields.get(target, ()), index)
    if "name" not in fields and "name" not in mapping.constants:
        raise _SheetRefused(
            f"Es fehlt eine Spalte mit dem Namen des Angebots (etwa „Titel“ oder „Kursname“); vorhanden sind: {found}"
        )
    lacking = [column for column in mapping.key_columns() if heading_key(column) not in positions]
    if lacking:
        raise _SheetRefused(f"Die Spalte „{lacking[0]}“, die zum Schlüssel gehört, fehlt; vorhanden sind: {found}")
    columns = Columns(names, fields, tuple(positions[heading_key(column)] for column in mapping.key_columns()))
    used = {index for indexes in fields.values() for index in indexes} | set(columns.key)
    used |= {positions[heading_key(column)] for column in mapping.ignore if heading_key(column) in positions}
    for index, name in enumerate(names):
        if name and index not in used:
            why = "enthält personenbezogene Daten" if is_personal(name) else "ist keinem Feld zugeordnet"
            remarks.append((columns.label(index), f"Die Spalte {why} und wird nicht übernommen"))
    return columns, remarks


@cache
def _contents() -> dict[str, Any]:
    return tomllib.loads(resources.files("ingest.sources.table").joinpath("contents.toml").read_text(encoding="utf-8"))
