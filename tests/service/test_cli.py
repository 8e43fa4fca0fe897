"""The command line as people and scripts call it: exit status, standard output, sentences on standard error, never a traceback."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import rdflib

from catalogue.lock import writer_lock
from ingest.pipeline import check_file
from ingest.records import ReaderContext
from ontology.offer import Offer, Place
from tests.catalogues import new_catalogue, statements, status
from tests.command import bildungskatalog

COMMANDS = ("demo", "init", "ingest", "check", "ask", "serve", "export", "evaluate", "status")
TABLE = "Nr;Titel;Ort;Preis\n1;Brot backen;Alzey;10\n2;Kuchen backen;Worms;frei\n3;;Alzey;5\n"


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """A new catalogue, with a table beside it."""
    assert bildungskatalog("init", tmp_path / "katalog").returncode == 0
    (tmp_path / "kurse.csv").write_text(TABLE, encoding="utf-8")
    return tmp_path / "katalog"


@pytest.fixture(scope="module")
def original(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue of one small source, read in once; for reading only."""
    source = {"name": "kurse", "format": "table", "files": ["kurse.csv"], "expect": 2}
    folder = new_catalogue(tmp_path_factory.mktemp("klein") / "katalog", demo, [source])
    (folder / "kurse.csv").write_text(TABLE, encoding="utf-8")
    assert bildungskatalog("ingest", "--dir", folder).returncode == 0
    return folder


@pytest.fixture
def small(original: Path, tmp_path: Path) -> Path:
    """A copy of it that a test may change."""
    return Path(shutil.copytree(original, tmp_path / "katalog"))


def refused(*arguments: object) -> str:
    """The sentence with which a command is refused."""
    done = bildungskatalog(*arguments)
    assert done.returncode == 1, done
    assert done.stdout == ""
    return done.stderr.strip()


def wrong(*arguments: object) -> str:
    """What a command says about its wrong usage, without the frame that is drawn around it."""
    done = bildungskatalog(*arguments)
    assert done.returncode == 2, done
    assert done.stdout == ""
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", done.stderr).split())


# --- help and usage


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_in_german(command: str) -> None:
    done = bildungskatalog(command, "--help")
    assert done.returncode == 0
    assert f"bildungskatalog {command}" in done.stdout
    assert done.stderr == ""


def test_without_a_command_all_are_listed() -> None:
    done = bildungskatalog()
    listed = re.findall(r"^│ ([a-z]+) ", done.stdout + done.stderr, re.MULTILINE)
    assert set(COMMANDS) <= set(listed)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["backen"], "No such command 'backen'"),
        (["ask", "--limit", "0", "Brot"], "--limit"),
        (["ask", "--today", "2026-02-30", "Brot"], "--today"),
        (["ask"], "FRAGE"),
        (["export"], "--format"),
        (["check"], "FILE"),
        (
            ["check", "kurse.csv", "--format", "word"],
            "Das Format „word“ gibt es nicht; bekannt sind openvhs, schemaorg, table",
        ),
        (["serve", "--port", "70000"], "--port"),
    ],
)
def test_wrong_usage_is_status_2(arguments: list[str], sentence: str) -> None:
    assert sentence in wrong(*arguments)


def test_a_format_of_the_export_that_does_not_exist(original: Path) -> None:
    assert "„pdf“ gibt es nicht; möglich sind turtle" in wrong("export", "--dir", original, "--format", "pdf")


# --- settings


def test_init_writes_one_commented_file_and_only_once(tmp_path: Path) -> None:
    done = bildungskatalog("init", tmp_path / "neu" / "katalog")
    assert done.returncode == 0
    assert "katalog.toml" in done.stdout
    assert [path.name for path in (tmp_path / "neu/katalog").iterdir()] == ["katalog.toml"]
    before = (tmp_path / "neu/katalog/katalog.toml").read_bytes()
    assert before.count(b"#") > 15
    assert refused("init", tmp_path / "neu" / "katalog") == f"In {tmp_path}/neu/katalog liegt schon ein Katalog."
    assert (tmp_path / "neu/katalog/katalog.toml").read_bytes() == before


