"""From files to answered questions: every record is accounted for, and reading the same again changes nothing that is served."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catalogue.ledger import Note
from catalogue.snapshot import Snapshot
from ontology.offer import Kind, Mode, Offer
from tests.catalogues import Asker, counts, new_catalogue, offers_in_store, statements, status
from tests.command import bildungskatalog

HERE = Path(__file__).parent

# by source: read and taken, as service/demo/README.md and service/demo/tables/README.md count them
DEMO = {
    "kvhs-alzey-worms": (55, 53),
    "vhs-worms": (25, 25),
    "hochschule-nibelungen": (14, 13),
    "bildungswerk-rheinhessen": (16, 15),
    "ihk-bildungszentrum": (17, 16),
    "handwerk-rheinhessen": (12, 12),
    "familienzentrum-storchennest": (15, 14),
    "kitas-im-landkreis": (14, 14),
    "schulen-im-landkreis": (8, 8),
    "ausbildung-region": (15, 15),
    "seniorenbuero-alzey": (12, 11),
    "beratung-im-landkreis": (13, 13),
    "bibliotheken-und-kultur": (12, 12),
    "jobfabrik-worms": (9, 9),
    "musikschule-und-sport": (9, 9),
}

REFUSED = {
    "kvhs-alzey-worms": [
        (
            "kvhs-alzey-worms.xml, Zeile 1273, Element veranstaltung 17",
            "Der Schlüssel „1B7ACDF1-4034-5B7A-8C31-5185ED6A8458“ kommt in diesem Lauf schon vor; nur der erste Datensatz gilt",
        ),
        ("kvhs-alzey-worms.xml, Zeile 3684, Element veranstaltung 55", "Der Titel (name) fehlt"),
    ],
    "hochschule-nibelungen": [("hochschule-nibelungen.jsonld, Element 14", "Der Name (name) fehlt")],
    "bildungswerk-rheinhessen": [
        (
            "bildungswerk-rheinhessen.jsonld, Element 13",
            "Der Schlüssel „bw-401“ kommt in diesem Lauf schon vor; nur der erste Datensatz gilt",
        )
    ],
    "ihk-bildungszentrum": [
        ("ihk-bildungszentrum.xlsx, Blatt „Kurse“, Zeile 13, Spalte G (Termin)", "„32.13.2026“ ist kein Datum")
    ],
    "familienzentrum-storchennest": [
        (
            "familienzentrum-storchennest.csv, Zeile 12, Spalte A (Angebot)",
            "Die Zelle ist leer; ohne Namen gibt es kein Angebot",
        )
    ],
    "seniorenbuero-alzey": [
        (
            "seniorenbuero-alzey.csv, Zeile 12",
            "Der Schlüssel „S-03“ kommt in diesem Lauf schon vor; nur der erste Datensatz gilt",
        )
    ],
}

REMARKS = {
    "kvhs-alzey-worms": (
        "kvhs-alzey-worms.xml, Zeile 900, Element veranstaltung 12: ende_datum: Das Ende 02.01.2026 liegt vor dem Anfang 20.01.2026",
        "kvhs-alzey-worms.xml, Zeile 1903, Element veranstaltung 27: beginn_datum: „2026-02-30“ ist kein Datum",
        "kvhs-alzey-worms.xml, Element dozent/nachname: wird nicht übernommen (3 Datensätze)",
    ),
    "handwerk-rheinhessen": (
        "handwerk-rheinhessen.csv, Zeile 1, Spalte X (Interne Notiz): Die Spalte ist keinem Feld zugeordnet",
        "handwerk-rheinhessen.csv, Zeile 14: Das ist eine Zeile mit Summen; sie wird übergangen",
    ),
    "kitas-im-landkreis": (
        "kitas-im-landkreis.csv, Zeile 10, Spalte N (Betreuungszeit): „Mo-Do 7.00-16.30 Uhr Fr 7.00-14.00 Uhr“ ist keine Uhrzeit",
    ),
}


@pytest.fixture(scope="module")
def offers(demo: Path) -> list[Offer]:
    with Snapshot.open(demo) as snapshot:
        return [offer for _, offer in snapshot.ledger.offers()]


def find(offers: list[Offer], source: str, key: str) -> Offer:
    """By the source's own identifier; Open-vhs keeps its ``nummer`` among the keywords."""
    (found,) = [o for o in offers if o.source.startswith(source) and (o.identifier == key or key in o.keywords)]
    return found


