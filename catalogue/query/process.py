"""One worker process, seen from the pool."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from math import inf
from pathlib import Path
from typing import NamedTuple

import pyoxigraph

from catalogue.query import worker
from catalogue.query.errors import QueryError, QueryRefused, QueryTimeout, QueryTooLarge, QueryUnavailable

__all__ = ["EndedFromOutside", "Process", "Raw"]

_START_SECONDS = 30.0
# without site and the environment a worker starts in two thirds of the time
_BOOT = "import sys; sys.path += sys.argv[1:3]; from catalogue.query.worker import main; main()"
_PATHS = tuple(
    str(Path(found or "").resolve().parents[up]) for found, up in ((worker.__file__, 2), (pyoxigraph.__file__, 1))
)
_LOW_PRIORITY = 10  # below ours; lower, and a busy machine would end queries of a tenth of a second by their wall clock
_SCHEDULED = 2  # CPUCLOCK_SCHED: all that a process was given, as the scheduler counts
_UNKNOWN = 255  # what asyncio says when it did not see the end of a process
_ENVIRONMENT = {"MALLOC_ARENA_MAX": "2"}  # an arena reserves 64 MB of address space


class EndedFromOutside(Exception):
    """Not its query, but somebody else ended the process (an operator, the kernel short of memory)."""


class Raw(NamedTuple):
    """An answer as `catalogue.query.worker` gives it."""

    status: int
    is_last: bool
    media_type: str
    body: bytes


class Process:
    """One process of `catalogue.query.worker`, which starts when ``turn`` is free: ``started`` says when it has.

    ``fresh``: it answered whatever it was asked, and soon. ``returned`` is for its user to set. ``lost`` is called when it ends, with
    whether it had started at all.
    """

    def __init__(
        self, store: Path, arguments: tuple[str, ...], turn: asyncio.Lock, lost: Callable[[Process, bool], None]
    ) -> None:
        self.store = store
        self.fresh = True
        self.returned = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._unwanted = False
        self.started = asyncio.create_task(self._start_in_turn(arguments, turn))
        self._watching = asyncio.create_task(self._watch(lost))

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process is not None and self._process.returncode is None

    async def ask(self, payload: bytes) -> Raw:
        """The answer to a request. Raises QueryError where the process dies of it, EndedFromOutside where of something else."""
        assert self._process is not None
        assert self._process.stdin is not None
        self.fresh, was_fresh = False, self.fresh
        try:
            self._process.stdin.write(worker.REQUEST.pack(len(payload)) + payload)
            await self._process.stdin.drain()
            answer = await self._receive(self._process)
        except (asyncio.IncompleteReadError, ConnectionError):
            raise await self._reason() from None
        self.fresh = was_fresh and not answer.is_last
        return answer

    def spent(self) -> float:
        """Seconds of a processor that it has used; endless where the system does not tell."""
        if self._process is None:
            return inf
        clock = (~self._process.pid << 3) | _SCHEDULED  # as clock_getcpuclockid(3) makes it on Linux
        try:
            return time.clock_gettime(clock)
        except OSError:
            return inf

    def step_back(self) -> None:
        """Gets what others leave of the processors, from now on. This cannot be taken back, so the process is not fresh any more."""
        self.fresh = False
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                ours = os.getpriority(os.PRIO_PROCESS, 0)
                os.setpriority(os.PRIO_PROCESS, self._process.pid, ours + _LOW_PRIORITY)

    def kill(self) -> None:
        """Ends it, without waiting for that."""
        self._unwanted = True
        if self._process is not None and self._process.returncode is None:
            # asyncio's own kill() first asks whether the process still lives, and takes its end away from who waits for it
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)

    async def end(self) -> str:
        """Ends it; what it wrote to standard error."""
        self.kill()
        if asyncio.current_task() is not self.started:  # which reads what it says, and only one may
            await asyncio.wait([self.started])
        if self._process is None:
            return ""
        self.kill()
        return (await self._said(self._process)).decode(errors="replace")

    async def _start_in_turn(self, arguments: tuple[str, ...], turn: asyncio.Lock) -> None:
        async with turn:
            if self._unwanted:
                raise QueryUnavailable("Der Dienst wird gerade beendet.", retry_after=10)
            await self._start(arguments)

    async def _start(self, arguments: tuple[str, ...]) -> None:
        """Raises QueryUnavailable where the process does not get ready."""
        command = (sys.executable, "-I", "-S", "-c", _BOOT, *_PATHS, str(self.store), *arguments)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=_ENVIRONMENT,
            )
        except OSError as error:  # no process, file or memory is to be had
            raise QueryUnavailable(f"Die Abfrage konnte nicht beginnen: {error}", retry_after=10) from error
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._receive(self._process)
        except (TimeoutError, asyncio.IncompleteReadError):
            said = await self.end()
            raise QueryUnavailable(f"Die Abfrage konnte nicht beginnen. {said}".strip(), retry_after=10) from None

    async def _watch(self, lost: Callable[[Process, bool], None]) -> None:
        await asyncio.wait([self.started])
        started = not self.started.cancelled() and self.started.exception() is None
        if started and self._process is not None:
            await self._process.wait()
        lost(self, started)

    async def _receive(self, process: asyncio.subprocess.Process) -> Raw:
        assert process.stdout is not None
        head = await process.stdout.readexactly(worker.ANSWER.size)
        status, is_last, type_length, body_length = worker.ANSWER.unpack(head)
        rest = await process.stdout.readexactly(type_length + body_length)
        return Raw(status, is_last, rest[:type_length].decode(), rest[type_length:])

    async def _said(self, process: asyncio.subprocess.Process) -> bytes:
        """Waits for the end; what stands in standard error. No pipe stays open."""
        if process.stdin is not None:
            process.stdin.close()
        _, said = await process.communicate()
        return said

    async def _reason(self) -> QueryError | EndedFromOutside:
        """Why it died."""
        assert self._process is not None
        said = await self._said(self._process)
        code = self._process.returncode
        if code in {_UNKNOWN, -signal.SIGKILL, -signal.SIGTERM}:
            return EndedFromOutside()
        if code == -signal.SIGXCPU:
            return QueryTimeout("Die Abfrage wurde nach ihrer Rechenzeit abgebrochen.", retry_after=10)
        if b"memory allocation" in said:
            return QueryTooLarge("Die Abfrage braucht mehr Arbeitsspeicher, als eine Abfrage bekommt.")
        return QueryRefused("Die Abfrage ist zu verwickelt, um ausgeführt zu werden.")
