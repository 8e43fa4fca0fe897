from __future__ import annotations

import datetime as dt

import pytest

from search.question.windows import Window, add_months, cut, easter, merge, month_window, next_date, relative
from tests.search.question_reader import read

D = dt.date


@pytest.mark.parametrize(
    ("text", "today", "start", "end"),
    [
        ("Kurs nächste Woche", "2026-04-19", "2026-04-20", "2026-04-26"),  # on a Sunday
        ("Kurs nächste Woche", "2026-12-30", "2027-01-04", "2027-01-10"),
        ("Kurs übernächste Woche", "2026-04-15", "2026-04-27", "2026-05-03"),
        ("Kurs diese Woche", "2026-04-15", "2026-04-13", "2026-04-19"),
        ("Kurs nächsten Montag", "2026-04-13", "2026-04-20", "2026-04-20"),  # asked on a Monday
        ("Kurs im April", "2026-04-30", "2026-04-01", "2026-04-30"),
        ("Kurs im April", "2026-05-01", "2027-04-01", "2027-04-30"),
        ("Kurs im Februar 2028", "2026-04-15", "2028-02-01", "2028-02-29"),
        ("Kurs am 29. Februar", "2026-04-15", "2028-02-29", "2028-02-29"),
        ("Kurs am 31.4.", "2026-04-15", None, None),
        ("Kurs am 32.13.2026", "2026-04-15", None, None),
        ("Kurs nächsten Monat", "2026-12-05", "2027-01-01", "2027-01-31"),
        ("Kurs Anfang nächsten Monats", "2026-12-05", "2027-01-01", "2027-01-10"),
        ("Kurs ab Mitte nächsten Monats", "2026-04-15", "2026-05-15", None),
        ("Kurs bis Ende nächsten Monats", "2026-04-15", None, "2026-05-31"),
        ("course at the beginning of next month", "2026-04-15", "2026-05-01", "2026-05-10"),
        ("курс в конце следующего месяца", "2026-04-15", "2026-05-21", "2026-05-31"),
        ("Kurs dieses Jahr", "2026-04-15", "2026-01-01", "2026-12-31"),
        ("Kurs von November bis Februar", "2026-04-15", "2026-11-01", "2027-02-28"),
        ("Kurs von November bis Februar", "2026-12-28", "2027-11-01", "2028-02-29"),  # a leap year
        ("Kurs bis Ende des Jahres", "2026-12-28", None, "2026-12-31"),
        ("Kurs bis Jahresende", "2026-12-31", None, "2026-12-31"),
        ("Kurs vor Jahresende", "2026-12-28", None, "2026-12-31"),
        ("Kurs nach Weihnachten", "2026-12-26", "2026-12-27", None),
        ("Kurs zwischen Weihnachten und Neujahr", "2026-12-28", "2026-12-27", "2026-12-31"),
        ("Kurs zwischen den Jahren", "2026-11-23", "2026-12-27", "2026-12-31"),
        ("Kurs an Weihnachten", "2026-11-23", "2026-12-25", "2026-12-26"),
        ("Kurs 1. Mai bis 5. Juni", "2026-04-15", "2026-05-01", "2026-06-05"),
        ("Kurs 1.5. bis 5.6.", "2026-04-15", "2026-05-01", "2026-06-05"),
        ("Kurs im Mai bis Juli", "2026-04-15", "2026-05-01", "2026-07-31"),
        ("Kurs Ende Mai bis Mitte Juni", "2026-04-15", "2026-05-21", "2026-06-15"),
        ("Kurs nächste Woche bis Ende Mai", "2026-04-15", "2026-04-20", "2026-05-31"),
        ("Kurs Dezember bis Februar", "2026-04-15", "2026-12-01", "2027-02-28"),
        ("Kurs am 5. Mai, spätestens Juni", "2026-04-15", "2026-05-05", "2026-05-05"),
        ("course from May to July", "2026-04-15", "2026-05-01", "2026-07-31"),
        ("course between May and July", "2026-04-15", "2026-05-01", "2026-07-31"),
        ("курс с мая по июль", "2026-04-15", "2026-05-01", "2026-07-31"),
        ("دورة من مايو إلى يوليو", "2026-04-15", "2026-05-01", "2026-07-31"),
        ("mayıstan temmuza kadar kurs", "2026-04-15", "2026-05-01", "2026-07-31"),
        ("Kurs bis Mitte Mai", "2026-04-15", None, "2026-05-15"),
        ("Kurs vor Mai", "2026-04-15", None, "2026-04-30"),
        ("Kurs im Winter", "2026-04-15", "2026-12-01", "2027-02-28"),
        ("Kurs im Winter", "2027-01-20", "2026-12-01", "2027-02-28"),
        ("Kurs in KW 18", "2026-04-15", "2026-04-27", "2026-05-03"),
        ("Kurs in drei Tagen", "2026-04-15", "2026-04-18", "2026-04-18"),
        ("Kurs in zwei Wochen", "2026-04-15", "2026-04-27", "2026-05-03"),
        ("Kurs nach Ostern", "2027-01-10", "2027-03-30", None),
        ("course on May 5th", "2026-04-15", "2026-05-05", "2026-05-05"),
        ("курс 5 мая", "2026-04-15", "2026-05-05", "2026-05-05"),
        ("دورة في مايو", "2026-04-15", "2026-05-01", "2026-05-31"),
    ],
)
def test_window(text: str, today: str, start: str | None, end: str | None) -> None:
    wishes = read(text, D.fromisoformat(today)).wishes
    assert wishes.start_from == (D.fromisoformat(start) if start else None)
    assert wishes.start_to == (D.fromisoformat(end) if end else None)


