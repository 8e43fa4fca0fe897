"""Progress of long work on the terminal; silent where there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from service.ingesting import Progress

__all__ = ["no_progress", "shown_dumps", "shown_progress"]


@contextmanager
def shown_progress() -> Iterator[Progress]:
    """Bars on standard error: one for each source that is read, one for the texts that are encoded."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console, disable=not console.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def records(source: str, count: int) -> None:
            task = tasks.get(source)
            if task is None:
                task = tasks[source] = bars.add_task(f"{source} lesen", total=None)
            bars.advance(task, count)

        def texts(done: int, total: int) -> None:
            task = tasks.get("")
            if task is None:
                task = tasks[""] = bars.add_task("Bedeutung der Angebote berechnen", total=total)
            bars.update(task, completed=done, total=total)

        def pairs(done: int, total: int) -> None:
            task = tasks.get("pairs ")
            if task is None:
                task = tasks["pairs "] = bars.add_task("Doppelte Angebote suchen", total=total)
            bars.update(task, completed=done, total=total)

        yield Progress(records, texts, pairs)


@contextmanager
def shown_dumps() -> Iterator[Callable[[int, int], None]]:
    """A bar on standard error for dumps that are being made: is told offers done and in all."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bars(*columns, console=console, disable=not console.is_terminal) as bars:
        task: list[TaskID] = []

        def offers(done: int, total: int) -> None:
            if not task:
                task.append(bars.add_task("Dateien zum Herunterladen schreiben", total=total))
            bars.update(task[0], completed=done, total=total)

        yield offers


def no_progress() -> Progress:
    """For work that nobody watches."""
    return Progress(lambda _source, _count: None, lambda _done, _total: None)
