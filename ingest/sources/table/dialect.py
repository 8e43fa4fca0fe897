"""Delimited text in whatever dialect it comes: encoding, separator, quotes and line ends are recognised, rows are streamed.

Memory stays flat: one pass over the file finds out the encoding, a second one reads it row by row.
"""

from __future__ import annotations

import codecs
import contextlib
import csv
import io
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TextIO

import msgspec

from ingest.records import SourceRefused, Where
from ingest.sources.table.headings import names_of
from ingest.sources.table.rows import RawRow, RawSheet

__all__ = ["Dialect", "is_binary", "read_text", "recognise", "wide_encoding"]

_BLOCK = 1 << 17
_SAMPLE = 1 << 16
_LONGEST_LINE = 1 << 20  # characters
_EXCERPT = 100  # characters
_MOST_LINES = 200  # of one row, whose cells may hold line breaks
_DELIMITERS = (";", ",", "\t", "|")
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_EIGHT_BIT = ("cp1252", "cp850", "mac_roman")
_GERMAN = frozenset("äöüÄÖÜß€„“–")
_SEPARATOR_HINT = re.compile(r"sep=(.)\r?\n?", re.IGNORECASE)


class Dialect(msgspec.Struct, frozen=True):
    """``damaged``: places that are no valid UTF-8 in a file that otherwise is."""

    encoding: str
    delimiter: str
    quote: str = '"'
    damaged: int = 0


def read_text(path: Path, known: Callable[[str], bool]) -> RawSheet:
    """The rows of a delimited text. ``known`` tells headings that mean something. Raises SourceRefused."""
    dialect = recognise(path, known)
    remarks = []
    if not dialect.encoding.startswith("utf"):
        remarks.append(f"Die Datei ist nicht in UTF-8 kodiert; sie wird als {dialect.encoding} gelesen")
    if dialect.damaged:
        remarks.append(
            f"{dialect.damaged} Zeichen sind kein gültiges UTF-8 und unlesbar; sie sind als „\ufffd“ übernommen"
        )
    return RawSheet(None, _rows(path, dialect), tuple(remarks))


def recognise(path: Path, known: Callable[[str], bool]) -> Dialect:
    """Encoding, delimiter and quote of a text. Raises SourceRefused where it is none."""
    encoding, damaged = _encoding(path)
    with path.open(encoding=encoding, errors="replace", newline="") as stream:
        sample = stream.read(_SAMPLE).replace("\x00", "")
    if not sample.strip():
        raise SourceRefused(Where(file=path.name), "Die Datei ist leer")
    if is_binary(sample):
        raise SourceRefused(
            Where(file=path.name), "Das ist keine Texttabelle, sondern eine Datei in einem unbekannten Format"
        )
    hint = _SEPARATOR_HINT.match(sample)
    quote = "'" if '"' not in sample and re.search(r"(?m)^'[^'\n]*'[;,\t|]'", sample) else '"'
    delimiter = hint[1] if hint else max(_DELIMITERS, key=lambda sign: _fitness(sample, sign, quote, known))
    return Dialect(encoding, delimiter, quote, damaged)


def is_binary(sample: str) -> bool:
    """True where control characters are too many for a text; zeros (which old exports pad with) are to be taken out before."""
    strange = sum(1 for c in sample if c < " " and c not in "\t\n\r\x0b\x0c\x1f")
    return strange > len(sample) // 20


def wide_encoding(start: bytes) -> str | None:
    """UTF-16 without its mark, told by where the zeros are; None for anything else."""
    if start[1:200:2].count(0) > 0.4 * len(start[1:200:2]) > 0:
        return "utf-16-le"
    if start[0:200:2].count(0) > 0.4 * len(start[0:200:2]) > 0:
        return "utf-16-be"
    return None


