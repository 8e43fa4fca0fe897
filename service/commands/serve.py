"""``serve``: the catalogue on the net."""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from multiprocessing import get_context, parent_process
from pathlib import Path
from typing import TYPE_CHECKING

import uvicorn
from uvicorn.supervisors import Multiprocess

from catalogue.errors import CatalogueError, CatalogueOutdated
from catalogue.snapshot import Snapshot
from search.index import index_state
from service.connections import Connection
from service.neighbours import neighbours_removed
from service.opening import Opener

if TYPE_CHECKING:
    from fastapi import FastAPI

__all__ = ["run"]

_BACKLOG = 512


def run(folder: Path, host: str, port: int, workers: int, announce: Callable[[], None] | None = None) -> None:
    """Serves until it is stopped; ``announce`` is called as soon as questions are answered. Raises CatalogueError."""
    config = uvicorn.Config(
        _app_of_this_process(folder) if workers == 1 else _app_of_others(folder),
        factory=True,
        loop="uvloop",
        http=Connection,
        ws="none",
        host=host,
        port=port,
        workers=workers,
        access_log=False,  # questions are nobody's business
        log_level="warning",
        backlog=_BACKLOG,
        server_header=False,
    )
    listening = _listen(config)
    with suppress(KeyboardInterrupt):  # uvicorn raises it again after an orderly end
        _serve(config, listening, announce)


def _app_of_this_process(folder: Path) -> Callable[[], FastAPI]:
    opener = Opener(folder)
    with ThreadPoolExecutor(1) as pool:
        model = pool.submit(lambda: opener.encoder)
        from service.app import create_app  # meanwhile: either takes a third of a second

        model.result()
    _refresh_index(opener)
    return partial(create_app, folder, opener)


def _app_of_others(folder: Path) -> str:
    """The process that watches over the others needs no model: the index is looked after by one that ends."""
    with ProcessPoolExecutor(1, get_context("spawn"), initializer=_end_with_parent) as pool:
        pool.submit(_refresh_index_of, folder).result()
    os.environ["BILDUNGSKATALOG_DIR"] = str(folder.absolute())  # how the worker processes learn it
    return "service.app:create_app_from_environment"


def _serve(config: uvicorn.Config, listening: socket.socket, announce: Callable[[], None] | None) -> None:
    if config.workers > 1:
        if announce is not None:
            announce()
        Multiprocess(config, [listening]).run()
    else:
        _Server(config, announce).run([listening])


def _end_with_parent() -> None:
    """Else a process of a pool waits for ever when the one that it works for is killed."""

    def wait() -> None:
        parent = parent_process()
        assert parent is not None
        parent.join()
        os._exit(1)  # whatever it writes is one transaction

    threading.Thread(target=wait, daemon=True).start()


def _refresh_index_of(folder: Path) -> None:
    _refresh_index(Opener(folder))


def _refresh_index(opener: Opener) -> None:
    """Before anybody asks an index of another model or version is made anew, and neighbours that are followed no longer are forgotten.

    Raises CatalogueEmpty.
    """
    removed: list[str] = []
    try:
        with Snapshot.open(opener.folder) as snapshot:
            state = index_state(snapshot.path)
            removed = neighbours_removed(snapshot.ledger, opener.settings)
    except CatalogueOutdated as outdated:
        if not outdated.older:
            raise
        state = None
    is_outdated = state is None or state.model != opener.encoder.name
    if not is_outdated and not removed:
        return
    from service.ingesting import forget_removed_neighbours, rebuild_index  # all that reads sources: seldom needed here
    from service.progress import no_progress, shown_progress

    if is_outdated:
        print(
            "Der Katalog stammt von einem anderen Modell oder einer älteren Fassung und wird erneuert.", file=sys.stderr
        )
        with shown_progress() as progress:
            rebuild_index(opener.folder, opener.settings, progress)
    else:
        forget_removed_neighbours(opener.folder, opener.settings, no_progress())


def _listen(config: uvicorn.Config) -> socket.socket:
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    try:
        with socket.socket(family) as trial:
            trial.bind((config.host, 0))
    except OSError:
        raise CatalogueError(
            f"Die Adresse {config.host} ist auf diesem Rechner nicht nutzbar. Für ihn allein: --host 127.0.0.1, für alle: --host 0.0.0.0"
        ) from None
    try:
        return config.bind_socket()
    except SystemExit:
        raise CatalogueError(
            f"Der Anschluss {config.host}:{config.port} ist schon belegt. Ein anderer: --port {config.port + 1}"
        ) from None


class _Server(uvicorn.Server):
    """Says when it is ready."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None] | None) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self._announce is not None and not self.should_exit:
            self._announce()
