"""Workbooks (XLSX): sheets streamed row by row, after a look at what the file would unpack to."""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from ingest.records import SourceRefused, Where
from ingest.sources.table.rows import RawRow, RawSheet
from ingest.values import Cell

__all__ = ["check_package", "read_workbook"]

_LARGEST = 1 << 30  # bytes unpacked, all parts together
_LARGEST_IN_MEMORY = 128 << 20  # bytes unpacked of a part that is not streamed
_DENSEST = 250  # times that a part of some size may shrink by packing; sheets shrink 5 to 60 times
_SMALL = 4 << 20
_MOST_PARTS = 5_000
_MOST_COLUMNS = 500
_MOST_ROWS = 1 << 20  # what a sheet can have
_BLOCK = 1 << 20
_LONGEST_CELL = 1 << 14  # bytes; a formula has at most 8,192 characters
_UNCOMPUTED = re.compile(
    rb"""<c\s[^<>]{0,100}?\br=["']([A-Z]{1,3})[0-9]+["'][^<>]{0,100}>\s*"""
    rb"""<f\b(?:[^<>]{0,200}/>|[^<>]{0,200}>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>"""
)
_UNREADABLE = "Die Arbeitsmappe ist beschädigt oder enthält unzulässige Bestandteile und kann nicht gelesen werden"


def check_package(path: Path) -> frozenset[str]:
    """The names of the parts of a ZIP package. Raises SourceRefused where it is damaged or would unpack to something huge."""
    where = Where(file=path.name)
    try:
        with zipfile.ZipFile(path) as package:
            parts = package.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise SourceRefused(where, _UNREADABLE) from None
    dense = any(p.file_size > _SMALL and p.file_size > _DENSEST * max(p.compress_size, 1) for p in parts)
    streamed = "xl/worksheets/"
    swollen = any(p.file_size > _LARGEST_IN_MEMORY and not p.filename.lstrip("/").startswith(streamed) for p in parts)
    if dense or swollen or len(parts) > _MOST_PARTS or sum(p.file_size for p in parts) > _LARGEST:
        raise SourceRefused(
            where, "Die Datei würde beim Entpacken ungewöhnlich groß (eine „ZIP-Bombe“) und wird nicht gelesen"
        )
    return frozenset(part.filename.lstrip("/") for part in parts)


def read_workbook(path: Path) -> Iterator[RawSheet]:
    """The visible sheets of a workbook that `check_package` let pass. Raises SourceRefused, also while rows are read."""
    from openpyxl import load_workbook  # late: the import is slow and texts do not need it

    with path.open("rb") as stream, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and extensions that do not concern us
        try:
            book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
        except Exception as error:  # openpyxl raises whatever its parsers meet
            raise SourceRefused(Where(file=path.name), _UNREADABLE) from error
        for sheet in book.worksheets:
            if sheet.sheet_state == "visible":
                yield RawSheet(sheet.title, _rows(path.name, sheet), _uncomputed(sheet))
            else:
                yield RawSheet(sheet.title, iter(()), ("Das Blatt ist ausgeblendet und wird nicht gelesen",))


def _uncomputed(sheet: Any) -> tuple[str, ...]:
    """A remark on the columns with formulas whose results are not in the file: openpyxl gives None for them, like for empty cells."""
    columns: set[str] = set()
    rest = b""
    try:
        with sheet._get_source() as source:  # the sheet's XML, unpacked as it is read
            while block := source.read(_BLOCK):
                block = rest + block
                if b"<f" in block:
                    columns.update(match[1].decode() for match in _UNCOMPUTED.finditer(block))
                rest = block[-_LONGEST_CELL:]
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, KeyError):
        return ()  # reading the rows will say so
    if not columns:
        return ()
    named = ", ".join(sorted(columns, key=lambda letters: (len(letters), letters)))
    return (f"Formel ohne gespeichertes Ergebnis in Spalte {named}; solche Zellen gelten als leer",)


def _rows(file: str, sheet: Any) -> Iterator[RawRow]:
    """``sheet``: openpyxl's ReadOnlyWorksheet, whose types its stubs get wrong."""
    sheet.reset_dimensions()  # many programs state the wrong ones
    rows: Iterator[tuple[Any, ...]] = sheet.iter_rows(max_col=_MOST_COLUMNS, values_only=True)
    number = 0
    while True:
        number += 1
        try:
            cells: tuple[Cell, ...] = next(rows)
        except StopIteration:
            return
        except (
            ValueError,
            TypeError,
            KeyError,
            IndexError,
            AttributeError,
            ParseError,
            zipfile.BadZipFile,
            EOFError,
            OSError,
        ) as error:
            raise SourceRefused(Where(file=file, sheet=sheet.title, row=number), _UNREADABLE) from error
        if number > _MOST_ROWS:  # a forged row number would be counted up to
            raise SourceRefused(Where(file=file, sheet=sheet.title), _UNREADABLE)
        yield RawRow(number, _trimmed(cells))


def _trimmed(cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
    if cells.count(None) == len(cells):
        return ()
    end = len(cells)
    while end and cells[end - 1] is None:
        end -= 1
    return cells[:end]
