"""What the pages say, as a person would say it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from ontology.offer import Place, Schedule
from search.question import Wishes
from service.wording import (
    age_in_words,
    days_in_words,
    moment_in_words,
    place_in_words,
    price_in_words,
    schedule_in_words,
    size_in_words,
    span_in_words,
    wish_in_words,
)


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def test_sizes_of_files() -> None:
    said = [plain(size_in_words(size)) for size in (0, 84_400, 640_000, 999_600, 1_240_000)]
    assert said == ["1 KB", "84 KB", "640 KB", "1,0 MB", "1,2 MB"]


def test_moments_and_spans() -> None:
    monday = dt.datetime(2026, 4, 13, 18, 30)
    assert plain(moment_in_words(monday)) == "Mo, 13. April 2026, 18:30 Uhr"
    assert plain(moment_in_words(dt.date(2026, 3, 1))) == "So, 1. März 2026"
    assert plain(span_in_words(monday, dt.datetime(2026, 4, 13, 20, 0))) == "Mo, 13. April 2026, 18:30–20:00 Uhr"
    assert (
        plain(span_in_words(monday, dt.datetime(2026, 5, 4, 20, 0)))
        == "Mo, 13. April 2026, 18:30 Uhr bis Mo, 4. Mai 2026"
    )
    assert span_in_words(None, None) == "Termin auf Anfrage"


@pytest.mark.parametrize(
    ("price", "said"),
    [
        (None, "Preis nicht angegeben"),
        (Decimal(0), "kostenlos"),
        (Decimal("45.00"), "45 €"),
        (45.5, "45,50 €"),
        (Decimal("1250"), "1.250 €"),
        (1234567.89, "1.234.567,89 €"),
    ],
)
def test_prices(price: Decimal | float | None, said: str) -> None:
    assert plain(price_in_words(price)) == said


def test_times_places_and_ages() -> None:
    assert days_in_words(("mo", "tu", "we", "th", "fr")) == "unter der Woche"
    assert days_in_words(("we", "mo")) == "montags und mittwochs"
    plan = Schedule(weekdays=("mo",), start_time=dt.time(18, 30), end_time=dt.time(20), meetings=10)
    assert plain(schedule_in_words(plan)) == "montags, 18:30–20:00 Uhr, 10 Treffen"
    assert place_in_words(Place(name="Alzey", locality="Alzey", postal_code="55232")) == "55232 Alzey"
    assert [age_in_words(6, None), age_in_words(None, 27), age_in_words(6, 10), age_in_words(15, 15)] == [
        "ab 6 Jahren",
        "bis 27 Jahre",
        "6 bis 10 Jahre",
        "15 Jahre",
    ]


@pytest.mark.parametrize(
    ("name", "wishes", "said"),
    [
        ("place", Wishes(place="Alzey", place_ags="07331003"), "in Alzey"),
        ("place", Wishes(place="Alzey", place_ags="07331003", radius_km=15), "bis 15 km um Alzey"),
        ("start_from", Wishes(start_from=dt.date(2026, 4, 1)), "ab 1. April 2026"),
        ("start_from", Wishes(start_from=dt.date(2026, 4, 1), start_to=dt.date(2026, 4, 1)), "am 1. April 2026"),
        ("start_from", Wishes(start_to=dt.date(2026, 4, 1)), "bis 1. April 2026"),
        ("weekdays", Wishes(weekdays=("sa", "su")), "am Wochenende"),
        ("daytime", Wishes(daytime=("morning", "evening")), "vormittags oder abends"),
        ("price_max", Wishes(price_max=0), "kostenlos"),
        ("price_max", Wishes(price_max=50), "höchstens 50 €"),
        ("mode", Wishes(mode="blended"), "teils online, teils vor Ort"),
        ("level", Wishes(level=("A1", "A2")), "Niveau A1 oder A2"),
        ("in_language", Wishes(in_language="en"), "auf Englisch"),
        ("audience", Wishes(audience=("seniors",)), "für ältere Menschen"),
        ("age", Wishes(age=(6, None)), "ab 6 Jahren"),
        ("funding", Wishes(funding=("bildungsurlaub",)), "als Bildungsurlaub"),
        ("certificate", Wishes(certificate=True), "mit Zertifikat oder Abschluss"),
    ],
)
def test_wishes(name: str, wishes: Wishes, said: str) -> None:
    assert plain(wish_in_words(name, wishes)) == said
