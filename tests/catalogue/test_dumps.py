"""The dumps hold what the store holds, say so truly, and appear whole or not at all."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
import os
import signal
import subprocess
import sys
import time
import zlib
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib

from catalogue.dumps import Manifest, dumps_are_current, make_dumps, read_dumps, read_manifest
from catalogue.dumps.packing import GzipWriter, combined_crc, pack
from catalogue.ledger import Counts
from catalogue.run import open_run
from catalogue.settings import read_settings
from catalogue.snapshot import Snapshot
from ontology.offer import Instance, Kind, Offer, Place, Provider
from ontology.publication import ontology_ntriples

BASE = "https://bildung.example/kreis"
GRAPH = f"{BASE}/graph/quelle"
SETTINGS = f"""
[catalogue]
title = "Bildung im Kreis"
base = "{BASE}"
publisher = "Kreis"
licence = "https://www.govdata.de/dl-de/by-2-0"

[[source]]
name = "kvhs"
title = "Kreisvolkshochschule"
licence = "https://creativecommons.org/licenses/by/4.0/"

[[source]]
name = "zu"
title = "Nur zum Ansehen"
licence = "Alle Rechte vorbehalten"

[[source]]
name = "amt"
"""
KVHS = Provider(id="kvhs", name="KVHS", url="https://kvhs.example/")
TOWN = Place(locality="Alzey", postal_code="55232", ags="07331003", latitude=49.75, longitude=8.11)
COURSE = Offer(
    id="kvhs-1",
    source="kvhs",
    identifier="1",
    kind=Kind.COURSE,
    name='=Brot "backen"',
    description="Erste Zeile\nzweite, mit . am Ende .",
    provider=KVHS,
    topics=("crafts",),
    phases=("general-adult",),
    instances=(
        Instance(number="1", start=dt.datetime(2026, 4, 13, 18, 30), end=dt.date(2026, 4, 20), price=Decimal("45.50")),
        Instance(number="2", start=dt.date(2026, 9, 1), place=TOWN),
    ),
)
COUNSEL = Offer(id="amt-b", source="amt", identifier="b", kind=Kind.SERVICE, name="Beratung", provider=KVHS, place=TOWN)
CLOSED = Offer(id="zu-1", source="zu", identifier="1", kind=Kind.COURSE, name="Geheimes Kochen")
OWN_LICENCE = Offer(
    id="kvhs-2", source="kvhs", identifier="2", kind=Kind.COURSE, name="Nur hier", licence="CC BY-NC 4.0"
)


def deliver(folder: Path, *offers: Offer) -> None:
    """One run with everything that there is now."""
    folder.mkdir(exist_ok=True)
    (folder / "katalog.toml").write_text(SETTINGS, encoding="utf-8")
    with open_run(folder, BASE) as run:
        for name in ("amt", "kvhs", "zu"):
            with run.source(name) as source:
                taken = sum(source.put(offer.canonical()) for offer in offers if offer.source == name)
                source.finish(Counts(taken, taken, 0, 0, source.missing()), [])
        run.put_ontology(ontology_ntriples())
        run.commit()


def dump(folder: Path) -> Manifest:
    return make_dumps(folder, read_settings(folder))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue with four offers, two of which may be passed on, and its dumps."""
    folder = tmp_path_factory.mktemp("dumps") / "katalog"
    deliver(folder, COURSE, COUNSEL, CLOSED, OWN_LICENCE)
    dump(folder)
    return folder


def unpacked(folder: Path, name: str) -> bytes:
    found = read_dumps(folder)
    assert found is not None
    return gzip.decompress((found[0] / name).read_bytes())


def statements(content: bytes, form: ox.RdfFormat) -> set[str]:
    """Quads as the store knows them, so that equal values are equal."""
    store = ox.Store()
    store.load(content, form)
    return {str(quad) for quad in store}


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


# Makes the dumps and kills itself right before the event that matches.
_KILLED = r"""
import os, re, signal, sys
from pathlib import Path
from catalogue.dumps import make_dumps
from catalogue.settings import read_settings
moment, folder = re.compile(sys.argv[1]), Path(sys.argv[2])
settings = read_settings(folder)
def before(event, arguments):
    if moment.fullmatch(" ".join(map(str, (event, *arguments)))):
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(before)
make_dumps(folder, settings)
"""


