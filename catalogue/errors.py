"""What can go wrong with a catalogue.

CatalogueError            a sentence for the person at the command line
├── SettingsRefused       katalog.toml is missing or wrong       (settings.py)
├── CatalogueBusy         another process is writing             (lock.py)
└── CatalogueEmpty        nothing has been ingested yet          (snapshot.py)
"""

from __future__ import annotations

__all__ = ["CatalogueBusy", "CatalogueEmpty", "CatalogueError"]


class CatalogueError(Exception):
    """Base of all errors of a catalogue; ``str()`` is a German sentence."""


class CatalogueBusy(CatalogueError):
    """Another process writes this catalogue."""


class CatalogueEmpty(CatalogueError):
    """The catalogue has no visible snapshot yet."""
