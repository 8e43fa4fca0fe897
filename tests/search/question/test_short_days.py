"""Days of two letters, days beside other words, and what is asked for in place of what is ruled out."""

from __future__ import annotations

from typing import Any

import pytest

from search.question import as_json
from tests.search.question_reader import read


@pytest.mark.parametrize(
    ("question", "filters"),
    [
        ("Zumba Mi 20 Uhr", {"weekdays": ["we"], "daytime": ["evening"]}),
        ("zumba mi 20 uhr", {"weekdays": ["we"], "daytime": ["evening"]}),
        ("Pilates Di 18:00", {"weekdays": ["tu"], "daytime": ["evening"]}),
        ("Chor Do. vormittags", {"weekdays": ["th"], "daytime": ["morning"]}),
        ("Brunch So 10 Uhr", {"weekdays": ["su"], "daytime": ["morning"]}),
        ("so um 10 uhr Brunch", {"daytime": ["morning"]}),
        ("Chor nicht Mo und nicht Fr", {"not": {"weekdays": ["mo", "fr"]}}),
        ("Tae Kwon Do", {}),
        ("Zumba mo mi fr", {"weekdays": ["mo", "we", "fr"]}),
        ("Zumba Di Do", {"weekdays": ["tu", "th"]}),
        ("Zumba di. do. vormittags", {"weekdays": ["tu", "th"], "daytime": ["morning"]}),
        ("I want to do so", {}),
        ("Zumba bei Fr. Müller", {}),
    ],
)
def test_two_letters_are_a_day_beside_a_time_or_what_rules_out(question: str, filters: dict[str, Any]) -> None:
    assert as_json(read(question).wishes) == filters


@pytest.mark.parametrize(
    ("question", "filters"),
    [
        ("Englisch nicht online, lieber vor Ort", {"mode": "onsite", "not": {"mode": "online"}}),
        ("Englisch ohne Zoom, sondern in Präsenz", {"mode": "onsite", "not": {"mode": "online"}}),
        ("Chor nicht mittwochs, nur freitags", {"weekdays": ["fr"], "not": {"weekdays": ["we"]}}),
        ("Chor nicht mittwochs, freitags", {"not": {"weekdays": ["we", "fr"]}}),
        ("Hybrid-Kurs Chorleitung", {"mode": "blended"}),
        ("Hybrid-Auto warten", {}),
    ],
)
def test_what_stands_in_place_of_the_refused_is_asked_for(question: str, filters: dict[str, Any]) -> None:
    assert as_json(read(question).wishes) == filters


@pytest.mark.parametrize(
    ("question", "filters"),
    [
        ("Brunch Sonntagmorgen", {"weekdays": ["su"], "daytime": ["morning"]}),
        ("Brunch am Sonntag Morgen", {"weekdays": ["su"], "daytime": ["morning"]}),
        ("Brunch morgen", {"start_from": "2026-04-16", "start_to": "2026-04-16"}),
        ("Chor ab Montag", {"start_from": "2026-04-20"}),  # asked on a Wednesday
        ("Chor von Montag bis Freitag", {"weekdays": ["mo", "tu", "we", "th", "fr"]}),
        ("Chor vor Ort Montabaur", {"mode": "onsite", "place": "Montabaur"}),
    ],
)
def test_words_that_mean_another_thing_beside_others(question: str, filters: dict[str, Any]) -> None:
    assert as_json(read(question).wishes) == filters
