"""What someone no longer does, once did, has already or does anyway is no wish, however short the question is."""

from __future__ import annotations

import pytest

from search.question import as_json
from tests.search.question_reader import read

TOLD = [
    "Ich möchte nachmittags nicht mehr im Laden stehen, lieber was mit Pflanzen",
    "Ich will nicht mehr in Mainz im Büro sitzen, suche was mit Tieren",
    "Ich habe keine Lust mehr auf Schichten am Wochenende, Umschulung Logistik",
    "We no longer want to work weekends, something with wood",
    "Je ne peux plus travailler le soir, une formation de fleuriste",
    "Nie chcę już pracować w soboty, kurs księgowości",
    "Больше не могу работать вечером, курсы бухгалтера",
    "Я більше не хочу працювати у вихідні, курс перукаря",
    "Früher war ich abends im Chor, jetzt will ich zeichnen lernen",
    "Letztes Jahr war ich mittwochs beim Töpfern in Worms, jetzt will ich malen",
    "Ich bin aus Mainz weggezogen und suche einen Chor",
    "I quit my job in Worms and want to learn programming",
    "Раньше я работал в Майнце, хочу выучиться на сварщика",
    "Der Kurs bei der anderen Schule hat 300 Euro gekostet, wo lerne ich besser Spanisch?",
    "Weil ich vormittags arbeite, suche ich was gegen Stress",
    "Sonntags langweile ich mich, was kann man hier lernen",
    "Ich kann abends nicht einschlafen, was hilft",
    "A2 habe ich schon, was kommt danach?",
    "B1 bestanden, und nun?",
    "Ich habe B1 und will als Pflegerin arbeiten",
    "I already have A2 and want to go on",
    "J'ai déjà le niveau B1, et après ?",
]
STILL_WISHED = [
    ("Ich will nicht mehr online lernen", {"not": {"mode": "online"}}),
    ("Spanisch, abends kann ich nicht mehr", {"not": {"daytime": ["evening"]}}),
    ("Yoga, bitte nicht mehr montags", {"not": {"weekdays": ["mo"]}}),
    ("Yoga, nicht mehr als 60 Euro", {"price_max": 60}),
    ("Ich kann nicht mehr gut sehen, Computerkurs vormittags", {"daytime": ["morning"]}),
    ("Ich arbeite bis 17 Uhr, danach Pilates", {"daytime": ["evening"]}),
    ("Ich arbeite Vollzeit und kann nur abends, Italienisch", {"daytime": ["evening"]}),
    ("Seit dem Umzug wohne ich in Worms, suche einen Chor", {"place": "Worms"}),
    ("Früher hab ich gemalt, jetzt wieder, samstags in Worms", {"place": "Worms", "weekdays": ["sa"]}),
    ("B1 habe ich, jetzt brauche ich B2", {"level": ["B2"]}),
]


@pytest.mark.parametrize("question", TOLD)
def test_what_is_told_is_no_wish_of_a_short_question(question: str) -> None:
    answer = read(question)
    assert as_json(answer.wishes) == {}
    assert answer.spans == ()


@pytest.mark.parametrize(("question", "filters"), STILL_WISHED)
def test_what_is_wished_beside_is_one(question: str, filters: dict[str, object]) -> None:
    assert as_json(read(question).wishes) == filters


def test_a_sentence_that_ends_with_a_question_mark_asks() -> None:
    question = (
        "Our neighbours recommended you. Could someone like me start knitting in Worms on Tuesdays with other people?"
    )
    assert as_json(read(question).wishes) == {"place": "Worms", "weekdays": ["tu"]}
