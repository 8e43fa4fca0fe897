"""Courses as MOOChub: judged by its own JSON Schema."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator

from ontology.offer import Instance, Kind, Mode, Offer, Place, Provider, Schedule
from ontology.profiles.moochub import course_of, document_of
from tests.ontology.offers import offers

BASE = "https://bildung.example"
UUID = "ac7e4512-dbd9-51e5-bc87-8ca102e3ebbc"  # uuidgen --sha1 --namespace @url --name https://bildung.example/id/angebot/kvhs-A1
CHANGED = "2026-01-05T09:30:00+00:00"
OFFER = Offer(
    id="kvhs-A1",
    source="kvhs",
    identifier="A1",
    kind=Kind.COURSE,
    name="Excel",
    description="Zeilen & Spalten\n<script>alert(1)</script>",
    provider=Provider(id="kvhs", name="KVHS", url="javascript:alert(1)"),
    keywords=("Büro",),
    certificate=True,
    instances=(
        Instance(
            number="1",
            start=dt.datetime(2026, 1, 12, 18, 30),
            end=dt.datetime(2026, 4, 13, 20, 0),
            mode=Mode.ONSITE,
            schedule=Schedule(weekdays=("mo", "we"), start_time=dt.time(18, 30), end_time=dt.time(20, 0)),
            place=Place(name="Haus", locality="Alzey", latitude=49.75, longitude=8.11),
            price=Decimal("45.50"),
        ),
        Instance(number="2", start=dt.date(2026, 7, 1), mode=Mode.ONLINE, price=Decimal(0)),
    ),
)


class Judge:
    """The official schema."""

    def __init__(self, path: Path) -> None:
        schema = json.loads(path.read_text(encoding="utf-8"))
        self._validator = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)

    def errors(self, document: dict) -> list[str]:
        return [error.message for error in self._validator.iter_errors(document)]


@pytest.fixture(scope="module")
def judge(shared: Path) -> Judge:
    return Judge(shared / "data" / "moochub" / "moochub-schema.json")


def as_course(offer: Offer) -> dict:
    return course_of(offer, BASE, publisher="Landkreis", topics=["EDV"], changed_at=CHANGED, licence=None)


def test_a_course() -> None:
    course = as_course(OFFER)
    assert (course["id"], course["links"]) == (UUID, {"self": f"{BASE}/id/angebot/kvhs-A1"})
    found = course["attributes"]
    assert found["startDate"] == ["2026-01-12T18:30:00+01:00", "2026-07-01T00:00:00+02:00"]
    assert found["endDate"] == ["2026-04-13T20:00:00+02:00"]
    assert found["description"] == "<p>Zeilen &amp; Spalten</p><p>&lt;script&gt;alert(1)&lt;/script&gt;</p>"
    assert found["publisher"] == {"type": "Organization", "name": "KVHS"}
    assert found["courseMode"] == ["online", "onsite"]
    assert [offer["price"] for offer in found["offer"]] == [0.0, 45.5]
    assert found["access"] == ["free", "paid"]
    assert found["keywords"] == ["Büro", "EDV"]
    assert found["repeatFrequency"][1] == {
        "byDay": "https://schema.org/Wednesday",
        "startTime": "18:30:00+01:00",
        "endTime": "20:00:00+01:00",
    }
    assert found["url"] == f"{BASE}/id/angebot/kvhs-A1"


def test_pages_are_linked() -> None:
    assert document_of([], f"{BASE}/moochub", 2, 3)["links"] == {
        "self": f"{BASE}/moochub?page=2",
        "first": f"{BASE}/moochub?page=1",
        "last": f"{BASE}/moochub?page=3",
        "prev": f"{BASE}/moochub?page=1",
        "next": f"{BASE}/moochub?page=3",
    }
    assert set(document_of([], f"{BASE}/moochub", 1, 1)["links"]) == {"self", "first", "last"}


@settings(deadline=None, max_examples=30)
@given(offers)
def test_any_offer_is_valid(judge: Judge, offer: Offer) -> None:
    document = document_of([as_course(offer), as_course(OFFER)], f"{BASE}/moochub", 1, 1)
    assert judge.errors(document) == []


def test_the_schema_sees_errors(judge: Judge) -> None:
    course = as_course(OFFER)
    course["attributes"]["startDate"] = ["2026-01-12"]
    assert judge.errors(document_of([course], f"{BASE}/moochub", 1, 1)) == ["'2026-01-12' is not a 'date-time'"]
