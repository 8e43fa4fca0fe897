"""Tables: real ones, and all the ways in which they can be bad."""

from __future__ import annotations

import datetime as dt
import tomllib
import tracemalloc
import zipfile
from decimal import Decimal
from pathlib import Path

import pytest
from openpyxl import Workbook

from ingest.records import Found, ReaderContext, Refused, Remark, SourceRefused, Where, offer_id
from ingest.sources.table import Mapping, MappingRefused, headings, load_mapping, read
from ontology.offer import Instance, Kind, Mode, Offer, Place, Provider, Schedule

FIXTURES = Path(__file__).parents[1] / "fixtures"

MAPPING = """
key = ["Nr."]
[columns]
"Nr." = "identifier"
"Titel" = "name"
"Termin" = "start"
"Ende" = "end"
"Preis" = "price"
"Alter" = "age"
"Zielgruppe" = "audience"
[ignore]
"Dozent" = "personenbezogen"
"""


def mapping(tmp_path: Path, text: str = MAPPING) -> Mapping:
    path = tmp_path / "zuordnung.toml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path)


def items(path: Path, declared: Mapping | None = None, **more: object) -> list[Found | Refused | Remark]:
    return list(read(path, ReaderContext(source="q", mapping=declared, **more)))  # type: ignore[arg-type]


def offers(found: list[Found | Refused | Remark]) -> list[Offer]:
    return [item.offer for item in found if isinstance(item, Found)]


def refusals(found: list[Found | Refused | Remark]) -> list[tuple[str, str, str | None]]:
    return [(str(item.where), item.reason, item.identifier) for item in found if isinstance(item, Refused)]


def remarks(found: list[Found | Refused | Remark]) -> list[tuple[str, str]]:
    return [(str(item.where), item.text) for item in found if isinstance(item, Remark)]


