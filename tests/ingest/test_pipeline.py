"""What becomes of a source as a whole: everything is counted, and a broken delivery never empties the catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalogue.ledger import Counts, Note
from catalogue.run import open_run
from catalogue.snapshot import Snapshot
from ingest.enrich import Enricher
from ingest.pipeline import SourceReport, check_file, ingest_source
from ingest.records import ReaderContext
from ontology.concepts import load_schemes
from ontology.gazetteer import Gazetteer
from ontology.offer import Offer
from tests.catalogues import offers_in_store

BASE = "http://127.0.0.1:8000"
HEADER = "Nr;Titel;Ort;Preis"


def unchanged(offer: Offer) -> Offer:
    return offer


def deliver(folder: Path, *files: tuple[str, list[str]], source: str = "kurse", expect: int = 0) -> SourceReport:
    """One run of one source over tables of these names and rows."""
    paths = []
    for name, rows in files:
        path = folder / name
        path.write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
        paths.append((path, "table"))
    return run(folder, paths, source, expect)


def run(folder: Path, files: list[tuple[Path, str]], source: str = "kurse", expect: int = 0) -> SourceReport:
    with open_run(folder / "katalog", BASE) as opened:
        with opened.source(source) as writer:
            report = ingest_source(writer, files, ReaderContext(source=source), unchanged, expect=expect)
        opened.commit()
    return report


def held(folder: Path) -> dict[str, str]:
    with Snapshot.open(folder / "katalog") as snapshot:
        return {offer.identifier: offer.name for _, offer in snapshot.ledger.offers()}


def test_taken_unchanged_refused_and_withdrawn_add_up(tmp_path: Path) -> None:
    first = deliver(tmp_path, ("a.csv", ["1;Brot;Alzey;10", "2;Kuchen;Alzey;20", "3;;Alzey;5", "2;Torte;Worms;30"]))
    assert first.counts() == Counts(read=4, taken=2, unchanged=0, refused=2, withdrawn=0)
    assert [note for note in first.notes if note.refused] == [
        Note(True, "a.csv, Zeile 4, Spalte B (Titel)", "Die Zelle ist leer; ohne Namen gibt es kein Angebot"),
        Note(True, "a.csv, Zeile 5", "Der Schlüssel „2“ kommt in diesem Lauf schon vor; nur der erste Datensatz gilt"),
    ]
    second = deliver(tmp_path, ("a.csv", ["2;Kuchen;Alzey;25", "4;Pizza;Alzey;9"]))
    assert second.counts() == Counts(read=2, taken=2, unchanged=0, refused=0, withdrawn=1)
    third = deliver(tmp_path, ("a.csv", ["2;Kuchen;Alzey;25", "4;Pizza;Alzey;9"]))
    assert third.counts() == Counts(read=2, taken=0, unchanged=2, refused=0, withdrawn=0)
    assert held(tmp_path) == {"2": "Kuchen", "4": "Pizza"}
    assert offers_in_store(tmp_path / "katalog") == {"kurse": 2}


def test_a_source_licence_holds_for_what_states_none_and_a_new_one_changes_the_offers(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{HEADER}\n1;Brot;Alzey;10\n", encoding="utf-8")
    said = []
    for licence in ("dl-de/zero-2-0", "dl-de/zero-2-0", "dl-de/by-2-0"):
        with open_run(tmp_path / "katalog", BASE) as opened:
            with opened.source("kurse") as writer:
                report = ingest_source(
                    writer, [(path, "table")], ReaderContext(source="kurse"), unchanged, licence=licence
                )
            opened.commit()
        with Snapshot.open(tmp_path / "katalog") as snapshot:
            said += [(report.counts().taken, offer.licence) for _, offer in snapshot.ledger.offers()]
    assert said == [(1, "dl-de/zero-2-0"), (0, "dl-de/zero-2-0"), (1, "dl-de/by-2-0")]


def test_files_of_one_source_are_counted_each(tmp_path: Path) -> None:
    report = deliver(tmp_path, ("a.csv", ["1;Brot;Alzey;10"]), ("b.csv", ["1;Brot;Alzey;10", "2;Kuchen;Worms;5"]))
    assert [(file.file, file.read, file.taken, file.refused) for file in report.files] == [
        ("a.csv", 1, 1, 0),
        ("b.csv", 2, 1, 1),
    ]


def test_too_few_offers_leave_the_source_as_it_was(tmp_path: Path) -> None:
    deliver(tmp_path, ("a.csv", [f"{n};Kurs {n};Alzey;10" for n in range(5)]), expect=5)
    report = deliver(tmp_path, ("a.csv", ["0;Anders;Alzey;10", "1;Kurs 1;Alzey;10"]), expect=5)
    assert report.failure == (
        "Die Quelle „kurse“ liefert nur 2 Angebote, erwartet werden mindestens 5. Es bleibt beim vorigen Stand."
    )
    assert report.counts() == Counts(read=2, taken=0, unchanged=0, refused=2, withdrawn=0)
    assert held(tmp_path) == {str(n): f"Kurs {n}" for n in range(5)}
    with Snapshot.open(tmp_path / "katalog") as snapshot:
        assert snapshot.ledger.last_runs()[0].failure == report.failure
        assert snapshot.state.data_run == 1


def test_a_file_that_cannot_be_read_leaves_the_source_as_it_was(tmp_path: Path) -> None:
    deliver(tmp_path, ("a.csv", ["1;Brot;Alzey;10"]))
    broken = tmp_path / "b.xml"
    broken.write_bytes(b'<!DOCTYPE x [<!ENTITY a "b">]><veranstaltungen>&a;</veranstaltungen>')
    report = run(tmp_path, [(tmp_path / "a.csv", "table"), (broken, "openvhs")])
    assert report.failure is not None
    assert report.failure.startswith("b.xml")
    assert held(tmp_path) == {"1": "Brot"}


def test_a_record_that_is_refused_now_keeps_its_last_state(tmp_path: Path) -> None:
    deliver(tmp_path, ("a.csv", ["1;Brot;Alzey;10", "2;Kuchen;Alzey;5"]))
    vhs = '<veranstaltungen version="1.2">{}</veranstaltungen>'
    course = "<veranstaltung><guid>G{0}</guid><name>{1}</name></veranstaltung>"
    path = tmp_path / "vhs.xml"
    path.write_text(vhs.format(course.format(1, "Yoga") + course.format(2, "Qigong")))
    run(tmp_path, [(path, "openvhs")], source="vhs")
    path.write_text(vhs.format(course.format(1, "Yoga") + course.format(2, "")))
    report = run(tmp_path, [(path, "openvhs")], source="vhs")
    assert report.counts() == Counts(read=2, taken=0, unchanged=1, refused=1, withdrawn=0)
    assert report.notes[0].text == "Der Titel (name) fehlt; es bleibt beim vorigen Stand"
    assert held(tmp_path) == {"1": "Brot", "2": "Kuchen", "G1": "Yoga", "G2": "Qigong"}


def test_a_key_of_another_source_is_refused(tmp_path: Path) -> None:
    """`vhs-alzey` with the key 1 and `vhs` with the key alzey-1 would share an address."""
    deliver(tmp_path, ("a.csv", ["1;Brot;Alzey;10"]), source="vhs-alzey")
    report = deliver(tmp_path, ("b.csv", ["alzey-1;Kuchen;Alzey;10", "2;Torte;Alzey;10"]), source="vhs")
    assert report.counts() == Counts(read=2, taken=1, unchanged=0, refused=1, withdrawn=0)
    assert report.notes[-1] == Note(
        True, "b.csv, Zeile 2", "Den Schlüssel „vhs-alzey-1“ benutzt schon die Quelle „vhs-alzey“"
    )


def test_checking_a_file_counts_like_taking_it_over_and_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(f"{HEADER}\n1;Brot;Alzey;10\n1;Kuchen;Alzey;20\n2;;Alzey;5\n3;Torte;Alzey;frei\n", encoding="utf-8")
    report, offers = check_file(path, "table", ReaderContext(source="kurse"), unchanged)
    assert report.counts() == Counts(read=4, taken=2, unchanged=0, refused=2, withdrawn=0)
    assert [offer.name for offer in offers] == ["Brot", "Torte"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.csv"]


@pytest.fixture(scope="module")
def enricher() -> Enricher:
    return Enricher(load_schemes(), Gazetteer.load())


def test_9487_real_offers_are_accounted_for_and_a_second_run_changes_none(
    shared: Path, tmp_path: Path, enricher: Enricher
) -> None:
    def once() -> SourceReport:
        with open_run(tmp_path, BASE) as opened:
            with opened.source("eval") as writer:
                files = [(shared / "eval/offers.jsonld", "schemaorg")]
                report = ingest_source(writer, files, ReaderContext(source="eval"), enricher, expect=9487)
            opened.commit()
        return report

    first = once()
    assert first.counts() == Counts(read=9487, taken=9487, unchanged=0, refused=0, withdrawn=0)
    assert first.failure is None
    assert offers_in_store(tmp_path) == {"eval": 9487}
    with Snapshot.open(tmp_path) as snapshot:
        assert snapshot.ledger.count() == 9487
        kinds = snapshot.store.query("""
            PREFIX schema: <http://schema.org/>
            SELECT ?kind (COUNT(?offer) AS ?n) WHERE { GRAPH ?g { ?offer a ?kind ; schema:identifier ?key } }
            GROUP BY ?kind ORDER BY ?kind""")
        assert [(row["kind"].value.rpartition("/")[2], int(row["n"].value)) for row in kinds] == [
            ("Course", 9065),
            ("Preschool", 124),
            ("School", 105),
            ("Service", 193),
        ]
        statements = len(snapshot.store)
    assert once().counts() == Counts(read=9487, taken=0, unchanged=9487, refused=0, withdrawn=0)
    with Snapshot.open(tmp_path) as snapshot:
        assert (snapshot.state.number, snapshot.state.data_run) == (2, 1)
        assert len(snapshot.store) == statements
