"""``export``: the whole catalogue in one file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import typer

from catalogue.dumps.export import FORMATS, export
from catalogue.errors import CatalogueError
from catalogue.settings import Settings, read_settings
from catalogue.snapshot import Snapshot
from ontology.gazetteer import Gazetteer
from ontology.profiles.dcat import catalogue_triples, prefixes
from service.commands.target import open_target, write_target
from service.dcat import Describer
from service.dumping import make_dumps_aside

__all__ = ["run"]


def run(folder: Path, target_format: str, out: Path | None) -> None:
    """Writes own sources only: as RDF, as a table with one row for each date of each offer, or what DCAT-AP.de says of them."""
    settings = read_settings(folder)
    if target_format == "dcat":
        description = _description(folder, settings)
        if out is None:
            sys.stdout.buffer.write(description)
        else:
            write_target(out, description)
        return
    with Snapshot.open(folder) as snapshot:
        if target_format not in FORMATS:
            raise typer.BadParameter(f"„{target_format}“ gibt es nicht; möglich sind {', '.join(FORMATS)}, dcat.")
        if out is None:
            export(snapshot, settings, target_format, sys.stdout.buffer)
            return
        with open_target(out) as file:
            export(snapshot, settings, target_format, file)


def _description(folder: Path, settings: Settings) -> bytes:
    """Turtle, in one piece. It describes the dumps, so it makes those that are missing or outdated."""
    make_dumps_aside(folder, settings, lambda _done, _total: None)
    catalogue = Describer(folder, settings, Gazetteer.load()).read()
    if catalogue is None:
        raise CatalogueError("Der Katalog wurde mit einer anderen Adresse (base) eingelesen; bitte neu einlesen.")
    written: Any = ox.serialize(catalogue_triples(catalogue), format=ox.RdfFormat.TURTLE, prefixes=prefixes())
    return bytes(written)
