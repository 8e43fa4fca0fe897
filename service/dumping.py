"""Dumps are made in a process of their own: the command line waits for it, the service keeps one going while it serves."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from catalogue.dumps import dumps_are_current
from catalogue.errors import CatalogueEmpty, CatalogueError
from catalogue.settings import Settings
from catalogue.snapshot import visible_snapshot

__all__ = ["DumpKeeper", "DumpsFailed", "make_dumps_aside"]

_LOG = logging.getLogger(__name__)
_LOOK_EVERY = 1.0  # seconds
_AGAIN_AFTER = 60.0  # seconds, when making them failed
_NICENESS = 10  # questions come first


class DumpsFailed(CatalogueError):
    """The dumps could not be made; those from before are still there."""


def _command(folder: Path) -> list[str]:
    return [sys.executable, "-m", "catalogue.dumps", str(folder.absolute())]


def make_dumps_aside(folder: Path, settings: Settings, progress: Callable[[int, int], None]) -> None:
    """Makes the dumps unless they are current; ``progress`` gets offers done and in all. Raises DumpsFailed."""
    if dumps_are_current(folder, settings):
        return
    with subprocess.Popen(_command(folder), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own program
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            for line in process.stdout:
                done, _, total = line.partition(" ")
                progress(int(done), int(total))
        except BaseException:
            process.terminate()
            raise
        said = process.stderr.read().strip()
    if process.returncode:
        raise DumpsFailed(f"Die Angebote sind übernommen, ihre Abzüge aber nicht erneuert: {said or 'abgebrochen'}")


class DumpKeeper:
    """Makes the dumps of a folder anew whenever they are missing or outdated, with what the questions leave of the processor."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self._folder, self._settings = folder, settings

    async def keep(self) -> None:
        """Looks again and again until it is cancelled, which ends the process that it may have started."""
        seen: Path | None = None
        while True:
            path = visible_snapshot(self._folder)
            if path is not None and path != seen:
                if await self._make():
                    seen = path
                else:
                    await asyncio.sleep(_AGAIN_AFTER)
            await asyncio.sleep(_LOOK_EVERY)

    async def _make(self) -> bool:
        try:
            if await asyncio.to_thread(dumps_are_current, self._folder, self._settings):
                return True
        except CatalogueEmpty:
            return True
        process = await asyncio.create_subprocess_exec(
            *_command(self._folder),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
        with suppress(ProcessLookupError, PermissionError):
            os.setpriority(os.PRIO_PROCESS, process.pid, _NICENESS)
        try:
            _, said = await process.communicate()
        except BaseException:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)
            await process.wait()
            raise
        if process.returncode:
            _LOG.warning("the dumps could not be made: %s", said.decode(errors="replace").strip()[-2000:])
        return process.returncode == 0