def test_a_date_adds_no_weekdays() -> None:
    wishes = read("Erste Hilfe am Samstag, den 9. Mai").wishes
    assert (wishes.start_from, wishes.weekdays) == (D(2026, 5, 9), ())
    assert read("Erste Hilfe am Samstag").wishes.weekdays == ("sa",)


def test_another_day_gives_other_dates() -> None:
    for shift in range(60):
        today = D(2026, 4, 15) + dt.timedelta(shift)
        assert read("Kurs morgen", today).wishes.start_from == today + dt.timedelta(1)
        assert read("Kurs am 1. Mai 2026", today).wishes.start_from == D(2026, 5, 1)


def test_easter_sundays() -> None:
    assert [easter(year) for year in (2024, 2025, 2026, 2027, 2038)] == [
        D(2024, 3, 31),
        D(2025, 4, 20),
        D(2026, 4, 5),
        D(2027, 3, 28),
        D(2038, 4, 25),
    ]


def test_the_arithmetic_of_windows() -> None:
    today, may = D(2026, 4, 15), Window(D(2026, 5, 1), D(2026, 5, 31))
    assert month_window(today, 5) == may
    assert cut(may, "from", today) == Window(D(2026, 5, 1), None)
    assert cut(may, "to", today) == Window(None, D(2026, 5, 31))
    assert cut(may, "before", today) == Window(None, D(2026, 4, 30))
    assert cut(may, "after", today) == Window(D(2026, 6, 1), None)
    assert merge(Window(D(2026, 11, 1), None), Window(None, D(2026, 2, 28))) == Window(D(2026, 11, 1), D(2027, 2, 28))
    assert add_months(D(2026, 1, 31), 1) == D(2026, 2, 28)
    assert next_date(today, 2, 30) is None
    assert relative("next_year", today) == Window(D(2027, 1, 1), D(2027, 12, 31))


@pytest.mark.parametrize(
    "text",
    ["morgen", "nächste Woche", "nächstes Jahr", "in 3 Wochen", "nach diesem Jahr", "nächsten Montag", "in KW 1"],
)
def test_days_after_the_last_year_are_no_wish(text: str) -> None:
    wishes = read(f"Kurs {text}", D(9999, 12, 31)).wishes
    assert (wishes.start_from, wishes.start_to) == (None, None)
