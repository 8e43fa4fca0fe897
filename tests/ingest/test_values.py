"""Values and texts as German exports write them."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
import unicodedata
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.dates import parse_dates, parse_moment, parse_time, parse_times, parse_weekdays, precedes, with_times
from ingest.text import clean_line, clean_text
from ingest.values import (
    Price,
    ValueRefused,
    parse_ages,
    parse_bool,
    parse_coordinate,
    parse_int,
    parse_languages,
    parse_levels,
    parse_mode,
    parse_notations,
    parse_postal_code,
    parse_price,
    parse_url,
)
from ontology.offer import Mode

DAY = dt.date(2026, 1, 12)
EVENING = dt.datetime(2026, 1, 12, 18, 30)
DAYS = st.dates(dt.date(1980, 1, 1), dt.date(2100, 12, 31))
TIMES = st.times().map(lambda time: time.replace(second=0, microsecond=0))
CELLS = st.one_of(
    st.text(),
    st.text(alphabet="0123456789.,-:/ €–bisabUhrvomTZ+<>&;"),
    st.integers(),
    st.floats(),
    st.booleans(),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.none(),
)
PARSERS = {
    "moment": parse_moment,
    "dates": parse_dates,
    "time": parse_time,
    "times": parse_times,
    "weekdays": parse_weekdays,
    "price": parse_price,
    "bool": parse_bool,
    "int": parse_int,
    "ages": parse_ages,
    "postal_code": parse_postal_code,
    "languages": parse_languages,
    "levels": parse_levels,
    "mode": parse_mode,
    "url": parse_url,
    "coordinate": lambda cell: parse_coordinate(cell, 90),
    "audience": lambda cell: parse_notations("audience", cell),
}


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("12.01.2026", DAY),
        ("12.1.26", DAY),
        ("Mo, 12.01.2026", DAY),
        ("Mo. 12.01.2026", DAY),
        ("Montag, den 12. Januar 2026", DAY),
        ("12 Jan 2026", DAY),
        ("12/01/2026", DAY),
        ("2026-01-12", DAY),
        (46034, DAY),
        ("46034", DAY),
        (46034.770833333336, EVENING),
        (dt.datetime(2026, 1, 12), DAY),
        (EVENING, EVENING),
        ("12.01.2026, 18.30 Uhr", EVENING),
        ("12.01.2026 um 18:30", EVENING),
        ("2026-01-12 18:30", EVENING),
        ("2026-01-12T18:30:00+01:00", EVENING),
        ("2026-07-12T16:30:00Z", dt.datetime(2026, 7, 12, 18, 30)),  # summer time
    ],
)
def test_dates(cell: object, moment: dt.date) -> None:
    found = parse_moment(cell)  # type: ignore[arg-type]
    assert (type(found), found) == (type(moment), moment)


@pytest.mark.parametrize("cell", ["32.13.2026", "30.02.2026", "29.02.2025", "Herbst", "", "12.01.", True, 7])
def test_no_dates(cell: object) -> None:
    with pytest.raises(ValueRefused):
        parse_moment(cell)  # type: ignore[arg-type]


def test_impossible_date_is_named() -> None:
    with pytest.raises(ValueRefused, match=r"^„32\.13\.2026“ ist kein Datum$"):
        parse_moment("32.13.2026")


@pytest.mark.parametrize(
    ("cell", "start", "end"),
    [
        ("12.01.2026 – 30.03.2026", DAY, dt.date(2026, 3, 30)),
        ("12.01.2026-30.03.2026", DAY, dt.date(2026, 3, 30)),
        ("12.-16.01.2026", DAY, dt.date(2026, 1, 16)),
        ("12.–16. Januar 2026", DAY, dt.date(2026, 1, 16)),
        ("vom 12.01. bis 30.03.2026", DAY, dt.date(2026, 3, 30)),
        ("12.12. - 30.01.2026", dt.date(2025, 12, 12), dt.date(2026, 1, 30)),
        ("Mo 12.01. - Fr 16.01.2026", DAY, dt.date(2026, 1, 16)),
        ("2026-01-12 - 2026-02-01", DAY, dt.date(2026, 2, 1)),
        ("12.01.2026 18:30 – 12.01.2026", EVENING, DAY),
        ("12.01.2026", DAY, None),
    ],
)
def test_ranges_of_dates(cell: str, start: dt.date, end: dt.date | None) -> None:
    assert parse_dates(cell) == (start, end)


def test_a_range_backwards_is_refused() -> None:
    with pytest.raises(ValueRefused, match="vor dem Anfang"):
        parse_dates("30.03.2026 – 12.01.2026")


@pytest.mark.parametrize(
    ("cell", "start", "end"),
    [
        ("18.30-20.00 Uhr", dt.time(18, 30), dt.time(20)),
        ("18:30–20:00", dt.time(18, 30), dt.time(20)),
        ("18 Uhr", dt.time(18), None),
        ("18h30", dt.time(18, 30), None),
        ("von 9 bis 12 Uhr", dt.time(9), dt.time(12)),
        ("ab 18:30 Uhr", dt.time(18, 30), None),
        ("22:00-24:00", dt.time(22), dt.time(0)),
        (0.7708333333, dt.time(18, 30), None),
        (dt.time(18, 30), dt.time(18, 30), None),
    ],
)
def test_times(cell: str, start: dt.time, end: dt.time | None) -> None:
    assert parse_times(cell) == (start, end)


@pytest.mark.parametrize("cell", ["25 Uhr", "18:75", "abends", "", 18.3])
def test_no_times(cell: str) -> None:
    with pytest.raises(ValueRefused):
        parse_times(cell)


def test_an_end_after_midnight_is_the_next_day() -> None:
    assert with_times(DAY, DAY, dt.time(20), dt.time(0)) == (dt.datetime(2026, 1, 12, 20), dt.datetime(2026, 1, 13))
    assert not precedes(DAY, EVENING)


@pytest.mark.parametrize(
    ("cell", "days"),
    [
        ("Mo+Mi", ("mo", "we")),
        ("montags und mittwochs", ("mo", "we")),
        ("Mo–Fr", ("mo", "tu", "we", "th", "fr")),
        ("Fr bis So", ("fr", "sa", "su")),
        ("Do., Di.", ("tu", "th")),
        ("jeden Samstag", ("sa",)),
        ("am Wochenende", ("sa", "su")),
    ],
)
def test_weekdays(cell: str, days: tuple[str, ...]) -> None:
    assert parse_weekdays(cell) == days


@pytest.mark.parametrize(
    ("cell", "amount", "note"),
    [
        ("45,00 €", "45.00", None),
        ("1.250,00", "1250.00", None),
        ("1.250", "1250.00", None),
        ("1,250.00 EUR", "1250.00", None),
        ("45,- EUR", "45.00", None),
        ("€ 45", "45.00", None),
        (45, "45.00", None),
        (45.5, "45.50", None),
        ("kostenfrei", "0.00", None),
        ("gratis", "0.00", None),
        ("frei", "0.00", None),
        ("0", "0.00", None),
        ("45,00 € (ermäßigt 30,00 €)", "45.00", "45,00 € (ermäßigt 30,00 €)"),
        ("nach Vereinbarung", None, "nach Vereinbarung"),
        ("auf Anfrage", None, "auf Anfrage"),
        ("k.A.", None, "k.A."),
        ("ab 45 €", None, "ab 45 €"),
        ("45 € pro Monat", None, "45 € pro Monat"),
        ("45-60 €", None, "45-60 €"),
        ("frei Haus", None, "frei Haus"),
    ],
)
def test_prices(cell: str, amount: str | None, note: str | None) -> None:
    assert parse_price(cell) == Price(None if amount is None else Decimal(amount), note)


@pytest.mark.parametrize("cell", ["-5", "12,3,4", "1,250", "??", True, float("nan"), dt.date(2026, 3, 6)])
def test_no_prices(cell: object) -> None:
    with pytest.raises(ValueRefused, match="ist kein Preis"):
        parse_price(cell)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cell", "ages"),
    [
        ("3-6", (3, 6)),
        ("6 bis 12 Jahre", (6, 12)),
        ("ab 60", (60, None)),
        ("50plus", (50, None)),
        ("60+", (60, None)),
        ("bis 27", (None, 27)),
        ("unter 18", (None, 17)),
        ("6 Monate", (0, 0)),
        ("6–18 Monate", (0, 1)),
        ("ab 6 Monaten", (0, None)),
        ("3 Monate bis 3 Jahre", (0, 3)),
        ("Erwachsene", (18, None)),
        (16.0, (16, 16)),
    ],
)
def test_ages(cell: str, ages: tuple[int | None, int | None]) -> None:
    assert parse_ages(cell) == ages


@pytest.mark.parametrize("cell", ["12-6", "130", "jung", dt.datetime(2026, 6, 3)])
def test_no_ages(cell: object) -> None:
    with pytest.raises(ValueRefused):
        parse_ages(cell)  # type: ignore[arg-type]


def test_small_values() -> None:
    assert [parse_bool(cell) for cell in ("ja", "x", "Nein", True, 0)] == [True, True, False, True, False]
    assert [parse_int(cell) for cell in ("12", 12.0, "max. 12 Plätze", "ausgebucht")] == [12, 12, 12, 0]
    assert [parse_postal_code(cell) for cell in ("55232", 55232.0, "55232.0", "D-55232")] == ["55232"] * 4
    assert parse_languages("Deutsch und Ukrainisch") == ("de", "uk")
    assert parse_levels("A1 bis B1.2") == ("A1", "A2", "B1")
    assert parse_mode("Präsenz/Online") is Mode.BLENDED
    assert parse_notations("audience", "Eltern und Kinder") == ("parents", "children")
    assert parse_notations("audience", "Alle") == parse_notations("audience", "alle, Interessierte") == ()
    assert parse_coordinate("50,4674", 90) == 50.4674
    assert parse_url("www.example.org/kurse") == "https://www.example.org/kurse"


@pytest.mark.parametrize(
    ("parser", "cell"),
    [
        (parse_bool, "vielleicht"),
        (parse_int, "12-15"),
        (parse_int, 12.5),
        (parse_postal_code, "00000"),
        (parse_levels, "Anfänger"),
        (parse_languages, "Klingonisch"),
        (parse_url, "javascript:alert(1)"),
        (parse_url, "max@example.org"),
        (lambda cell: parse_coordinate(cell, 90), "0"),
    ],
)
def test_small_refusals(parser, cell) -> None:
    with pytest.raises(ValueRefused):
        parser(cell)


def test_a_lost_zero_is_restored_only_where_the_land_has_such_codes() -> None:
    assert parse_postal_code(1067, land="14") == "01067"
    for land in (None, "07"):
        with pytest.raises(ValueRefused, match="führende Null"):
            parse_postal_code(1067, land=land)


@given(DAYS)
def test_every_way_to_write_a_date_is_read(day: dt.date) -> None:
    assert (
        parse_moment(f"{day:%d.%m.%Y}")
        == parse_moment(f"{day.day}.{day.month}.{day.year}")
        == parse_moment(day.isoformat())
        == day
    )
    assert parse_moment((day - dt.date(1899, 12, 30)).days) == day


@given(DAYS, DAYS, TIMES, TIMES)
def test_every_range_is_read(one: dt.date, other: dt.date, start: dt.time, end: dt.time) -> None:
    first, last = sorted((one, other))
    assert parse_dates(f"{first:%d.%m.%Y} - {last:%d.%m.%Y}") == (first, last)
    assert parse_dates(f"{first}T{start:%H:%M} bis {last}") == (dt.datetime.combine(first, start), last)
    assert parse_times(f"{start:%H.%M}–{end:%H.%M} Uhr") == (start, end)


@given(st.decimals(0, 999_999, places=2))
def test_every_price_is_read(amount: Decimal) -> None:
    german = f"{amount:,.2f}".translate(str.maketrans(",.", ".,"))
    assert parse_price(f"{german} €") == parse_price(f"{amount:.2f}".replace(".", ",")) == Price(amount)


@pytest.mark.parametrize("parser", PARSERS)
@settings(deadline=None)
@given(cell=CELLS)
def test_whatever_the_cell_nothing_but_a_refusal_is_raised(parser: str, cell: object) -> None:
    with contextlib.suppress(ValueRefused):
        PARSERS[parser](cell)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("<b>H</b>allo &amp;amp; Welt", "Hallo & Welt"),
        ("a < b", "a < b"),
        ("1 <3 du", "1 <3 du"),
        ("<script>alert(1)</script>Titel", "Titel"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Titel", "Titel"),
        ("&amp;lt;img src=x onerror=alert(1)&amp;gt;Titel", "Titel"),
        ("Titel<style>b{}</style> eins<!-- nie -->", "Titel eins"),
        ("Titel <img src=x onerror=alert(1)", "Titel"),
        ("Sport <für Kinder>", "Sport < für Kinder>"),
        ("Ku\u00adrs\u200b\u202e", "Kurs"),
        ("a\x00b\x07c", "abc"),
        ("Deutsch \x96 B1", "Deutsch – B1"),
        ("Gru\u0308n", "Gr\u00fcn"),
        ("a\xa0\t b", "a b"),
        ("R&D, AT&T", "R&D, AT&T"),
        ("می\u200cشود", "می\u200cشود"),
        ("a_x000D_\nb", "a\nb"),
        ("<p>Eins\nzwei</p><p>Drei<br>vier</p><ul><li>x</li><li>y</li></ul>", "Eins zwei\n\nDrei\nvier\n\n• x\n• y"),
        ("Eins\r\nzwei\r\n\r\n\r\nDrei", "Eins\nzwei\n\nDrei"),
        ("k. A.", None),
        (" - ", None),
        ("", None),
        ("\u200b<br>", None),
    ],
)
def test_texts(text: str, clean: str | None) -> None:
    assert clean_text(text) == clean


def test_a_line_has_no_breaks() -> None:
    assert clean_line("Eins\n\nzwei<ul><li>x<li>y</ul>") == "Eins zwei, x, y"
    assert clean_line("k.A.") is None


@given(st.one_of(st.text(), st.text(alphabet="<>/!?&;ampltg#script\"=' \n\x00\u200b")))
def test_no_markup_or_control_is_left_and_clean_stays_clean(text: str) -> None:
    clean = clean_text(text)
    if clean is not None:
        assert re.search(r"<[A-Za-z/!?]", clean) is None
        assert all(sign == "\n" or unicodedata.category(sign) not in ("Cc", "Cs", "Cn", "Co") for sign in clean)
        assert clean_line(clean) is None or "\n" not in (clean_line(clean) or "")
        clean.encode()
