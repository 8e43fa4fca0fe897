"""Small catalogues for the command line."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.catalogues import new_catalogue
from tests.command import bildungskatalog

TABLE = "Nr;Titel;Ort;Preis\n1;Brot backen;Alzey;10\n2;Kuchen backen;Worms;frei\n3;;Alzey;5\n"


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A new catalogue, with a table beside it."""
    assert bildungskatalog("init", tmp_path / "katalog").returncode == 0
    (tmp_path / "kurse.csv").write_text(TABLE, encoding="utf-8")
    return tmp_path / "katalog"


@pytest.fixture(scope="module")
def original(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue of one small source, read in once; for reading only."""
    source = {"name": "kurse", "format": "table", "files": ["kurse.csv"], "expect": 2}
    folder = new_catalogue(tmp_path_factory.mktemp("klein") / "katalog", demo, [source])
    (folder / "kurse.csv").write_text(TABLE, encoding="utf-8")
    assert bildungskatalog("ingest", "--dir", folder).returncode == 0
    return folder


@pytest.fixture
def small(original: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(original, tmp_path / "katalog"))
