"""Open-vhs: the official example with its traps, and files that are broken, hostile or huge."""

from __future__ import annotations

import datetime as dt
import tracemalloc
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.records import Found, ReaderContext, Refused, Remark, SourceRefused
from ingest.sources.openvhs.reader import read
from ontology.offer import Instance, Mode, Offer, Place, Provider, Schedule, Session, slug

CONTEXT = ReaderContext(source="vhs")
OPEN = '<?xml version="1.0" encoding="UTF-8"?>\n<o:veranstaltungen xmlns:o="http://www.dvv-vhs.de/Open-VHS" version="1.2">\n'
CLOSE = "</o:veranstaltungen>\n"


def course(body: str = "", guid: str = "G1", name: str = "Yoga") -> str:
    return f"<veranstaltung><guid>{guid}</guid><name>{name}</name>{body}</veranstaltung>\n"


def records(path: Path, content: str | bytes) -> list[Found | Refused | Remark]:
    file = path / "kurse.xml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read(file, CONTEXT))


def offers(found: list[Found | Refused | Remark]) -> list[Offer]:
    return [record.offer for record in found if isinstance(record, Found)]


def remarks(found: list[Found | Refused | Remark]) -> list[str]:
    return [record.text for record in found if isinstance(record, Remark)]


def unused(found: list[Found | Refused | Remark]) -> dict[str | None, str]:
    return {r.where.element: r.text for r in found if isinstance(r, Remark) and r.where.row is None}


def one(path: Path, body: str) -> tuple[Offer, list[str]]:
    found = records(path, OPEN + course(body) + CLOSE)
    (offer,) = offers(found)
    return offer, remarks(found)


def run_of(path: Path, body: str) -> Instance:
    (run,) = one(path, body)[0].instances
    return run


@pytest.fixture(scope="module")
def example(shared: Path) -> list[Found | Refused | Remark]:
    return list(read(shared / "data/open-vhs/openvhs-1.2.xml", CONTEXT))


def test_the_official_example_has_six_courses(example: list[Found | Refused | Remark]) -> None:
    assert [offer.identifier for offer in offers(example)] == [
        "0F48F5A8-C22C-4AFF-B891-77095CD84029",
        "0EAFAD5E-CF35-4D98-93CC-9808DE0FDC5B",
        "8F088B29-5C97-4F85-80D1-FBEBA25B450F",
        "73BF32EC-27C2-4F42-8497-8D7D9B1F84CB",
        "B54B99C6-793C-4A82-A688-C8ECBA0D4E2B",
        "T58129",
    ]
    assert not [record for record in example if isinstance(record, Refused)]


def test_the_first_course_in_full(example: list[Found | Refused | Remark]) -> None:
    offer = offers(example)[0]
    assert offer.id == "vhs-0F48F5A8-C22C-4AFF-B891-77095CD84029"
    assert offer.name == "Windows und Internet - Basiswissen Teil 1"  # both subtitles only repeat it
    assert offer.provider is not None
    assert offer.provider.name == "vhs Landkreis Fulda"
    assert offer.url is not None
    assert offer.url.startswith("http://vhs-fulda.de/index.php?id=22&kathaupt=11&knr=VG5010105")
    assert offer.description is not None
    assert offer.description.startswith("Betriebssystem Windows 7\nKursinhalt:")
    assert "\n\nDer Kurs richtet sich an Computer-Anfänger/-innen." in offer.description
    assert {"Windows 7", "PC", "Internet", "Betriebssystem", "VG5010105", "Einsteiger"} <= set(offer.keywords)
    assert offer.audience == ("teachers",)
    assert "Betreuer/innen" in offer.keywords
    assert offer.level == ()
    assert offer.certificate is True
    assert offer.credential == "Prüfung X-pert CMS Online Designer Modul IIIa- CMS Joomla"
    assert offer.topics == ("digital",)
    (run,) = offer.instances
    assert run.start == dt.datetime(2021, 2, 3, 18, 30)
    assert run.end == dt.datetime(2021, 3, 1, 21)
    assert run.mode is Mode.ONLINE
    assert run.schedule == Schedule(weekdays=("mo", "we"), start_time=dt.time(18, 30), end_time=dt.time(21), meetings=5)
    assert len(run.sessions) == 5
    assert run.sessions[-1] == Session(start=dt.datetime(2021, 3, 1, 18, 30), end=dt.datetime(2021, 3, 1, 21))
    assert run.workload == "15 Unterrichtseinheiten"
    assert run.place == Place(
        name="Eduard-Stieler-Campus (Innenstadt)",
        street="Brüder-Grimm-Str. 5",
        postal_code="36037",
        locality="Fulda",
        wheelchair=False,
    )
    assert run.price == Decimal("82.80")
    assert run.price_note == "zzgl. ca. 5 € für Unterrichtsmaterial; zweite Anmerkung; Ermäßigung möglich"
    assert (run.seats, run.seats_left) == (12, 3)


