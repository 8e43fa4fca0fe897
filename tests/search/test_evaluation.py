"""Measures and their confidence, checked by hand."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import numpy as np
import pytest

from search.evaluation import (
    EvaluationRefused,
    JudgedQuestion,
    WishQuestion,
    estimate,
    permutation_p,
    read_evaluation,
    read_judgements,
    read_questions,
    score,
    share,
)


def test_the_measures_of_one_answer() -> None:
    ndcg, recall, rank = score(["b", "a", "x"], {"a": 3, "b": 1})
    assert ndcg == pytest.approx(
        (1 + 7 / math.log2(3)) / (7 + 1 / math.log2(3))
    )  # b first gives 1, a second 7 / log2(3)
    assert (recall, rank) == (1.0, 0.5)  # only a is good, and stands second
    assert score(["a", "b"], {"a": 3, "b": 1}) == (1.0, 1.0, 1.0)


def test_an_offer_counts_where_it_comes_first() -> None:
    assert score(["a", "a", "b"], {"a": 2, "b": 2}) == (1.0, 1.0, 1.0)


def test_what_has_no_value() -> None:
    assert score(["a"], {}) == (None, None, None)
    assert score(["a"], {"a": 1}) == (1.0, None, None)
    assert score([], {"a": 3}) == (0.0, 0.0, 0.0)


def test_ten_count_for_the_rank_and_fifty_for_recall() -> None:
    ranked = [f"x{number}" for number in range(10)] + ["a"] + [f"y{number}" for number in range(39)] + ["b"]
    assert score(ranked, {"a": 2, "b": 2}) == (0.0, 0.5, 0.0)  # a is the eleventh, b the fifty-first
    many = {f"m{number}": 2 for number in range(60)}
    assert score(list(many), many) == (1.0, 1.0, 1.0)  # no more than fifty of the sixty can be among fifty


def test_the_interval_of_a_mean() -> None:
    found = estimate([0.0, 1.0] * 50)
    assert found is not None
    assert (found.mean, found.n) == (0.5, 100)
    assert found.low == pytest.approx(0.5 - 1.96 * 0.05, abs=0.011)
    assert found.high == pytest.approx(0.5 + 1.96 * 0.05, abs=0.011)
    assert estimate([0.0, 1.0] * 50) == found
    few = estimate([0.0, 0.5, 1.0, 0.5])
    assert few is not None
    assert (few.mean, few.low, few.high) == (0.5, None, None)
    assert estimate([]) is None


def test_the_interval_of_a_share_has_a_width_even_where_all_are_alike() -> None:
    none = share([False] * 57)
    assert none is not None
    assert (none.mean, none.low) == (0.0, pytest.approx(0, abs=1e-12))
    assert none.high == pytest.approx(1.96**2 / (57 + 1.96**2), abs=1e-5)
    assert share([]) is None


def test_the_permutation_test() -> None:
    assert permutation_p(np.zeros(20)) == 1.0
    assert permutation_p(np.ones(10)) == pytest.approx(2 / 2**10, abs=0.001)  # only all signs alike are as far from 0
    assert permutation_p(np.array([1.0, -1.0])) == 1.0


def test_lines_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    file = tmp_path / "datei"
    file.write_text('{"qid": "a", "text": "Töpfern", "lang": "de", "kind": "keyword", "intent": "x"}\n\n{"qid": 1}\n')
    with pytest.raises(EvaluationRefused, match="Zeile 3"):
        read_questions(file, JudgedQuestion)
    file.write_text("a\tk-1\t3\na\tk-2\t4\n")
    with pytest.raises(EvaluationRefused, match="Zeile 2: Erwartet werden Frage, Kennung und Note 1 bis 3"):
        read_judgements(file)
    file.write_text("\n")
    with pytest.raises(EvaluationRefused, match="enthält keine Fragen"):
        read_questions(file, JudgedQuestion)
    with pytest.raises(EvaluationRefused, match="keine Messung"):
        read_evaluation(file)
    with pytest.raises(EvaluationRefused, match="fehlt"):
        read_judgements(tmp_path / "nicht da")


def test_lines_that_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "datei"
    file.write_text("a\tk-1\t3\r\nb\tk-2\t1\r\na\tk-2\t2\r\n")
    assert read_judgements(file) == {"a": {"k-1": 3, "k-2": 2}, "b": {"k-2": 1}}
    file.write_text(
        '{"qid": "f", "today": "2026-03-02", "text": "abends", "topic": "", "filters": {"daytime": ["evening"]}}'
    )
    assert read_questions(file, WishQuestion) == [
        WishQuestion("f", "abends", dt.date(2026, 3, 2), {"daytime": ["evening"]})
    ]
