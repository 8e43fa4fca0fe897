"""Answers in the languages that people here speak: complete files, and sentences by hand."""

from __future__ import annotations

import datetime as dt
import string
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from ontology.offer import Instance, Schedule
from search.answer import Reason
from search.filters import CONFLICT, FITS, UNKNOWN
from search.reasons import reason_of_wish
from search.wording import LANGUAGES, Wording, wording
from tests.search.offers import WORMS, course


def leaves(table: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def of_file(language: str) -> dict[str, str]:
    return dict(leaves(Wording(language)._words))


def gaps(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_there_are_the_languages_that_people_ask_in() -> None:
    assert LANGUAGES == ("ar", "de", "en", "fr", "pl", "ru", "tr", "uk")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_file_says_everything_with_the_same_gaps(language: str) -> None:
    german, other = of_file("de"), of_file(language)
    assert other.keys() == german.keys()
    assert {key: gaps(text) for key, text in other.items()} == {key: gaps(text) for key, text in german.items()}
    assert all(text.count("\u2068") == text.count("\u2069") for text in other.values())


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"de"}))
def test_no_file_is_left_in_german(language: str) -> None:
    german = of_file("de")
    alike = {key for key, text in of_file(language).items() if text == german[key]}
    assert not {key for key in alike if key.partition(".")[0] in ("unknown", "audience", "words", "note", "childcare")}


def test_a_language_without_words_is_answered_in_german() -> None:
    assert wording("uk-UA").language == "uk"
    assert wording("PL").language == "pl"
    assert wording("ja").language == "de"


@pytest.mark.parametrize(
    ("language", "texts"),
    [
        ("en", ["in Worms, 19 km away", "on Mondays and on Wednesdays", "costs €1,249.50", "starts on 09/03/2026"]),
        ("fr", ["à Worms, à 19 km", "le lundi et le mercredi", "coûte 1 249,50 €", "début le 09/03/2026"]),
        (
            "uk",
            ["місце: Worms, на відстані 19 км", "щопонеділка і щосереди", "коштує 1 249,50 €", "початок 09.03.2026"],
        ),
        (
            "ar",
            [
                "في \u2068Worms\u2069، على بعد 19 كم",
                "أيام الاثنين وأيام الأربعاء",
                "السعر 1,249.50 يورو",
                "يبدأ في \u206809/03/2026\u2069",
            ],
        ),
    ],
)
def test_what_becomes_of_a_wish(language: str, texts: list[str]) -> None:
    run = Instance(
        place=WORMS,
        start=dt.date(2026, 3, 9),
        price=Decimal("1249.5"),
        schedule=Schedule(weekdays=("mo", "we")),
    )
    say, offer = wording(language), course("1", "Kurs")
    asked = (("place", CONFLICT), ("weekdays", FITS), ("price_max", CONFLICT), ("start", FITS))
    assert [reason_of_wish(wish, status, offer, run, 19.1, say).text for wish, status in asked] == texts


def test_what_is_not_stated() -> None:
    offer = course("1", "Kurs")
    assert reason_of_wish("childcare", UNKNOWN, offer, Instance(), None, wording("tr")) == Reason(
        kind="unknown", field="childcare", text="çocuk bakımı belirtilmemiş"
    )


def test_an_uncertain_wish_as_a_question() -> None:
    assert wording("pl").suggested("audience", ("seniors",)) == "dla osób starszych?"
    assert wording("ru").suggested("price_max", 0.0) == "бесплатно?"
    assert wording("en").suggested("mode", "online") == "online?"


def test_the_reader_suggests_nothing_that_has_no_words() -> None:
    from search.question.lexicon import words

    for rule in words("suggested")["rule"]:
        value = tuple(rule["value"]) if isinstance(rule["value"], list) else rule["value"]
        assert all(wording(language).suggested(rule["filter"], value) for language in LANGUAGES)
