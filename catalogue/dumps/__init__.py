"""The whole catalogue and each of its sources as files to download, made after a commit (docs/adr/0006-publishing.md)."""

from __future__ import annotations

from catalogue.dumps.manifest import Audit, Dataset, DumpFile, Manifest, read_manifest

__all__ = ["Audit", "Dataset", "DumpFile", "Manifest", "read_manifest"]
