from __future__ import annotations

import datetime as dt
import json
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from ontology.gazetteer import Gazetteer
from search.question import QuestionReader, Wishes, as_json
from search.wording import wording
from tests.search.question_reader import WEDNESDAY, pairs, read

QUESTIONS = tomllib.loads(Path(__file__).with_name("questions.toml").read_text("utf-8"))["question"]


def plain(filters: dict[str, Any]) -> dict[str, Any]:
    """TOML knows no null: -1 stands for an age that is open."""
    if "age" not in filters:
        return filters
    return {**filters, "age": [None if age == -1 else age for age in filters["age"]]}


@pytest.mark.parametrize("expected", QUESTIONS, ids=lambda question: question["text"])
def test_own_question(expected: dict[str, Any]) -> None:
    question = read(expected["text"])
    assert as_json(question.wishes) == plain(expected["filters"])
    assert [span.label for span in question.spans] == expected["spans"]
    assert question.topic == expected.get("topic", question.topic)


def test_there_are_many_own_questions() -> None:
    assert len({question["text"] for question in QUESTIONS}) >= 350


def test_questions_of_the_development_set(shared: Path) -> None:
    right = wrong = missed = whole = total = topics = 0
    for line in (shared / "eval" / "filters-dev.jsonl").read_text("utf-8").splitlines():
        gold = json.loads(line)
        question = read(gold["text"], dt.date.fromisoformat(gold["today"]))
        got, want = pairs(as_json(question.wishes)), pairs(gold["filters"])
        right, wrong, missed = right + len(got & want), wrong + len(got - want), missed + len(want - got)
        whole, total = whole + (got == want), total + 1
        topics += question.topic.casefold() == gold["topic"].casefold()
    assert total == 79
    assert 2 * right / (2 * right + wrong + missed) >= 0.97
    assert whole / total >= 0.95
    assert topics / total >= 0.85


def test_the_form_of_the_contract() -> None:
    question = read("Excel-Kurs in Alzey, abends, höchstens 50 Euro")
    assert as_json(question.wishes) == {"place": "Alzey", "daytime": ["evening"], "price_max": 50}
    assert question.wishes.place_ags == "07331003"
    assert (question.topic, question.language) == ("Excel-Kurs", "de")
    assert [(span.filter, span.start, span.end, span.label) for span in question.spans] == [
        ("place", 11, 19, "in Alzey"),
        ("daytime", 21, 27, "abends"),
        ("price_max", 29, 46, "höchstens 50 Euro"),
    ]


def test_what_is_ruled_out_has_its_own_spans_and_keys() -> None:
    question = read("Python, nicht online")
    assert question.wishes == Wishes(ruled_out=Wishes(mode="online"))
    assert as_json(question.wishes) == {"not": {"mode": "online"}}
    assert [(span.filter, span.label) for span in question.spans] == [("not.mode", "online")]


def test_all_keys_as_json() -> None:
    wishes = Wishes(
        place="Worms",
        place_ags="07319000",
        radius_km=7.5,
        start_from=dt.date(2026, 5, 1),
        age=(6, None),
        price_max=0.0,
        certificate=True,
        weekdays=("mo", "fr"),
        ruled_out=Wishes(place="Mainz", place_ags="07315000"),
    )
    assert as_json(wishes) == {
        "place": "Worms",
        "radius_km": 7.5,
        "start_from": "2026-05-01",
        "weekdays": ["mo", "fr"],
        "price_max": 0,
        "age": [6, None],
        "certificate": True,
        "not": {"place": "Mainz"},
    }
    assert as_json(Wishes()) == {}


@pytest.mark.parametrize(
    ("text", "name", "value", "label"),
    [
        ("Mein Opa möchte ein Smartphone bedienen lernen", "audience", ("seniors",), "für Ältere?"),
        ("nach der Elternzeit wieder einsteigen", "audience", ("parents",), "für Eltern?"),
        ("Meine Tochter möchte Geige lernen", "audience", ("children",), "für Kinder?"),
        ("Umschulung, zahlt das Jobcenter?", "funding", ("bildungsgutschein",), "mit Bildungsgutschein?"),
        ("günstiger Nähkurs", "price_max", 0.0, "kostenlos?"),
    ],
)
def test_an_uncertain_wish_is_only_suggested(text: str, name: str, value: object, label: str) -> None:
    question = read(text)
    assert [(s.filter, s.value, wording("de").suggested(s.filter, s.value)) for s in question.suggested] == [
        (name, value, label)
    ]
    assert as_json(question.wishes) == {}


def test_what_is_stated_is_not_suggested() -> None:
    assert read("Kurs für Senioren, mein Opa kommt mit").suggested == ()
    assert read("kostenloser Kurs, habe kein Geld").suggested == ()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Töpfern", "de"),
        ("Grundlagen des Rechts", "de"),
        ("Informatik I a", "de"),
        ("Verbessern Sie Ihr Stressmanagement", "de"),
        ("evening class for women", "en"),
        ("How can I become a ski instructor?", "en"),
        ("joga i pilates dla kobiet", "pl"),
        ("курси німецької мови", "uk"),
        ("курсы немецкого языка для начинающих", "ru"),
        ("kadınlar için dikiş kursu", "tr"),
        ("دورة طبخ", "ar"),
        ("cours de cuisine pour enfants", "fr"),
        ("kurs gotowania dla dzieci", "pl"),
        ("", "de"),
    ],
)
def test_language(text: str, language: str) -> None:
    assert read(text).language == language


def test_an_ambiguous_place_is_the_near_one() -> None:
    gazetteer = Gazetteer.load()
    text = "Malkurs in Neustadt"
    near_worms = QuestionReader(gazetteer, home=(49.63, 8.36)).read(text, WEDNESDAY)
    near_coburg = QuestionReader(gazetteer, home=(50.26, 10.96)).read(text, WEDNESDAY)
    assert near_worms.wishes.place == "Neustadt an der Weinstraße"
    assert near_coburg.wishes.place == "Neustadt b. Coburg"


def test_a_reader_is_made_and_reads_quickly() -> None:
    """Generous bounds: they catch a return to compiling everything at once or to work that grows with the square."""
    gazetteer = Gazetteer.load()
    begin = time.process_time()
    reader = QuestionReader(gazetteer, home=(49.75, 8.12))
    made = time.process_time() - begin
    reader.read("in Alzey " * 1200, WEDNESDAY)
    begin = time.process_time()
    for _ in range(20):
        reader.read("Zumba in Alzey, dienstags ab 19 Uhr, höchstens 60 Euro", WEDNESDAY)
    assert made < 1.0
    assert (time.process_time() - begin) / 20 < 0.05


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("Yoga in Worms-Herrnsheim", "Worms"),
        ("Radtour in Alzey-Worms", None),  # a district
        ("Yoga im Kreis Neuwied", None),
        ("Bad Kreuznacher Kurse", "Bad Kreuznach"),
        ("Binger Kurse", "Bingen am Rhein"),
        ("Kurse in Bensem", "Bensheim"),  # as it is spoken
        ("Kurse in Koblens", "Koblenz"),
        ("Kurse in Kürze", None),
        ("йога в Нойвиде", "Neuwied"),
        ("курс в группе", None),
        ("67547 Worms, Kochen", "Worms"),
        ("Marshall Rosenberg lesen", None),
    ],
)
def test_place(text: str, place: str | None) -> None:
    assert read(text).wishes.place == place
