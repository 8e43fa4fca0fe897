"""What each wish does to an offer whose value fits, is not stated, or conflicts: the table of the interface, line by line."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from ingest.lexicon import lexicon
from ontology.gazetteer import Gazetteer
from ontology.offer import Instance, Kind, Mode, Offer, Place, Provider, Schedule, Session
from search.columns import Columns
from search.filters import SOFT, Judgement, judge, misses
from search.languages import LANGUAGES
from search.question import Wishes
from search.question.lexicon import words

TODAY = dt.date(2026, 1, 5)
FIRST, SECOND, THIRD, OUT = 1, 2, 3, 4  # the groups
ALZEY = Place(locality="Alzey", ags="07331003", latitude=49.746, longitude=8.103)
WORMS = Place(locality="Worms", ags="07319000", latitude=49.649, longitude=8.325)
MAINZ = Place(locality="Mainz", ags="07315000", latitude=49.974, longitude=8.242)


def offer(*instances: Instance, **values: Any) -> Offer:
    return Offer(
        **{"id": "k-1", "source": "k", "identifier": "1", "kind": Kind.COURSE, "name": "Kurs"} | values,
        instances=instances,
    )


def course(**values: Any) -> Offer:
    """A course with one run."""
    return offer(Instance(**values))


def judged(
    gazetteer: Gazetteer, wishes: Wishes, *offers: Offer, strict: frozenset[str] = frozenset(), today: dt.date = TODAY
) -> Judgement:
    columns = Columns.build(enumerate(o.canonical() for o in offers), lambda _, notation: notation)
    return judge(columns, wishes, today, gazetteer, strict)


def groups(gazetteer: Gazetteer, wishes: Wishes, *offers: Offer, strict: frozenset[str] = frozenset()) -> list[int]:
    return judged(gazetteer, wishes, *offers, strict=strict).groups.tolist()


def moment(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


# wish, an offer that fits, one that does not say, one that conflicts; 2026-01-05 is a Monday
TABLE: list[tuple[str, dict[str, Any], Offer, Offer, Offer]] = [
    (
        "start",
        {"start_from": dt.date(2026, 3, 1)},
        course(start=dt.date(2026, 3, 1)),
        course(),
        course(start=dt.date(2026, 2, 28)),
    ),
    (
        "start",
        {"start_to": dt.date(2026, 3, 1)},
        course(start=moment("2026-03-01T23:59")),
        course(),
        course(start=dt.date(2026, 3, 2)),
    ),
    (
        "start",
        {"start_from": dt.date(2026, 3, 2), "start_to": dt.date(2026, 3, 8)},
        course(start=dt.date(2026, 3, 8)),
        course(),
        course(start=dt.date(2026, 3, 9)),
    ),
    (
        "weekdays",
        {"weekdays": ("mo", "tu")},
        course(schedule=Schedule(weekdays=("mo",))),
        course(start=dt.date(2026, 1, 12)),  # the beginning of something whose end nobody states
        course(schedule=Schedule(weekdays=("fr",))),
    ),
    (
        "weekdays",
        {"weekdays": ("sa", "su")},
        course(sessions=(Session(start=dt.date(2026, 1, 10)), Session(start=dt.date(2026, 1, 11)))),
        course(),
        course(start=dt.date(2026, 1, 12), end=dt.date(2026, 1, 12)),
    ),
    (
        "daytime",
        {"daytime": ("evening",)},
        course(start=moment("2026-01-12T17:00")),
        course(start=dt.date(2026, 1, 12)),
        course(start=moment("2026-01-12T16:59")),
    ),
    (
        "daytime",
        {"daytime": ("morning",)},
        course(schedule=Schedule(start_time=dt.time(11, 59))),
        course(),
        course(schedule=Schedule(start_time=dt.time(12))),
    ),
    (
        "daytime",
        {"daytime": ("afternoon",)},
        course(start=moment("2026-01-12T12:00")),
        course(),
        course(start=moment("2026-01-12T17:00")),
    ),
    (
        "price_max",
        {"price_max": 49.9},
        course(price=Decimal("49.90")),
        course(price_note="nach Vereinbarung"),
        course(price=Decimal("49.91")),
    ),
    ("price_max", {"price_max": 0}, course(price=Decimal(0)), course(), course(price=Decimal("0.01"))),
    ("mode", {"mode": "online"}, course(mode=Mode.ONLINE), course(), course(mode=Mode.ONSITE)),
    ("mode", {"mode": "blended"}, course(mode=Mode.BLENDED), course(), course(mode=Mode.ONLINE)),
    ("level", {"level": ("A1", "A2")}, offer(level=("A2", "B1")), offer(), offer(level=("B1",))),
    ("in_language", {"in_language": "en"}, offer(in_language=("de", "en-GB")), offer(), offer(in_language=("de",))),
    ("in_language", {"in_language": "fi"}, offer(in_language=("fi",)), offer(), offer(in_language=("de",))),
    (
        "audience",
        {"audience": ("women", "seniors")},
        offer(audience=("seniors",)),
        offer(),
        offer(audience=("children",)),
    ),
    ("age", {"age": (4, 4)}, offer(age_min=3, age_max=6), offer(), offer(age_min=5)),
    ("age", {"age": (50, None)}, offer(age_min=18), offer(), offer(age_max=49)),
    ("age", {"age": (None, 27)}, offer(age_min=27), offer(), offer(age_min=28)),
    (
        "time_model",
        {"time_model": ("part_time",)},
        course(time_model=("block", "part_time")),
        course(),
        course(time_model=("full_time",)),
    ),
    (
        "funding",
        {"funding": ("bildungsurlaub",)},
        offer(funding=("bildungsurlaub",)),
        offer(),
        offer(funding=("avgs",)),
    ),
    ("certificate", {"certificate": True}, offer(credential="telc B1"), offer(), offer(certificate=False)),
    (
        "wheelchair",
        {"wheelchair": True},
        course(place=Place(wheelchair=True)),
        course(),
        course(place=Place(wheelchair=False)),
    ),
    ("childcare", {"childcare": True}, offer(childcare=True), offer(), offer(childcare=False)),
    ("place", {"place": "Alzey", "place_ags": "07331003"}, course(place=ALZEY), course(), course(place=WORMS)),
]
BENT = {"start", "weekdays", "daytime", "price_max", "time_model", "funding", "certificate", "childcare", "place"}
PUT_OUT = {"mode", "level", "in_language", "age", "audience", "wheelchair"}
ROWS = pytest.mark.parametrize(
    ("name", "wish", "fits", "silent", "conflicts"),
    TABLE,
    ids=[f"{row[0]}-{number}" for number, row in enumerate(TABLE)],
)


def test_the_table_is_complete() -> None:
    assert {row[0] for row in TABLE} == BENT | PUT_OUT
    assert BENT | {"radius_km"} == SOFT


@ROWS
def test_a_wish_of_the_words(
    gazetteer: Gazetteer, name: str, wish: dict[str, Any], fits: Offer, silent: Offer, conflicts: Offer
) -> None:
    found = groups(gazetteer, Wishes(**wish), fits, silent, conflicts)
    assert found == [FIRST, SECOND, THIRD if name in BENT else OUT]


@ROWS
def test_a_wish_that_the_person_set_herself(
    gazetteer: Gazetteer, name: str, wish: dict[str, Any], fits: Offer, silent: Offer, conflicts: Offer
) -> None:
    found = groups(gazetteer, Wishes(**wish), fits, silent, conflicts, strict=frozenset({name}))
    assert found == [FIRST, SECOND, OUT]


@ROWS
def test_what_is_ruled_out(
    gazetteer: Gazetteer, name: str, wish: dict[str, Any], fits: Offer, silent: Offer, conflicts: Offer
) -> None:
    assert groups(gazetteer, Wishes(ruled_out=Wishes(**wish)), fits, silent, conflicts) == [OUT, SECOND, FIRST]


def test_languages_that_nobody_knows_do_not_use_up_those_that_are_known(gazetteer: Gazetteer) -> None:
    invented = [offer(in_language=(f"q{a}{b}",)) for a in "abcdefgh" for b in "abcdefghij"]
    english, german, swiss = offer(in_language=("en",)), offer(in_language=("de",)), offer(in_language=("DE-ch", "qaa"))
    found = groups(gazetteer, Wishes(in_language="de"), *invented, english, german, swiss)
    assert found == [OUT] * 80 + [OUT, FIRST, FIRST]
    # what is wished for may be the language that we do not know
    assert groups(gazetteer, Wishes(in_language="qaa"), *invented[:1], english, offer()) == [SECOND, OUT, SECOND]


def test_every_language_that_a_reader_or_a_question_knows_can_be_asked_for() -> None:
    questions = words("language")["language"]
    assert {*lexicon()["languages"].values(), *(language["code"] for language in questions)} <= set(LANGUAGES)
    assert len(set(LANGUAGES)) == len(LANGUAGES) == 63


def test_names_that_no_offer_has_any_more_are_forgotten(tmp_path: Path) -> None:
    def label(_: str, notation: str) -> str:
        return notation

    columns = Columns.build([(0, course(place=ALZEY))], label)
    for number in range(50):
        columns = columns.updated([(1, course(place=Place(locality=f"Ort {number}")))], [1], label)
    columns = columns.updated([(1, course(place=WORMS))], [1], label)
    columns.save(tmp_path / "columns.npz")
    with np.load(tmp_path / "columns.npz") as saved:
        names = json.loads(saved["names"].tobytes())
    assert sorted(names) == ["place\tAlzey\tAlzey", "place\tWorms\tWorms", "source\tk\tk"]
    assert columns.rows_with("place", ["Worms"]).tolist() == [False, True]


def test_who_can_come_on_mondays_cannot_take_a_course_on_mondays_and_fridays(gazetteer: Gazetteer) -> None:
    both = course(schedule=Schedule(weekdays=("mo", "fr")))
    assert groups(gazetteer, Wishes(weekdays=("mo",)), both) == [THIRD]
    assert groups(gazetteer, Wishes(weekdays=("mo", "we", "fr")), both) == [FIRST]
    assert groups(gazetteer, Wishes(ruled_out=Wishes(weekdays=("mo",))), both) == [OUT]


def test_without_wishes_all_fit_but_what_is_past(gazetteer: Gazetteer) -> None:
    offers = [
        offer(),
        course(),
        course(start=dt.date(2026, 1, 5)),
        course(start=dt.date(2026, 1, 4)),
        course(start=dt.date(2025, 10, 1), end=dt.date(2026, 1, 5)),
        course(start=dt.date(2025, 10, 1), end=moment("2026-01-04T20:00")),
        course(start=dt.date(2026, 2, 1), end=dt.date(2026, 1, 1)),  # its end lies before its start and says nothing
        offer(Instance(start=dt.date(2025, 1, 1)), Instance(number="2", start=dt.date(2026, 6, 1))),
    ]
    assert groups(gazetteer, Wishes(), *offers) == [FIRST, FIRST, FIRST, OUT, FIRST, OUT, FIRST, FIRST]


def test_the_best_run_decides_and_all_wishes_are_asked_of_one_run(gazetteer: Gazetteer) -> None:
    evening_in_worms = Instance(start=moment("2026-02-02T19:00"), place=WORMS)
    morning_in_alzey = Instance(number="2", start=moment("2026-02-03T09:00"), place=ALZEY)
    evening_in_alzey = Instance(number="3", start=moment("2026-02-04T19:00"), place=ALZEY)
    wishes = Wishes(place="Alzey", place_ags="07331003", daytime=("evening",))
    assert groups(
        gazetteer,
        wishes,
        offer(evening_in_worms, morning_in_alzey),
        offer(evening_in_worms, morning_in_alzey, evening_in_alzey),
        offer(evening_in_worms, Instance(number="2", place=ALZEY)),
    ) == [THIRD, FIRST, SECOND]


def test_the_worst_wish_decides(gazetteer: Gazetteer) -> None:
    wishes = Wishes(price_max=10, level=("A1",), childcare=True)
    assert groups(
        gazetteer,
        wishes,
        offer(Instance(price=Decimal(5)), level=("A1",), childcare=True),
        offer(Instance(price=Decimal(5)), level=("A1",)),
        offer(Instance(price=Decimal(50)), level=("A1",)),
        offer(Instance(price=Decimal(5)), level=("B2",), childcare=True),
    ) == [FIRST, SECOND, THIRD, OUT]


@pytest.mark.parametrize(
    ("radius", "expected"),
    [
        # from Alzey: Worms 19 km, Mainz 27 km by the coordinates
        (None, [FIRST, THIRD, THIRD]),
        (15, [FIRST, THIRD, THIRD]),
        (20, [FIRST, FIRST, THIRD]),
        (30, [FIRST, FIRST, FIRST]),
    ],
)
def test_the_radius_in_kilometres(gazetteer: Gazetteer, radius: float | None, expected: list[int]) -> None:
    wishes = Wishes(place="Alzey", place_ags="07331003", radius_km=radius)
    found = judged(gazetteer, wishes, course(place=ALZEY), course(place=WORMS), course(place=MAINZ))
    assert found.groups.tolist() == expected
    assert found.distance is not None
    assert found.distance.round().tolist() == [0, 19, 27]


def test_a_radius_that_the_person_set_is_strict(gazetteer: Gazetteer) -> None:
    wishes = Wishes(place="Alzey", place_ags="07331003", radius_km=5)
    assert groups(gazetteer, wishes, course(place=WORMS), strict=frozenset({"radius_km"})) == [OUT]


def test_where_an_offer_is_when_only_a_part_of_it_is_known(gazetteer: Gazetteer) -> None:
    wishes = Wishes(place="Alzey", place_ags="07331003", radius_km=20)
    found = judged(
        gazetteer,
        wishes,
        course(place=Place(ags="07331003")),  # no coordinates
        course(place=Place(ags="07319000")),  # another municipality, so it is not there; how far is not known
        course(place=Place(latitude=49.75, longitude=8.10)),  # no key, but near
        course(place=Place(name="Turnhalle")),
        course(mode=Mode.ONLINE),
        course(mode=Mode.ONLINE, place=WORMS),  # where the provider sits
        offer(place=ALZEY, kind=Kind.LIBRARY),
    )
    assert found.groups.tolist() == [FIRST, THIRD, FIRST, SECOND, SECOND, SECOND, FIRST]
    assert found.distance is not None
    assert np.isnan(found.distance[:2]).all()
    assert found.distance[2] < 1


def test_not_there_rules_out_what_is_there_and_nothing_online(gazetteer: Gazetteer) -> None:
    wishes = Wishes(ruled_out=Wishes(place="Mainz", place_ags="07315000"))
    offers = [course(place=MAINZ), course(place=ALZEY), course(), course(mode=Mode.ONLINE)]
    assert groups(gazetteer, wishes, *offers) == [OUT, FIRST, SECOND, FIRST]


def test_a_place_that_is_no_municipality_leaves_everything_unknown(gazetteer: Gazetteer) -> None:
    found = judged(gazetteer, Wishes(place="Nirgendwo"), course(place=ALZEY))
    assert found.groups.tolist() == [SECOND]


def test_the_provider_of_a_course_is_no_wish(gazetteer: Gazetteer) -> None:
    assert groups(gazetteer, Wishes(), offer(provider=Provider(id="p", name="P"))) == [FIRST]


def test_an_empty_catalogue(gazetteer: Gazetteer) -> None:
    assert groups(gazetteer, Wishes(price_max=0, place="Alzey", place_ags="07331003")) == []


def missed(gazetteer: Gazetteer, wishes: Wishes, *offers: Offer) -> list[float]:
    columns = Columns.build(enumerate(o.canonical() for o in offers), lambda _, notation: notation)
    judgement = judge(columns, wishes, TODAY, gazetteer)
    return misses(columns, wishes, judgement, np.arange(len(offers))).tolist()


def test_how_far_a_wish_is_missed(gazetteer: Gazetteer) -> None:
    alzey = Wishes(place="Alzey", place_ags="07331003")
    here, near, far = missed(gazetteer, alzey, course(place=ALZEY), course(place=WORMS), course(place=MAINZ))
    assert here == 0
    assert near == pytest.approx(19 / (19 + 30), abs=0.01)
    assert far == pytest.approx(27 / (27 + 30), abs=0.01)
    prices = [course(price=Decimal(price)) for price in (50, 100, 150)]
    assert missed(gazetteer, Wishes(price_max=50), *prices) == pytest.approx([0, 1 / 2, 2 / 3])
    assert missed(gazetteer, Wishes(price_max=0), course(price=Decimal(20))) == [0.5]
    start = Wishes(start_from=dt.date(2026, 3, 1), start_to=dt.date(2026, 3, 31))
    days = [course(start=dt.date(2026, month, day)) for month, day in ((1, 30), (3, 5), (4, 30))]
    assert missed(gazetteer, start, *days) == [0.5, 0, 0.5]
    assert missed(gazetteer, Wishes(certificate=True), offer(certificate=False)) == [1]
    both = msgspec.structs.replace(alzey, certificate=True)
    assert missed(gazetteer, both, offer(Instance(place=WORMS), certificate=True)) == pytest.approx([near / 2])


def test_the_run_that_misses_least_counts(gazetteer: Gazetteer) -> None:
    alzey = Wishes(place="Alzey", place_ags="07331003")
    two = offer(Instance(place=MAINZ), Instance(number="2", place=WORMS))
    assert missed(gazetteer, alzey, two) == missed(gazetteer, alzey, course(place=WORMS))
