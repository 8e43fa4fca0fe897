"""Words that nobody knows, one slip away from one that is known."""

from __future__ import annotations

import pytest

from search.spelling import Slip, Spelling, Vocabulary, corrected

SPELLING = Spelling(
    Vocabulary(
        [
            "palliativ",
            "klettern",
            "anfang",
            "kurs",
            "haus",
            "schul",
            "team",
            "tauben",
            "traubenhaus",
            "flucht",
            "wasserfall",
            "gardin",
        ]
    ),
    Vocabulary(
        ["feldenkrais", "kalligraphi", "esperanto", "joga"],
        [
            "Feldenkrais, Bewegung",
            "Buchhaltung, Rechnungswesen",
            "Wärmepumpe",
            "Python-Programmierung",
            "Japanisch Sprachkurs",
            "Sicher schwimmen",
        ],
    ),
)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("Feldenkreis", "Feldenkrais"),  # another letter
        ("Buchhaltunk Kurs", "Buchhaltung Kurs"),
        ("Japanich für Anfänger", "Japanisch für Anfänger"),  # one too few
        ("Bewwegung", "Bewegung"),  # one too many
        ("Wermepumpe im Haus", "Wärmepumpe im Haus"),  # an umlaut is two letters
        ("Phyton", "Python"),  # the same in another order
        ("Pallativ", "palliativ"),  # known as a stem only
    ],
)
def test_a_slip_is_set_right(asked: str, meant: str) -> None:
    assert corrected(asked, SPELLING.slips(asked)) == meant


@pytest.mark.parametrize(
    "text",
    [
        "Klöppeln",  # unknown, and no known word is near
        "Kalligraphie",  # known to the lexicon alone
        "Schulteam",
        "Früchte",  # its stem is one letter away from another one, as are many
        "Wasserball",
        "Garmin",
        "Schrei",  # the letters of another word, far apart
        "Taubenhaus",  # made of known words, though "Traubenhaus" is near
        "Jogo",  # short words have too many neighbours
        "Tyson",
        "Excel 2019",
        "Ich möchte gern etwas mit Feldenkreis machen",  # the other words say what is meant
        "курс фотографии",
        "",
    ],
)
def test_what_may_be_right_stays(text: str) -> None:
    assert SPELLING.slips(text) == []


def test_a_stem_is_told_from_a_word() -> None:
    assert SPELLING.slips("Pallativ Wermepumpe") == [
        Slip("Pallativ", "palliativ", whole=False),
        Slip("Wermepumpe", "Wärmepumpe", whole=True),
    ]


def test_compounds_in_parts_are_put_together_where_that_is_a_word() -> None:
    """As they stand in easy-to-read German."""
    assert SPELLING.joined("Ein Wasser-Fall, ein Trauben·Haus") == "Ein Wasserfall, ein Traubenhaus"
    assert SPELLING.joined("Eltern-Kind-Turnen, E-Bike, Excel-2019") == "Eltern-Kind-Turnen, E-Bike, Excel-2019"
