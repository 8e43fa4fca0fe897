"""Questions by the hundred, written before they were asked: how many wishes of all of them are understood.

Each line holds the wishes that a careful reader takes from a question. Round five is for the most part hard on purpose: seven other
languages, traps and denials, slips and dialect. Half of its first 120 (a…) showed what had to be mended, the other half (b…) and 41 more
(c…) were scored before theirs was; the last 40 (d…) are as plain as most people ask. Round six is as plain and as mixed as citizens ask,
with the traps that the definition of the wishes names. Its first 140 were written without a look at the reader or its lexicons; a random
half of them showed what had to be mended. The other 111 are as one types on a phone, written later in two lots (from r141 and r200),
each scored before its mistakes were mended.
"""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from search.question import as_json
from tests.search.question_reader import pairs, read


@pytest.mark.parametrize(
    ("file", "count", "f1", "in_full"), [("round_five", 201, 0.98, 0.97), ("round_six", 251, 0.99, 0.985)]
)
def test_wishes_of_a_round(file: str, count: int, f1: float, in_full: float) -> None:
    lines = Path(__file__).with_name(f"{file}.jsonl").read_text("utf-8").splitlines()
    right = wrong = missed = whole = 0
    for question in map(json.loads, lines):
        got = pairs(as_json(read(question["text"], dt.date.fromisoformat(question["today"])).wishes))
        want = pairs(question["filters"])
        right, wrong, missed = right + len(got & want), wrong + len(got - want), missed + len(want - got)
        whole += got == want
    assert len(lines) == count
    assert 2 * right / (2 * right + wrong + missed) >= f1
    assert whole / count >= in_full
