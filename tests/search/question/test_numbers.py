"""Numbers in words: prices, ages and what is neither."""

from __future__ import annotations

import pytest

from search.question import as_json
from search.question.lexicon import words
from search.question.numbers import NumberReader, together
from tests.search.question_reader import read


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("einundzwanzig", 21),
        ("einhundert", 100),
        ("zweihundert", 200),
        ("dreihunnert", 300),
        ("fuffzisch", 50),
        ("ein", None),
        ("hund", None),
    ],
)
def test_words_for_numbers(word: str, value: float | None) -> None:
    assert NumberReader(words("numbers")["number"])(word) == value


@pytest.mark.parametrize(
    ("one", "other", "value"),
    [
        (20, 5, 25),
        (100, 50, 150),
        (2, 100, 200),
        (1000, 200, 1200),
        (8, 10, None),
        (10, 2, None),
        (20, 30, None),
        (100, 100, None),
    ],
)
def test_neighbouring_numbers_make_one_or_stay_two(one: float, other: float, value: float | None) -> None:
    assert together(one, other) == value


@pytest.mark.parametrize(
    ("question", "price"),
    [
        ("yoga under twenty-five euros", 25),
        ("йога до двадцати пяти евро", 25),
        ("йога до ста п'ятдесяти євро", 150),
        ("yirmi beş euroya kadar yoga", 25),
        ("yoga, 40 euroyu geçmesin", 40),
        ("joga do pięćdziesięciu euro", 50),
        ("yoga, moins de cent cinquante euros", 150),
        ("يوغا بأقل من خمسين يورو", 50),
        ("Yoga, mehr wie achtzig Euro hab ich net", 80),
        ("Yoga, nit deirer als 30 Euro", 30),
        ("Yoga, höchstens nen Fuffi", 50),
        ("yoga, I can't pay more than 40 euros", 40),
    ],
)
def test_prices_in_words(question: str, price: float) -> None:
    assert as_json(read(question).wishes) == {"price_max": price}


@pytest.mark.parametrize(
    ("question", "age", "audience"),
    [
        ("Geige für die Enkelin, sie wird bald neun", [9, 9], ["children"]),
        ("Mein Kleiner will Fußball spielen, er ist grad fünf geworden", [5, 5], ["children"]),
        ("Turnen für unsere Zwillinge (4)", [4, 4], ["children"]),
        ("chess for my ten-year-old", [10, 10], ["children"]),
        ("танці, моїй доньці шість років", [6, 6], ["children"]),
        ("футбол, внуку 9 лет", [9, 9], ["children"]),
        ("basen, mój syn ma siedem lat", [7, 7], ["children"]),
        ("bale, kızım 9 yaşında", [9, 9], ["children"]),
        ("ابنتي عمرها ٨ سنوات رسم", [8, 8], ["children"]),
        ("Turnen für Kinder, drei Jahre aufwärts", [3, None], ["children"]),
        ("zajęcia dla dzieci w wieku 5-7 lat", [5, 7], ["children"]),
        ("gymnastique, plus de 65 ans", [65, None], None),
    ],
)
def test_ages_in_words(question: str, age: list[int | None], audience: list[str] | None) -> None:
    assert as_json(read(question).wishes) == {"age": age} | ({"audience": audience} if audience else {})


@pytest.mark.parametrize(
    "question",
    [
        "In drei Monaten fließend Spanisch",
        "In 6 Wochen zum Marathon",
        "Abnehmen in 10 Wochen",
        "500 Euro im Monat nebenbei verdienen",
        "Wie spare ich 100 Euro Strom",
        "Italienisch für den Urlaub in Rom",
        "Englisch für die Reise nach Essen",
        "Der Birnbaum unserer Omas stirbt",
        "Meine Tochter macht in zwei Jahren Abi, was dann",
        "docteur en physique, huit ans de lasers",
        "seit Sonntag piept mein Ohr",
        "jestem kucharzem od dziewięciu lat",
        "In Teilzeit arbeiten, was ändert sich an der Rente",
        "Hybridunterricht gestalten",
        "Alte Möbel online vermieten",
    ],
)
def test_what_only_sounds_like_a_wish(question: str) -> None:
    assert as_json(read(question).wishes) == {}


@pytest.mark.parametrize(
    ("question", "filters"),
    [
        ("Singe am Sunndach owend", {"weekdays": ["su"], "daytime": ["evening"]}),
        ("Danze freidachs nammidachs", {"weekdays": ["fr"], "daytime": ["afternoon"]}),
        ("Pilates mittwochs ab 18", {"weekdays": ["we"], "daytime": ["evening"]}),
        ("Chor donnerstags 19 bis 21", {"weekdays": ["th"], "daytime": ["evening"]}),
        ("Englisch, Mo 18-20", {"weekdays": ["mo"], "daytime": ["evening"]}),
        ("Schach Di o. Do", {"weekdays": ["tu", "th"]}),
        ("Schlagzeug dienstags nach der Schule", {"weekdays": ["tu"], "daytime": ["afternoon"]}),
        ("almanca kursu mart ayında", {"start_from": "2027-03-01", "start_to": "2027-03-31"}),
        ("cours de cuisine à partir du mois de mai", {"start_from": "2026-05-01"}),
        ("Deutsch, уровень не ниже B2", {"level": ["B2", "C1", "C2"]}),
        ("Handykurs für Omas und Opas", {"audience": ["seniors"]}),
        ("Alleinerziehend, 3 Kinder, suche Umschulung", {"audience": ["single_parents"]}),
        ("Yoga in der Mainzer Innenstadt", {"place": "Mainz"}),
        ("zajęcia w wieku szkolnym", {}),
        ("курс бухгалтера з доглядом за дітьми", {"childcare": True}),
        ("Frauen in der Musikgeschichte", {}),
        ("was mit Computern in den Ferien in Alzey", {"place": "Alzey"}),
        ("Bildungsurlaub in Mainz", {"place": "Mainz", "funding": ["bildungsurlaub"]}),
    ],
)
def test_days_hours_places_as_people_write_them(question: str, filters: dict[str, object]) -> None:
    assert as_json(read(question).wishes) == filters
