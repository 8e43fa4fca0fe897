"""What the two kinds of files, texts and workbooks, have in common: sheets of numbered rows of cells."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ingest.values import Cell

__all__ = ["RawRow", "RawSheet", "column_letter", "is_blank"]


class RawRow(msgspec.Struct, frozen=True):
    """``number`` as a spreadsheet program counts it. ``defect``: why the cells cannot be trusted, a German sentence, or None."""

    number: int
    cells: tuple[Cell, ...]
    defect: str | None = None


class RawSheet(msgspec.Struct, frozen=True):
    """``name`` is None for a text. ``rows`` can be walked through once. ``remarks``: what had to be assumed to read it."""

    name: str | None
    rows: Iterator[RawRow]
    remarks: tuple[str, ...] = ()


def is_blank(cell: Cell) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip(" \t\r\n\xa0\ufeff\u200b\x00"))


def column_letter(index: int) -> str:
    """0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
