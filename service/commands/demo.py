"""``demo``: build the sample catalogue where it is not there yet, and serve it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from rich.console import Console

from catalogue.settings import read_settings
from catalogue.snapshot import visible_snapshot
from service.commands import serve
from service.commands.ingest import print_report
from service.demo.build import QUESTIONS, prepare
from service.ingesting import jobs_of_settings, run_jobs
from service.progress import shown_progress

__all__ = ["run"]


def run(folder: Path, port: int) -> None:
    """Prepares, ingests and serves; a second start in the same week only serves."""
    console = Console(highlight=False)
    new = prepare(folder, dt.date.today())
    settings = read_settings(folder)
    if new or visible_snapshot(folder) is None:
        console.print("Der Beispielkatalog wird gebaut: Alles darin ist erfunden, die Termine liegen rund um heute.")
        with shown_progress() as progress:
            reports = run_jobs(folder, settings, jobs_of_settings(folder, settings), progress, whole=True)
        print_report(reports)

    def announce() -> None:
        console.print(f"\n{settings.catalogue.title}: [bold]http://127.0.0.1:{port}[/bold]")
        console.print("Fünf Fragen zum Ausprobieren:")
        for question in QUESTIONS:
            console.print(f"  • {question}")
        console.print("Beenden mit Strg+C.")

    serve.run(folder, "127.0.0.1", port, 1, announce)
