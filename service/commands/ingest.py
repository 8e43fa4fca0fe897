"""``ingest``: read sources and say what became of every record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console

from catalogue.settings import read_settings
from ingest.pipeline import SourceReport
from service.dumping import make_dumps_aside
from service.ingesting import jobs_of_files, jobs_of_settings, run_jobs
from service.progress import shown_dumps, shown_progress

__all__ = ["print_report", "run"]

_NOTES = 12  # of a source, on the terminal; `status` lists all


def run(folder: Path, files: Sequence[Path], source_format: str | None, source: str | None) -> None:
    """Reads the files, or every source of katalog.toml. Exit status 1 when a source was left as it was."""
    settings = read_settings(folder)
    if files:
        jobs = jobs_of_files(settings, files, source, source_format)
    else:
        jobs = [job for job in jobs_of_settings(folder, settings) if source in (None, job.source.name)]
        if not jobs:
            asked = (
                f"Die Quelle „{source}“ kennt katalog.toml nicht"
                if source
                else "In katalog.toml steht keine Quelle mit Dateien"
            )
            raise typer.BadParameter(f"{asked}. Dateien können auch einzeln genannt werden.")
    with shown_progress() as progress:
        reports = run_jobs(folder, settings, jobs, progress, whole=not files and source is None)
    print_report(reports)
    with shown_dumps() as shown:
        make_dumps_aside(folder, settings, shown)
    if any(report.failure for report in reports):
        raise typer.Exit(1)


def print_report(reports: Sequence[SourceReport], whole: str = "bildungskatalog status --json") -> None:
    """Counts and notes of every source, on standard output; failures on standard error. ``whole``: the command that shows all notes."""
    out, err = Console(highlight=False, markup=False), Console(stderr=True, highlight=False, markup=False)
    for report in reports:
        counts = report.counts()
        out.print(
            f"{report.source}: {counts.read} gelesen = {counts.taken} übernommen + {counts.unchanged} unverändert "
            f"+ {counts.refused} abgelehnt; {counts.withdrawn} zurückgezogen",
            soft_wrap=True,
        )
        for note in report.notes[:_NOTES]:
            out.print(f"  {'abgelehnt' if note.refused else 'Hinweis'}: {note.place}: {note.text}.", soft_wrap=True)
        if len(report.notes) > _NOTES:
            out.print(f"  … und {len(report.notes) - _NOTES} weitere; alle zeigt {whole}")
        if report.failure:
            err.print(f"{report.source} bleibt, wie es war: {report.failure}", soft_wrap=True)