@pytest.mark.parametrize(
    ("moment", "new"),
    [
        (r"open \S+\.neu/katalog\.ttl\.gz .*", False),
        (r"open \S+\.neu/quelle-kvhs\.csv\.gz .*", False),
        (r"open \S+\.neu/audit\.ttl .*", False),
        (r"open \S+\.neu/manifest\.json\.neu w.*", False),
        (r"os\.rename \S+\.neu \S+/\d{6}-\w+ .*", False),
        (r"open \S+/current\.neu w.*", False),
        (r"os\.rename \S+/current\.neu .*", False),
        (r"open \S+/dumps/000003-\w+/manifest\.json r .*", True),
    ],
)
def test_killed_at_any_moment_the_old_dumps_are_there_or_the_new(tmp_path: Path, moment: str, new: bool) -> None:
    deliver(tmp_path, COUNSEL)
    deliver(tmp_path, COURSE)
    dump(tmp_path)
    deliver(tmp_path, COURSE, COUNSEL)
    done = subprocess.run([sys.executable, "-c", _KILLED, moment, tmp_path], check=False)
    assert done.returncode == -signal.SIGKILL
    manifest = read_manifest(tmp_path)
    assert manifest is not None
    assert manifest.whole.offers == (2 if new else 1)
    for file in manifest.files:
        found = read_dumps(tmp_path)
        assert found is not None
        assert sha256((found[0] / file.name).read_bytes()).hexdigest() == file.sha256
    assert dump(tmp_path).whole.offers == 2
    assert len([path for path in (tmp_path / "dumps").iterdir() if path.is_dir()]) == 2


def test_two_processes_at_once_do_no_harm(tmp_path: Path) -> None:
    deliver(tmp_path, COURSE, COUNSEL)
    command = [sys.executable, "-m", "catalogue.dumps", str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sorted(out for out, _ in said) == ["", "1 2\n2 2\n"]  # one made them, the other found them made
    assert dumps_are_current(tmp_path, read_settings(tmp_path))


def test_what_goes_wrong_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "katalog.toml").write_text("", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "catalogue.dumps", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"Der Katalog {tmp_path} ist noch leer.")


def many(count: int) -> list[Offer]:
    return [
        Offer(id=f"kvhs-{n}", source="kvhs", identifier=str(n), kind=Kind.COURSE, name=f"Kurs {n}", provider=KVHS)
        for n in range(count)
    ]


def test_many_offers_are_written_by_several_processes_that_end(tmp_path: Path) -> None:
    deliver(tmp_path, *many(2600))
    before = children()
    manifest = dump(tmp_path)
    assert (manifest.whole.offers, manifest.whole.statements) == (2600, 2600 * 4 + 3)
    assert len(statements(unpacked(tmp_path, "katalog.ttl.gz"), ox.RdfFormat.TURTLE)) == 2600 * 4 + 3
    assert (manifest.audit.offers, manifest.audit.checked) == (2600, 1000)
    assert children() - before == set()


def children() -> set[str]:
    """Processes of this one, the watcher of multiprocessing apart, which ends with it."""
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
    found: set[str] = set()
    for number in text.split():
        command = Path(f"/proc/{number}/cmdline").read_bytes()
        if b"resource_tracker" not in command:
            found.add(number)
    return found


def test_killed_it_leaves_no_process_behind(tmp_path: Path) -> None:
    deliver(tmp_path, *many(2600))
    command = [sys.executable, "-m", "catalogue.dumps", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "500 2600\n"  # so its workers are there
        text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
        workers = [Path("/proc") / number for number in text.split()]
        process.kill()
    assert len(workers) >= 2
    end = time.monotonic() + 30
    while any(_lives(worker) for worker in workers):
        assert time.monotonic() < end, "they go on without anybody to work for"
    assert not (tmp_path / "dumps/current").exists()


def _lives(process: Path) -> bool:
    """Whether it runs; one that ended and that nobody has asked about does not."""
    try:
        return (process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


# --- packing ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [[], [b""], [b"a"], [b"eins\n", b"", b"zwei\n" * 50_000, bytes(range(256)) * 7]])
def test_parts_become_one_gzip_member(tmp_path: Path, parts: list[bytes]) -> None:
    writer = GzipWriter(tmp_path / "x.gz")
    writer.add(*map(pack, parts))
    digest = writer.close()
    content = (tmp_path / "x.gz").read_bytes()
    unpacker: Any = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert unpacker.decompress(content) == b"".join(parts)
    assert (unpacker.eof, unpacker.unused_data) == (True, b"")
    assert (digest, writer.bytes, writer.unpacked) == (sha256(content).hexdigest(), len(content), len(b"".join(parts)))
    assert content[4:8] == bytes(4)  # no time


def test_checksums_are_combined() -> None:
    first, second = b"Brot ", b"backen" * 1000
    assert combined_crc(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)
