from __future__ import annotations

import datetime as dt
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from search.question import Question, as_json
from search.question.folding import fold
from tests.search.question_reader import WEDNESDAY, read

WORDS = st.sampled_from(
    [
        *(
            "nicht",
            "außer",
            "weder",
            "noch",
            "und",
            "oder",
            ",",
            "in",
            "bei",
            "um",
            "ab",
            "bis",
            "von",
            "für",
            "kein",
            "Uhr",
            "Euro",
            "€",
            "km",
        ),
        *(
            "Alzey",
            "Wörrstädter",
            "55232",
            "Mai",
            "27.",
            "9.",
            "Mo-Fr",
            "dienstags",
            "abends",
            "B1",
            "bis B2",
            "Sohn",
            "Kinder",
            "6",
            "12",
            "50",
        ),
        *(
            "nächste Woche",
            "in den nächsten",
            "zwei",
            "Wochen",
            "online",
            "vor Ort",
            "hybrid",
            "auf Englisch",
            "kostenlos",
            "Wochenendkurs",
            "в Майнці",
        ),
        *("للنساء", "İstanbul", "ﬁt", "e\u0301", "\u0000", "\ue020", "😀", "-", "(", ")", "1.200", "Töpfern"),
    ]
)


def sound(question: Question) -> None:
    reached = 0
    for span in question.spans:
        assert reached <= span.start < span.end <= len(question.text)
        assert span.label == question.text[span.start : span.end]
        reached = span.end
    assert question.topic or not question.text.strip()
    assert as_json(question.wishes) is not None


@given(st.text(max_size=200), st.dates(dt.date(2000, 1, 1), dt.date(2090, 12, 31)))
@settings(max_examples=150, deadline=None)
def test_any_text_is_read(text: str, today: dt.date) -> None:
    sound(read(text, today))


@given(st.lists(WORDS, max_size=14).map(" ".join), st.dates(dt.date(2000, 1, 1), dt.date(2090, 12, 31)))
@settings(max_examples=300, deadline=None)
def test_any_order_of_telling_words_is_read(text: str, today: dt.date) -> None:
    question = read(text, today)
    sound(question)
    assert read(text, today) == question


@given(st.text(max_size=60))
def test_folding_knows_its_way_back(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.starts) == len(folded.ends)
    assert all(0 <= start < end <= len(text) for start, end in zip(folded.starts, folded.ends, strict=True))
    assert list(folded.starts) == sorted(folded.starts)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 10_000,
        "in Alzey " * 1_200,
        "nicht " * 1_700,
        "von 3 bis 5 Jahren und " * 450,
        "1 " * 5_000,
        " " * 10_000,
        "," * 10_000,
        "a-" * 5_000,
        "\x00\x01\x02" * 3_000,
        "😀" * 3_000,
        "'; DROP TABLE offers; --" * 400,
        "a" + "\u0301" * 10_000,
        "bis 17 Uhr " * 900,
    ],
    ids=lambda text: text[:8].encode("unicode_escape").decode(),
)
def test_hostile_text_takes_bounded_time(text: str) -> None:
    begin = time.process_time()
    sound(read(text))
    assert time.process_time() - begin < 1.0


@pytest.mark.parametrize("text", ["", "   ", "?!", "😀😀", "\u0000"])
def test_a_text_without_words_asks_nothing(text: str) -> None:
    question = read(text, WEDNESDAY)
    assert (as_json(question.wishes), question.spans) == ({}, ())