def test_every_record_of_the_sample_is_accounted_for(demo: Path) -> None:
    expected = {name: (taken, read, taken, 0, read - taken) for name, (read, taken) in DEMO.items()}
    assert counts(demo) == expected
    assert status(demo)["offers"] == 239
    printed = (demo / "erster-lauf.txt").read_text(encoding="utf-8").splitlines()
    assert "kvhs-alzey-worms: 55 gelesen = 53 übernommen + 0 unverändert + 2 abgelehnt; 0 zurückgezogen" in printed


def test_the_store_holds_what_the_ledger_says(demo: Path) -> None:
    assert offers_in_store(demo) == {name: taken for name, (_, taken) in DEMO.items()}


def test_each_refused_record_of_the_sample_is_named_with_its_place_and_reason(demo: Path) -> None:
    with Snapshot.open(demo) as snapshot:
        for source in DEMO:
            refused = [(note.place, note.text) for note in snapshot.ledger.notes(source) if note.refused]
            assert refused == REFUSED.get(source, []), source


def test_what_was_repaired_or_left_out_is_said(demo: Path) -> None:
    with Snapshot.open(demo) as snapshot:
        for source, expected in REMARKS.items():
            said = [f"{note.place}: {note.text}" for note in snapshot.ledger.notes(source) if not note.refused]
            for remark in expected:
                assert any(text.startswith(remark) for text in said), (remark, said)


@pytest.mark.parametrize(
    ("source", "key", "name"),
    [
        ("kvhs", "426-001", "Gebärdensprache I"),
        ("kvhs", "301-210", "Yoga für den Rücken"),
        ("kvhs", "501-015", "Oma ruft an: Videotelefonie mit dem Tablet"),
        ("musikschule", "T-1", "Kinderturnen Purzelbaum"),
    ],
)
def test_titles_without_markup_entities_and_blanks(offers: list[Offer], source: str, key: str, name: str) -> None:
    assert find(offers, source, key).name == name


def test_no_markup_script_or_control_character_is_kept_anywhere(demo: Path) -> None:
    text = bildungskatalog("export", "--dir", demo, "--format", "csv").stdout.replace("\r\n", "\n")
    assert "alert(" not in text
    assert not [tag for tag in ("<b", "<script", "<p>", "<br", "&nbsp;", "&Uuml;", "&uuml;", "&amp;") if tag in text]
    assert not {
        char for char in text if (ord(char) < 32 and char != "\n") or 0x7F <= ord(char) < 0xA0 or char in "\u00ad\u200b"
    }


@pytest.mark.parametrize(
    ("source", "key", "price"),
    [
        ("kvhs", "404-100", None),
        ("kvhs", "701-030", None),
        ("vhs-worms", "X3110", 49),
        ("bildungswerk", "bw-110", 45),
        ("bildungswerk", "bw-201", None),
        ("ihk", "BZ-26-130", 1250),
        ("ihk", "BZ-26-145", 0),
        ("ihk", "BZ-26-150", 0),
        ("ihk", "P-306", None),
        ("handwerk", "HW 2622", 45),
        ("familienzentrum", "FZ07", None),
        ("ausbildung", "AR-08", None),
        ("seniorenbuero", "S-03", 44),
        ("seniorenbuero", "S-06", 2),
        ("jobfabrik", "JF 04", None),
        ("musikschule", "M-2", None),
        ("musikschule", "W-2", 110),
    ],
)
def test_an_unknown_price_is_not_free(offers: list[Offer], source: str, key: str, price: int | None) -> None:
    assert [instance.price for instance in find(offers, source, key).instances] == [price]


