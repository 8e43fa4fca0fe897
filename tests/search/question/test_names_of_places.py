"""Names of places as they are typed: in small letters, with a slip, as neighbours call them."""

from __future__ import annotations

import pytest

from ontology.gazetteer import Gazetteer
from search.question import QuestionReader
from tests.search.question_reader import WEDNESDAY


@pytest.fixture(scope="module")
def anywhere() -> QuestionReader:
    """A reader that does not know where it is at home."""
    return QuestionReader(Gazetteer.load())


@pytest.mark.parametrize(
    ("question", "place"),
    [
        ("Deutschkurs mainz", "Mainz"),  # the only capital is the keyboard's
        ("Yoga osthofen dienstags", "Osthofen"),
        ("Englisch B1 kaiserslautern", "Kaiserslautern"),
        ("yoga alzey dienstags", "Alzey"),
        ("Kochkurs für Familien worms", None),  # whoever writes "Familien" would write "Worms"
        ("Kochkurs in Nierstain", "Nierstein"),  # of 8,000
        ("yoga in sarburg", "Saarburg"),
        ("Kurs in Schneiden und Nähen", None),  # not Schleiden
        ("Vortrag über Wahlen in Strasbourg", None),  # not Strasburg
        ("cours de yoga, Mayence", "Mainz"),
        ("yoga class Munich", "München"),
        ("Ich will endlich besser schlafen lernen", None),
    ],
)
def test_a_place_is_known_as_it_is_typed(anywhere: QuestionReader, question: str, place: str | None) -> None:
    assert anywhere.read(question, WEDNESDAY).wishes.place == place


def test_a_slip_in_a_far_small_town_is_not_mended_where_the_home_is_known() -> None:
    at_home = QuestionReader(Gazetteer.load(), district="07331")
    assert at_home.read("Kochkurs in Nierstain", WEDNESDAY).wishes.place == "Nierstein"
    assert at_home.read("Kochkurs in Schlüchtrn", WEDNESDAY).wishes.place is None
