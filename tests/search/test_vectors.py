"""The nearest vectors under a filter, against comparing all of them; after changes as if everything were written anew."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from search import vectors as module
from search.vectors import VectorIndex, best_of, update_vectors, write_vectors

Vectors = NDArray[np.float32]


def unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    """In clusters, as texts are."""
    draw = np.random.default_rng(7)
    centres = draw.standard_normal((40, 32))
    return unit((centres[draw.integers(0, 40, 6000)] + 0.7 * draw.standard_normal((6000, 32))).astype(np.float32))


def best(vectors: Vectors, question: Vectors, count: int, allowed: NDArray[np.bool_]) -> list[int]:
    scores = np.where(allowed, vectors @ question, -np.inf)
    return np.argsort(-scores, kind="stable")[: min(count, int(allowed.sum()))].tolist()


@pytest.mark.parametrize("few", [50, 10_000])  # by codes; one by one
@pytest.mark.parametrize("share", [0.002, 0.05, 1.0])
def test_a_filter_gives_the_best_of_the_filtered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vectors: Vectors, few: int, share: float
) -> None:
    monkeypatch.setattr(module, "_FEW", few)
    draw = np.random.default_rng(3)
    write_vectors(tmp_path, vectors)
    assert (tmp_path / "codes.faiss").exists() == (few == 50)
    index = VectorIndex(tmp_path)
    for question in unit(vectors[:5] + 0.1):
        allowed = draw.random(6000) < share
        found = index.search(question, 10, allowed)
        assert found.rows.tolist() == best(vectors, question, 10, allowed)
        assert np.allclose(found.scores, vectors[found.rows] @ question, atol=1e-6)
    assert index.search(vectors[0], 10, np.zeros(6000, np.bool_)).rows.size == 0


def test_a_filter_that_only_leaves_what_is_far_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vectors: Vectors
) -> None:
    monkeypatch.setattr(module, "_FEW", 50)
    write_vectors(tmp_path, vectors)
    similarities = vectors @ vectors[0]
    allowed = similarities < 0
    found = VectorIndex(tmp_path).search(vectors[0], 10, allowed).rows
    assert allowed[found].all()
    # some 3,000 lie just behind that border: which of them come first hardly matters, how near they are does
    assert similarities[found].min() > similarities[best(vectors, vectors[0], 10, allowed)].min() - 0.02


def test_a_filter_that_leaves_other_subjects_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vectors: Vectors
) -> None:
    monkeypatch.setattr(module, "_FEW", 50)
    write_vectors(tmp_path, vectors)
    index = VectorIndex(tmp_path)
    subjects = (vectors @ vectors[:8].T).argmax(1)
    for question, subject in zip(vectors[20:40], subjects[20:40], strict=True):
        allowed = subjects == (subject + 1) % 8
        found = index.search(question, 10, allowed).rows.tolist()
        assert len(set(found) & set(best(vectors, question, 10, allowed))) >= 9


def test_a_filter_that_ends_before_the_last_rows_as_their_offers_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vectors: Vectors
) -> None:
    monkeypatch.setattr(module, "_FEW", 50)
    write_vectors(tmp_path, vectors)
    update_vectors(tmp_path, [5998, 5999], np.zeros((2, 32), np.float32))
    question = vectors[0]
    everything = np.ones(5998, np.bool_)
    found = VectorIndex(tmp_path).search(question, 10, everything).rows.tolist()
    assert found == best(vectors[:5998], question, 10, everything)


@pytest.mark.parametrize("few", [50, 10_000])
def test_changes_are_as_if_all_were_written_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vectors: Vectors, few: int
) -> None:
    monkeypatch.setattr(module, "_FEW", few)
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    write_vectors(before, vectors)
    shutil.copytree(before, after, copy_function=lambda source, target: Path(target).hardlink_to(source))
    expected = np.concatenate([vectors, vectors[:2][:, ::-1]])
    rows, values = (
        [3, 17, 6000, 6001],
        np.concatenate([np.zeros((1, 32), np.float32), -vectors[17:18], expected[6000:]]),
    )
    expected[rows] = values
    update_vectors(after, rows[:2], values[:2])
    update_vectors(after, rows[2:], values[2:])
    index = VectorIndex(after)
    assert index.height == 6002
    assert index.changed.tolist() == rows
    assert np.array_equal(index.matrix(), expected)
    assert np.array_equal(VectorIndex(before).matrix(), vectors)
    everything = np.ones(6002, np.bool_)
    for row in (17, 18, 6000, 6001):
        found = index.search(expected[row], 10, everything)
        assert found.rows.tolist() == best(expected, expected[row], 10, everything)
    found = index.similarities(expected[[18]], np.array([18, 3]))
    assert found.tolist() == [pytest.approx([1, 0])]


def test_many_changes_are_written_into_the_vectors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vectors: Vectors
) -> None:
    monkeypatch.setattr(module, "_FEW", 50)
    write_vectors(tmp_path, vectors)
    update_vectors(tmp_path, range(400), vectors[1000:1400])
    index = VectorIndex(tmp_path)
    assert index.changed.size == 0
    assert np.array_equal(index.matrix()[:400], vectors[1000:1400])


def test_an_empty_catalogue(tmp_path: Path) -> None:
    write_vectors(tmp_path, np.empty((0, 32), np.float32))
    index = VectorIndex(tmp_path)
    assert index.search(np.ones(32, np.float32), 10, np.empty(0, np.bool_)).rows.size == 0
    update_vectors(tmp_path, [0], np.ones((1, 32), np.float32))
    assert VectorIndex(tmp_path).search(np.ones(32, np.float32), 10, np.ones(1, np.bool_)).scores.tolist() == [32]


def test_the_best_scores_in_order_and_of_equal_ones_the_earlier() -> None:
    scores = np.array([0.5, -1.0, -0.0, 0.5, 0.0, 2.0, -0.5], np.float32)
    assert [best_of(scores, count).tolist() for count in (0, 1, 3)] == [[], [5], [5, 0, 3]]
    assert best_of(scores, 9).tolist() == [5, 0, 3, 2, 4, 6, 1]
    assert best_of(scores[:0], 3).tolist() == []
