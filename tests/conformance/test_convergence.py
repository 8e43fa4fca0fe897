"""Three districts at rest after everything went wrong (see `tests.conformance.convergence`, which runs as many seeds as wanted)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.convergence import converges, prepared_vectors


@pytest.fixture(scope="module")
def vectors() -> Iterator[Path]:
    with prepared_vectors() as path:
        yield path


def test_a_short_life(tmp_path: Path, vectors: Path) -> None:
    assert converges(seed=1, changes=60, root=tmp_path, vectors=vectors) == []


@pytest.mark.conformance
@pytest.mark.parametrize("seed", range(100, 110))
def test_a_thousand_changes(tmp_path: Path, vectors: Path, seed: int) -> None:
    assert converges(seed=seed, changes=1000, root=tmp_path, vectors=vectors) == []
