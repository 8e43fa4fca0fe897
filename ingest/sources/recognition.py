"""Which format a file has, by its content. Names and endings say nothing: providers send CSV as .xls and pages as .xml."""

from __future__ import annotations

import codecs
import re
import zipfile
from collections import Counter
from pathlib import Path

from ingest.records import SourceRefused, Where
from ingest.sources.table.dialect import is_binary, wide_encoding

__all__ = ["recognise"]

_HEAD = 1 << 20  # bytes looked at
_READABLE = "Gelesen werden Open-vhs (XML), schema.org (JSON-LD, auch in einer Webseite) und Tabellen (XLSX, CSV)"
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_MAGIC = (
    (b"%PDF", "Die Datei ist ein PDF; daraus lassen sich keine Angebote lesen"),
    (
        b"\xd0\xcf\x11\xe0",
        "Die Datei ist eine alte Excel-Datei (.xls) oder mit einem Kennwort geschützt; bitte ohne Kennwort als .xlsx speichern",
    ),
    (b"\x1f\x8b", "Die Datei ist gepackt (gzip); bitte vorher entpacken"),
    (b"PK\x05\x06", "Die Datei ist ein leeres ZIP-Archiv"),
)
_ROOT = re.compile(r"<(?![?!])(?:[^\s<>:/]+:)?([^\s<>:/]+)")
_SKIPPED = re.compile(r"<!--.*?-->|<\?.*?\?>", re.DOTALL)
_DOCTYPE = re.compile(r"<!DOCTYPE\s+(?:[^\s<>:\[]+:)?([^\s<>:\[]+)", re.IGNORECASE)
_RDF_TEXT = re.compile(r"(?:@prefix|@base|prefix|base)\s+[^\n]*<|<[^\s<>]+>\s+<[^\s<>]+>\s+[<\"_]", re.IGNORECASE)


def recognise(path: Path) -> str:
    """The format's name in the registry: ``openvhs``, ``schemaorg`` or ``table``.

    Raises `SourceRefused` where the file is missing, empty or none of them; the sentence says what it seems to be and what can be read.
    """
    if path.is_dir():
        raise _refused(path, "Das ist ein Ordner und keine Datei")
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD)
    except FileNotFoundError:
        raise _refused(path, "Diese Datei gibt es nicht") from None
    except OSError as error:
        raise _refused(path, f"Die Datei lässt sich nicht öffnen ({error.strerror})") from None
    for magic, sentence in _MAGIC:
        if head.startswith(magic):
            raise _refused(path, sentence)
    if head.startswith(b"PK\x03\x04"):
        return _zipped(path)
    text = _text(path, head).strip()
    if not text:
        raise _refused(path, "Die Datei ist leer")
    if text[0] == "<":
        return _markup(path, text)
    if text[0] in "{[":
        return _json(path, text)
    return _delimited(path, text)


def _refused(path: Path, sentence: str) -> SourceRefused:
    return SourceRefused(Where(file=path.name), f"{sentence}. {_READABLE}")


def _zipped(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        raise _refused(path, "Die Datei beginnt wie eine Excel-Datei, ist aber beschädigt oder unvollständig") from None
    if "xl/workbook.xml" in names:
        return "table"
    if "word/document.xml" in names:
        raise _refused(path, "Die Datei ist ein Word-Dokument")
    if {"mimetype", "content.xml"} <= names:
        raise _refused(path, "Die Datei ist ein OpenDocument; eine Tabelle bitte als .xlsx speichern")
    raise _refused(path, "Die Datei ist ein ZIP-Archiv; bitte vorher entpacken")


def _text(path: Path, head: bytes) -> str:
    for bom, encoding in _BOMS:
        if head.startswith(bom):
            return head[len(bom) :].decode(encoding, errors="replace")
    text = head.decode(wide_encoding(head) or "utf-8", errors="replace")
    if b"\0" in head:  # a table may have them, other formats may not
        text = text.replace("\0", "").strip()
        if not text or text[0] in "<{[" or is_binary(text):
            raise _refused(path, "Die Datei enthält keinen Text, sondern binäre Daten")
    return text


def _markup(path: Path, text: str) -> str:
    if _RDF_TEXT.match(text):
        raise _refused(path, "Die Datei enthält RDF als N-Triples oder N-Quads")
    text = _SKIPPED.sub("", text)
    found = _DOCTYPE.search(text) or _ROOT.search(text)
    root = found[1] if found else "?"
    if root.lower() == "html":
        if "application/ld+json" in text.lower():
            return "schemaorg"
        raise _refused(path, "Die Datei ist eine Webseite ohne Daten in JSON-LD")
    if root == "veranstaltungen":
        return "openvhs"
    raise _refused(
        path, f"Die Datei ist XML mit dem äußersten Element „{root[:60]}“, das keines der bekannten Formate ist"
    )


def _json(path: Path, text: str) -> str:
    if "schema.org" in text or '"@context"' in text or '"@graph"' in text:
        return "schemaorg"
    raise _refused(path, "Die Datei ist JSON, aber kein JSON-LD von schema.org (der Kontext fehlt)")


def _delimited(path: Path, text: str) -> str:
    """Text is a table where a separator stands in most of its first lines, and, commas and bars being common in prose, equally often."""
    if _RDF_TEXT.match(re.sub(r"\A(?:\s*#[^\n]*\n)+\s*", "", text)):
        raise _refused(path, "Die Datei enthält RDF als Turtle oder TriG")
    lines = [line for line in re.sub(r'"[^"]*"', "", text).split("\n")[:50] if line.strip()]
    for separator in ";\t|,":
        counts = Counter(line.count(separator) for line in lines)
        usual = max((count for count in counts if count), key=lambda count: counts[count], default=0)
        share = counts[usual] / len(lines) if usual else 0.0
        if share >= 0.6 or (separator in ";\t" and counts[0] < len(lines) / 2):
            return "table"
    raise _refused(path, "Die Datei ist Text, aber keine Tabelle mit Trennzeichen")
