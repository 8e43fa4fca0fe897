"""Follows the neighbours while the catalogue is served: a process of its own, so that no neighbour can harm those who ask.

Started by the service as ``python -m service.following DIR``; ends when its standard input does, so it never outlives the service.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import random
import signal
import sys
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from catalogue.errors import CatalogueBusy, CatalogueError
from catalogue.neighbours import Check, note_check
from catalogue.settings import Neighbour, Settings, SettingsRefused, read_settings

if TYPE_CHECKING:
    from service.harvesting import Harvester, HarvestReport

__all__ = ["failures_after", "follow_neighbours", "main", "next_visit"]

_LOG = logging.getLogger(__name__)
_LONGEST_BACK_OFF = 3600.0  # seconds
_AGAIN = 30.0  # seconds until a follower that ended is started again
_LOOK_EVERY = 10.0  # seconds, at katalog.toml


def next_visit(every: float, failures: int, retry_after: float | None, chance: float) -> float:
    """Seconds until the next visit. Twice as long after each failure, at most an hour, never sooner than the neighbour asked for.

    ``chance`` (0 to 1) spreads the visits by a fifth, so that many followers do not come at once.
    """
    seconds: float = min(every * 2.0 ** min(failures, 30), max(every, _LONGEST_BACK_OFF)) * (0.9 + 0.2 * chance)
    return max(seconds, retry_after or 0.0)


def failures_after(failures: int, report: HarvestReport) -> int:
    """How often visits failed one after the other; one that brought something did not, even if it did not come to its end."""
    return failures + 1 if report.trouble and not report.counts.read else 0


async def follow_neighbours(folder: Path) -> None:
    """Keeps the following process running until cancelled."""
    while True:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service.following", str(folder)), stdin=asyncio.subprocess.PIPE
        )
        try:
            await process.wait()
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.kill(process.pid, signal.SIGTERM)  # not terminate(), which may take the end away from wait()
                await process.wait()
        _LOG.warning("the process that follows the neighbours ended; it is started again")
        await asyncio.sleep(_AGAIN)


def main() -> None:
    """Visits each neighbour when it is its turn, until the service ends."""
    logging.basicConfig(level=logging.WARNING)
    parent = threading.Thread(target=_wait_for_parent, daemon=True)
    parent.start()
    os.nice(5)  # questions come first
    folder = Path(sys.argv[1])
    alone = (folder / "following.lock").open("w")
    fcntl.flock(alone, fcntl.LOCK_EX)  # each process of the service starts one; the others wait in case this one ends
    settings = read_settings(folder)
    from service.harvesting import Harvester
    from service.ingesting import forget_removed_neighbours
    from service.progress import no_progress

    forget_removed_neighbours(folder, settings, no_progress())
    # a thread each, so that a slow neighbour delays no other; runs wait for each other at the writer's lock
    harvester = Harvester(folder, settings, no_progress())
    for neighbour in settings.neighbour:
        threading.Thread(target=_visit_for_ever, args=(folder, harvester, neighbour), daemon=True).start()
    while parent.is_alive():
        parent.join(_LOOK_EVERY)
        if _has_changed(folder, settings):
            os._exit(0)  # it is started again, with what is wanted now


def _has_changed(folder: Path, settings: Settings) -> bool:
    """Whether katalog.toml says something else; one that is being written, or is wrong, does not."""
    try:
        return read_settings(folder) != settings
    except SettingsRefused:
        return False


def _sentence(error: Exception) -> str:
    if isinstance(error, CatalogueError):  # it has one
        return str(error)
    return f"Was der Nachbar meldet, ließ sich hier nicht verarbeiten ({type(error).__name__}); mehr steht im Protokoll des Dienstes."


def _visit_for_ever(folder: Path, harvester: Harvester, neighbour: Neighbour) -> None:
    failures = 0
    while True:
        retry_after = None
        try:
            report = harvester.harvest(neighbour)
            failures = failures_after(failures, report)
            retry_after = report.retry_after
        except CatalogueBusy:
            pass  # an ingest is running: when its turn comes again
        except Exception as error:
            _LOG.exception("%s could not be followed", neighbour.name)
            failures += 1
            check = Check(at=datetime.now(UTC).isoformat(timespec="seconds"), trouble=_sentence(error))
            with suppress(OSError):  # a full disk may be what is wrong
                note_check(folder, neighbour.name, check)
        time.sleep(next_visit(neighbour.every, failures, retry_after, random.random()))  # noqa: S311 - no secret


def _wait_for_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)  # a run that is cut off here was never there


if __name__ == "__main__":
    main()
