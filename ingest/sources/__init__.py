"""The formats that can be read, one folder each, and which of them a file has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from ingest.records import Found, Reader, ReaderContext, Refused, Remark
from ingest.sources.recognition import recognise

__all__ = ["READERS", "reader_of", "recognise"]


def _openvhs(path: Path, context: ReaderContext) -> Iterator[Found | Refused | Remark]:
    from ingest.sources.openvhs.reader import read

    return read(path, context)


def _schemaorg(path: Path, context: ReaderContext) -> Iterator[Found | Refused | Remark]:
    from ingest.sources.schemaorg.reader import read

    return read(path, context)


def _table(path: Path, context: ReaderContext) -> Iterator[Found | Refused | Remark]:
    from ingest.sources.table.reader import read

    return read(path, context)


READERS: Mapping[str, Reader] = MappingProxyType({"openvhs": _openvhs, "schemaorg": _schemaorg, "table": _table})
"""Readers by the names of their formats; a reader's modules are imported when it is first called."""


def reader_of(name: str) -> Reader:
    """The reader of a format. Raises `ValueError` with a German sentence for a name that is none."""
    try:
        return READERS[name]
    except KeyError:
        raise ValueError(f"Das Format „{name}“ gibt es nicht; bekannt sind {', '.join(READERS)}") from None