def csv_file(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "kurse.csv"
    path.write_bytes(text.encode(encoding))
    return path


def refusal(path: Path, declared: Mapping | None = None) -> str:
    with pytest.raises(SourceRefused) as caught:
        items(path, declared)
    return str(caught.value)


def test_places_read_as_people_count() -> None:
    where = Where(file="kurse.xlsx", sheet="Kurse", row=7, column="F (Preis)")
    assert str(where) == "kurse.xlsx, Blatt „Kurse“, Zeile 7, Spalte F (Preis)"


def test_the_day_care_centres_of_a_district(shared: Path) -> None:
    """124 rows below the heading; all have a name, a postal code and coordinates; four are after-school centres."""
    found = items(shared / "data/westerwald/kinderbetreuung.csv", load_mapping(FIXTURES / "westerwald.toml"))
    assert all(isinstance(item, Found) for item in found)
    centres = offers(found)
    assert len(centres) == 124
    assert len({centre.id for centre in centres}) == 124
    assert [centre.kind for centre in centres].count(Kind.SERVICE) == 4
    first = centres[0]
    assert first.identifier == "Ev. Kita Regenbogenland Wirges | 56422"
    assert first.url == "https://regenbogenland-wirges.de/"
    assert first.place == Place(
        street="Martin-Luther-Straße 9", postal_code="56422", locality="Wirges", latitude=50.4674, longitude=7.78793
    )
    assert all(centre.place and centre.place.latitude for centre in centres)
    quoted = next(item for item in found if isinstance(item, Found) and item.where.row == 22)
    assert quoted.offer.name == 'Ev. Kita "Miteinander" Hachenburg'


def test_without_a_mapping_headings_are_guessed_and_the_guess_is_told(shared: Path) -> None:
    found = items(shared / "data/westerwald/kinderbetreuung.csv")
    assert len(offers(found)) == 124
    assert "Ohne Zuordnung" in remarks(found)[0][1]
    assert (
        "kinderbetreuung.csv, Zeile 1, Spalte R (Mail)",
        "Die Spalte enthält personenbezogene Daten und wird nicht übernommen",
    ) in remarks(found)


def test_a_row_with_everything(tmp_path: Path) -> None:
    declared = mapping(
        tmp_path,
        """
        [columns]
        Nr = "identifier"
        Titel = "name"
        Untertitel = "subtitle"
        Text = "description"
        Von = "start"
        Bis = "end"
        Zeit = "times"
        Tage = "weekdays"
        Form = "mode"
        UStd = "workload"
        PLZ = "postal_code"
        Ort = "locality"
        Kosten = "price"
        Wer = "audience"
        Alter = "age"
        [values.mode]
        "in der Halle" = "onsite"
        [values.audience]
        "Omas" = "seniors"
        [constants]
        provider = "Verein Muster"
        """,
    )
    path = csv_file(
        tmp_path,
        "Nr;Titel;Untertitel;Text;Von;Bis;Zeit;Tage;Form;UStd;PLZ;Ort;Kosten;Wer;Alter\r\n"
        '7;Turnen;für alle;"Zeile eins\nZeile zwei";12.01.2026;30.03.2026;18.30-20.00 Uhr;Mo+Mi;In der Halle;24;55232;Alzey;"45,00 €";'
        "Omas, Frauen, Bergleute;ab 50\r\n",
    )
    found = items(path, declared)
    assert offers(found) == [
        Offer(
            id="q-7",
            source="q",
            identifier="7",
            kind=Kind.COURSE,
            name="Turnen",
            description="für alle\n\nZeile eins\nZeile zwei",
            provider=Provider(id="Verein-Muster-" + offers(found)[0].provider.id[-8:], name="Verein Muster"),  # type: ignore[union-attr]
            keywords=("Bergleute",),
            audience=("seniors", "women"),
            age_min=50,
            instances=(
                Instance(
                    start=dt.datetime(2026, 1, 12, 18, 30),
                    end=dt.datetime(2026, 3, 30, 20, 0),
                    mode=Mode.ONSITE,
                    schedule=Schedule(weekdays=("mo", "we"), start_time=dt.time(18, 30), end_time=dt.time(20)),
                    workload="24 UStd",
                    place=Place(postal_code="55232", locality="Alzey"),
                    price=Decimal("45.00"),
                ),
            ),
        ).canonical()
    ]
    assert remarks(found) == [
        (
            "kurse.csv, Zeile 2, Spalte N (Wer)",
            "„Bergleute“ ist nicht bekannt und wird hier und in weiteren Zeilen nur als Schlagwort geführt",
        )
    ]


def test_bad_rows_are_refused_and_the_rest_is_kept(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path,
        "Nr.;Titel;Termin;Ende;Preis;Alter\n"
        "1;Gut;12.01.2026;;nach Vereinbarung;\n"
        "2;Unmöglich;32.13.2026;;;\n"
        "3;;12.01.2026;;;\n"
        ";Ohne Nummer;;;;\n"
        "5;Rückwärts;12.01.2026;11.01.2026;;\n"
        "6;Zu;viele;;;;Felder\n"
        ";;;;;\n"
        "\n"
        "9;Auch gut;13.01.2026;;-5;alt\n",
    )
    found = items(
        path,
        mapping(
            tmp_path, MAPPING.replace('"Zielgruppe" = "audience"\n', "").replace('"Dozent" = "personenbezogen"', "")
        ),
    )
    assert refusals(found) == [
        ("kurse.csv, Zeile 3, Spalte C (Termin)", "„32.13.2026“ ist kein Datum", "2"),
        ("kurse.csv, Zeile 4, Spalte B (Titel)", "Die Zelle ist leer; ohne Namen gibt es kein Angebot", "3"),
        ("kurse.csv, Zeile 5, Spalte A (Nr.)", "Die Zelle ist leer; ohne Schlüssel gibt es kein Angebot", None),
        ("kurse.csv, Zeile 6, Spalte D (Ende)", "Das Ende liegt vor dem Beginn", "5"),
        (
            "kurse.csv, Zeile 7",
            "Die Zeile hat 7 Felder, die Kopfzeile nur 6; vermutlich fehlen Anführungszeichen um einen Text mit Trennzeichen",
            None,
        ),
    ]
    good, also_good = offers(found)
    assert good.instances[0].price is None  # unknown is not free
    assert good.instances[0].price_note == "nach Vereinbarung"
    assert also_good.age_min is None
    assert remarks(found) == [
        ("kurse.csv, Zeile 10, Spalte F (Alter)", "„alt“ ist keine Altersangabe; die Angabe wird nicht übernommen"),
        ("kurse.csv, Zeile 10, Spalte E (Preis)", "„-5“ ist kein Preis; die Angabe wird nicht übernommen"),
    ]


def test_rows_that_are_no_records(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path,
        "Kursprogramm der Schule Muster;;\n\n"
        "Nummer;Titel;Kosten\n1;Gesamtkunstwerk Oper;10\nNummer;Titel;Kosten\n2;Summen rechnen;20\nSumme;;30\n",
    )
    found = items(path)
    assert [offer.name for offer in offers(found)] == ["Gesamtkunstwerk Oper", "Summen rechnen"]
    assert not refusals(found)
    told = dict(remarks(found))
    assert told["kurse.csv, Zeile 5"] == "Die Kopfzeile steht hier noch einmal; die Zeile wird übergangen"
    assert told["kurse.csv, Zeile 7"] == "Das ist eine Zeile mit Summen; sie wird übergangen"
    assert ("kurse.csv, Zeile 3", "Zeile 1 steht über der Kopfzeile und wird nicht gelesen") in remarks(found)


def test_of_two_heading_rows_the_better_is_taken(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "Angaben;;Termin;\nKursnummer;Titel;Beginn;Ende\nK1;Töpfern;12.01.2026;13.01.2026\n")
    found = items(path)
    assert offers(found)[0].instances == (Instance(start=dt.date(2026, 1, 12), end=dt.date(2026, 1, 13)),)


def test_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    declared = mapping(tmp_path, '[columns]\nNr = "identifier"\nTitel = "name"\nDatum = "start"\n"Datum 2" = "end"\n')
    path = csv_file(tmp_path, "Nr;Titel;Datum;Datum\n1;Töpfern;12.01.2026;13.01.2026\n")
    assert offers(items(path, declared))[0].instances == (
        Instance(start=dt.date(2026, 1, 12), end=dt.date(2026, 1, 13)),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "cp850", "mac_roman"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_dialect_gives_the_same_offers(tmp_path: Path, encoding: str, delimiter: str, newline: str) -> None:
    rows = [
        ["Kursnummer", "Titel", "Gebühr", "Ort"],
        ["K1", "Öl, Ärger & Übung", '"4,50"', "Gießen"],
        ["K2", "Größen mäßig lösen", "0", "Köln"],
    ]
    rows[1][1] = f'"{rows[1][1]}"'
    path = csv_file(tmp_path, newline.join(delimiter.join(row) for row in rows) + newline, encoding)
    found = items(path)
    assert [offer.name for offer in offers(found)] == ["Öl, Ärger & Übung", "Größen mäßig lösen"]
    assert [offer.instances[0].price for offer in offers(found)] == [Decimal("4.50"), Decimal("0.00")]
    foreign = [text for _, text in remarks(found) if "nicht in UTF-8" in text]
    assert bool(foreign) == (not encoding.startswith("utf"))


def test_markup_and_controls_never_reach_an_offer(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path,
        "Nr.;Titel;Beschreibung\n1;<script>alert(1)</script>Yoga <b>sanft</b>;"
        '"&lt;img src=x onerror=alert(1)&gt;Ru\x00he\x07 \x0b finden\u200b"\n',
    )
    (offer,) = offers(items(path))
    assert (offer.name, offer.description) == ("Yoga sanft", "Ruhe finden")


@pytest.mark.parametrize(
    "words", ["laufend", "auf Anfrage", "nach Vereinbarung", "Mai 2027", "KW 20/2027", "Frühjahr 2027", "3x im Mai"]
)
def test_words_for_a_start_leave_the_offer_undated(tmp_path: Path, words: str) -> None:
    found = items(csv_file(tmp_path, f"Nr.;Titel;Beginn;Preis\n1;Yoga;{words};40\n"))
    assert offers(found)[0].instances == (Instance(price=Decimal("40")),)
    assert remarks(found)[-1] == (
        "kurse.csv, Zeile 2, Spalte C (Beginn)",
        f"„{words}“ ist kein Datum; die Angabe wird nicht übernommen",
    )


@pytest.mark.parametrize(
    "day", ["32.13.2026", "2026-02-30", "2027/13/01", "31. Februar 2026", "ab 32.1.26", "20261301"]
)
def test_a_day_that_does_not_exist_refuses_the_row(tmp_path: Path, day: str) -> None:
    found = items(csv_file(tmp_path, f"Nr.;Titel;Beginn\n1;Yoga;{day}\n2;Tango;2027/05/01\n"))
    ((where, _, identifier),) = refusals(found)
    assert (where, identifier) == ("kurse.csv, Zeile 2, Spalte C (Beginn)", "1")
    assert offers(found)[0].instances[0].start == dt.date(2027, 5, 1)


def test_keys_that_end_like_data_files_are_told_apart() -> None:
    assert offer_id("q", "kurs") == "q-kurs"
    for key in ("kurs.ttl", "kurs.jsonld", "kurs.json", "kurs.nt", "kurs.RDF"):
        assert offer_id("q", key).startswith(f"q-{key}-")
    assert len({offer_id("q", key) for key in ("kurs.json", "kurs.JSON", "kurs.json-", "kurs")}) == 4


def test_personal_columns_never_reach_an_offer(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path,
        "Nr.;Titel;Dozent/in;Telefon;E-Mail;Ansprechpartner;Kursleitung\n"
        "1;Yoga;Erika Muster;0170 1;e@example.org;Max Muster;Erika Muster\n",
    )
    found = items(path)
    assert "Muster" not in repr(offers(found))
    assert "example.org" not in repr(offers(found))
    assert sum("personenbezogene Daten" in text for _, text in remarks(found)) == 5


@pytest.mark.parametrize(
    "heading",
    ["Name Dozent", "Mail Kursleiter", "Ansprechpartnerin", "E-Mail Leitung", "Name (Trainerin)", "Kursleitung", "Tel"],
)
def test_a_personal_word_anywhere_in_a_heading_forbids_its_column(tmp_path: Path, heading: str) -> None:
    with pytest.raises(MappingRefused, match="personenbezogene Daten"):
        mapping(tmp_path, f'[columns]\nNr = "identifier"\nTitel = "name"\n"{heading}" = "description"')


def test_no_heading_that_is_known_for_a_field_is_personal() -> None:
    text = (Path(headings.__file__).parent / "headings.toml").read_text(encoding="utf-8")
    names = [name for names in tomllib.loads(text)["fields"].values() for name in names]
    assert [name for name in names if headings.is_personal(name)] == []


def test_formulas_without_a_stored_result_are_told(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Nr.", "Titel", "Preis", "Plätze"])
    sheet.append([1, "Yoga", "=40+5", 12])  # openpyxl stores formulas without their results
    sheet.append([2, "Tango", 30, "=2*6"])
    book.create_sheet("Ohne").append(["Nr.", "Titel"])
    book["Ohne"].append([3, "Chor"])
    path = tmp_path / "kurse.xlsx"
    book.save(path)
    found = items(path)
    assert len(offers(found)) == 3
    assert [remark for remark in remarks(found) if "Formel" in remark[1]] == [
        (
            "kurse.xlsx, Blatt „Sheet“",
            "Formel ohne gespeichertes Ergebnis in Spalte C, D; solche Zellen gelten als leer",
        )
    ]


def test_an_unclosed_quote_costs_one_row(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path, 'Nr.;Titel\n1;12" Rohre biegen\n2;"Nie geschlossen\n3;Tango\n4;"Der "gute" Ton"\n5;"Yoga"\n'
    )
    found = items(path)
    assert [offer.name for offer in offers(found)] == ['12" Rohre biegen', "Tango", 'Der gute" Ton"', "Yoga"]
    assert refusals(found) == [
        ("kurse.csv, Zeile 3", "Ein Anführungszeichen wird geöffnet, aber nicht wieder geschlossen", None)
    ]


def test_a_lost_zero_of_a_postal_code(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "Nr.;Titel;PLZ;Ort\n1;Yoga;1067;Dresden\n2;Tango;1067;Irgendwo\n")
    found = items(path, land={"Dresden": "14"}.get)
    assert [offer.instances[0].place for offer in offers(found)] == [
        Place(postal_code="01067", locality="Dresden"),
        Place(locality="Irgendwo"),
    ]
    assert remarks(found)[-1][0] == "kurse.csv, Zeile 3, Spalte C (PLZ)"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Die Datei ist leer"),
        (b"\r\n \r\n", "Die Datei ist leer"),
        (b"%PDF-1.7 \x00\x01", "ein PDF-Dokument"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "alten Excel-Format"),
        (b"<!DOCTYPE html><html></html>", "Internetseite"),
        (b'{"@context": 1}', "JSON-Datei"),
        (b"<?xml version='1.0'?><a/>", "XML-Datei"),
        (bytes(range(1, 32)) * 20, "unbekannten Format"),
        (b"PK\x03\x04 nothing", "beschädigt"),
        (b"Nr.;Titel\n", "enthält keine Angebote"),
        (b"Apfel;Birne\n1;2\n", "keine Kopfzeile"),
        (b"Nr.;Kosten;Ort\n1;2;Alzey\n", "Es fehlt eine Spalte mit dem Namen des Angebots"),
        (b"Nr.;Titel\n" + b"x" * 1_100_000, "länger als eine Million Zeichen"),
    ],
)
def test_whole_files_that_cannot_be_read(tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "kurse.csv"
    path.write_bytes(content)
    assert sentence in refusal(path)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    assert refusal(tmp_path / "fehlt.csv") == "fehlt.csv: Die Datei gibt es nicht"
    assert "kann nicht geöffnet werden" in refusal(tmp_path)


def test_missing_columns_of_the_mapping(tmp_path: Path) -> None:
    declared = mapping(tmp_path)
    assert refusal(csv_file(tmp_path, "Nr.;Name;Preis\n1;Yoga;5\n"), declared) == (
        "kurse.csv: Die Spalte „Titel“ mit den Namen der Angebote fehlt; vorhanden sind: Nr., Name, Preis"
    )
    assert "Die Spalte „Nr.“, die zum Schlüssel gehört, fehlt" in refusal(
        csv_file(tmp_path, "Titel;Preis\nYoga;5\n"), declared
    )
    found = items(csv_file(tmp_path, "Nr.;Titel;Notiz\n1;Yoga;x\n"), declared)
    assert ("kurse.csv, Zeile 1", "Die Spalte „Preis“ aus der Zuordnung fehlt") in remarks(found)
    assert (
        "kurse.csv, Zeile 1, Spalte C (Notiz)",
        "Die Spalte ist keinem Feld zugeordnet und wird nicht übernommen",
    ) in remarks(found)


def test_all_mistakes_of_a_mapping_at_once(tmp_path: Path) -> None:
    text = """
    kind = "Kurs"
    header_row = 0
    colums = 1
    [columns]
    Titel = "nmae"
    Preis = "price"
    "Gebühr" = "price"
    Dozent = "description"
    [values.mode]
    "Halle" = "irgendwo"
    [constants]
    provider_url = "javascript:x"
    topics = "Kunst und Kultur"
    """
    with pytest.raises(MappingRefused) as caught:
        mapping(tmp_path, text)
    mistakes = "\n".join(caught.value.mistakes)
    for part in (
        "„kind“ ist 'Kurs'",
        "„header_row“",
        "„colums“ ist unbekannt (gemeint ist wohl „columns“)",
        "„nmae“ ist kein Feld (gemeint ist wohl „name“)",
        "Das Feld „price“ ist in columns zwei Spalten zugeordnet („Preis“ und „Gebühr“)",
        "columns.„Dozent“: Diese Spalte enthält personenbezogene Daten",
        "values.mode.„Halle“: „irgendwo“ ist nicht bekannt",
        "constants.provider_url: „javascript:x“ ist keine Internetadresse",
        "constants.topics: „Kunst und Kultur“ ist nicht bekannt",
        "Keine Spalte in columns ist dem Feld „name“ zugeordnet",
        "Ohne Schlüssel",
    ):
        assert part in mistakes
    assert len(caught.value.mistakes) == 11


def test_broken_mappings(tmp_path: Path) -> None:
    for text, part in (
        ("[columns", "kein lesbares TOML"),
        ("columns = 1", "„columns“ muss eine Tabelle sein"),
        ("sheets = 3", "„sheets“"),
    ):
        with pytest.raises(MappingRefused, match=part):
            mapping(tmp_path, text)
    with pytest.raises(MappingRefused, match="gibt es nicht"):
        load_mapping(tmp_path / "fehlt.toml")


def workbook(tmp_path: Path, **sheets: list[list[object]]) -> Path:
    book = Workbook()
    book.remove(book["Sheet"])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    path = tmp_path / "kurse.xlsx"
    book.save(path)
    book.close()
    return path


def test_a_workbook_with_two_sheets(tmp_path: Path) -> None:
    declared = mapping(
        tmp_path,
        """
        header_row = 2
        [columns]
        "Kurs-Nr." = "identifier"
        Titel = "name"
        Termin = "start"
        Preis = "price"
        PLZ = "postal_code"
        [values.mode]
        Halle = "onsite"
        [constants]
        provider = "Kammer Muster"
        [sheets.Treffs]
        kind = "EducationEvent"
        key = ["Was", "Wann"]
        header_row = 1
        [sheets.Treffs.columns]
        Was = "name"
        Wann = "start"
        Wo = "mode"
        """,
    )
    path = workbook(
        tmp_path,
        Kurse=[
            ["Kurs", None, "Wann"],
            ["Kurs-Nr.", "Titel", "Termin", "Preis", "PLZ"],
            [101.0, "Yoga", dt.datetime(2026, 1, 12, 18, 30), 45.5, 55232],
            [102, "Tango", "32.13.2026", None, None],
        ],
        Treffs=[["Was", "Wann", "Wo"], [], ["Café", dt.datetime(2026, 1, 12), "Halle"]],
    )
    found = items(path, declared)
    yoga, cafe = offers(found)
    assert (yoga.id, yoga.identifier) == ("q-101", "101")
    assert yoga.instances == (
        Instance(start=dt.datetime(2026, 1, 12, 18, 30), price=Decimal("45.50"), place=Place(postal_code="55232")),
    )
    assert (cafe.kind, cafe.identifier, cafe.id) == (
        Kind.EVENT,
        "Café | 12.01.2026",
        offer_id("q", "Café | 12.01.2026"),
    )
    assert cafe.provider == yoga.provider
    assert cafe.instances == (Instance(start=dt.date(2026, 1, 12), mode=Mode.ONSITE),)
    assert refusals(found) == [
        ("kurse.xlsx, Blatt „Kurse“, Zeile 4, Spalte C (Termin)", "„32.13.2026“ ist kein Datum", "102")
    ]


def test_sheets_that_are_no_tables(tmp_path: Path) -> None:
    path = workbook(
        tmp_path, Hinweise=[["Bitte beachten Sie die Hinweise"]], Leer=[], Kurse=[["Nr.", "Titel"], [1, "Yoga"]]
    )
    found = items(path)
    assert [offer.name for offer in offers(found)] == ["Yoga"]
    assert ("kurse.xlsx, Blatt „Leer“", "Das Blatt wird nicht gelesen: Das Blatt ist leer") in remarks(found)
    assert "Das Blatt ist leer" in refusal(workbook(tmp_path, Leer=[]))
    declared = mapping(tmp_path, '[columns]\n"Nr." = "identifier"\nTitel = "name"\n[sheets.Treffs]\nheader_row = 1\n')
    assert "Das Blatt „Treffs“ aus der Zuordnung gibt es in der Datei nicht" in refusal(path, declared)


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = workbook(tmp_path, Kurse=[["Nr.", "Titel"], [1, "Yoga"]])
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as package,
        package.open("xl/worksheets/sheet2.xml", "w") as part,
    ):
        for _ in range(64):
            part.write(b" " * (1 << 20))
    assert "ZIP-Bombe" in refusal(path)


def rewritten(path: Path, name: str, old: bytes, new: bytes) -> Path:
    target = path.with_name("anders.xlsx")
    with zipfile.ZipFile(path) as package, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy:
        for part in package.infolist():
            data = package.read(part)
            copy.writestr(part.filename, data.replace(old, new) if part.filename == name else data)
    return target


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml"])
def test_entities_in_a_workbook_are_not_resolved(tmp_path: Path, part: str) -> None:
    secret = tmp_path / "geheim.txt"
    secret.write_text("geheim")
    path = workbook(tmp_path, Kurse=[["Nr.", "Titel"], [1, "Yoga"]])
    with zipfile.ZipFile(path) as package:
        data = package.read(part)
    root = data[data.index(b"<", data.index(b"?>") if data.startswith(b"<?xml") else 0) :].lstrip()
    evil = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'.encode() + root.replace(b"Yoga", b"&e;").replace(
        b"Kurse", b"&e;"
    )
    try:
        found = repr(items(rewritten(path, part, data, evil)))
    except SourceRefused as refused:
        found = str(refused)
    assert "geheim" not in found