def test_times_with_an_offset_and_meetings_without_times(example: list[Found | Refused | Remark]) -> None:
    offer = offers(example)[1]
    (run,) = offer.instances
    assert offer.level == ("B1",)
    assert run.start == dt.datetime(2021, 4, 11, 13)
    assert run.end == dt.date(2021, 4, 22)
    assert run.sessions[6] == Session(start=dt.datetime(2021, 4, 19, 13), end=dt.datetime(2021, 4, 19, 16, 15))
    assert run.sessions[7:] == tuple(Session(start=dt.date(2021, 4, day)) for day in (20, 21, 22))
    assert run.place is not None
    assert run.place.wheelchair is None


def test_a_subtitle_that_says_more_and_stated_weekdays(example: list[Found | Refused | Remark]) -> None:
    offer = offers(example)[2]
    assert offer.name == "Arabisch für Fortgeschrittene – Bildungsurlaub (2 Wochen halbtags)"
    assert offer.credential == "telc Arabisch B1"
    assert offer.instances[0].schedule == Schedule(weekdays=("mo", "tu", "we"), meetings=12)
    assert offer.instances[0].start == dt.date(2021, 2, 18)


def test_an_end_before_its_start_is_dropped_and_said(example: list[Found | Refused | Remark]) -> None:
    run = offers(example)[3].instances[0]
    assert (run.start, run.end) == (dt.date(2021, 2, 6), None)
    remark = next(record for record in example if isinstance(record, Remark) and record.where.row is not None)
    assert str(remark.where) == "openvhs-1.2.xml, Zeile 291, Element veranstaltung 4"
    assert remark.text.startswith("ende_datum: Das Ende 31.01.2021 liegt vor dem Anfang 06.02.2021")


def test_a_number_used_twice_is_no_key_but_can_be_searched(example: list[Found | Refused | Remark]) -> None:
    fourth, fifth = offers(example)[3:5]
    assert "T58130" in fourth.keywords
    assert "T58130" in fifth.keywords
    assert fourth.id != fifth.id


def test_free_and_unknown_prices_differ(example: list[Found | Refused | Remark]) -> None:
    fifth, sixth = offers(example)[4:]
    assert fifth.instances[0].price == Decimal(0)
    assert sixth.instances[0].price is None


def test_elements_that_are_not_taken_over_are_named_once(example: list[Found | Refused | Remark]) -> None:
    assert unused(example) == {
        "merkmale/merkmal/name": "wird nicht übernommen (2 Datensätze)",  # anmeldung_kostenlos and D(1)
        "merkmale/merkmal/wert": "wird nicht übernommen (2 Datensätze)",
        "minimale_teilnehmerzahl": "wird nicht übernommen (2 Datensätze)",
        "webadresse/name": "wird nicht übernommen (1 Datensatz)",
        "webadresse/typ": "wird nicht übernommen (1 Datensatz)",
        "webadresse/uri": "wird nicht übernommen (1 Datensatz)",
    }


def test_persons_are_never_taken_over(tmp_path: Path) -> None:
    body = """<dozent><name>Erika Mustermann</name></dozent>
      <text><eigenschaft>Dozent</eigenschaft><text>Erika Mustermann ist Malerin.</text></text>
      <text><eigenschaft>Beschreibung</eigenschaft><text>Wir malen.</text></text>"""
    found = records(tmp_path, OPEN + course(body) + CLOSE)
    assert "Mustermann" not in repr(offers(found))
    assert offers(found)[0].description == "Wir malen."
    assert unused(found)["dozent/name"] == "wird nicht übernommen (1 Datensatz)"
    assert "text/text" in unused(found)


