"""The records of an Open-vhs file one by one: only one of them is in memory at a time, whatever the size of the file.

The elements' namespaces are ignored: real exports prefix the root and leave its children bare, or the other way round.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from ingest.records import SourceRefused, Where

__all__ = ["RECORD", "ROOT", "Element", "Unreadable", "elements"]

ROOT = "veranstaltungen"
RECORD = "veranstaltung"
CHUNK = 1 << 16  # bytes; even, so that UTF-16 is never cut within a unit
DEEPEST = 32  # Open-vhs nests five elements
LARGEST = 2_000_000  # characters and elements of one record; real ones have a few thousand

_DOCTYPE = (
    "Die Datei enthält eine Dokumenttyp-Deklaration (DOCTYPE). Sie wird aus Sicherheitsgründen nicht gelesen, "
    "weil darüber fremde Dateien und aufgeblähte Inhalte eingeschleust werden können. Bitte ohne DOCTYPE exportieren"
)


class Element:
    """An element with the elements and the text in it; remembers what of it was read.

    ``too_large`` marks a record whose content was dropped because it is larger or deeper than a record can be.
    """

    __slots__ = ("attributes", "children", "line", "name", "parts", "read", "too_large")

    def __init__(self, name: str, line: int, attributes: dict[str, str]) -> None:
        self.name = name
        self.line = line
        self.attributes = attributes
        self.children: list[Element] = []
        self.parts: list[str] = []
        self.read = False
        self.too_large = False

    def all(self, name: str) -> list[Element]:
        """The elements of this name directly below."""
        return [child for child in self.children if child.name == name]

    def text(self) -> str:
        """The text directly in the element; marks it as read."""
        self.read = True
        return "".join(self.parts)

    def texts(self, name: str) -> list[str]:
        """The texts of the elements of this name directly below, without empty ones."""
        return [text for child in self.all(name) if (text := child.text()).strip()]

    def unread(self) -> Iterator[str]:
        """Paths of the elements below whose text nobody read, like ``dozent/name``."""
        for child in self.children:
            if child.children:
                yield from (f"{child.name}/{path}" for path in child.unread())
            elif not child.read and "".join(child.parts).strip():
                yield child.name


class Unreadable:
    """A record that cannot be read because the file is broken there or above; ``complaint`` is a German sentence."""

    __slots__ = ("complaint", "line")

    def __init__(self, line: int, complaint: str) -> None:
        self.line = line
        self.complaint = complaint


def elements(path: Path) -> Iterator[Element | Unreadable]:
    """The elements directly below the root, in order; where the file breaks, one `Unreadable` for each record from there on.

    An `Unreadable` of line 0 stands for a break behind the last record. Raises `SourceRefused` where nothing can be read.
    """
    target = _Target(path.name)
    parser = DefusedXMLParser(target=target, forbid_dtd=True)
    target.expat = parser.parser
    yielded = 0
    with path.open("rb") as stream:
        try:
            while chunk := stream.read(CHUNK):
                parser.feed(chunk)
                while target.finished:
                    yielded += 1
                    yield target.finished.popleft()
            parser.close()
        except DefusedXmlException:
            raise SourceRefused(Where(file=path.name, row=target.line()), _DOCTYPE) from None
        except (
            ParseError,
            ValueError,
            LookupError,
        ) as error:  # ValueError and LookupError: an encoding that nobody knows
            complaint = _complaint(error, target.line())
            for element in target.finished:
                yielded += 1
                yield element
            if not yielded:
                raise SourceRefused(Where(file=path.name, row=target.line()), complaint) from None
            yield from _rest(stream, target, complaint)


def _complaint(error: Exception, line: int) -> str:
    text = str(error)
    if "no element found" in text or "unclosed" in text:
        return f"Die Datei endet mitten im XML (Zeile {line}): sie wurde wohl nicht vollständig übertragen"
    if "invalid token" in text:
        return f"Ab Zeile {line} ist die Datei nicht lesbar: unerlaubtes Zeichen, oder die Zeichenkodierung ist nicht die angegebene"
    if "encoding" in text:
        return "Die Zeichenkodierung, die die Datei angibt, ist unbekannt oder falsch"
    return f"Ab Zeile {line} ist die Datei nicht lesbar: dort ist das XML fehlerhaft aufgebaut"


def _rest(stream: IO[bytes], target: _Target, complaint: str) -> Iterator[Unreadable]:
    """One `Unreadable` for each start tag of a record from the break on: what the provider meant to deliver is counted honestly."""
    stream.seek(0)
    encoding = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}.get(stream.read(2), "latin-1")
    begun = target.begun
    line, offset = (begun.line, target.begun_at) if begun is not None else (target.line(), target.offset())
    stream.seek(max(0, offset))
    start, text, some = re.compile(rf"<(?:[\w.-]{{1,64}}:)?{RECORD}[\s/>]"), "", False
    while chunk := stream.read(CHUNK):
        text += chunk.decode(encoding, errors="replace")
        end = 0
        for match in start.finditer(text):
            some = True
            line += text.count("\n", end, match.start())
            end = match.start() + 1
            yield Unreadable(line, complaint)
        keep = max(end, len(text) - 100)  # a start tag may be cut by the end of the chunk
        line += text.count("\n", end, keep)
        text = text[keep:]
    if not some:
        yield Unreadable(0, complaint)


class _Target:
    """Builds the elements below the root from the parser's events and forgets them once they are handed on."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.expat: object = None
        self.finished: deque[Element] = deque()
        self.begun: Element | None = None
        self.begun_at = 0
        self._open: list[Element] = []
        self._depth = 0
        self._size = 0

    def line(self) -> int:
        return int(getattr(self.expat, "CurrentLineNumber", 1))

    def offset(self) -> int:
        return int(getattr(self.expat, "CurrentByteIndex", 0))

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        self._depth += 1
        if self._depth == 1:
            if name != ROOT:
                sentence = f"Die Datei ist XML, aber kein Open-vhs: ihr äußerstes Element heißt „{name[:60]}“ und nicht „{ROOT}“"
                raise SourceRefused(Where(file=self.file, row=self.line()), sentence)
            return
        if self._depth > DEEPEST:
            self._drop_content()
            return
        element = Element(name, self.line(), attributes)
        if self._depth == 2:
            self.begun, self.begun_at, self._size = element, self.offset(), 0
        elif self._room(1):
            self._open[-1].children.append(element)
        self._open.append(element)

    def data(self, text: str) -> None:
        if self._open and self._room(len(text)):
            self._open[-1].parts.append(text)

    def end(self, _tag: str) -> None:
        self._depth -= 1
        if not self._open or self._depth >= DEEPEST:
            return
        self._open.pop()
        if not self._open and self.begun is not None:
            self.finished.append(self.begun)
            self.begun = None

    def close(self) -> None:
        """Nothing is left to be done at the end."""

    def _room(self, size: int) -> bool:
        self._size += size
        if self._size > LARGEST:
            self._drop_content()
        return self._size <= LARGEST

    def _drop_content(self) -> None:
        self._size = LARGEST + 1
        if self.begun is not None:
            self.begun.too_large = True
            self.begun.children.clear()
            self.begun.parts.clear()
