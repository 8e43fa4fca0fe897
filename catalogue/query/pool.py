"""A few worker processes that evaluate queries under limits of time, memory and size."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from types import TracebackType

from catalogue.query import worker
from catalogue.query.errors import QueryNotAcceptable, QueryRefused, QueryTimeout, QueryTooLarge, QueryUnavailable
from catalogue.query.formats import GRAPHS, RESULTS, Wanted
from catalogue.query.guard import check

__all__ = ["Answer", "Query", "QueryPool"]

_START_SECONDS = 30.0


@dataclass(frozen=True)
class Query:
    """A query as the SPARQL protocol delivers it. Graphs named here replace those of FROM and FROM NAMED."""

    text: str
    wanted: Wanted = field(default_factory=Wanted)
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """A complete answer. ``media_type`` is the value for Content-Type."""

    media_type: str
    body: bytes


class QueryPool:
    """Evaluates queries against one RDF store on disk that nobody writes.

    ``seconds`` is the time limit of one evaluation, and of waiting for a free worker; ``max_bytes`` the size of one answer;
    ``max_memory`` the address space of one worker in bytes. Workers start when they are first needed.
    """

    def __init__(
        self,
        store: Path,
        *,
        workers: int = 2,
        seconds: float = 10.0,
        max_bytes: int = 50_000_000,
        max_memory: int = 2_000_000_000,
    ) -> None:
        self._store = store
        self._seconds = seconds
        self._arguments = (str(max_bytes), str(max_memory), str(ceil(seconds)))
        self._max_bytes = max_bytes
        self._free = asyncio.Semaphore(workers)
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._returned = asyncio.Condition()
        self._closed = False

    async def evaluate(self, query: Query) -> Answer:
        """The answer to ``query``.

        The default graph is the union of all named graphs, unless the query or the request names its own. Raises QueryRefused,
        QueryNotAcceptable, QueryTooLarge, QueryTimeout, QueryUnavailable.
        """
        union = not check(query.text).names_dataset
        request = {
            "text": query.text,
            "union": union,
            "default_graphs": query.default_graphs,
            "named_graphs": query.named_graphs,
            **query.wanted._asdict(),
        }
        payload = json.dumps(request).encode()
        for _ in range(2):  # once more where the worker, not the query, was at fault
            async with self._worker() as process:
                try:
                    async with asyncio.timeout(self._seconds):
                        status, media_type, body = await process.ask(payload)
                except TimeoutError:
                    raise QueryTimeout(
                        f"Die Abfrage wurde nach {self._seconds:g} Sekunden abgebrochen.",
                        retry_after=ceil(self._seconds),
                    ) from None
                except (asyncio.IncompleteReadError, ConnectionError):
                    if await process.ended_from_outside():
                        continue
                    raise await process.reason() from None
            return self._answer(status, media_type, body)
        raise QueryUnavailable("Die Abfrage wurde zweimal von außen beendet.", retry_after=ceil(self._seconds))

    async def switch(self, store: Path) -> None:
        """Evaluate new queries against ``store``. Returns when the last running query on the old one has ended."""
        self._store = store
        await self._close_idle()
        async with self._returned:
            await self._returned.wait_for(lambda: all(process.store == store for process in self._busy))

    async def close(self) -> None:
        """End all workers; running queries are cut off."""
        self._closed = True
        for process in self._busy:
            process.kill()
        async with self._returned:
            await self._returned.wait_for(lambda: not self._busy)
        await self._close_idle()

    async def __aenter__(self) -> QueryPool:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @asynccontextmanager
    async def _worker(self) -> AsyncIterator[_Worker]:
        """A worker of one's own. It is used again only after it answered; else it is ended."""
        try:
            async with asyncio.timeout(self._seconds):
                await self._free.acquire()
        except TimeoutError:
            raise QueryUnavailable("Zurzeit laufen zu viele Abfragen.", retry_after=ceil(self._seconds)) from None
        process: _Worker | None = None
        try:
            process = await self._idle_or_new()
            self._busy.add(process)
            yield process
        finally:
            await asyncio.shield(self._take_back(process))

    async def _idle_or_new(self) -> _Worker:
        if self._closed:
            raise QueryUnavailable("Der Dienst wird gerade beendet.", retry_after=ceil(self._seconds))
        while self._idle:
            process = self._idle.pop()
            if process.alive:
                return process
            await process.end()
        return await _Worker.start(self._store, self._arguments)

    async def _take_back(self, process: _Worker | None) -> None:
        try:
            if process is None:
                return
            if process.answered and process.alive and process.store == self._store and not self._closed:
                self._idle.append(process)
            else:
                await process.end()
            self._busy.discard(process)
            async with self._returned:
                self._returned.notify_all()
        finally:
            self._free.release()

    async def _close_idle(self) -> None:
        """Of a snapshot that is past; all of them when the pool closes."""
        past = [process for process in self._idle if self._closed or process.store != self._store]
        self._idle = [process for process in self._idle if process not in past]
        for process in past:
            await process.end()

    def _answer(self, status: int, media_type: str, body: bytes) -> Answer:
        match status:
            case worker.OK:
                return Answer({**RESULTS, **GRAPHS}[media_type], body)
            case worker.TOO_LARGE:
                raise QueryTooLarge(f"Die Antwort ist größer als {self._max_bytes} Bytes. LIMIT und OFFSET teilen sie.")
            case worker.UNACCEPTABLE:
                raise QueryNotAcceptable("Für diese Art von Abfrage ist keines der gewünschten Formate möglich.")
            case _:
                raise QueryRefused(f"Die Abfrage ist nicht ausführbar: {body.decode()}")