@pytest.mark.parametrize(
    "content",
    [
        f'<veranstaltungen xmlns="http://www.dvv-vhs.de/Open-VHS">{course()}</veranstaltungen>',
        f"<veranstaltungen>{course()}</veranstaltungen>",
        (
            '<x:veranstaltungen xmlns:x="urn:x"><x:veranstaltung><x:guid>G1</x:guid>'
            "<x:name>Yoga</x:name></x:veranstaltung></x:veranstaltungen>"
        ),
    ],
)
def test_namespaces_do_not_matter(tmp_path: Path, content: str) -> None:
    assert [(o.identifier, o.name) for o in offers(records(tmp_path, content))] == [("G1", "Yoga")]


def test_the_number_stands_in_for_a_missing_guid(tmp_path: Path) -> None:
    content = OPEN + "<veranstaltung><nummer>A-1</nummer><name>Yoga</name></veranstaltung>" + CLOSE
    (remark, offer) = records(tmp_path, content)
    assert isinstance(offer, Found)
    assert offer.offer.identifier == "A-1"
    assert isinstance(remark, Remark)
    assert remark.text == "guid: Die Kennung fehlt; an ihrer Stelle steht die Kursnummer (nummer)"


def test_a_record_without_key_or_name_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    content = OPEN + "<veranstaltung><name>Yoga</name></veranstaltung>\n" + course(name=" ") + course(guid="G3") + CLOSE
    found = records(tmp_path, content)
    assert [(str(r.where), r.reason, r.identifier) for r in found if isinstance(r, Refused)] == [
        (
            "kurse.xml, Zeile 3, Element veranstaltung 1",
            "Die Kennung (guid) fehlt, und auch eine Kursnummer (nummer) ist nicht angegeben",
            None,
        ),
        ("kurse.xml, Zeile 4, Element veranstaltung 2", "Der Titel (name) fehlt", "G1"),
    ]
    assert [offer.identifier for offer in offers(found)] == ["G3"]


def test_markup_script_and_control_characters_leave_the_title(tmp_path: Path) -> None:
    name = "<![CDATA[<b>Yoga</b><script>alert(1)</script> &amp; mehr\u0085]]>"
    found = records(tmp_path, OPEN + course(name=name) + CLOSE)
    assert offers(found)[0].name == "Yoga & mehr…"


@pytest.mark.parametrize(
    ("body", "price", "note"),
    [
        ("<preis><betrag>45</betrag></preis>", "45.00", None),
        ("<preis><betrag>82.800</betrag></preis>", "82.80", None),
        ("<preis><betrag>45,50</betrag></preis>", "45.50", None),
        ("<preis><betrag>0.0</betrag><zusatz>Preis auf Anfrage</zusatz></preis>", None, "Preis auf Anfrage"),
        ("<preis><betrag>nach Vereinbarung</betrag></preis>", None, "nach Vereinbarung"),
        (
            "<preis><betrag>20.0</betrag><zusatz>ermäßigt</zusatz></preis><preis><betrag>40.0</betrag></preis>",
            "40.00",
            "20,00 € ermäßigt",
        ),
    ],
)
def test_prices(tmp_path: Path, body: str, price: str | None, note: str | None) -> None:
    run = run_of(tmp_path, "<beginn_datum>2026-03-01</beginn_datum>" + body)
    assert run.price == (None if price is None else Decimal(price))
    assert run.price_note == note


def test_an_offset_is_converted_to_the_time_of_that_day(tmp_path: Path) -> None:
    meeting = "<termin><beginn_datum>2026-{}</beginn_datum><beginn_uhrzeit>17:00:00Z</beginn_uhrzeit></termin>"
    run = run_of(tmp_path, meeting.format("01-15") + meeting.format("07-15"))
    assert [session.start for session in run.sessions] == [dt.datetime(2026, 1, 15, 18), dt.datetime(2026, 7, 15, 19)]
    assert run.schedule is not None
    assert run.schedule.start_time is None


def test_a_meeting_that_ends_before_it_starts_keeps_its_start(tmp_path: Path) -> None:
    body = """<termin><beginn_datum>2026-03-02</beginn_datum>
      <beginn_uhrzeit>18:00</beginn_uhrzeit><ende_uhrzeit>17:00</ende_uhrzeit></termin>"""
    offer, said = one(tmp_path, body)
    assert offer.instances[0].sessions == (Session(start=dt.datetime(2026, 3, 2, 18)),)
    assert said == [
        "termin: Das Ende 02.03.2026 17:00 liegt vor dem Anfang 02.03.2026 18:00; das Ende wird nicht übernommen"
    ]


