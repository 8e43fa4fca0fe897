"""Makes the parts of the dumps in two processes beside this one, in order."""

from __future__ import annotations

import gc
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from pathlib import Path

from catalogue.dumps.parts import Batch, Part, PartMaker, Providers
from catalogue.errors import CatalogueError
from catalogue.ledger import Ledger

__all__ = ["WorkerLost", "made_parts"]

_PROCESSES = 2
_WORTH_IT = 2000  # offers; fewer are made sooner than processes are started


class WorkerLost(CatalogueError):
    """A process that makes parts ended before its work was done."""


def made_parts(
    ledger: Path, base: str, batches: Sequence[Batch], read_providers: Callable[[], Mapping[str, Providers]]
) -> Iterator[tuple[Batch, Part]]:
    """Every batch with what was made of it, in their order. ``ledger`` is the file, which nobody changes.

    Providers, by source, are read while the processes start. Raises WorkerLost.
    """
    if sum(len(batch.rows) for batch in batches) < _WORTH_IT:
        yield from _made_here(ledger, base, batches, read_providers())
        return
    context = multiprocessing.get_context("spawn")
    ends: list[Connection] = []
    processes = []
    try:
        for _ in range(_PROCESSES):
            end, other_end = context.Pipe()
            process = context.Process(target=_work, args=(other_end, ledger, base), daemon=True)
            process.start()
            other_end.close()  # then the worker sees the end of this process as the end of the pipe
            ends.append(end)
            processes.append(process)
        providers = read_providers()
        try:
            for end in ends:
                end.send(providers)
            yield from zip(batches, _answers(ends, batches), strict=True)
        except (EOFError, OSError) as error:  # which of them depends on what was being sent
            raise WorkerLost(
                "Ein Prozess, der die Abzüge schreibt, endete vorzeitig, vielleicht aus Mangel an Arbeitsspeicher."
            ) from error
    finally:
        for end in ends:
            end.close()
        for process in processes:
            process.join()


def _answers(ends: Sequence[Connection], batches: Sequence[Batch]) -> Iterator[Part]:
    """Every process gets another batch as soon as it is done with one; the parts come in the order of the batches."""
    left = deque(enumerate(batches))
    asked: dict[Connection, int] = {}
    made: dict[int, Part] = {}

    def ask(end: Connection) -> None:
        if left:
            asked[end], batch = left.popleft()
            end.send(batch)

    for end in ends:
        ask(end)
    for wanted in range(len(batches)):
        while wanted not in made:
            answered = wait(list(asked))
            for end in ends:
                if end in answered:
                    made[asked.pop(end)] = end.recv()
                    ask(end)
        yield made.pop(wanted)


def _made_here(
    ledger: Path, base: str, batches: Sequence[Batch], providers: Mapping[str, Providers]
) -> Iterator[tuple[Batch, Part]]:
    opened = Ledger.open(ledger)
    try:
        maker = PartMaker(opened, base, providers)
        for batch in batches:
            yield batch, maker.make(batch)
    finally:
        opened.close()


def _work(end: Connection, ledger: Path, base: str) -> None:
    """Gets the providers, then answers batches with parts until the pipe ends."""
    gc.disable()  # hundreds of thousands of small objects without cycles: a tenth of the time
    with suppress(EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        maker = PartMaker(Ledger.open(ledger), base, end.recv())
        while True:
            end.send(maker.make(end.recv()))
