"""JSON-LD documents from a file: the file itself, or the scripts of type ``application/ld+json`` of a web page."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from ingest.records import SourceRefused, Where

__all__ = ["LARGEST", "Broken", "Document", "documents"]

LARGEST = 256 << 20  # bytes of a file: it is decoded as a whole, in about five times its size of memory

_SCRIPT = re.compile(
    r"""<script\b[^<>]*\btype\s*=\s*["']?application/ld\+json\b[^<>]*>(.*?)(?:</script\s*>|\Z)""",
    re.IGNORECASE | re.DOTALL,
)
_AT_BYTE = re.compile(r"\(byte (\d+)\)")
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))


class Document(msgspec.Struct, frozen=True):
    """One decoded JSON value; ``script`` is its number among the scripts of a web page, from 1."""

    value: Any
    script: int | None = None


class Broken(msgspec.Struct, frozen=True):
    """A script of a web page that is no JSON; ``complaint`` is a German sentence."""

    script: int
    complaint: str


def documents(path: Path) -> Iterator[Document | Broken]:
    """The documents of a file. Raises `SourceRefused` for a file that is too large, no text, no JSON, or a page without JSON-LD."""
    size = path.stat().st_size
    if size > LARGEST:
        sentence = f"Die Datei ist {size >> 20} MiB groß; eine JSON-LD-Datei darf höchstens {LARGEST >> 20} MiB groß sein. Bitte aufteilen"
        raise SourceRefused(Where(file=path.name), sentence)
    text = _text(path)
    if not text.lstrip().startswith("<"):
        try:
            yield Document(_decoded(text))
        except ValueError as error:
            raise SourceRefused(Where(file=path.name), str(error)) from None
        return
    scripts = [match[1] for match in _SCRIPT.finditer(text)]
    if not scripts:
        raise SourceRefused(
            Where(file=path.name), 'Die Webseite enthält keine Daten in JSON-LD (script type="application/ld+json")'
        )
    for number, script in enumerate(scripts, 1):
        try:
            yield Document(_decoded(script), number)
        except ValueError as error:
            yield Broken(number, str(error))


def _text(path: Path) -> str:
    data = path.read_bytes()
    bom, encoding = next((known for known in _BOMS if data.startswith(known[0])), (b"", "utf-8"))
    data = data.removeprefix(bom)
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        sentence = f"In Zeile {line} stehen Zeichen, die nicht in {encoding.upper()} kodiert sind. Bitte die Datei als UTF-8 speichern"
        raise SourceRefused(Where(file=path.name, row=line), sentence) from None


def _decoded(text: str) -> Any:
    """The JSON value; a `ValueError` with a German sentence where there is none."""
    try:
        return msgspec.json.decode(text)
    except RecursionError:
        raise ValueError("Die Daten sind so tief ineinander verschachtelt, dass sie nicht gelesen werden") from None
    except msgspec.DecodeError as error:
        if "truncated" in str(error):
            raise ValueError("Die Datei endet mitten im JSON: sie wurde wohl nicht vollständig übertragen") from None
        found = _AT_BYTE.search(str(error))
        if found is None:
            raise ValueError("Das JSON ist fehlerhaft aufgebaut") from None
        before = text.encode()[: int(found[1])].decode(errors="ignore")
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
        raise ValueError(f"In Zeile {line}, Zeichen {column} ist das JSON fehlerhaft aufgebaut") from None
