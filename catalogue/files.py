"""Files that survive a crash: written whole or not at all."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

__all__ = ["copy_snapshot", "replace_file", "sync_folder", "sync_tree"]

# RocksDB never writes to a finished table, tantivy never to a finished segment: these can be shared between snapshots
_IMMUTABLE = frozenset(
    {".sst", ".term", ".idx", ".pos", ".store", ".fast", ".fieldnorm", ".del", ".faiss", ".npz", ".gz"}
)


def replace_file(path: Path, data: bytes) -> None:
    """Puts ``data`` in the place of ``path`` by one atomic rename, durable when it returns."""
    part = path.with_name(path.name + ".neu")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """Makes a whole folder durable; files shared with an older snapshot are so already."""
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if path.stat().st_nlink == 1:
                with path.open("rb") as file:
                    os.fsync(file.fileno())
        sync_folder(Path(parent))


def copy_snapshot(source: Path, target: Path) -> None:
    """Copies a snapshot's folder; immutable files are linked, so that the copy costs what is small."""
    # RocksDB's diaries would pile up, one more with every run
    shutil.copytree(source, target, copy_function=_link_or_copy, ignore=shutil.ignore_patterns("LOG", "LOG.old.*"))


def _link_or_copy(source: str, target: str) -> None:
    if Path(source).suffix in _IMMUTABLE:
        os.link(source, target)
    else:
        shutil.copyfile(source, target)
