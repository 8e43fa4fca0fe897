"""RDF stores for queries, pools over them, and a look at the worker processes."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pyoxigraph as ox

from catalogue.query import negotiate
from catalogue.query.pool import Answer, Query, QueryPool
from tests.asynchronous import run_async

__all__ = ["COUNT", "CROSS", "EX", "ask", "busy_workers", "make_store", "number", "with_pool", "workers_of"]

EX = "http://example.org/"
COUNT = "SELECT (COUNT(*) AS ?n) %s WHERE { %s }"
CROSS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?o ?p }"


def make_store(path: Path, names: str) -> Path:
    store = ox.Store(str(path))
    store.extend(
        ox.Quad(
            ox.NamedNode(f"{EX}{name}{number}"),
            ox.NamedNode(f"{EX}p"),
            ox.Literal(number),
            ox.NamedNode(f"{EX}graph/{name}"),
        )
        for name in names
        for number in range(100)
    )
    store.flush()
    return path


def with_pool(store: Path, use: Callable[[QueryPool], Awaitable[Any]], **limits: float) -> Any:
    async def run() -> Any:
        async with QueryPool(store, **limits) as pool:  # type: ignore[arg-type]
            return await use(pool)

    return run_async(run())


def ask(store: Path, text: str, accept: str = "", **limits: float) -> Answer:
    return with_pool(store, lambda pool: pool.evaluate(Query(text, negotiate(accept))), **limits)


def number(answer: Answer) -> int:
    return int(json.loads(answer.body)["results"]["bindings"][0]["n"]["value"])


def workers_of(parent: int, below: Path | None = None) -> list[int]:
    """The worker processes of a process that are not ending; with ``below`` those of stores in that folder."""
    wanted = b"" if below is None else str(below).encode()
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            its = int(fields[1]) == parent and fields[0] != "Z"
            command = (stat.parent / "cmdline").read_bytes() if its else b""
            if b"worker" in command and wanted in command:
                found.append(int(stat.parent.name))
    return found


async def busy_workers(below: Path) -> list[int]:
    """Waits for workers of this process that have used half a second of processor time; a start takes half of that."""
    ticks = os.sysconf("SC_CLK_TCK") / 2
    while True:
        busy = []
        for child in workers_of(os.getpid(), below):
            with suppress(OSError):
                fields = Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()
                if int(fields[11]) + int(fields[12]) > ticks:
                    busy.append(child)
        if busy:
            return busy
        await asyncio.sleep(0.05)  # a query runs only while nothing else wants to
