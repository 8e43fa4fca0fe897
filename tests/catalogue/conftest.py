"""A store to ask."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.catalogue.stores import make_store


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two graphs, a and b, of a hundred statements each."""
    return make_store(tmp_path_factory.mktemp("store") / "rdf", "ab")
