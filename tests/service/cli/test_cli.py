"""The command line as people and scripts call it: exit status, standard output, sentences on standard error, never a traceback."""

from __future__ import annotations

import csv
import io
import json
import re
import socket
import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib

from tests.catalogues import status
from tests.command import bildungskatalog, refused, wrong

COMMANDS = ("demo", "init", "ingest", "check", "ask", "serve", "export", "evaluate", "status")


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
