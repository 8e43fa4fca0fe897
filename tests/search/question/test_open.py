"""Wishes that a question leaves open are neither asked for nor ruled out; two denials are none."""

from __future__ import annotations

import pytest

from search.question import as_json
from tests.search.question_reader import read


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("Zertifikat ist kein Muss, Buchhaltung", "Buchhaltung"),
        ("Nähen, Zertifikat brauche ich nicht", "Nähen"),
        ("Töpfern, muss nicht in Mainz sein", "Töpfern"),
        ("Der Kurs muss nicht online sein, Spanisch", "Spanisch"),
        ("Bookkeeping, certificate not necessary", "Bookkeeping"),
        ("курсы английского, сертификат не нужен", "курсы английского"),
    ],
)
def test_what_need_not_be_is_left_open(question: str, topic: str) -> None:
    answer = read(question)
    assert (as_json(answer.wishes), answer.spans) == ({}, ())
    assert answer.topic == topic


@pytest.mark.parametrize(
    ("question", "filters"),
    [
        ("Buchhaltung, aber nicht ohne Zertifikat", {"certificate": True}),
        ("Ohne Kinderbetreuung geht es nicht, Deutschkurs", {"childcare": True}),
        ("Buchhaltung ohne Zertifikat", {"not": {"certificate": True}}),
    ],
)
def test_two_denials_ask(question: str, filters: dict[str, object]) -> None:
    assert as_json(read(question).wishes) == filters


@pytest.mark.parametrize(
    "question",
    [
        "English, I don't want an online course",
        "anglais, je ne veux pas de cours en ligne",
        "английский, не хочу онлайн",
        "angielski, nie chcę zajęć online",
        "ingilizce, online istemiyorum",
    ],
)
def test_who_does_not_want_rules_out(question: str) -> None:
    assert as_json(read(question).wishes) == {"not": {"mode": "online"}}


def test_words_that_rule_out_behind_a_wish_are_no_topic() -> None:
    assert read("Malen, montags geht bei mir leider nicht").topic == "Malen"
    assert read("pazartesi hariç yoga").topic == "yoga"
