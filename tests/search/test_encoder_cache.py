"""The cache of vectors: nothing is encoded twice, an interrupted run goes on, a damaged file is no more than lost time."""

import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from search.encoder.cache import VectorCache


class Counting:
    """Not a model: the vector of a text is its length and the model's number; remembers what it was asked."""

    dimension = 2

    def __init__(self, number: int = 1, breaks_at: int | None = None) -> None:
        self.name = f"counting-{number}"
        self.number = number
        self.asked: list[str] = []
        self.breaks_at = breaks_at

    def encode_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        raise NotImplementedError

    def encode_offers(self, texts: Sequence[str]) -> NDArray[np.float32]:
        if self.breaks_at is not None and len(self.asked) + len(texts) > self.breaks_at:
            raise KeyboardInterrupt
        self.asked += texts
        return np.array([[len(text), self.number] for text in texts], dtype=np.float32)


def test_every_text_is_encoded_once_and_lands_in_its_row(tmp_path: Path) -> None:
    encoder = Counting()
    with VectorCache(tmp_path / "vectors.sqlite") as cache:
        first = cache.encode_cached(encoder, ["abc", "a", "abc", "ab"])
        again = cache.encode_cached(encoder, ["ab", "abcd"])
    assert first.tolist() == [[3, 1], [1, 1], [3, 1], [2, 1]]
    assert again.tolist() == [[2, 1], [4, 1]]
    assert encoder.asked == ["a", "ab", "abc", "abcd"]
    assert first.dtype == np.float32


def test_nothing_gives_no_rows(tmp_path: Path) -> None:
    with VectorCache(tmp_path / "vectors.sqlite") as cache:
        assert cache.encode_cached(Counting(), []).shape == (0, 2)


def test_models_do_not_share_vectors(tmp_path: Path) -> None:
    with VectorCache(tmp_path / "vectors.sqlite") as cache:
        assert cache.encode_cached(Counting(1), ["ab"]).tolist() == [[2, 1]]
        assert cache.encode_cached(Counting(2), ["ab"]).tolist() == [[2, 2]]


def test_progress_counts_texts_with_those_found(tmp_path: Path) -> None:
    texts = [f"{number:03}" for number in range(150)]
    seen: list[int] = []
    with VectorCache(tmp_path / "vectors.sqlite") as cache:
        cache.encode_cached(Counting(), texts[:10])
        cache.encode_cached(Counting(), [*texts, texts[0]], seen.append)
    assert seen == [11, 75, 139, 151]


def test_an_interrupted_run_goes_on_behind_its_last_batch(tmp_path: Path) -> None:
    texts = [f"{number:03}" for number in range(150)]
    path = tmp_path / "vectors.sqlite"
    with pytest.raises(KeyboardInterrupt), VectorCache(path) as cache:
        cache.encode_cached(Counting(breaks_at=130), texts)
    second = Counting()
    with VectorCache(path) as cache:
        vectors = cache.encode_cached(second, texts)
    assert len(second.asked) == 150 - 128
    assert vectors.tolist() == [[3, 1]] * 150


def test_a_file_that_is_no_database_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "vectors.sqlite"
    path.write_bytes(b"not a database, but long enough to be read as one" * 100)
    with VectorCache(path) as cache:
        assert cache.encode_cached(Counting(), ["ab"]).tolist() == [[2, 1]]
    with VectorCache(path) as cache:
        encoder = Counting()
        cache.encode_cached(encoder, ["ab"])
    assert encoder.asked == []


def test_pages_overwritten_in_the_middle_cost_time_only(tmp_path: Path) -> None:
    path = tmp_path / "vectors.sqlite"
    texts = [f"{number:03}" for number in range(500)]
    with VectorCache(path) as cache:
        cache.encode_cached(Counting(), texts)
    whole = path.read_bytes()
    path.write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    with VectorCache(path) as cache:
        assert cache.encode_cached(Counting(), texts).tolist() == [[3, 1]] * 500


def test_a_vector_of_the_wrong_length_is_encoded_anew(tmp_path: Path) -> None:
    path = tmp_path / "vectors.sqlite"
    with VectorCache(path) as cache:
        cache.encode_cached(Counting(), ["ab"])
    with sqlite3.connect(path) as database:
        database.execute("UPDATE vectors SET vector = x'0000'")
    database.close()
    with VectorCache(path) as cache:
        assert cache.encode_cached(Counting(), ["ab"]).tolist() == [[2, 1]]


def test_a_folder_that_is_missing_is_said(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        VectorCache(tmp_path / "missing" / "vectors.sqlite")
