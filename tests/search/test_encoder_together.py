"""Questions asked at the same time are encoded together, each gets its own vector, and what was asked is remembered."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from catalogue.snapshot import Snapshot
from search.answer import SearchRequest
from search.encoder.together import QuestionEncoder
from service.opening import Opener


class Letters:
    """Counts letters; can be held up, and says which texts came together."""

    name, dimension = "letters", 2

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.began, self.may_go_on = threading.Semaphore(0), threading.Event()

    def encode_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.calls.append(list(texts))
        self.began.release()
        assert self.may_go_on.wait(30)
        if "wrong" in texts:
            raise ValueError("wrong")
        return np.array([[len(text), text.count("a")] for text in texts], np.float32)

    encode_offers = encode_questions


def asked_while_one_is_encoded(letters: Letters, *texts: str) -> list[list[float]]:
    """The vectors of texts that all wait for the one of "first"."""
    encode = QuestionEncoder(letters)
    with ThreadPoolExecutor(len(texts) + 1) as pool:
        first = pool.submit(encode, "first")
        assert letters.began.acquire(timeout=30)
        others = []
        for text in texts:  # one after the other, so that their order is known
            others.append(pool.submit(encode, text))
            while text not in encode._waiting:
                pass
        letters.may_go_on.set()
        assert first.result(30).tolist() == [5, 0]
        return [other.result(30).tolist() for other in others]


def test_who_waits_is_encoded_together() -> None:
    letters = Letters()
    assert asked_while_one_is_encoded(letters, "a", "banana", "bc") == [[1, 1], [6, 3], [2, 0]]
    assert letters.calls == [["first"], ["a", "banana", "bc"]]


def test_nobody_waits_for_a_long_story() -> None:
    letters = Letters()
    asked_while_one_is_encoded(letters, "a", "b" * 599, "c" * 601, "d")
    assert [[len(text) for text in texts] for texts in letters.calls] == [[5], [1, 599], [601], [1]]


def test_what_was_asked_is_remembered() -> None:
    letters = Letters()
    letters.may_go_on.set()
    encode = QuestionEncoder(letters)
    assert encode("banana").tolist() == encode("banana").tolist() == [6, 3]
    assert letters.calls == [["banana"]]


def test_a_failure_reaches_those_who_asked_and_nobody_else() -> None:
    letters = Letters()
    letters.may_go_on.set()
    encode = QuestionEncoder(letters)
    with pytest.raises(ValueError, match="wrong"):
        encode("wrong")
    assert encode("right").tolist() == [5, 0]


def test_what_was_asked_of_one_snapshot_is_known_to_the_next(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encoded: list[str] = []
    opener = Opener(demo)
    encode = opener.encoder.encode_questions
    monkeypatch.setattr(opener.encoder, "encode_questions", lambda texts: [encoded.extend(texts), encode(texts)][1])
    with Snapshot.open(demo) as snapshot:
        for engine in (opener.engine(snapshot), opener.engine(snapshot)):
            engine.search(SearchRequest(text="Töpfern", today=dt.date(2026, 1, 5)))
    assert encoded == ["Töpfern"]