@pytest.mark.parametrize("command", [["ingest"], ["ask", "Brot"], ["serve"], ["status"], ["export", "--format", "csv"]])
def test_a_missing_katalog_toml_is_said(tmp_path: Path, command: list[str]) -> None:
    assert refused(*command, "--dir", tmp_path) == (
        f"In {tmp_path} liegt kein Katalog (katalog.toml fehlt). Neu anlegen: bildungskatalog init {tmp_path}"
    )


@pytest.mark.parametrize("command", [["ask", "Brot"], ["serve"], ["status"], ["export", "--format", "csv"]])
def test_a_catalogue_without_offers_is_said(empty: Path, command: list[str]) -> None:
    assert refused(*command, "--dir", empty) == (
        f"Der Katalog {empty} ist noch leer. Einlesen: bildungskatalog ingest --dir {empty}"
    )


def test_all_errors_of_katalog_toml_are_said_at_once(tmp_path: Path) -> None:
    (tmp_path / "katalog.toml").write_text(
        '[catalogue]\nbase = "bildung.example.de"\ndistrict = "7331"\n[sparql]\nworkers = 0\n'
        '[[source]]\nname = "Kreis VHS"\nfarbe = "rot"\n[[source]]\nname = "b"\nexpect = -1\n'
    )
    said = refused("status", "--dir", tmp_path).splitlines()
    assert said[0] == f"{tmp_path}/katalog.toml enthält Fehler:"
    places = sorted(line.strip().partition(":")[0] for line in said[1:])
    assert places == [
        "catalogue.base",
        "catalogue.district",
        "source.1.farbe",
        "source.1.name",
        "source.2.expect",
        "sparql.workers",
    ]


@pytest.mark.parametrize("content", [b"[catalogue\n", b'title = "\xff"\n', b"\x00"])
def test_a_katalog_toml_that_is_no_toml(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "katalog.toml").write_bytes(content)
    assert refused("status", "--dir", tmp_path).startswith(f"{tmp_path}/katalog.toml ist nicht lesbar: ")


def test_the_folder_comes_from_the_environment_or_is_katalog(original: Path, tmp_path: Path) -> None:
    named = bildungskatalog("status", "--json", env={"BILDUNGSKATALOG_DIR": str(original)})
    unnamed = bildungskatalog("status", "--json", cwd=original.parent)
    assert json.loads(named.stdout)["offers"] == json.loads(unnamed.stdout)["offers"] == 2


# --- ingest


def test_a_file_with_an_unknown_source_enters_it_in_the_settings(empty: Path, demo: Path) -> None:
    (empty / "cache").mkdir()
    (empty / "cache/vectors.sqlite").write_bytes((demo / "cache/vectors.sqlite").read_bytes())
    done = bildungskatalog("ingest", "--dir", empty, empty.parent / "kurse.csv", "--source", "backstube")
    assert done.returncode == 0, "refused rows are reported, they are no failure"
    assert done.stdout.splitlines()[0] == (
        "backstube: 3 gelesen = 2 übernommen + 0 unverändert + 1 abgelehnt; 0 zurückgezogen"
    )
    settings = (empty / "katalog.toml").read_text(encoding="utf-8")
    assert settings.endswith('[[source]]\nname = "backstube"\ntitle = "backstube"\nformat = "table"\n')
    again = bildungskatalog("ingest", "--dir", empty, empty.parent / "kurse.csv", "--source", "backstube")
    assert again.stdout.startswith("backstube: 3 gelesen = 0 übernommen + 2 unverändert + 1 abgelehnt")
    assert (empty / "katalog.toml").read_text(encoding="utf-8") == settings


@pytest.mark.parametrize("options", [[], ["--format", "table"]])
def test_a_missing_file_leaves_the_settings_alone(empty: Path, options: list[str]) -> None:
    before = (empty / "katalog.toml").read_bytes()
    said = refused("ingest", "--dir", empty, "gibtsnicht.csv", "--source", "neu", *options)
    assert said.startswith("gibtsnicht.csv: Diese Datei gibt es nicht")
    assert (empty / "katalog.toml").read_bytes() == before


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"%PDF-1.7", "bericht: Die Datei ist ein PDF; daraus lassen sich keine Angebote lesen"),
        (b"", "bericht: Die Datei ist leer"),
        (b"\x00\x01\x02", "bericht: Die Datei enthält keinen Text, sondern binäre Daten"),
    ],
)
def test_a_file_that_is_nothing_known(empty: Path, tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "bericht").write_bytes(content)
    assert refused("ingest", "--dir", empty, tmp_path / "bericht").startswith(sentence)
    assert refused("check", tmp_path / "bericht").startswith(sentence)