def test_forged_row_numbers_are_not_counted_up_to(tmp_path: Path) -> None:
    path = workbook(tmp_path, Kurse=[["Nr.", "Titel"], [1, "Yoga"]])
    path = rewritten(path, "xl/worksheets/sheet1.xml", b'r="2"', b'r="99999999999"')
    assert "beschädigt" in refusal(path)


def test_other_packed_files(tmp_path: Path) -> None:
    path = tmp_path / "kurse.xlsx"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("word/document.xml", "<x/>")
    assert refusal(path) == "kurse.xlsx: Das ist keine Tabelle, sondern ein Textdokument (Word)"


def peak_of(path: Path, rows: int) -> int:
    """The most memory that reading a table of so many rows takes, in bytes."""
    with path.open("w", encoding="utf-8") as stream:
        stream.write("Nr.;Titel;Beschreibung\n")
        stream.writelines(f"{number};Kurs {number};{'Töne und Farben ' * 40}\n" for number in range(rows))
    tracemalloc.start()
    assert sum(isinstance(item, Found) for item in read(path, ReaderContext(source="q"))) == rows
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_a_huge_table_is_streamed(tmp_path: Path) -> None:
    """Four thousand rows more, a file larger by 2.7 MB, take no more than 0.3 MB more."""
    path = tmp_path / "kurse.csv"
    peak_of(path, 1)  # the lexicons are loaded once
    assert peak_of(path, 5_000) - peak_of(path, 1_000) < 300_000