def test_midnight_to_midnight_is_no_time(tmp_path: Path) -> None:
    body = """<termin><beginn_datum>2026-03-02</beginn_datum>
      <beginn_uhrzeit>00:00:00</beginn_uhrzeit><ende_uhrzeit>00:00:00</ende_uhrzeit></termin>"""
    assert run_of(tmp_path, body).sessions == (Session(start=dt.date(2026, 3, 2)),)


def test_a_date_that_does_not_exist_is_said(tmp_path: Path) -> None:
    offer, said = one(tmp_path, "<beginn_datum>32.13.2026</beginn_datum><level>A1</level>")
    assert offer.instances == ()
    assert said == ["beginn_datum: „32.13.2026“ ist kein Datum; die Angabe wird nicht übernommen"]


def test_unknown_and_exceeded_numbers_of_participants(tmp_path: Path) -> None:
    body = "<aktuelle_teilnehmerzahl>{}</aktuelle_teilnehmerzahl><maximale_teilnehmerzahl>12</maximale_teilnehmerzahl>"
    assert run_of(tmp_path, body.format(-1)).seats_left is None
    assert run_of(tmp_path, body.format(14)).seats_left == 0


def test_a_place_abroad_is_not_taken_for_a_german_one(tmp_path: Path) -> None:
    place = run_of(
        tmp_path,
        "<veranstaltungsort><adresse><land>Österreich</land><plz>6020</plz><ort>Innsbruck</ort></adresse></veranstaltungsort>",
    ).place
    assert place == Place(postal_code="6020", locality="Innsbruck (Österreich)")


@pytest.mark.parametrize(
    "prologue",
    [
        '<!DOCTYPE veranstaltungen [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        '<!DOCTYPE veranstaltungen [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE veranstaltungen SYSTEM "http://192.0.2.1/open-vhs.dtd">',
    ],
    ids=["bomb", "external entity", "dtd"],
)
def test_a_document_type_is_refused(tmp_path: Path, prologue: str) -> None:
    content = (
        prologue + "<veranstaltungen><veranstaltung><guid>G</guid><name>&x;&b;</name></veranstaltung></veranstaltungen>"
    )
    with pytest.raises(SourceRefused) as refused:
        records(tmp_path, content)
    assert refused.value.sentence.startswith("Die Datei enthält eine Dokumenttyp-Deklaration (DOCTYPE).")


def test_broken_xml_keeps_what_comes_before_and_counts_what_follows(tmp_path: Path) -> None:
    broken = course(guid="G3", body="<text>a < b</text>")
    content = OPEN + course(guid="G1") + course(guid="G2") + broken + course(guid="G4") + course(guid="G5") + CLOSE
    found = records(tmp_path, content)
    assert [offer.identifier for offer in offers(found)] == ["G1", "G2"]
    refused = [record for record in found if isinstance(record, Refused)]
    assert [str(record.where) for record in refused] == [
        "kurse.xml, Zeile 5, Element veranstaltung 3",
        "kurse.xml, Zeile 6, Element veranstaltung 4",
        "kurse.xml, Zeile 7, Element veranstaltung 5",
    ]
    assert {record.reason for record in refused} == {
        "Ab Zeile 5 ist die Datei nicht lesbar: unerlaubtes Zeichen, oder die Zeichenkodierung ist nicht die angegebene"
    }


@settings(max_examples=25, deadline=None)
@given(records_before=st.integers(1, 40), records_after=st.integers(0, 40), padding=st.integers(0, 9000))
def test_every_record_of_a_broken_file_is_counted_once(
    tmp_path_factory: pytest.TempPathFactory, records_before: int, records_after: int, padding: int
) -> None:
    filler = f"<schlagwort>{'x' * padding}</schlagwort>"
    before = "".join(course(filler, guid=f"B{n}") for n in range(records_before))
    after = "".join(course(filler, guid=f"A{n}") for n in range(records_after))
    path = tmp_path_factory.mktemp("broken")
    found = records(path, OPEN + before + "<veranstaltung><name></nam></veranstaltung>" + after + CLOSE)
    assert len(offers(found)) == records_before
    assert len([record for record in found if isinstance(record, Refused)]) == 1 + records_after


def test_a_truncated_file_says_so(tmp_path: Path) -> None:
    content = (OPEN + course(guid="G1") + course(guid="G2"))[:-20]
    found = records(tmp_path, content)
    assert [offer.identifier for offer in offers(found)] == ["G1"]
    assert [r.reason for r in found if isinstance(r, Refused)] == [
        "Die Datei endet mitten im XML (Zeile 4): sie wurde wohl nicht vollständig übertragen"
    ]


def test_a_file_truncated_between_two_records_says_so(tmp_path: Path) -> None:
    found = records(tmp_path, OPEN + course())
    assert len(offers(found)) == 1
    assert remarks(found) == [
        "Die Datei endet mitten im XML (Zeile 4): sie wurde wohl nicht vollständig übertragen. Danach kommt kein Datensatz mehr"
    ]


def test_the_wrong_encoding_is_a_sentence(tmp_path: Path) -> None:
    content = (OPEN + course(guid="G1") + course(guid="G2", name="Töpfern") + CLOSE).encode("latin-1")
    found = records(tmp_path, content)
    assert [offer.identifier for offer in offers(found)] == ["G1"]
    (refused,) = [record for record in found if isinstance(record, Refused)]
    assert "Zeichenkodierung ist nicht die angegebene" in refused.reason


@pytest.mark.parametrize("encoding", ["ISO-8859-1", "windows-1252", "UTF-16"])
def test_declared_encodings_are_read(tmp_path: Path, encoding: str) -> None:
    content = (OPEN.replace("UTF-8", encoding) + course(name="Töpfern") + CLOSE).encode(encoding)
    assert offers(records(tmp_path, content))[0].name == "Töpfern"


def test_a_broken_file_in_utf_16_is_counted_too(tmp_path: Path) -> None:
    content = OPEN.replace("UTF-8", "UTF-16") + course(guid="G1") + "<veranstaltung></x>" + course(guid="G3") + CLOSE
    found = records(tmp_path, content.encode("UTF-16"))
    assert len(offers(found)) == 1
    assert len([record for record in found if isinstance(record, Refused)]) == 2


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "Die Datei endet mitten im XML (Zeile 1): sie wurde wohl nicht vollständig übertragen"),
        ("kein XML", "Ab Zeile 1 ist die Datei nicht lesbar: dort ist das XML fehlerhaft aufgebaut"),
        (
            '<?xml version="1.0" encoding="klingonisch"?><veranstaltungen/>',
            "Die Zeichenkodierung, die die Datei angibt, ist unbekannt oder falsch",
        ),
        (
            "<kurse/>",
            "Die Datei ist XML, aber kein Open-vhs: ihr äußerstes Element heißt „kurse“ und nicht „veranstaltungen“",
        ),
        ("<veranstaltungen/>", "Die Datei ist Open-vhs, enthält aber keine Veranstaltung"),
    ],
)
def test_files_that_cannot_be_read_at_all(tmp_path: Path, content: str, sentence: str) -> None:
    with pytest.raises(SourceRefused) as refused:
        records(tmp_path, content)
    assert refused.value.sentence == sentence


