"""``harvest``: follow the neighbours of katalog.toml."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer

from catalogue.settings import Neighbour, Settings, read_settings
from service.harvesting import Harvester
from service.progress import shown_progress

__all__ = ["run"]


def run(folder: Path, names: Sequence[str], renew: bool) -> None:
    """One visit to each of them, or of all. Exit status 1 when one could not be followed to its end."""
    settings = read_settings(folder)
    chosen = _chosen(settings, names)
    with shown_progress() as progress:
        harvester = Harvester(folder, settings, progress)
        reports = [harvester.harvest(neighbour, renew=renew) for neighbour in chosen]
    for report in reports:
        counts = report.counts
        print(
            f"{report.neighbour}: {counts.read} gelesen = {counts.taken} übernommen + {counts.unchanged} unverändert "
            f"+ {counts.refused} abgelehnt; {counts.withdrawn} zurückgezogen"
        )
    for report in reports:
        for remark in report.remarks:
            typer.echo(f"{report.neighbour}: {remark}", err=True)
        if report.trouble:
            typer.echo(f"{report.neighbour} bleibt auf dem Stand bis dahin: {report.trouble}", err=True)
    if any(report.trouble for report in reports):
        raise typer.Exit(1)


def _chosen(settings: Settings, names: Sequence[str]) -> Sequence[Neighbour]:
    known = {neighbour.name: neighbour for neighbour in settings.neighbour}
    if not known:
        raise typer.BadParameter("In katalog.toml steht kein [[neighbour]].")
    for name in names:
        if name not in known:
            raise typer.BadParameter(
                f"Den Nachbarn „{name}“ kennt katalog.toml nicht; dort stehen: {', '.join(known)}."
            )
    return [known[name] for name in names] if names else settings.neighbour
