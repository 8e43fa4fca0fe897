"""Files that survive a crash: written whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["copy_snapshot", "replace_file", "sync_folder", "sync_tree", "syncing"]

_SYNCED_AT_ONCE = 8

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
    _sync(folder)


def sync_tree(folder: Path) -> None:
    """Makes a whole folder durable; files shared with an older snapshot are so already."""
    with syncing(folder):
        pass


@contextmanager
def syncing(folder: Path) -> Iterator[None]:
    """Makes durable what lies in a folder by now, while the block runs, which may remove some of it, as RocksDB may at any time.

    Raises OSError at the end.
    """
    paths = [Path(parent, name) for parent, _, names in os.walk(folder) for name in ("", *names)]
    # several at once: the disk waits for its cache only once then, some milliseconds
    with ThreadPoolExecutor(_SYNCED_AT_ONCE) as pool:
        syncs = [pool.submit(_sync_what_is_left, path) for path in paths]
        yield
        for sync in syncs:
            sync.result()


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sync_what_is_left(path: Path) -> None:
    with suppress(FileNotFoundError):
        if path.is_dir() or path.stat().st_nlink == 1:  # else shared, and durable already
            _sync(path)


def copy_snapshot(source: Path, target: Path) -> None:
    """Copies a snapshot's folder; immutable files are linked, so that the copy costs what is small."""
    # RocksDB's diaries would pile up, one more with every run
    shutil.copytree(source, target, copy_function=_link_or_copy, ignore=shutil.ignore_patterns("LOG", "LOG.old.*"))


def _link_or_copy(source: str, target: str) -> None:
    if Path(source).suffix in _IMMUTABLE:
        os.link(source, target)
    else:
        shutil.copyfile(source, target)