def test_a_folder_is_no_file(empty: Path, tmp_path: Path) -> None:
    assert refused("check", tmp_path).endswith("Tabellen (XLSX, CSV)")
    assert "Das ist ein Ordner und keine Datei" in refused("ingest", "--dir", empty, tmp_path, "--source", "neu")


def test_a_first_ingest_that_fails_leaves_the_settings_alone(empty: Path) -> None:
    before = (empty / "katalog.toml").read_bytes()
    done = bildungskatalog(
        "ingest", "--dir", empty, empty.parent / "kurse.csv", "--source", "p2", "--format", "openvhs"
    )
    assert done.returncode == 1
    assert "p2 bleibt, wie es war" in done.stderr
    assert (empty / "katalog.toml").read_bytes() == before


def test_a_bad_name_for_a_source(empty: Path, tmp_path: Path) -> None:
    said = refused("ingest", "--dir", empty, tmp_path / "kurse.csv", "--source", "Kreis VHS")
    assert said == "„Kreis VHS“ taugt nicht als Name einer Quelle: nur Kleinbuchstaben, Ziffern und Bindestriche."


def test_a_source_that_the_settings_do_not_know(original: Path) -> None:
    assert "Die Quelle „andere“ kennt katalog.toml nicht" in wrong("ingest", "--dir", original, "--source", "andere")


def test_a_source_below_its_expected_count_keeps_its_old_state(small: Path) -> None:
    before = statements(small)
    (small / "kurse.csv").write_text("Nr;Titel;Ort;Preis\n1;Torte;Alzey;10\n", encoding="utf-8")
    done = bildungskatalog("ingest", "--dir", small)
    assert done.returncode == 1
    assert done.stdout.startswith("kurse: 1 gelesen = 0 übernommen + 0 unverändert + 1 abgelehnt; 0 zurückgezogen")
    assert done.stderr.strip() == (
        "kurse bleibt, wie es war: Die Quelle „kurse“ liefert nur 1 Angebote, erwartet werden mindestens 2. "
        "Es bleibt beim vorigen Stand."
    )
    assert statements(small) == before
    assert status(small)["sources"]["kurse"]["failure"] in done.stderr


def test_bad_sources_do_not_stop_the_others(small: Path) -> None:
    bad = {
        "fehlt": 'files = ["fehlt.csv"]',
        "fehlt-auch": 'files = ["fehlt.csv"]\nformat = "table"',
        "format": 'files = ["kurse.csv"]\nformat = "word"',
        "zuordnung": 'files = ["kurse.csv"]\nmapping = "fehlt.toml"',
        "ordner": 'files = ["."]\nformat = "table"',
    }
    with (small / "katalog.toml").open("a", encoding="utf-8") as file:
        file.write("".join(f'\n[[source]]\nname = "{name}"\n{lines}\n' for name, lines in bad.items()))
    done = bildungskatalog("ingest", "--dir", small)
    assert done.returncode == 1
    assert "kurse: 3 gelesen = 0 übernommen + 2 unverändert + 1 abgelehnt" in done.stdout
    said = dict(line.split(" bleibt, wie es war: ") for line in done.stderr.splitlines() if "bleibt" in line)
    assert said.keys() == bad.keys()
    assert said["fehlt"].startswith("fehlt.csv: Diese Datei gibt es nicht")
    assert said["fehlt-auch"] == "fehlt.csv: Die Datei gibt es nicht."
    assert said["format"] == "Das Format „word“ gibt es nicht; bekannt sind openvhs, schemaorg, table."
    assert said["zuordnung"].startswith("fehlt.toml: Die Zuordnung der Spalten enthält Fehler")
    assert said["ordner"].endswith("(Is a directory).")


def test_a_second_writer_is_told_who_writes(small: Path) -> None:
    with writer_lock(small):
        said = refused("ingest", "--dir", small)
    assert re.fullmatch(
        rf"Der Katalog {re.escape(str(small))} wird gerade geschrieben, von Prozess {os.getpid()} seit [\d.]+ [\d:]+\.",
        said,
    )