def test_a_record_beyond_measure_is_refused_and_the_rest_goes_on(tmp_path: Path) -> None:
    large = course(f"<text><text>{'x' * 2_100_000}</text></text>", guid="G1")
    deep = course("<a>" * 5000 + "</a>" * 5000, guid="G2")
    found = records(tmp_path, OPEN + large + deep + course(guid="G3") + CLOSE)
    assert [offer.identifier for offer in offers(found)] == ["G3"]
    assert [r.reason for r in found if isinstance(r, Refused)] == [
        "Der Datensatz ist größer oder tiefer verschachtelt, als eine Veranstaltung sein kann"
    ] * 2


def test_a_long_stream_is_read_in_flat_memory(tmp_path: Path) -> None:
    file = tmp_path / "lang.xml"
    body = "<bemerkung>" + "Wir üben gemeinsam. " * 500 + "</bemerkung>"
    with file.open("w", encoding="utf-8") as stream:
        stream.write(OPEN)
        stream.writelines(course(body, guid=f"G{number}") for number in range(600))
        stream.write(CLOSE)
    assert file.stat().st_size > 6_000_000
    tracemalloc.start()
    try:
        count = sum(isinstance(record, Found) for record in read(file, CONTEXT))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 600
    assert peak < 3_000_000


def test_the_provider_comes_from_the_export(tmp_path: Path) -> None:
    export = "<export><ersteller><guid>1</guid><name>vhs Alzey</name></ersteller></export>"
    found = records(tmp_path, OPEN + export + course() + CLOSE)
    assert offers(found)[0].provider == Provider(id=slug("vhs Alzey"), name="vhs Alzey")
    assert unused(found) == {}
