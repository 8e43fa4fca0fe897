"""What a reason says, wish by wish, and which words of an offer it quotes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from ontology.offer import Instance, Mode, Place, Schedule, Session
from search.filters import CONFLICT, FITS, UNKNOWN
from search.matches import meant_by, reasons_of_lexicon, reasons_of_words, texts_of
from search.reasons import reason_of_wish
from search.stems import stems
from search.wording import wording
from tests.search.offers import ALZEY, WORMS, course

TODAY = dt.date(2026, 1, 5)
OUT = 4
GERMAN = wording("de")


def told(wish: str, status: int, run: Instance | None = None, km: float | None = None, **values: Any) -> str:
    return reason_of_wish(wish, status, course("1", "Kurs", **values), run or Instance(), km, GERMAN).text


MEETINGS = tuple(Session(start=dt.datetime(2026, 1, day, 18)) for day in (13, 15))


@pytest.mark.parametrize(
    ("wish", "status", "run", "km", "text"),
    [
        ("place", FITS, Instance(place=ALZEY), 0.4, "in Alzey"),
        ("place", CONFLICT, Instance(place=WORMS), 19.1, "in Worms, 19 km entfernt"),
        ("place", CONFLICT, Instance(place=WORMS), None, "in Worms"),
        ("place", FITS, Instance(place=Place(ags="07331003")), None, "am gewünschten Ort"),
        ("place", FITS, Instance(place=Place(latitude=49.75, longitude=8.1)), 0.5, "weniger als 1 km entfernt"),
        ("place", CONFLICT, Instance(place=Place(ags="07319000")), None, "an einem anderen Ort"),
        ("place", UNKNOWN, Instance(place=Place(name="Turnhalle")), None, "Ort: Turnhalle, genaue Lage nicht bekannt"),
        ("place", UNKNOWN, Instance(place=Place(locality="Selz")), None, "in Selz, genaue Lage nicht bekannt"),
        ("place", UNKNOWN, Instance(), None, "Ort nicht angegeben"),
        ("place", UNKNOWN, Instance(mode=Mode.ONLINE), None, "online, also an keinen Ort gebunden"),
        ("start", FITS, Instance(start=dt.date(2026, 3, 9)), None, "Beginn am 09.03.2026"),
        # 12 January 2026 is a Monday
        (
            "weekdays",
            FITS,
            Instance(schedule=Schedule(weekdays=("mo", "we", "fr"))),
            None,
            "montags, mittwochs und freitags",
        ),
        ("weekdays", FITS, Instance(sessions=MEETINGS), None, "dienstags und donnerstags"),
        ("weekdays", FITS, Instance(sessions=MEETINGS[:1]), None, "an einem Dienstag"),
        ("weekdays", FITS, Instance(start=dt.datetime(2026, 1, 12, 9)), None, "beginnt an einem Montag"),
        (
            "weekdays",
            FITS,
            Instance(start=dt.date(2026, 1, 12), end=dt.date(2026, 1, 16)),
            None,
            "von Montag bis Freitag",
        ),
        ("weekdays", FITS, Instance(start=dt.date(2026, 1, 12), end=dt.date(2026, 1, 12)), None, "an einem Montag"),
        ("daytime", FITS, Instance(start=dt.datetime(2026, 1, 12, 18, 30)), None, "beginnt um 18:30 Uhr"),
        ("daytime", FITS, Instance(sessions=MEETINGS), None, "beginnt um 18:00 Uhr"),
        (
            "daytime",
            CONFLICT,
            Instance(sessions=(*MEETINGS, Session(start=dt.datetime(2026, 1, 17, 9)))),
            None,
            "beginnt vormittags und abends",
        ),
        ("price_max", FITS, Instance(price=Decimal(0)), None, "kostenlos"),
        ("price_max", CONFLICT, Instance(price=Decimal("1249.5")), None, "kostet 1.249,50 €"),
        ("mode", FITS, Instance(mode=Mode.BLENDED), None, "teils online, teils vor Ort"),
        ("not.mode", UNKNOWN, Instance(), None, "ob online oder vor Ort, ist nicht angegeben"),
    ],
)
def test_what_a_run_says_about_a_wish(wish: str, status: int, run: Instance, km: float | None, text: str) -> None:
    assert told(wish, status, run, km) == text


def test_what_an_offer_says_about_a_wish() -> None:
    assert told("funding", FITS, funding=("bildungsgutschein", "eine-andere")) == "mit Bildungsgutschein möglich"
    assert told("in_language", FITS, in_language=("de", "en-GB")) == "Unterrichtssprache: Deutsch, Englisch"
    assert told("certificate", FITS, credential="telc B1") == "Abschluss: telc B1"
    assert told("audience", CONFLICT, audience=("seniors", "women")) == "für Ältere, für Frauen"
    assert told("wheelchair", FITS, place=ALZEY) == "mit dem Rollstuhl zugänglich"


def test_ages() -> None:
    assert GERMAN.ages(3, 6) == "von 3 bis 6 Jahren"
    assert GERMAN.ages(16, None) == "ab 16 Jahren"
    assert GERMAN.ages(None, 12) == "bis 12 Jahre"
    assert GERMAN.ages(5, 5) == "mit 5 Jahren"


def of_lexicon(question: str, terms: str, said: str, **values: Any) -> list[tuple[str, str]]:
    offer = course("1", **({"name": "Kurs"} | values))
    found = reasons_of_lexicon(
        texts_of(offer, stems), meant_by(question, [(terms, frozenset(stems(said)))], stems), stems, GERMAN
    )
    return [(reason.field, reason.text) for reason in found]


def test_a_term_of_providers_is_quoted_as_it_stands_there() -> None:
    terms = "Bewachungsgewerbe, Deutsch als Fremdsprache"
    assert of_lexicon("Türsteher werden", terms, "Türsteher", name="Schein im Bewachungsgewerbe") == [
        ("name", "Im Titel: „Bewachungsgewerbe“ – passt zu „Türsteher“")
    ]
    assert of_lexicon("Deutschkurs", terms, "Deutschkurs", description="Lernen Sie Deutsch als  Fremdsprache!") == [
        ("description", "In der Beschreibung: „Deutsch als Fremdsprache“ – passt zu „Deutschkurs“")
    ]


def test_words_of_a_term_that_stand_apart_are_not_the_term() -> None:
    terms = "Erste Hilfe"
    assert of_lexicon("Unfall", terms, "Unfall", name="Erste Schritte mit Hilfe") == []
    assert of_lexicon("Unfall", terms, "Unfall", description="Das Erste. Hilfe kommt.") == []
    assert of_lexicon("Unfall", terms, "Unfall", keywords=("Erste", "Hilfe")) == []
    assert of_lexicon("Unfall", terms, "Unfall", keywords=("Auto", "Erste Hilfe"))[0][0] == "keywords"


def test_what_the_person_said_herself_is_no_discovery() -> None:
    assert of_lexicon("Yoga lernen", "Yoga, Hatha-Yoga", "Yoga", name="Yoga") == []
    assert of_lexicon("Yoga lernen", "Yoga, Hatha-Yoga", "Yoga", name="Hatha-Yoga") == [
        ("name", "Im Titel: „Hatha-Yoga“ – passt zu „Yoga“")
    ]


def test_words_asked_that_stand_apart_are_told_apart() -> None:
    found = of_lexicon("Wo kann ich Noten endlich lesen", "Musiklehre", "Noten lesen", name="Musiklehre")
    assert found == [("name", "Im Titel: „Musiklehre“ – passt zu „Noten … lesen“")]
    assert of_lexicon("Rückenschmerzen", "Gymnastik", "Rücken", name="Gymnastik") == [
        ("name", "Im Titel: „Gymnastik“ – passt zu „Rückenschmerzen“")
    ]
    assert of_lexicon("etwas ganz anderes", "Gymnastik", "Rücken", name="Gymnastik") == []


def test_the_field_that_says_most_is_named() -> None:
    offer = course("1", "Kurs", keywords=("Tonen",), description="Ton und Töpferei", credential="Töpferei")
    texts = texts_of(offer, stems)
    named = [(r.field, r.text) for r in reasons_of_words(texts, lambda word: stems(word) == stems("Töpferei"), GERMAN)]
    assert named == [("description", "In der Beschreibung: „Töpferei“")]
    assert not list(reasons_of_words(texts, lambda word: stems(word) == stems("Yoga"), GERMAN))
