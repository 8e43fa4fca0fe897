"""Questions as plain and as mixed as citizens ask them, with the traps that the definition of the wishes names.

Each line of round_six.jsonl holds the wishes that a careful reader takes from a question. The first 140 were written without a look at
the reader or its lexicons, and before any was asked; a random half of them showed what had to be mended. The other 111 are
as one types on a phone, written later in two lots (from r141 and r200), each scored before its mistakes were mended.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

from search.question import as_json
from tests.search.question_reader import pairs, read

QUESTIONS = [json.loads(line) for line in Path(__file__).with_name("round_six.jsonl").read_text("utf-8").splitlines()]


def test_wishes_of_plain_questions() -> None:
    right = wrong = missed = whole = 0
    for question in QUESTIONS:
        got = pairs(as_json(read(question["text"], dt.date.fromisoformat(question["today"])).wishes))
        want = pairs(question["filters"])
        right, wrong, missed = right + len(got & want), wrong + len(got - want), missed + len(want - got)
        whole += got == want
    assert len(QUESTIONS) == 251
    assert 2 * right / (2 * right + wrong + missed) >= 0.99
    assert whole / len(QUESTIONS) >= 0.985
