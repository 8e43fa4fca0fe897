"""Fixtures that every test may use."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import shutil
from pathlib import Path

import pytest

from ontology.gazetteer import Gazetteer
from search.encoder import Encoder, open_encoder
from service.demo.build import prepare
from tests.catalogues import Asker
from tests.command import bildungskatalog

SHARED = Path(__file__).resolve().parents[2] / "shared"
DEMO_DAY = dt.date(2026, 1, 5)  # the sample's day of reference: all dates are those of its files


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real input beside the project; skips where it is absent, fails there on CI."""
    if not SHARED.is_dir():
        reason = f"real input is absent: {SHARED}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return SHARED


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample catalogue as of 5 January 2026 (ask with that ``today``), read in by one run. For reading only: see `demo_copy`."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # the processes of one test run share it
        root = root.parent
    folder = root / "demo" / "katalog"
    first_run = folder / "erster-lauf.txt"
    with (root / "demo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not first_run.exists():
            prepare(folder, DEMO_DAY)
            done = bildungskatalog("ingest", "--dir", folder)
            assert done.returncode == 0, done.stderr
            first_run.write_text(done.stdout, encoding="utf-8")
    return folder


@pytest.fixture
def demo_copy(demo: Path, tmp_path: Path) -> Path:
    """A copy of the sample catalogue that a test may change."""
    return Path(shutil.copytree(demo, tmp_path / "katalog"))


@pytest.fixture(scope="session")
def encoder() -> Encoder:
    """The embedded model."""
    return open_encoder()


@pytest.fixture(scope="session")
def gazetteer() -> Gazetteer:
    """The municipalities."""
    return Gazetteer.load()


@pytest.fixture(scope="session")
def ask(encoder: Encoder, gazetteer: Gazetteer) -> Asker:
    """Asks a catalogue a question."""
    return Asker(encoder, gazetteer)