@pytest.mark.parametrize(
    ("source", "key", "start", "end"),
    [
        ("kvhs", "409-021", "2026-01-20T18:00:00", "2026-03-24T19:30:00"),  # its end lay before its start
        ("kvhs", "302-110", "2026-02-02T17:30:00", "2026-03-09T18:30:00"),  # one meeting on 30 February
        ("vhs-worms", "X3110", "2026-03-03T12:15:00", "2026-04-14T13:00:00"),  # offsets across summer time
        ("hochschule", "offener-campus", "2026-04-25T10:00:00", "2026-04-25T16:00:00"),  # +02:00
        ("hochschule", "ohne-abitur", "2026-02-05T18:00:00", "2026-02-05T19:30:00"),  # Z
        ("bildungswerk", "bw-105", "2026-02-25T20:00:00", "2026-02-25T21:30:00"),
        ("ihk", "BZ-26-101", "2026-01-19T18:30:00", "2026-02-11T20:45:00"),  # "Mo 19.01.2026", "18.30-20.45 Uhr"
        ("familienzentrum", "FZ01", "2026-01-14T09:30:00", "2026-03-25T11:00:00"),  # "14.1.26", "9.30 - 11.00 Uhr"
    ],
)
def test_dates_are_local_times(offers: list[Offer], source: str, key: str, start: str, end: str) -> None:
    (instance,) = find(offers, source, key).instances
    assert instance.start is not None
    assert instance.end is not None
    assert (instance.start.isoformat(), instance.end.isoformat()) == (start, end)


def test_places_as_they_are_meant(offers: list[Offer]) -> None:
    def place(source: str, key: str) -> tuple[str | None, str | None, str | None]:
        offer = find(offers, source, key)
        found = offer.place or offer.instances[0].place
        assert found is not None
        return found.postal_code, found.locality, found.ags

    assert place("kvhs", "206-010") == (None, "Flonheim", "07331025")
    assert place("vhs-worms", "K5110") == (None, "Worms", "07319000")
    assert place("handwerk", "HW 2608")[0] == "02826"
    assert place("bibliotheken", "K-09")[2] == "07319000"
    for source, key in (("kvhs", "404-041"), ("vhs-worms", "D1480"), ("bildungswerk", "bw-105")):
        (instance,) = find(offers, source, key).instances
        assert instance.mode is Mode.ONLINE
        assert instance.place is None or instance.place.ags is None


def test_two_kitas_of_one_name_and_a_library_among_events(offers: list[Offer]) -> None:
    named = [offer for offer in offers if offer.name == "Kita Regenbogen"]
    assert [offer.place.locality for offer in named if offer.place] == ["Osthofen", "Saulheim"]
    assert find(offers, "bibliotheken", "K-02").kind is Kind.LIBRARY
    assert find(offers, "bibliotheken", "K-05").in_language == ("uk",)
    assert find(offers, "bildungswerk", "bw-301").kind is Kind.COURSE
    assert find(offers, "handwerk", "HW 2618").instances[0].seats_left == 0


def test_no_person_is_named(demo: Path) -> None:
    text = bildungskatalog("export", "--dir", demo, "--format", "nquads").stdout
    assert not [word for word in ("Fr. Muster", "Hr. Beispiel", "0171 39", "069 90009") if word in text]


def test_the_past_is_not_found(demo: Path, ask: Asker) -> None:
    for name in (
        "Adventlicher Erzählnachmittag",
        "Brot backen mit Sauerteig",
        "Volkers Stadt: Ein Rundgang durch das alte Alzey",
    ):
        assert name not in [hit["name"] for hit in ask(demo, name, limit=100)["hits"]]
        assert ask(demo, name, today="2025-12-06")["hits"][0]["name"] == name


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Ich will besser mit Excel umgehen", "Excel"),
        ("Kurs für Mama mit Baby", "Mama-Baby-Zeit im ersten Lebensjahr"),
        ("Deutsch lernen, ich bin neu hier", "Deutsch"),
        ("хочу вивчити німецьку", "Deutsch"),
    ],
)
def test_the_questions_of_the_demo_find_something_fitting(demo: Path, ask: Asker, question: str, expected: str) -> None:
    found = [hit["name"] for hit in ask(demo, question)["hits"][:5]]
    assert any(expected in name for name in found), found