# --- check


def test_check_says_what_would_be_taken_over_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "kurse.csv"
    path.write_text(TABLE, encoding="utf-8")
    done = bildungskatalog("check", path, "--json")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert {key: found[key] for key in ("file", "format", "read", "taken", "refused")} == {
        "file": "kurse.csv",
        "format": "table",
        "read": 3,
        "taken": 2,
        "refused": 1,
    }
    assert [note for note in found["notes"] if note["refused"]] == [
        {
            "refused": True,
            "place": "kurse.csv, Zeile 4, Spalte B (Titel)",
            "text": "Die Zelle ist leer; ohne Namen gibt es kein Angebot",
        }
    ]
    assert [entry.name for entry in tmp_path.iterdir()] == ["kurse.csv"]


def test_check_of_a_file_of_which_nothing_can_be_taken_over_is_status_1(tmp_path: Path) -> None:
    path = tmp_path / "kurse.csv"
    path.write_text("Nr;Titel;Ort\n1;;Alzey\n", encoding="utf-8")
    done = bildungskatalog("check", path)
    assert done.returncode == 1
    assert done.stdout.startswith("pruefung: 1 gelesen = 0 übernommen + 0 unverändert + 1 abgelehnt")


def essence(offer: Offer) -> tuple[Any, ...]:
    """What the columns of a repaired table hold of an offer."""
    places = [instance.place or offer.place or Place() for instance in offer.instances]
    return (
        *(offer.identifier, offer.name, offer.description, offer.provider and offer.provider.name, offer.keywords),
        *((i.start, i.end, i.mode, i.price, i.price_note) for i in offer.instances),
        *((place.name, place.street, place.postal_code, place.locality) for place in places),
    )


@pytest.mark.parametrize("name", ["kvhs-alzey-worms.xml", "vhs-worms.xml", "hochschule-nibelungen.jsonld"])
def test_a_repaired_table_gives_the_same_offers(demo: Path, tmp_path: Path, name: str) -> None:
    original, out = demo / "quellen" / name, tmp_path / "repariert.xlsx"
    done = bildungskatalog("check", original, "--repaired", out)
    assert done.returncode == 0
    source_format = "openvhs" if name.endswith(".xml") else "schemaorg"
    context = ReaderContext(source="probe")
    before = check_file(original, source_format, context, lambda offer: offer)[1]
    report, after = check_file(out, "table", context, lambda offer: offer)
    assert not [note for note in report.notes if note.refused]
    assert [essence(offer) for offer in after] == [essence(offer) for offer in before]


def test_a_repaired_table_says_what_searches_ask_for(tmp_path: Path) -> None:
    stated = {
        "Wochentage": "Mo, Mi",
        "Umfang": "40 UE",
        "Zeitmodell": "Abendkurs",
        "Zielgruppe": "Senioren",
        "Mindestalter": "60",
        "Höchstalter": "99",
        "Niveau": "A1, B1",
        "Sprache": "Deutsch, Türkisch",
        "Zertifikat": "ja",
        "Abschluss": "Telc B1",
        "Förderung": "Bildungsgutschein",
        "Voraussetzungen": "Lesen",
    }
    path, out = tmp_path / "kurse.csv", tmp_path / "repariert.xlsx"
    path.write_text(f"Nr;Titel;{';'.join(stated)}\n1;Nähen;{';'.join(stated.values())}\n", encoding="utf-8")
    assert bildungskatalog("check", path, "--repaired", out).returncode == 0
    context = ReaderContext(source="probe")
    before, after = (check_file(file, "table", context, lambda offer: offer)[1][0] for file in (path, out))
    assert before.instances == after.instances
    assert set(before.audience) <= set(after.audience)  # those that were understood are written, too
    for name in ("age_min", "age_max", "level", "in_language", "certificate", "credential", "funding", "prerequisites"):
        assert getattr(before, name) not in (None, ()), name
        assert getattr(after, name) == getattr(before, name)


def test_check_does_not_overwrite_what_it_checks(tmp_path: Path) -> None:
    path = tmp_path / "kurse.csv"
    path.write_text(TABLE, encoding="utf-8")
    (tmp_path / "auch.csv").symlink_to(path)
    for target in (path, tmp_path / "auch.csv"):
        assert refused("check", path, "--repaired", target) == (
            f"{target} ist die Datei, die geprüft wird; sie wird nicht überschrieben."
        )
    assert path.read_text(encoding="utf-8") == TABLE


