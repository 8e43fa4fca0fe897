"""What can go wrong with a catalogue.

CatalogueError            a sentence for the person at the command line
├── SettingsRefused       katalog.toml is missing or wrong       (settings.py)
├── CatalogueBusy         another process is writing             (lock.py)
├── CatalogueEmpty        nothing has been ingested yet          (snapshot.py)
├── WorkerLost            a process that makes dumps was killed  (dumps/workers.py)
└── CatalogueOutdated     another version of the program wrote it (snapshot.py)
"""

from __future__ import annotations

from pathlib import Path

__all__ = ["CatalogueBusy", "CatalogueEmpty", "CatalogueError", "CatalogueOutdated"]


class CatalogueError(Exception):
    """Base of all errors of a catalogue; ``str()`` is a German sentence."""


class CatalogueBusy(CatalogueError):
    """Another process writes this catalogue."""


class CatalogueEmpty(CatalogueError):
    """The catalogue has no visible snapshot yet."""


class CatalogueOutdated(CatalogueError):
    """The visible snapshot was written by an older version of the program, or by a newer one."""

    def __init__(self, folder: Path, older: bool) -> None:
        self.older = older
        super().__init__(
            f"Den Katalog {folder} hat eine ältere Fassung dieses Programms geschrieben. "
            f"Auf den neuen Stand bringen: bildungskatalog ingest --dir {folder}"
            if older
            else f"Den Katalog {folder} hat eine neuere Fassung dieses Programms geschrieben; bitte das Programm erneuern."
        )
