"""A few worker processes that evaluate queries under limits of time, memory and size, shared fairly between clients."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from types import TracebackType
from typing import NamedTuple

from catalogue.query import worker
from catalogue.query.errors import QueryNotAcceptable, QueryRefused, QueryTimeout, QueryTooLarge, QueryUnavailable
from catalogue.query.formats import GRAPHS, RESULTS, Wanted
from catalogue.query.guard import MAX_LENGTH
from catalogue.query.process import EndedFromOutside, Process, Raw
from catalogue.query.turns import Turn, Turns

__all__ = ["Answer", "Limits", "Query", "QueryPool"]

_QUICK_SECONDS = 0.1  # a query that takes longer is a long one
_QUICK_MOST_SECONDS = 1.0  # even where it had no processor
_QUICK_AT_ONCE = 2
_START_AGAIN_SECONDS = 2.0
_WAITING = 400
_WAITING_PER_CLIENT = 200


@dataclass(frozen=True)
class Query:
    """A query as the SPARQL protocol delivers it. Graphs named here replace those of FROM and FROM NAMED.

    ``base`` is what relative IRIs in it are resolved against. ``union``: the default graph is the union of all graphs, unless the
    query or the request names its own.
    """

    text: str
    wanted: Wanted = field(default_factory=Wanted)
    default_graphs: tuple[str, ...] = ()
    named_graphs: tuple[str, ...] = ()
    base: str | None = None
    union: bool = True


@dataclass(frozen=True)
class Answer:
    """A complete answer. ``media_type`` is the value for Content-Type."""

    media_type: str
    body: bytes


class Limits(NamedTuple):
    """What one query may take."""

    seconds: float
    answer_bytes: int
    answer_rows: int
    memory_bytes: int
    query_characters: int


class QueryPool:
    """Evaluates queries against one RDF store on disk that nobody writes.

    Every query is tried for a tenth of a second in a lane of its own, one per client at once. What takes longer goes on as one of at most
    ``workers`` long ones, all but one of them for one client at most; where there is no room for it, it is ended and begun anew in its
    turn. So a small question never waits for a long query.

    ``seconds`` is the time limit of one evaluation, and of waiting for one's turn; ``max_bytes`` and ``max_rows`` (or statements) the
    size of one answer; ``max_memory`` the address space of one worker in bytes. There are ``workers`` + 2 processes, ready before they
    are needed.
    """

    def __init__(
        self,
        store: Path,
        *,
        workers: int = 2,
        seconds: float = 10.0,
        max_bytes: int = 50_000_000,
        max_rows: int = 1_000_000,
        max_memory: int = 2_000_000_000,
    ) -> None:
        self.limits = Limits(seconds, max_bytes, max_rows, max_memory, MAX_LENGTH)
        self._store = store
        self._seconds = seconds
        self._arguments = (str(max_bytes), str(max_rows), str(max_memory), str(ceil(seconds)))
        self._processes = workers + _QUICK_AT_ONCE
        self._quick = Turns(_QUICK_AT_ONCE, 1, _WAITING, _WAITING_PER_CLIENT)
        self._long = Turns(workers, max(1, workers - 1), _WAITING, _WAITING_PER_CLIENT)
        self._ready: deque[Process] = deque()  # or about to be
        self._busy: set[Process] = set()
        self._ending: set[asyncio.Task[str]] = set()
        # all at once they would hold up those who ask just after a switch
        self._starting = asyncio.Lock()
        self._closed = False

    async def evaluate(self, query: Query, client: str = "") -> Answer:
        """The answer to ``query`` of ``client``, a name for whoever shall not get more than a fair share.

        Raises QueryRefused, QueryNotAcceptable, QueryTooLarge, QueryTimeout, QueryUnavailable.
        """
        if len(query.text) > MAX_LENGTH:
            raise QueryRefused(f"Die Abfrage ist mit {len(query.text)} Zeichen zu lang; erlaubt sind {MAX_LENGTH}.")
        request = {
            "text": query.text,
            "base": query.base,
            "union": query.union,
            "default_graphs": query.default_graphs,
            "named_graphs": query.named_graphs,
            **query.wanted._asdict(),
        }
        payload = json.dumps(request).encode()
        for _ in range(2):  # once more where the worker, not the query, was at fault
            with suppress(EndedFromOutside):
                return self._answer(await self._run(payload, client))
        raise QueryUnavailable("Die Abfrage wurde zweimal von außen beendet.", retry_after=ceil(self._seconds))

    async def switch(self, store: Path) -> None:
        """Evaluate new queries against ``store``, from now on. Returns when the last query running on another one has ended."""
        self._store = store
        for process in self._ready:
            self._end(process)
        self._ready.clear()
        self._refill()
        for process in [process for process in self._busy if process.store != store]:
            await process.returned.wait()

    async def close(self) -> None:
        """End all workers; running queries are cut off."""
        self._closed = True
        for process in self._ready:
            self._end(process)
        self._ready.clear()
        for process in list(self._busy):
            process.kill()
            await process.returned.wait()
        while self._ending:
            await asyncio.wait(self._ending)

    async def __aenter__(self) -> QueryPool:
        self._refill()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def _run(self, payload: bytes, client: str) -> Raw:
        until = asyncio.get_running_loop().time() + self._seconds
        with await self._turn(self._quick, client, len(payload), until) as trial:
            async with self._worker() as process:
                asking = asyncio.ensure_future(process.ask(payload))
                try:
                    if await self._answered_soon(process, asking):
                        return asking.result()
                    if long := self._long.enter_now(client):
                        trial.leave()
                        with long:
                            return await self._long_answer(process, asking)
                finally:
                    asking.cancel()
        with await self._turn(self._long, client, len(payload), until):
            async with self._worker() as process:
                return await self._long_answer(process, asyncio.ensure_future(process.ask(payload)))

    async def _answered_soon(self, process: Process, asking: asyncio.Future[Raw]) -> bool:
        """Whether it was a quick one. While others hold the processors, its time has not begun to run."""
        loop = asyncio.get_running_loop()
        until, spent = loop.time() + _QUICK_MOST_SECONDS, process.spent()
        while not (await asyncio.wait([asking], timeout=_QUICK_SECONDS))[0]:
            waited_without = process.spent() - spent < _QUICK_SECONDS / 2  # False where nobody knows: endless - endless
            if loop.time() >= until or not waited_without:
                return False
        return True

    async def _turn(self, turns: Turns, client: str, size: int, until: float) -> Turn:
        if turn := turns.enter_now(client):
            return turn
        try:
            async with asyncio.timeout_at(until):
                turn = await turns.enter(client, size)
        except TimeoutError:
            turn = None
        if turn is None:
            raise QueryUnavailable("Zurzeit laufen zu viele Abfragen.", retry_after=ceil(self._seconds))
        return turn

    async def _long_answer(self, process: Process, asking: asyncio.Future[Raw]) -> Raw:
        process.step_back()
        try:
            async with asyncio.timeout(self._seconds):
                return await asking
        except TimeoutError:
            raise QueryTimeout(
                f"Die Abfrage wurde nach {self._seconds:g} Sekunden abgebrochen.", retry_after=ceil(self._seconds)
            ) from None

    @asynccontextmanager
    async def _worker(self) -> AsyncIterator[Process]:
        """A process of one's own. It is used again only after it answered, and that soon; else another takes its place."""
        process = await self._take()
        try:
            yield process
        finally:
            self._release(process)
            if process.fresh and process.store == self._store and not self._closed:
                self._ready.appendleft(process)
            else:
                self._end(process)
            self._refill()

    async def _take(self) -> Process:
        while not self._closed:
            started = (process for process in self._ready if process.started.done())
            process = next(started, None) or next(iter(self._ready), None) or self._new()
            if process in self._ready:
                self._ready.remove(process)
            self._busy.add(process)
            process.returned.clear()
            try:
                await asyncio.shield(process.started)
            except asyncio.CancelledError:
                self._release(process)
                (self._end if self._closed else self._ready.appendleft)(process)
                raise
            except QueryUnavailable:
                self._release(process)
                raise
            if process.alive and process.store == self._store and not self._closed:
                return process
            self._release(process)
            self._end(process)
        raise QueryUnavailable("Der Dienst wird gerade beendet.", retry_after=ceil(self._seconds))

    def _release(self, process: Process) -> None:
        self._busy.discard(process)
        process.returned.set()

    def _refill(self) -> None:
        """As many processes as there can be queries."""
        while not self._closed and len(self._ready) + len(self._busy) < self._processes:
            self._ready.append(self._new())

    def _new(self) -> Process:
        return Process(self._store, self._arguments, self._starting, self._lost)

    def _lost(self, process: Process, started: bool) -> None:
        """A process ended that nobody used. Where it could not even start, another one would hardly do better at once."""
        if process in self._ready:
            self._ready.remove(process)
            self._end(process)
            if started:
                self._refill()
            else:
                asyncio.get_running_loop().call_later(_START_AGAIN_SECONDS, self._refill)

    def _end(self, process: Process) -> None:
        ending = asyncio.create_task(process.end())
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)

    def _answer(self, raw: Raw) -> Answer:
        match raw.status:
            case worker.OK:
                return Answer({**RESULTS, **GRAPHS}[raw.media_type], raw.body)
            case worker.TOO_LARGE:
                said = f"mehr als {self.limits.answer_rows} Zeilen oder {self.limits.answer_bytes} Bytes"
                raise QueryTooLarge(f"Die Antwort hat {said}. LIMIT und OFFSET teilen sie.")
            case worker.UNACCEPTABLE:
                raise QueryNotAcceptable("Für diese Art von Abfrage ist keines der gewünschten Formate möglich.")
            case _:
                raise QueryRefused(raw.body.decode())
