"""The writer's lock: one process at a time writes a catalogue. A lock of the kernel, so it ends with the process that holds it."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from catalogue.errors import CatalogueBusy

__all__ = ["writer_lock"]


@contextmanager
def writer_lock(folder: Path, wait: float = 0.0) -> Iterator[None]:
    """Holds the lock of the folder; waits at most ``wait`` seconds for it. Raises CatalogueBusy, which names the holder."""
    with (folder / "lock").open("a+", encoding="utf-8") as file:
        deadline = time.monotonic() + wait
        while not _try_lock(file.fileno()):
            if time.monotonic() >= deadline:
                file.seek(0)
                holder = file.read().strip() or "einem anderen Prozess"
                raise CatalogueBusy(f"Der Katalog {folder} wird gerade geschrieben, von {holder}.")
            time.sleep(0.05)
        file.truncate(0)
        file.write(f"Prozess {os.getpid()} seit {datetime.now():%d.%m.%Y %H:%M:%S}")
        file.flush()
        yield


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
