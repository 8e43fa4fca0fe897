"""Questions that were written before they were asked: how well the wishes of unseen words are understood.

Each line of blind.jsonl holds what a careful reader takes from a question. The four rounds are b001 to b161, b162 to b264 (both
written without a look at the lexicons), b265 to b344 and b345 to b403; the mistakes in each were mended after it was scored.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from search.question import Question, as_json
from tests.search.question_reader import pairs, read

BLIND: list[dict[str, Any]] = [
    json.loads(line) for line in Path(__file__).with_name("blind.jsonl").read_text("utf-8").splitlines()
]
WITH_SPANS = [question for question in BLIND if "spans" in question]


def understood(question: dict[str, Any]) -> Question:
    return read(question["text"], dt.date.fromisoformat(question["today"]))


def plain(topic: str) -> str:
    """The words of a topic, for a loose comparison."""
    return " ".join("".join(c if c.isalnum() else " " for c in topic.casefold()).split())


def test_wishes_of_unseen_words() -> None:
    right = wrong = missed = whole = topics = 0
    for question in BLIND:
        answer = understood(question)
        got, want = pairs(as_json(answer.wishes)), pairs(question["filters"])
        right, wrong, missed = right + len(got & want), wrong + len(got - want), missed + len(want - got)
        whole += got == want
        topics += plain(answer.topic) == plain(question["topic"])
    assert len(BLIND) == 403
    assert 2 * right / (2 * right + wrong + missed) >= 0.98
    assert whole / len(BLIND) >= 0.97
    assert topics / len(BLIND) >= 0.85


def test_no_question_of_the_development_set_is_among_them(shared: Path) -> None:
    known = {
        json.loads(line)["text"] for line in (shared / "eval" / "filters-dev.jsonl").read_text("utf-8").splitlines()
    }
    assert len({question["text"] for question in BLIND} - known) == len(BLIND)


@pytest.mark.parametrize("expected", WITH_SPANS, ids=lambda question: question["text"])
def test_spans_are_the_words_and_the_topic_is_the_rest(expected: dict[str, Any]) -> None:
    answer = understood(expected)
    assert [[span.filter, span.label] for span in answer.spans] == expected["spans"]
    assert plain(answer.topic) == plain(expected["topic"])


def test_there_are_spans_of_forty_questions() -> None:
    assert len(WITH_SPANS) >= 40


@pytest.mark.parametrize("number", range(0, len(BLIND), 31))
def test_every_wish_has_its_words(number: int) -> None:
    for question in BLIND[number : number + 31]:
        answer = understood(question)
        said = {span.filter.replace("start_to", "start_from") for span in answer.spans}
        asked = {key.replace("start_to", "start_from") for key, _ in pairs(as_json(answer.wishes))}
        assert said - {"radius_km"} == asked - {"radius_km"}, question["text"]
