"""The file that a person names for a command's result."""

from __future__ import annotations

from pathlib import Path

from catalogue.errors import CatalogueError
from catalogue.files import replace_file

__all__ = ["write_target"]


def write_target(path: Path, data: bytes) -> None:
    """Writes the file whole or not at all. Raises CatalogueError with a sentence for the person."""
    try:
        replace_file(path, data)
    except FileNotFoundError:
        raise CatalogueError(f"{path} kann nicht geschrieben werden: Den Ordner {path.parent} gibt es nicht.") from None
    except PermissionError:
        raise CatalogueError(
            f"{path} kann nicht geschrieben werden: Im Ordner {path.parent} fehlt die Erlaubnis dazu."
        ) from None
    except (IsADirectoryError, NotADirectoryError):
        raise CatalogueError(f"{path} kann nicht geschrieben werden: Ordner und Datei sind verwechselt.") from None
    except OSError:
        raise CatalogueError(f"{path} kann nicht geschrieben werden: Der Datenträger ist voll oder gestört.") from None
