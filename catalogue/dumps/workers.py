"""Makes the parts of the dumps in two processes beside this one, in order."""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from catalogue.dumps.parts import Batch, Part, PartMaker, Providers
from catalogue.ledger import Ledger

__all__ = ["made_parts"]

_PROCESSES = 2
_WORTH_IT = 2000  # offers; fewer are made sooner than processes are started


def made_parts(
    ledger: Path, base: str, providers: Mapping[str, Providers], batches: Sequence[Batch]
) -> Iterator[tuple[Batch, Part]]:
    """Every batch with what was made of it, in their order. ``ledger`` is the file, which nobody changes."""
    if sum(len(batch.rows) for batch in batches) < _WORTH_IT:
        yield from _made_here(ledger, base, providers, batches)
        return
    context = multiprocessing.get_context("spawn")
    ends: list[Connection] = []
    processes = []
    try:
        for _ in range(_PROCESSES):
            end, other_end = context.Pipe()
            process = context.Process(target=_work, args=(other_end, ledger, base, providers), daemon=True)
            process.start()
            other_end.close()  # then the worker sees the end of this process as the end of the pipe
            ends.append(end)
            processes.append(process)
        for number, batch in enumerate(batches[:_PROCESSES]):
            ends[number].send(batch)
        for number, batch in enumerate(batches):
            end = ends[number % _PROCESSES]
            part: Part = end.recv()
            if number + _PROCESSES < len(batches):
                end.send(batches[number + _PROCESSES])
            yield batch, part
    finally:
        for end in ends:
            end.close()
        for process in processes:
            process.join()


def _made_here(
    ledger: Path, base: str, providers: Mapping[str, Providers], batches: Sequence[Batch]
) -> Iterator[tuple[Batch, Part]]:
    opened = Ledger.open(ledger)
    try:
        maker = PartMaker(opened, base, providers)
        for batch in batches:
            yield batch, maker.make(batch)
    finally:
        opened.close()


def _work(end: Connection, ledger: Path, base: str, providers: Mapping[str, Providers]) -> None:
    """Answers batches with parts until the pipe ends."""
    gc.disable()  # hundreds of thousands of small objects without cycles: a tenth of the time
    maker = PartMaker(Ledger.open(ledger), base, providers)
    with suppress(EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        while True:
            end.send(maker.make(end.recv()))
