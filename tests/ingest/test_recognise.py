"""A file's format is told by its content; what cannot be read gets a sentence that says what can."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
import pytest

from ingest.records import Found, ReaderContext, SourceRefused
from ingest.sources import READERS, reader_of, recognise

READABLE = ". Gelesen werden Open-vhs (XML), schema.org (JSON-LD, auch in einer Webseite) und Tabellen (XLSX, CSV)"
OPEN_VHS = '<o:veranstaltungen xmlns:o="http://www.dvv-vhs.de/Open-VHS"/>'
COURSE = '{"@context": "https://schema.org", "@type": "Course", "identifier": "1", "name": "Yoga"}'


def sentence(path: Path) -> str:
    with pytest.raises(SourceRefused) as refused:
        recognise(path)
    assert refused.value.where.file == path.name
    assert refused.value.sentence.endswith(READABLE)
    return refused.value.sentence.removesuffix(READABLE)


def written(path: Path, content: str | bytes) -> Path:
    file = path / "datei.txt"  # the ending says nothing
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


@pytest.mark.parametrize(
    ("content", "known"),
    [
        (OPEN_VHS, "openvhs"),
        (f'\ufeff<?xml version="1.0"?>\n<!-- <html> -->\n{OPEN_VHS}', "openvhs"),
        (f'<?xml version="1.0" encoding="UTF-16"?>{OPEN_VHS}'.encode("utf-16"), "openvhs"),
        ('<!DOCTYPE veranstaltungen [<!ENTITY a "b">]><veranstaltungen/>', "openvhs"),
        (COURSE, "schemaorg"),
        (f"[{COURSE}]", "schemaorg"),
        (f'<!DOCTYPE html><html><script type="application/ld+json">{COURSE}</script>', "schemaorg"),
        ("Titel;Ort;Preis\nYoga;Alzey;45,00\n", "table"),
        ("Titel,Ort\nYoga,Alzey\n", "table"),
        ("Titel\tOrt\nTöpfern\tAlzey\n".encode("cp1252"), "table"),
        ("Unser Programm 2026\n\nTitel;Ort\nYoga;Alzey\n", "table"),
        ('Titel;Text\nYoga;"Zeile 1\nZeile 2"\nTanz;"Zeile 1\nZeile 2"\n', "table"),
        ("Titel;Ort;Preis", "table"),
        ("Titel;Ort\nTöpfern;Alzey\n".encode("utf-16-be"), "table"),
        ("Titel;Ort\nTöpfern;Alzey\n".encode("utf-16-le"), "table"),
        (b"Titel;Ort\nYoga\0\0\0;Alzey\n", "table"),
    ],
)
def test_what_can_be_read(tmp_path: Path, content: str | bytes, known: str) -> None:
    assert recognise(written(tmp_path, content)) == known


def test_a_workbook(tmp_path: Path) -> None:
    file = tmp_path / "kurse"
    openpyxl.Workbook().save(file)
    assert recognise(file) == "table"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "Die Datei ist leer"),
        ("\ufeff \n\n", "Die Datei ist leer"),
        (b"%PDF-1.7\n", "Die Datei ist ein PDF; daraus lassen sich keine Angebote lesen"),
        (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512),
            "Die Datei ist eine alte Excel-Datei (.xls) oder mit einem Kennwort geschützt; bitte ohne Kennwort als .xlsx speichern",
        ),
        (b"\x1f\x8b\x08\x00", "Die Datei ist gepackt (gzip); bitte vorher entpacken"),
        (b"PK\x03\x04\x00\x00", "Die Datei beginnt wie eine Excel-Datei, ist aber beschädigt oder unvollständig"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "Die Datei enthält keinen Text, sondern binäre Daten"),
        (bytes(64), "Die Datei enthält keinen Text, sondern binäre Daten"),
        (
            "<kurse><kurs/></kurse>",
            "Die Datei ist XML mit dem äußersten Element „kurse“, das keines der bekannten Formate ist",
        ),
        ("<html><body>Kurse</body></html>", "Die Datei ist eine Webseite ohne Daten in JSON-LD"),
        ('{"kurse": []}', "Die Datei ist JSON, aber kein JSON-LD von schema.org (der Kontext fehlt)"),
        ("@prefix schema: <http://schema.org/> .", "Die Datei enthält RDF als Turtle oder TriG"),
        ('<urn:a> <http://schema.org/name> "Yoga" .', "Die Datei enthält RDF als N-Triples oder N-Quads"),
        (
            "Liebe Leute,\nanbei das Programm\nfür den Herbst.\nViele Grüße\n",
            "Die Datei ist Text, aber keine Tabelle mit Trennzeichen",
        ),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, content: str | bytes, said: str) -> None:
    assert sentence(written(tmp_path, content)) == said


@pytest.mark.parametrize(
    ("member", "said"),
    [
        ("word/document.xml", "Die Datei ist ein Word-Dokument"),
        ("kurse.csv", "Die Datei ist ein ZIP-Archiv; bitte vorher entpacken"),
    ],
)
def test_other_archives(tmp_path: Path, member: str, said: str) -> None:
    file = tmp_path / "kurse.xlsx"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(member, "x")
    assert sentence(file) == said


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    assert sentence(tmp_path / "fehlt.csv") == "Diese Datei gibt es nicht"
    assert sentence(tmp_path) == "Das ist ein Ordner und keine Datei"


def test_every_format_has_a_reader(tmp_path: Path) -> None:
    assert list(READERS) == ["openvhs", "schemaorg", "table"]
    (found,) = reader_of("schemaorg")(written(tmp_path, COURSE), ReaderContext(source="web"))
    assert isinstance(found, Found)
    with pytest.raises(ValueError, match="Das Format „kursnet“ gibt es nicht; bekannt sind openvhs, schemaorg, table"):
        reader_of("kursnet")


def test_the_real_files(shared: Path) -> None:
    assert recognise(shared / "data/open-vhs/openvhs-1.2.xml") == "openvhs"
    assert recognise(shared / "eval/offers.jsonld") == "schemaorg"
    assert recognise(shared / "data/westerwald/kinderbetreuung.csv") == "table"
    assert "äußersten Element „kurse“" in sentence(shared / "data/kufer/ifak.xml")