def test_evenings_in_alzey_are_evenings_in_alzey(demo: Path, ask: Asker) -> None:
    found = ask(demo, "Weiterbildung abends in Alzey")
    assert found["query"]["filters"] == {"place": "Alzey", "daytime": ["evening"]}
    fitting = [hit for hit in found["hits"] if hit["group"] == 1]
    assert fitting
    for hit in fitting:
        (here, *_) = [instance for instance in hit["instances"] if instance["place"] == "Alzey"]
        assert here["start"] is None or here["start"][11:] >= "17:00"


def test_reading_the_sample_again_changes_no_byte_of_what_is_served(demo_copy: Path, ask: Asker) -> None:
    questions = ("Excel", "Kita", "Deutsch lernen in Worms")
    first, before, answers = status(demo_copy), statements(demo_copy), [ask(demo_copy, q) for q in questions]
    again = bildungskatalog("ingest", "--dir", demo_copy)
    assert again.returncode == 0, again.stderr
    assert counts(demo_copy) == {name: (taken, read, 0, taken, read - taken) for name, (read, taken) in DEMO.items()}
    second = status(demo_copy)
    assert (second["run"], second["data_run"], second["data_time"]) == (2, first["data_run"], first["data_time"])
    assert statements(demo_copy) == before
    assert [ask(demo_copy, q) for q in questions] == answers


# --- real exports


@pytest.fixture(scope="module")
def real(demo: Path, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    openvhs = {
        "name": "vhs-fulda",
        "format": "openvhs",
        "files": [shared / "data/open-vhs/openvhs-1.2.xml"],
    }
    westerwald = {
        "name": "kitas-westerwald",
        "files": [shared / "data/westerwald/kinderbetreuung.csv"],
        "mapping": HERE / "fixtures/westerwald.toml",
        "expect": 124,
    }
    folder = new_catalogue(tmp_path_factory.mktemp("real") / "katalog", demo, [openvhs, westerwald])
    done = bildungskatalog("ingest", "--dir", folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_real_exports_are_accounted_for(real: Path) -> None:
    assert counts(real) == {"vhs-fulda": (6, 6, 6, 0, 0), "kitas-westerwald": (124, 124, 124, 0, 0)}
    assert offers_in_store(real) == {"vhs-fulda": 6, "kitas-westerwald": 124}


def test_the_traps_of_the_official_example_are_reported(real: Path) -> None:
    with Snapshot.open(real) as snapshot:
        first, *others = snapshot.ledger.notes("vhs-fulda")
        twice = [o.identifier for _, o in snapshot.ledger.offers() if "T58130" in o.keywords]
    assert first == Note(
        False,
        "openvhs-1.2.xml, Zeile 291, Element veranstaltung 4",
        "ende_datum: Das Ende 31.01.2021 liegt vor dem Anfang 06.02.2021; das Ende wird nicht übernommen",
    )
    assert not [note for note in others if note.refused]
    assert twice == ["73BF32EC-27C2-4F42-8497-8D7D9B1F84CB", "B54B99C6-793C-4A82-A688-C8ECBA0D4E2B"]


def test_reading_real_exports_again_changes_nothing(real: Path, ask: Asker) -> None:
    def found() -> list[dict[str, Any]]:
        return [
            ask(real, question, today="2021-01-01") for question in ("Kita in Wirges", "Arabisch für Fortgeschrittene")
        ]

    before, answers = statements(real), found()
    assert answers[0]["hits"][0]["name"] == "Ev. Kita Regenbogenland Wirges"
    assert answers[1]["hits"][0]["name"].startswith("Arabisch für Fortgeschrittene")
    assert bildungskatalog("ingest", "--dir", real).returncode == 0
    assert counts(real) == {"vhs-fulda": (6, 6, 0, 6, 0), "kitas-westerwald": (124, 124, 0, 124, 0)}
    assert (status(real)["run"], status(real)["data_run"]) == (2, 1)
    assert statements(real) == before
    assert found() == answers
