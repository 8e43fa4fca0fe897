"""``export``: the whole catalogue in one file."""

from __future__ import annotations

import sys
from pathlib import Path

import typer

from catalogue.dumps.export import FORMATS, export
from catalogue.settings import read_settings
from catalogue.snapshot import Snapshot
from service.commands.target import open_target

__all__ = ["run"]


def run(folder: Path, target_format: str, out: Path | None) -> None:
    """Writes own sources only, as RDF or as a table with one row for each date of each offer."""
    settings = read_settings(folder)
    with Snapshot.open(folder) as snapshot:
        if target_format not in FORMATS:
            raise typer.BadParameter(f"„{target_format}“ gibt es nicht; möglich sind {', '.join(FORMATS)}.")
        if out is None:
            export(snapshot, settings, target_format, sys.stdout.buffer)
            return
        with open_target(out) as file:
            export(snapshot, settings, target_format, file)