class _Worker:
    """One process of `catalogue.query.worker`. ``answered`` is False while a request is under way."""

    def __init__(self, process: asyncio.subprocess.Process, store: Path) -> None:
        self.store = store
        self.answered = True
        self._process = process

    @classmethod
    async def start(cls, store: Path, arguments: tuple[str, ...]) -> _Worker:
        """Raises QueryUnavailable where the process does not get ready."""
        process = cls(
            await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", worker.__file__, str(store), *arguments),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, "MALLOC_ARENA_MAX": "2"},  # an arena reserves 64 MB of address space
            ),
            store,
        )
        try:
            async with asyncio.timeout(_START_SECONDS):
                await process._receive()
        except (TimeoutError, asyncio.IncompleteReadError):
            said = await process.end()
            raise QueryUnavailable(f"Die Abfrage konnte nicht beginnen. {said}".strip(), retry_after=10) from None
        except BaseException:
            await process.end()
            raise
        return process

    @property
    def alive(self) -> bool:
        return self._process.returncode is None

    async def ask(self, payload: bytes) -> tuple[int, str, bytes]:
        """(status, media type, body). Raises IncompleteReadError or ConnectionError where the process dies."""
        assert self._process.stdin is not None
        self.answered = False
        self._process.stdin.write(worker.REQUEST.pack(len(payload)) + payload)
        await self._process.stdin.drain()
        answer = await self._receive()
        self.answered = True
        return answer

    async def _receive(self) -> tuple[int, str, bytes]:
        assert self._process.stdout is not None
        head = await self._process.stdout.readexactly(worker.ANSWER.size)
        status, type_length, body_length = worker.ANSWER.unpack(head)
        rest = await self._process.stdout.readexactly(type_length + body_length)
        return status, rest[:type_length].decode(), rest[type_length:]

    def kill(self) -> None:
        if self.alive:
            self._process.kill()

    async def end(self) -> str:
        """Kill and wait; what it wrote to standard error."""
        self.kill()
        _, said = await self._process.communicate()
        return said.decode(errors="replace")

    async def ended_from_outside(self) -> bool:
        """Whether somebody else killed it (an operator, the kernel short of memory)."""
        return await self._process.wait() in {-signal.SIGKILL, -signal.SIGTERM}

    async def reason(self) -> QueryRefused | QueryTooLarge | QueryTimeout:
        """Why the process died of its query."""
        said = await self.end()
        if self._process.returncode == -signal.SIGXCPU:
            return QueryTimeout("Die Abfrage wurde nach ihrer Rechenzeit abgebrochen.", retry_after=10)
        if "memory allocation" in said:
            return QueryTooLarge("Die Abfrage braucht mehr Arbeitsspeicher, als eine Abfrage bekommt.")
        return QueryRefused("Die Abfrage ist zu verwickelt, um ausgeführt zu werden.")