def test_results_that_cannot_be_written(original: Path) -> None:
    sentence = "kann nicht geschrieben werden: Den Ordner /nix gibt es nicht."
    check = refused("check", original / "kurse.csv", "--repaired", "/nix/x.xlsx")
    assert check == f"/nix/x.xlsx {sentence}"
    export = refused("export", "--dir", original, "--format", "csv", "--out", "/nix/x.csv")
    assert export == f"/nix/x.csv {sentence}"


# --- export


@pytest.mark.filterwarnings("ignore:(Dataset|ConjunctiveGraph):DeprecationWarning:rdflib")  # it warns of itself
@pytest.mark.parametrize(
    ("name", "parser"), [("turtle", "turtle"), ("trig", "trig"), ("nquads", "nquads"), ("jsonld", "json-ld")]
)
def test_exports_are_read_by_others(original: Path, name: str, parser: str, tmp_path: Path) -> None:
    out = tmp_path / f"katalog.{name}"
    done = bildungskatalog("export", "--dir", original, "--format", name, "--out", out)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    strict = {"turtle": ox.RdfFormat.TURTLE, "trig": ox.RdfFormat.TRIG, "nquads": ox.RdfFormat.N_QUADS}
    statements = list(ox.parse(out.read_bytes(), strict.get(name, ox.RdfFormat.JSON_LD)))
    found = rdflib.Dataset(default_union=True)
    found.parse(data=out.read_text(encoding="utf-8"), format=parser)
    assert len(statements) == len(found)
    schema = rdflib.Namespace("http://schema.org/")
    assert {str(title) for title in found.objects(None, schema.name)} >= {"Brot backen", "Kuchen backen"}
    prices = {str(found.value(run, schema.price)) for run in found.subjects(schema.price, None)}
    assert {float(price) for price in prices} == {0.0, 10.0}
    graphs = {str(graph.identifier) for graph in found.graphs() if len(graph)} - {"urn:x-rdflib:default"}
    assert graphs == (set() if name == "turtle" else {"http://127.0.0.1:8000/graph/quelle/kurse"})
    assert bildungskatalog("export", "--dir", original, "--format", name).stdout == out.read_text(encoding="utf-8")


def test_the_csv_export_is_a_table_and_no_formula(small: Path) -> None:
    (small / "kurse.csv").write_text(
        'Nr;Titel;Ort;Preis\n1;"=HYPERLINK(""x"")";Alzey;10\n2;"Brot, ""frisch""";Worms;frei\n'
    )
    assert bildungskatalog("ingest", "--dir", small).returncode == 0
    done = bildungskatalog("export", "--dir", small, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout, newline="")))
    assert [(row["kennung"], row["titel"], row["ort"], row["preis_euro"]) for row in rows] == [
        ("1", '\'=HYPERLINK("x")', "Alzey", "10.00"),
        ("2", 'Brot, "frisch"', "Worms", "0.00"),
    ]


# --- ask and status


def test_status_in_numbers(original: Path) -> None:
    found = status(original)
    assert (found["offers"], found["run"], found["data_run"], found["neighbours"]) == (2, 1, 1, [])
    assert found["index"]["model"].startswith("e5-small-q4")
    source = found["sources"]["kurse"]
    names = ("offers", "read", "taken", "unchanged", "refused", "withdrawn", "failure")
    assert {name: source[name] for name in names} == {
        "offers": 2,
        "read": 3,
        "taken": 2,
        "unchanged": 0,
        "refused": 1,
        "withdrawn": 0,
        "failure": None,
    }
    printed = bildungskatalog("status", "--dir", original).stdout
    assert "kurse.csv, Zeile 4, Spalte B (Titel): Die Zelle ist leer" in printed


