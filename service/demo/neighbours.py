"""Two districts that follow each other, for ``make demo-nachbarn``: the sample catalogue, and a small one of Kreis Bergstraße.

``python -m service.demo.neighbours [--dir DIR] [--port PORT]``: the second district is served at the next port.
"""

from __future__ import annotations

import datetime as dt
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, NoReturn

import httpx
import typer
from rich.console import Console

from catalogue.errors import CatalogueError
from catalogue.settings import read_settings
from catalogue.snapshot import visible_snapshot
from service.commands.ingest import print_report
from service.demo.build import prepare, shift_to, shifted
from service.ingesting import jobs_of_settings, run_jobs
from service.progress import shown_progress

__all__ = ["prepare_districts", "run"]

_SAMPLE = Path(__file__).parent
_PROGRAM = Path(sys.executable).with_name("bildungskatalog")
_ADDRESS = "http://127.0.0.1:{port}"
_PATIENCE = 120.0  # seconds until a server answers


def prepare_districts(folder: Path, today: dt.date, port: int) -> list[Path]:
    """The folders of both catalogues, prepared for this week; the first is served at ``port``, the second at the next."""
    here, there = folder / "alzey-worms", folder / "bergstrasse"
    prepare(here, today)
    source = there / "quellen" / "angebote-bergstrasse.csv"
    mapping = there / "zuordnung" / "angebote-bergstrasse.toml"
    for path in (source, mapping):
        path.parent.mkdir(parents=True, exist_ok=True)
    sample = _SAMPLE / "bergstrasse"
    mapping.write_text((sample / mapping.name).read_text(encoding="utf-8"), encoding="utf-8")
    source.write_text(shifted((sample / source.name).read_text(encoding="utf-8"), shift_to(today)), encoding="utf-8")
    _write_settings(here, _SAMPLE / "katalog.toml", port, "neighbour.toml", port + 1)
    _write_settings(there, sample / "katalog.toml", port + 1, "bergstrasse/neighbour.toml", port)
    return [here, there]


def _write_settings(folder: Path, shipped: Path, port: int, neighbour: str, its_port: int) -> None:
    """The shipped settings with the own address, and with the neighbour to follow."""
    written, base = folder / "katalog.toml", _ADDRESS.format(port=port)
    if written.exists() and read_settings(folder).catalogue.base != base:
        (folder / "current").unlink(missing_ok=True)  # at another port all IRIs are others: the catalogue begins anew
    shipped_base = read_settings(shipped.parent).catalogue.base
    text = shipped.read_text(encoding="utf-8").replace(f'"{shipped_base}"', f'"{base}"')
    entry = (_SAMPLE / neighbour).read_text(encoding="utf-8").replace("{address}", _ADDRESS.format(port=its_port))
    written.write_text(f"{text.rstrip()}\n\n{entry}", encoding="utf-8")


def run(folder: Path, port: int) -> None:
    """Builds what is not there yet, and serves both until it is stopped. Raises CatalogueError."""
    console = Console(highlight=False)
    for used in (port, port + 1):
        _refuse_if_taken(used)
    folders = prepare_districts(folder, dt.date.today(), port)
    for one in folders:
        _build(one, console)
    with _serving(folders, port) as processes:
        console.print("\nZwei Landkreise, die einander folgen:")
        for number, one in enumerate(folders):
            address = _ADDRESS.format(port=port + number)
            console.print(f"  {read_settings(one).catalogue.title}: [bold]{address}[/bold]", soft_wrap=True)
        console.print("Wie es um den Nachbarn steht, zeigt dort jeweils /nachbarn. Beenden mit Strg+C.")
        while all(process.poll() is None for process in processes):
            time.sleep(0.5)
    raise CatalogueError("Einer der beiden Dienste ist beendet, darum auch der andere.")


def _refuse_if_taken(port: int) -> None:
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            raise CatalogueError(
                f"Der Anschluss {port} ist schon belegt. Andere: --port, oder make demo-nachbarn PORT=…"
            ) from None


def _stop(*_: Any) -> NoReturn:
    raise KeyboardInterrupt


def _build(folder: Path, console: Console) -> None:
    settings = read_settings(folder)
    console.print(
        f"{settings.catalogue.title} wird gebaut: Alles darin ist erfunden, die Termine liegen rund um heute."
    )
    with shown_progress() as progress:
        reports = run_jobs(folder, settings, jobs_of_settings(folder, settings), progress, whole=True)
    if any(report.counts().taken or report.failure for report in reports) or visible_snapshot(folder) is None:
        print_report(reports)


@contextmanager
def _serving(folders: Sequence[Path], port: int) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Both catalogues served, each by a process of its own; both end with the block."""
    processes = []
    try:
        for number, folder in enumerate(folders):
            command = [str(_PROGRAM), "serve", "--dir", str(folder), "--port", str(port + number)]
            processes.append(subprocess.Popen(command))  # noqa: S603 - our own program
        for number, process in enumerate(processes):
            _wait_for(process, _ADDRESS.format(port=port + number))
        yield processes
    finally:
        for process in processes:
            with suppress(ProcessLookupError):
                process.terminate()
        for process in processes:
            process.wait()


def _wait_for(process: subprocess.Popen[bytes], address: str) -> None:
    """Until the server is able to answer."""
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        if process.poll() is not None:
            raise CatalogueError(f"Der Dienst unter {address} ist nicht gestartet.")
        with suppress(httpx.HTTPError):
            if httpx.get(f"{address}/gesund", timeout=5).status_code == httpx.codes.OK:
                return
        time.sleep(0.2)
    raise CatalogueError(f"Der Dienst unter {address} antwortet nicht.")


def main(
    folder: Annotated[Path, typer.Option("--dir", help="Ordner für beide Kataloge.")] = Path("nachbarn"),
    port: Annotated[int, typer.Option(help="Anschluss des ersten; der zweite bekommt den nächsten.", max=65534)] = 8000,
) -> None:
    """Zwei Landkreise zeigen, die einander folgen."""
    signal.signal(signal.SIGTERM, _stop)  # the servers end with this process
    try:
        run(folder, port)
    except KeyboardInterrupt:
        typer.echo()
    except CatalogueError as error:
        typer.echo(error, err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    typer.run(main)