def _encoding(path: Path) -> tuple[str, int]:
    """Name of the encoding and the number of invalid places, by a pass over the whole file."""
    with path.open("rb") as stream:
        start = stream.read(4096)
        for mark, name in _BOMS:
            if start.startswith(mark):
                return name, 0
        if unmarked := wide_encoding(start):
            return unmarked, 0
        stream.seek(0)
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        wide = broken = 0
        eight_bit: Counter[str] = Counter()
        while block := stream.read(_BLOCK):
            text = decoder.decode(block)
            if not text.isascii():
                broken += text.count("\ufffd")
                wide += sum(1 for c in text if c > "\x7f") - text.count("\ufffd")
                if broken:
                    for name in _EIGHT_BIT:
                        eight_bit[name] += sum(1 for c in block.decode(name, errors="ignore") if c in _GERMAN)
        broken += decoder.decode(b"", final=True).count("\ufffd")
    if not broken or wide > 10 * broken:
        return "utf-8", broken
    return max(_EIGHT_BIT, key=lambda name: eight_bit[name]), 0


def _fitness(sample: str, delimiter: str, quote: str, known: Callable[[str], bool]) -> tuple[int, float, int]:
    """How well a delimiter explains the sample: known headings in one row, share of rows of the usual width, that width."""
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter, quotechar=quote)
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):  # the rows read so far are sample enough
        rows.extend(row for row in islice(reader, 50) if any(cell.strip() for cell in row))
    widths = Counter(map(len, rows))
    width, often = max(widths.items(), key=lambda item: (item[1] * min(item[0] - 1, 3), item[0]), default=(1, 0))
    if width == 1:
        return 0, 0.0, 1
    return max(sum(known(name) for name in names_of(row) if name) for row in rows[:30]), often / len(rows), width


def _rows(path: Path, dialect: Dialect) -> Iterator[RawRow]:
    """The rows as a spreadsheet program numbers them: a cell's line breaks do not count, empty lines do."""
    with path.open(encoding=dialect.encoding, errors="replace", newline="") as stream:
        lines = _Lines(stream, path.name)
        lines.skip(_SEPARATOR_HINT)

        def reader(source: Iterable[str], *, strict: bool) -> Iterator[list[str]]:
            return csv.reader(source, delimiter=dialect.delimiter, quotechar=dialect.quote, strict=strict)

        number = 0
        rows = reader(lines, strict=True)
        while True:
            number += 1
            lines.begin()
            try:
                yield RawRow(number, tuple(next(rows)))
                continue
            except StopIteration:
                return
            except csv.Error:
                rows = reader(lines, strict=True)
            first = lines.put_back()
            if lines.cut_short:
                yield RawRow(
                    number, (first.strip(),), "Ein Anführungszeichen wird geöffnet, aber nicht wieder geschlossen"
                )
                continue
            try:  # quotes inside a text that should have been doubled
                yield RawRow(number, tuple(next(reader([first], strict=False))))
            except csv.Error:
                yield RawRow(number, (first[:_EXCERPT],), "Ein Feld ist zu lang, um gelesen zu werden")


class _Lines:
    """Lines for a csv reader, which can be taken back when a quote that nobody closes has swallowed them."""

    def __init__(self, stream: TextIO, file: str) -> None:
        self._stream = stream
        self._file = file
        self._waiting: deque[str] = deque()
        self._taken: list[str] = []
        self.cut_short = False

    def begin(self) -> None:
        """From here on the lines are those of one row."""
        self._taken.clear()
        self.cut_short = False

    def put_back(self) -> str:
        """Gives all lines of the row but its first back to be read again; returns the first. Several lines were held by an open quote."""
        first, *others = self._taken
        self.cut_short = self.cut_short or bool(others)
        self._waiting.extendleft(reversed(others))
        return first

    def skip(self, pattern: re.Pattern[str]) -> None:
        """Leaves out a first line that matches."""
        line = self._line()
        if line and not pattern.fullmatch(line):
            self._waiting.append(line)

    def _line(self) -> str:
        if self._waiting:
            return self._waiting.popleft()
        line = self._stream.readline(_LONGEST_LINE)
        if len(line) == _LONGEST_LINE:
            raise SourceRefused(
                Where(file=self._file), "Eine Zeile ist länger als eine Million Zeichen: Das ist keine Tabelle"
            )
        return line.replace("\x00", "") if "\x00" in line else line

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._line() if len(self._taken) < _MOST_LINES else ""
        if not line:
            self.cut_short = bool(self._taken)
            raise StopIteration
        self._taken.append(line)
        return line