def test_an_answer_has_the_published_shape(demo: Path) -> None:
    done = bildungskatalog(
        "ask", "--dir", demo, "Excel-Kurs in Alzey, abends", "--today", "2026-01-05", "--json", "--limit", "3"
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert {"query", "total", "weak", "hits", "facets", "took_ms"} <= found.keys()
    query = found["query"]
    assert {"text", "language", "topic", "filters", "place_ags", "spans", "suggested"} <= query.keys()
    assert query["filters"] == {"place": "Alzey", "daytime": ["evening"]}
    assert query["place_ags"] == "07331003"
    for span in query["spans"]:
        assert {"filter", "start", "end", "label"} <= span.keys()
        assert query["text"][span["start"] : span["end"]]
    assert len(found["hits"]) == 3
    hit = found["hits"][0]
    assert {"id", "identifier", "name", "provider", "score", "group", "reasons", "instances"} <= hit.keys()
    assert hit["id"].startswith("http://127.0.0.1:8000/id/angebot/")
    assert hit["group"] in (1, 2, 3)
    assert {"start", "end", "place", "price", "mode"} <= hit["instances"][0].keys()
    kinds = {reason["kind"] for hit in found["hits"] for reason in hit["reasons"]}
    assert kinds <= {"meaning", "words", "fulfilled", "unfulfilled", "unknown"}
    assert all({"kind", "field", "text"} <= reason.keys() for hit in found["hits"] for reason in hit["reasons"])
    for values in found["facets"].values():
        assert all({"value", "count"} <= value.keys() and value["count"] > 0 for value in values)


def test_an_answer_for_people(demo: Path) -> None:
    done = bildungskatalog("ask", "--dir", demo, "Excel-Kurs in Alzey, abends", "--today", "2026-01-05", "--limit", "3")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "— Passt"
    assert lines[1].startswith(" 1. Excel")
    assert re.fullmatch(r"\d+ Treffer in \d+ ms", lines[-1])


@pytest.mark.parametrize("question", ["", "Br\udcf6tchen", "\x1b[31m[bold]rot[/bold]", "x" * 10_000])
def test_hostile_questions_are_answered(original: Path, question: str) -> None:
    done = bildungskatalog("ask", "--dir", original, question)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"\d+ Treffer in \d+ ms", done.stdout.splitlines()[-1])


# --- serve


def test_a_port_in_use_is_said(original: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = bildungskatalog("serve", "--dir", original, "--port", port)
    assert done.returncode == 1
    assert f"Der Anschluss 127.0.0.1:{port} ist schon belegt. Ein anderer: --port {port + 1}" in done.stderr


def test_an_address_of_no_machine_is_said(original: Path) -> None:
    assert "Die Adresse 300.1.1.1 ist auf diesem Rechner nicht nutzbar." in refused(
        "serve", "--dir", original, "--host", "300.1.1.1"
    )


# --- Ctrl-C

_INTERRUPTED = """
import os, signal
from service import ingesting
from service.cli import main
ingesting.load_schemes = lambda: os.kill(os.getpid(), signal.SIGINT)
main()
"""


def test_an_interrupted_ingest_says_that_nothing_changed(small: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED, "ingest", "--dir", small], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (130, "Abgebrochen. Der Katalog ist, wie er vorher war.")


# --- what starting costs

_IMPORTED = """
import resource, sys
from service.cli import main
used = resource.getrusage(resource.RUSAGE_SELF)
try:
    if len(sys.argv) > 1:
        main()
finally:
    print(used.ru_utime + used.ru_stime, *sorted(sys.modules), file=sys.stderr)
"""


def imported(*arguments: object) -> tuple[float, set[str]]:
    """Seconds of processor time until the command line was imported, Python's own start included, and all modules at the end."""
    done = subprocess.run(
        [sys.executable, "-c", _IMPORTED, *map(str, arguments)], capture_output=True, text=True, check=False
    )
    seconds, *modules = done.stderr.splitlines()[-1].split()
    return float(seconds), set(modules)


def test_importing_the_command_line_is_cheap() -> None:
    seconds, modules = min((imported() for _ in range(3)), key=lambda found: found[0])
    assert not modules & {
        "torch",
        "faiss",
        "numpy",
        "tantivy",
        "pyoxigraph",
        "pydantic",
        "fastapi",
        "uvicorn",
        "openpyxl",
        "rdflib",
    }
    assert seconds < 0.3


def test_asking_needs_no_torch(demo: Path) -> None:
    _, modules = imported("ask", "--dir", demo, "Excel")
    assert "faiss" in modules
    assert not modules & {"torch", "transformers", "sentence_transformers", "fastapi", "uvicorn", "openpyxl", "rdflib"}
