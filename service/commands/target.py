"""The file that a person names for a command's result."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from catalogue.errors import CatalogueError
from catalogue.files import sync_folder

__all__ = ["open_target", "write_target"]


def write_target(path: Path, data: bytes) -> None:
    """Writes the file whole or not at all. Raises CatalogueError with a sentence for the person."""
    with open_target(path) as file:
        file.write(data)


@contextmanager
def open_target(path: Path) -> Iterator[BinaryIO]:
    """A file that takes the place of ``path`` at the end of the block, and not at all where that fails. Raises as `write_target`."""
    part = path.with_name(path.name + ".neu")
    try:
        with part.open("wb") as file:
            try:
                yield file
            except BaseException:
                part.unlink()
                raise
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        sync_folder(path.parent)
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
