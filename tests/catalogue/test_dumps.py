"""The dumps hold what the store holds, say so truly, and appear whole or not at all."""

from __future__ import annotations

import csv
import gzip
import io
import json
from hashlib import sha256
from pathlib import Path

import msgspec
import pyoxigraph as ox
import pytest
import rdflib

from catalogue.dumps import dumps_are_current, parts, read_dumps, read_manifest
from catalogue.settings import read_settings
from catalogue.snapshot import Snapshot
from ontology.offer import Instance
from tests.catalogue.dumped import (
    BASE,
    CLOSED,
    COUNSEL,
    COURSE,
    GRAPH,
    OWN_LICENCE,
    TOWN,
    deliver,
    dump,
    statements,
    unpacked,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue with four offers, two of which may be passed on, and its dumps."""
    folder = tmp_path_factory.mktemp("dumps") / "katalog"
    deliver(folder, COURSE, COUNSEL, CLOSED, OWN_LICENCE)
    dump(folder)
    return folder


# --- what they hold ---------------------------------------------------------------------------------------------------------------


def test_the_nquads_are_the_store_without_what_may_not_be_passed_on(made: Path) -> None:
    with Snapshot.open(made) as snapshot:
        there = {str(quad) for quad in snapshot.store}
    kept = {quad for quad in there if f"{GRAPH}/zu>" not in quad and "/kvhs-2>" not in quad}
    assert len(there) - len(kept) == 3 + 4  # type, identifier, name; and the licence
    assert statements(unpacked(made, "katalog.nq.gz"), ox.RdfFormat.N_QUADS) == kept


def test_other_forms_say_the_same_about_the_offers(made: Path) -> None:
    quads = statements(unpacked(made, "katalog.nq.gz"), ox.RdfFormat.N_QUADS)
    own = {quad for quad in quads if "/graph/quelle/" in quad}
    assert statements(unpacked(made, "katalog.jsonld.gz"), ox.RdfFormat.JSON_LD) == own
    triples = {quad.rpartition(" ")[0] for quad in own}
    assert len(own) - len(triples) == 3  # the provider, which both sources describe
    assert statements(unpacked(made, "katalog.ttl.gz"), ox.RdfFormat.TURTLE) == triples
    of_kvhs = {quad.rpartition(" ")[0] for quad in own if quad.endswith(f"<{GRAPH}/kvhs>")}
    assert statements(unpacked(made, "quelle-kvhs.ttl.gz"), ox.RdfFormat.TURTLE) == of_kvhs


def test_what_a_text_holds_is_never_taken_for_the_iri_of_a_place(tmp_path: Path) -> None:
    named = [
        msgspec.structs.replace(TOWN, name=name, street=parts._HERE[1:-1])
        for name in (parts._HERE, f'"\\{parts._HERE}')
    ]
    runs = [Instance(number=str(number), place=named[number % 2]) for number in range(4)]
    deliver(tmp_path, msgspec.structs.replace(COURSE, place=named[0], instances=tuple(runs)), COUNSEL)
    dump(tmp_path)
    quads = statements(unpacked(tmp_path, "katalog.nq.gz"), ox.RdfFormat.N_QUADS)
    with Snapshot.open(tmp_path) as snapshot:
        assert quads == {str(quad) for quad in snapshot.store}
    own = {quad for quad in quads if "/graph/quelle/" in quad}
    assert statements(unpacked(tmp_path, "katalog.jsonld.gz"), ox.RdfFormat.JSON_LD) == own
    triples = {quad.rpartition(" ")[0] for quad in own}
    assert statements(unpacked(tmp_path, "katalog.ttl.gz"), ox.RdfFormat.TURTLE) == triples


def test_rdflib_reads_them_too(made: Path) -> None:
    graph = rdflib.Graph().parse(data=unpacked(made, "katalog.ttl.gz"), format="turtle")
    name, description = rdflib.URIRef("http://schema.org/name"), rdflib.URIRef("http://schema.org/description")
    offer = rdflib.URIRef(f"{BASE}/id/angebot/kvhs-1")
    assert str(graph.value(offer, name)) == '=Brot "backen"'
    assert str(graph.value(offer, description)) == "Erste Zeile\nzweite, mit . am Ende ."


def test_the_table_has_a_row_for_each_run_and_no_formula(made: Path) -> None:
    text = unpacked(made, "katalog.csv.gz").decode()
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [
        (row["kennung"], row["titel"], row["beginn"], row["ende"], row["preis_euro"], row["ort"]) for row in rows
    ] == [
        ("b", "Beratung", "", "", "", "Alzey"),
        ("1", '\'=Brot "backen"', "2026-04-13T18:30:00", "2026-04-20", "45.50", ""),
        ("1", '\'=Brot "backen"', "2026-09-01", "", "", "Alzey"),
    ]
    assert rows[1]["termin"] == f"{BASE}/id/angebot/kvhs-1#termin-1"
    assert (rows[0]["termin"], rows[0]["anbieter"]) == ("", "KVHS")


def test_the_description_names_every_column_in_order(made: Path) -> None:
    found = read_dumps(made)
    assert found is not None
    described = json.loads((found[0] / "quelle-kvhs.csv-metadata.json").read_text(encoding="utf-8"))
    assert (described["url"], described["dc:title"]) == ("quelle-kvhs.csv", "Kreisvolkshochschule")
    assert described["dc:license"] == {"@id": "https://creativecommons.org/licenses/by/4.0/"}
    first_line = unpacked(made, "quelle-kvhs.csv.gz").decode().split("\r\n", 1)[0]
    assert [column["name"] for column in described["tableSchema"]["columns"]] == first_line.split(",")
    price = next(column for column in described["tableSchema"]["columns"] if column["name"] == "preis_euro")
    assert price["datatype"] == "decimal"


# --- what they say of themselves --------------------------------------------------------------------------------------------------


def test_every_file_is_as_the_manifest_says(made: Path) -> None:
    found = read_dumps(made)
    assert found is not None
    folder, manifest = found
    names = {file.name for file in manifest.files}
    assert names == {
        *(f"katalog.{suffix}" for suffix in ("nq.gz", "ttl.gz", "jsonld.gz", "csv.gz", "csv-metadata.json")),
        *(
            f"quelle-{source}.{suffix}"
            for source in ("amt", "kvhs")
            for suffix in ("ttl.gz", "csv.gz", "csv-metadata.json")
        ),
        "audit.ttl",
    }
    assert {path.name for path in folder.iterdir()} == names | {"manifest.json"}
    for file in manifest.files:
        content = (folder / file.name).read_bytes()
        assert (len(content), sha256(content).hexdigest()) == (file.bytes, file.sha256)
        assert len(gzip.decompress(content) if file.compressed else content) == file.unpacked


def test_the_manifest_counts_what_there_is(made: Path) -> None:
    manifest = read_manifest(made)
    assert manifest is not None
    whole, amt, kvhs = manifest.datasets
    assert [dataset.source for dataset in manifest.datasets] == [None, "amt", "kvhs"]
    assert (whole.offers, amt.offers, kvhs.offers) == (2, 1, 1)
    assert (whole.withheld, kvhs.withheld) == (2, 1)
    assert (kvhs.title, kvhs.publisher, kvhs.licence) == (
        "Kreisvolkshochschule",
        "Kreis",
        "https://creativecommons.org/licenses/by/4.0/",
    )
    assert (amt.title, amt.licence) == ("amt", "https://www.govdata.de/dl-de/by-2-0")
    assert (whole.first_day, whole.last_day, amt.first_day) == ("2026-04-13", "2026-09-01", None)
    assert kvhs.classes == {
        f"http://schema.org/{name}": count
        for name, count in {
            "Course": 1,
            "CourseInstance": 2,
            "Offer": 1,
            "Organization": 1,
            "Place": 1,
            "PostalAddress": 1,
        }.items()
    }
    assert (kvhs.entities, whole.classes["http://schema.org/Organization"]) == (7, 1)
    assert kvhs.properties["http://schema.org/startDate"] == 2
    turtle = {file.source: file for file in manifest.files if file.name.endswith(".ttl.gz")}
    for dataset in manifest.datasets:
        file = turtle[dataset.source]
        content = unpacked(made, file.name)
        assert file.statements == dataset.statements == len(statements(content, ox.RdfFormat.TURTLE))
    assert manifest.file("katalog.nq.gz").statements == len(  # type: ignore[union-attr]
        statements(unpacked(made, "katalog.nq.gz"), ox.RdfFormat.N_QUADS)
    )
    assert (manifest.audit.offers, manifest.audit.checked, manifest.audit.faulty) == (2, 2, 0)


def test_equal_data_give_equal_bytes_and_another_hour_changes_no_date(made: Path, tmp_path: Path) -> None:
    deliver(tmp_path, COURSE, COUNSEL, CLOSED, OWN_LICENCE)
    again, first = dump(tmp_path), read_manifest(made)
    assert first is not None
    packed = [file.sha256 for file in again.files if file.compressed]
    assert packed == [file.sha256 for file in first.files if file.compressed]


# --- when they are made -----------------------------------------------------------------------------------------------------------


def test_they_are_made_anew_only_when_something_of_theirs_changed(tmp_path: Path) -> None:
    deliver(tmp_path, COURSE, COUNSEL)
    settings = read_settings(tmp_path)
    assert not dumps_are_current(tmp_path, settings)
    first = dump(tmp_path)
    deliver(tmp_path, COURSE, COUNSEL)
    assert dumps_are_current(tmp_path, settings)
    assert dump(tmp_path) == first
    deliver(tmp_path, COURSE)
    assert not dumps_are_current(tmp_path, settings)
    second = dump(tmp_path)
    assert [dataset.source for dataset in second.datasets] == [None, "kvhs"]
    kept = "quelle-kvhs.ttl.gz"
    assert second.file(kept) == first.file(kept)  # with the time since when it is as it is
    changed = (tmp_path / "katalog.toml").read_text(encoding="utf-8").replace("by/4.0/", "by-nc/4.0/")
    (tmp_path / "katalog.toml").write_text(changed, encoding="utf-8")
    assert [dataset.offers for dataset in dump(tmp_path).datasets] == [0]


def test_an_empty_catalogue_has_valid_files(tmp_path: Path) -> None:
    deliver(tmp_path)
    manifest = dump(tmp_path)
    assert (manifest.whole.offers, manifest.whole.statements) == (0, 0)
    assert json.loads(unpacked(tmp_path, "katalog.jsonld.gz")) == []
    assert statements(unpacked(tmp_path, "katalog.ttl.gz"), ox.RdfFormat.TURTLE) == set()


def test_the_set_before_stays_and_older_ones_go(tmp_path: Path) -> None:
    names = []
    for number in range(3):
        deliver(tmp_path, *(COURSE, COUNSEL)[: number % 2 + 1])
        dump(tmp_path)
        names.append((tmp_path / "dumps/current").read_text(encoding="ascii"))
    assert sorted(path.name for path in (tmp_path / "dumps").iterdir() if path.is_dir()) == sorted(names[1:])


def test_an_open_file_is_read_to_its_end_whatever_happens(tmp_path: Path) -> None:
    deliver(tmp_path, COURSE, COUNSEL)
    manifest = dump(tmp_path)
    found = read_dumps(tmp_path)
    assert found is not None
    with (found[0] / "katalog.nq.gz").open("rb") as file:
        start = file.read(10)
        for offers in ((COURSE,), (COUNSEL,), (COURSE,)):
            deliver(tmp_path, *offers)
            dump(tmp_path)
        assert not found[0].exists()
        whole = start + file.read()
    assert sha256(whole).hexdigest() == manifest.files[0].sha256
