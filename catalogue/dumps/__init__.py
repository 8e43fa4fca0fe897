"""The whole catalogue and each of its sources as files to download, made after a commit (docs/adr/0006-publishing.md)."""

from __future__ import annotations

from catalogue.dumps.make import dumps_are_current, make_dumps
from catalogue.dumps.manifest import Dataset, DumpFile, Manifest, read_dumps, read_manifest

__all__ = [
    "Dataset",
    "DumpFile",
    "Manifest",
    "dumps_are_current",
    "make_dumps",
    "read_dumps",
    "read_manifest",
]
