"""``init``: a new, empty catalogue."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from catalogue.errors import CatalogueError

__all__ = ["run"]


def run(folder: Path) -> None:
    """Writes a commented katalog.toml and nothing else. Raises CatalogueError where there is one already."""
    path = folder / "katalog.toml"
    if path.exists():
        raise CatalogueError(f"In {folder} liegt schon ein Katalog.")
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(files("service.commands").joinpath("katalog.toml").read_bytes())
    print(f"Angelegt: {path}")
    print(f"Nächster Schritt: bildungskatalog ingest --dir {folder} DATEI --source name-der-quelle")
