"""What ``ingest`` and ``check`` say about sources, files and their own interruption."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from catalogue.lock import writer_lock
from ingest.pipeline import check_file
from ingest.records import ReaderContext
from ontology.offer import Offer, Place
from tests.catalogues import statements, status
from tests.command import bildungskatalog, refused, wrong
from tests.service.cli.conftest import TABLE

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


def test_it_waits_for_a_writer_that_is_soon_done(small: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        with writer_lock(small):
            running = pool.submit(bildungskatalog, "ingest", "--dir", small)
            time.sleep(4)
            assert not running.done()
        assert running.result().returncode == 0


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


# --- Ctrl-C

_INTERRUPTED = """
import os, signal
from catalogue import run
from service import ingesting
from service.cli import main
signal.signal(signal.SIGINT, signal.default_int_handler)  # which may be ignored where tests run in the background
run._MANY = 1
{} = lambda *_: os.kill(os.getpid(), signal.SIGINT)
main()
"""


@pytest.mark.parametrize(
    ("moment", "counted"),
    [("ingesting.load_schemes", 0), ("run.Dataset.save", 0), ("run.copy_snapshot", 0), ("run._merge_tables", 1)],
)
def test_an_interrupted_ingest_says_what_is_true(small: Path, moment: str, counted: int) -> None:
    def last() -> int:
        return int(json.loads(bildungskatalog("status", "--dir", small, "--json").stdout)["run"])

    before = last()
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED.format(moment), "ingest", "--dir", small],
        capture_output=True,
        text=True,
        check=False,
    )
    said = (
        "Abgebrochen. Ein Lauf, der noch nicht zu Ende war, hat am Katalog nichts geändert. Welcher als letzter gilt, zeigt: "
        "bildungskatalog status"
    )
    assert (done.returncode, done.stderr.strip()) == (130, said)
    assert last() == before + counted
    assert not list((small / "snapshots").glob("*.neu"))
