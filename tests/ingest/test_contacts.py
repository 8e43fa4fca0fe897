"""Contacts of persons in free text are left out, and other numbers stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogue.ledger import Note
from ingest.contacts import without_contacts, without_contacts_in
from ingest.pipeline import check_file
from ingest.records import ReaderContext
from ontology.offer import Instance, Kind, Offer


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Anmeldung: e.muster@vhs-alzey.de oder 06731 12345.", "Anmeldung: […] oder […]."),
        ("Mail an erika(at)example.org!", "Mail an […]!"),
        ("Tel. 12345, Fax: 06131/12-34", "Tel. […], Fax: […]"),
        ("Auskunft unter (06131) 12 34-56 ab 18 Uhr", "Auskunft unter […] ab 18 Uhr"),
        ("Ruf an: +49 (0)6131 / 123 456", "Ruf an: […]"),
        ("+49 170 1234567", "[…]"),
        ("0170/1234567 (Erika)", "[…] (Erika)"),
        ("01701234567", "[…]"),
        ("0151 12 34 56 78", "[…]"),
        ("Telefonnummer: 0 61 31 / 12 34 5", "Telefonnummer: […]"),
        ("030 1234567 18.30 Uhr", "[…] 18.30 Uhr"),
    ],
)
def test_contacts_are_left_out(text: str, left: str) -> None:
    assert without_contacts_in(text)[0] == left


@pytest.mark.parametrize(
    "text",
    [
        "Kurs 0235-151010 und C 0235-15-10, Kurs-Nr. 0123456789, Nr. 06131-12345",
        "am 01.02.2026, 05.-09.10.2026, 2026-01-05 18:00, 01/2027, 09.00-10.30 Uhr, 0900-1030 Uhr",
        "045,00 €, 0,50 €, 1.250,00 EUR, 12 x 90 Min., 100 000 Euro",
        "ISBN 978-3-19-307501-7, ISBN 3-468-49430-0, ISBN-10: 0345678901",
        "01067 Dresden, PLZ 01067-01069, D-06108 Halle",
        "Kennzeichen: 0508 3708 25",
        "IBAN DE89 3704 0044 0532 1130 00",
        "https://vhs.example/kurs/06131-12345?id=0612345678",
        "Java @Override, Treffen @ Marktplatz, Handy und Tablet 2026, Handy 18.30 Uhr, A1.2, 0815",
    ],
)
def test_other_numbers_stay(text: str) -> None:
    assert without_contacts_in(text) == (text, ())


@given(st.text(alphabet="0123456789 /()-+.@aT€\n", max_size=200))
def test_once_is_enough(text: str) -> None:
    left, _ = without_contacts_in(text)
    assert "@a.a" not in left
    assert len(left) <= len(text) + 3


def test_every_free_text_of_an_offer() -> None:
    offer = Offer(
        id="q-1",
        source="q",
        identifier="1",
        kind=Kind.COURSE,
        name="Yoga",
        description="Fragen an a@b.de",
        prerequisites="Anruf 0170 1234567",
        instances=(Instance(price_note="Ermäßigung: a@b.de"), Instance(number="2", price_note="frei")),
    )
    cleaned, said = without_contacts(offer)
    assert (cleaned.description, cleaned.prerequisites) == ("Fragen an […]", "Anruf […]")
    assert [instance.price_note for instance in cleaned.instances] == ["Ermäßigung: […]", "frei"]
    assert said == (
        "Eine E-Mail-Adresse in der Beschreibung wird nicht übernommen",
        "Eine Telefonnummer in den Voraussetzungen wird nicht übernommen",
        "Eine E-Mail-Adresse im Hinweis zum Preis wird nicht übernommen",
    )


def test_a_run_says_what_it_leaves_out(tmp_path: Path) -> None:
    path = tmp_path / "kurse.csv"
    path.write_text("Nr.;Titel;Beschreibung\n1;Yoga;Fragen an a@b.de\n", encoding="utf-8")
    report, (offer,) = check_file(path, "table", ReaderContext(source="q"), lambda offer: offer)
    assert offer.description == "Fragen an […]"
    assert report.notes[-1] == Note(
        False, "kurse.csv, Zeile 2", "Eine E-Mail-Adresse in der Beschreibung wird nicht übernommen"
    )
