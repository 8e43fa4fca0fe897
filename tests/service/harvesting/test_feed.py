"""What a neighbour's feed says arrives, and nothing else does."""

from __future__ import annotations

import datetime as dt
import json
import random
import shutil
import signal
import sqlite3
import subprocess
from pathlib import Path

import msgspec
import pytest

from catalogue.snapshot import Snapshot
from ingest.neighbours import batch
from ontology.offer import Instance
from tests.catalogues import status
from tests.command import PROGRAM, bildungskatalog
from tests.ingest.neighbours.servers import serving as misbehaving
from tests.ingest.neighbours.test_feed import Feed, event
from tests.service.conftest import OFFERS, an_offer, ingest
from tests.service.harvesting.conftest import Pair, deliver, follow, harvest, offers_of, same, statements

COURSE = "a <http://schema.org/Course> ; <http://schema.org/name> 'Chor' ; <x:y>"


def test_everything_then_nothing_then_what_changed(pair: Pair) -> None:
    done = bildungskatalog("harvest", "--dir", pair.here)
    assert done.returncode == 0
    assert done.stdout == "dort: 6 gelesen = 6 übernommen + 0 unverändert + 0 abgelehnt; 0 zurückgezogen\n"
    assert same(pair)
    with Snapshot.open(pair.here) as snapshot:
        number = snapshot.state.number
    assert harvest(pair.here) == (0, 0, 0, 0, 0)
    with Snapshot.open(pair.here) as snapshot:
        assert snapshot.state.number == number  # nothing new makes no new state

    changed = msgspec.structs.replace(OFFERS[1], name="Yoga am Abend")
    added = an_offer("N1", "Neuer Kurs", Instance(start=dt.date(2099, 8, 1)))
    deliver(pair, changed, added, *OFFERS[2:])
    assert harvest(pair.here) == (2, 2, 0, 0, 1)
    assert same(pair)
    mirrored = offers_of(pair.here, "nachbar/dort")
    assert mirrored["kvhs-A2"].name == "Yoga am Abend"
    assert mirrored["kvhs-A2"].iri == f"{pair.base}/id/angebot/kvhs-A2"
    assert mirrored["kvhs-A2"].id == "dort~kvhs-A2"
    assert "kvhs-A1" not in mirrored


def test_what_came_from_a_neighbour_is_not_passed_on(pair: Pair) -> None:
    ingest(pair.here, an_offer("eigen", "Eigener Kurs", Instance(start=dt.date(2099, 8, 1))), base="http://127.0.0.1:9")
    harvest(pair.here)
    with Snapshot.open(pair.here) as snapshot:
        assert snapshot.feed is not None
        assert [event.about for event in snapshot.feed.events()] == ["http://127.0.0.1:9/id/angebot/kvhs-eigen"]
    done = bildungskatalog("export", "--dir", pair.here, "--format", "nquads")
    assert "Eigener Kurs" in done.stdout
    assert "Bildungsberatung" not in done.stdout


def test_a_licence_that_is_not_open_is_not_published(pair: Pair) -> None:
    closed = msgspec.structs.replace(OFFERS[0], licence="Alle Rechte vorbehalten")
    deliver(pair, closed, *OFFERS[1:])
    harvest(pair.here)
    assert "kvhs-A1" not in offers_of(pair.here, "nachbar/dort")


def test_a_neighbour_that_began_anew_loses_what_is_gone(pair: Pair) -> None:
    harvest(pair.here)
    (pair.there / "current").unlink()
    (pair.there / "snapshots").rename(pair.there / "put aside")  # not removed: the server may still write its dumps
    deliver(pair, *OFFERS[:2])
    harvest(pair.here)
    harvest(pair.here)
    assert sorted(offers_of(pair.here, "nachbar/dort")) == ["kvhs-A1", "kvhs-A2"]


def test_a_neighbour_restored_from_an_old_copy_loses_what_it_lost(pair: Pair) -> None:
    harvest(pair.here)
    copy = pair.there.with_name("copy")
    shutil.copytree(pair.there, copy, ignore=shutil.ignore_patterns("dumps"))
    lost = an_offer("verloren", "Verlorener Kurs", Instance(start=dt.date(2099, 8, 1)))
    deliver(pair, msgspec.structs.replace(OFFERS[1], name="Yoga, nie wieder gehört"), lost, *OFFERS[2:])
    harvest(pair.here)
    assert same(pair)
    with Snapshot.open(copy) as snapshot:
        number = snapshot.path.name
    shutil.copytree(copy / "snapshots" / number, pair.there / "snapshots" / number, dirs_exist_ok=True)
    (pair.there / "current").write_text(number)
    added = an_offer("neu", "Neuer Kurs", Instance(start=dt.date(2099, 9, 1)))
    deliver(pair, *OFFERS, added)  # the clock went on: its events are newer than all that were read
    harvest(pair.here)
    assert same(pair)
    assert "kvhs-verloren" not in offers_of(pair.here, "nachbar/dort")
    assert offers_of(pair.here, "nachbar/dort")["kvhs-A2"].name == "Yoga am Morgen"
    with Snapshot.open(pair.here) as snapshot:
        quiet = snapshot.state.number
    harvest(pair.here)
    with Snapshot.open(pair.here) as snapshot:
        assert snapshot.state.number == quiet


def test_an_offer_whose_new_version_is_refused_is_not_shown_as_it_was(pair: Pair) -> None:
    harvest(pair.here)
    too_large = msgspec.structs.replace(OFFERS[0], description="x" * 200_001)
    deliver(pair, too_large, *OFFERS[1:])
    assert harvest(pair.here) == (1, 0, 0, 1, 1)
    assert "kvhs-A1" not in offers_of(pair.here, "nachbar/dort")
    deliver(pair, too_large, *OFFERS[1:3])
    harvest(pair.here)
    (note,) = status(pair.here)["sources"]["nachbar/dort"]["notes"]
    assert note["place"] == f"{pair.base}/id/angebot/kvhs-A1"
    assert note["text"] == "Das Angebot ist größer als 200 kB; die frühere Fassung ist zurückgezogen"
    deliver(pair, *OFFERS[:3])
    harvest(pair.here)
    assert status(pair.here)["sources"]["nachbar/dort"]["notes"] == []
    assert same(pair)


def test_other_filters_read_everything_again(pair: Pair) -> None:
    harvest(pair.here)
    follow(pair.here, f"{pair.base}/feed", 'districts = ["07331"]\nwithout = ["description"]')
    harvest(pair.here)
    mirrored = offers_of(pair.here, "nachbar/dort")
    assert "kvhs-B1" not in mirrored  # in Worms, 07319
    assert mirrored["kvhs-A1"].description is None
    follow(pair.here, f"{pair.base}/feed")
    harvest(pair.here)
    assert same(pair)


def test_what_an_older_version_named_otherwise_gets_its_new_name_and_loses_nothing(
    tmp_path: Path, vectors: Path
) -> None:
    course = event(1, 1, about="/kreis/id/angebot/a").replace("<http://schema.org/name> 'v", f"{COURSE} 'v")
    (tmp_path / "cache").mkdir()
    shutil.copyfile(vectors, tmp_path / "cache" / "vectors.sqlite")
    with misbehaving(Feed({"/feed": course})) as origin:
        follow(tmp_path, f"{origin}/feed")
        harvest(tmp_path)
        (named,) = offers_of(tmp_path, "nachbar/dort").values()
        assert named.id.startswith("dort~a~")
        said = statements(tmp_path, "/graph/nachbar/dort")
        with sqlite3.connect(next(tmp_path.glob("snapshots/*/ledger.sqlite"))) as ledger:
            renamed = "CAST(replace(CAST(json AS TEXT), ?1, 'dort~a') AS BLOB)"
            ledger.execute(f"UPDATE offer SET id = 'dort~a', json = {renamed}", (named.id,))
            ledger.execute('UPDATE neighbour SET state = replace(state, \'"filters":"\', \'"filters":"x\')')
        assert harvest(tmp_path) == (1, 1, 0, 0, 1)
    assert [offer.id for offer in offers_of(tmp_path, "nachbar/dort").values()] == [named.id]
    assert statements(tmp_path, "/graph/nachbar/dort") == said


def test_killed_at_any_moment_it_goes_on_there(pair: Pair) -> None:
    chance = random.Random(5)
    for _ in range(4):
        process = subprocess.Popen(
            [PROGRAM, "harvest", "--dir", pair.here], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            process.wait(chance.uniform(0.3, 3.0))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
    harvest(pair.here)
    assert same(pair)


def test_lies_about_others_are_refused_and_the_rest_is_taken(tmp_path: Path, vectors: Path) -> None:
    def told(number: int, kind: str, about: str, payload: str = "") -> str:
        at = f'"2026-01-01T00:00:{number:02}Z"^^xsd:dateTime'
        graph = f"<e/{number}> {{ {payload} }}" if payload else ""
        return f"<e/{number}> a as:{kind} ; as:object <{about}> ; as:published {at} . {graph} "

    def course(about: str, name: str) -> str:
        return f"<{about}> a <http://schema.org/Course> ; <http://schema.org/name> {json.dumps(name)} ."

    own = "http://127.0.0.1:9/id/angebot/kvhs-A1"
    hostile = "<script>alert(1)</script>"
    page = (
        told(1, "Delete", own)
        + told(2, "Update", own, course(own, "Gekapert"))
        + told(3, "Create", "id/angebot/gut", course("id/angebot/gut", hostile) + course(own, "Gekapert"))
        + told(4, "Create", "id/angebot/leer", "<x:y> <x:y> <x:y> .")
        + told(5, "Create", "id/angebot/gross", course("id/angebot/gross", "A" * 210_000))
    )
    here = tmp_path / "here"
    (here / "cache").mkdir(parents=True)
    shutil.copyfile(vectors, here / "cache" / "vectors.sqlite")
    with misbehaving(Feed({"/feed": page})) as origin:
        follow(here, f"{origin}/feed")
        shutil.copyfile(vectors, here / "vectors.sqlite")
        ingest(here, OFFERS[0], base="http://127.0.0.1:9")
        before = statements(here, "/graph/quelle/")
        assert harvest(here) == (5, 1, 0, 4, 0)
    assert statements(here, "/graph/quelle/") == before
    assert [offer.name for offer in offers_of(here, "nachbar/dort").values()] == [hostile]
    notes = " ".join(note["text"] for note in status(here)["sources"]["nachbar/dort"]["notes"])
    assert notes.count("gehört nur") == 2
    assert "kein Bildungsangebot" in notes
    assert "größer als 200 kB" in notes


def test_a_neighbour_without_end_brings_so_many_and_no_more(
    tmp_path: Path, vectors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "_MOST_OFFERS", 2)

    def told(*kinds: str) -> str:
        return "".join(
            event(number, number, kind, f"/id/angebot/{key}").replace("<http://schema.org/name> 'v", f"{COURSE} 'v")
            for number, (key, kind) in enumerate((kind.split() for kind in kinds), 1)
        )

    (tmp_path / "cache").mkdir()
    shutil.copyfile(vectors, tmp_path / "cache" / "vectors.sqlite")
    feed = Feed({"/feed": told("a Create", "b Create", "c Create")})
    with misbehaving(feed) as origin:
        follow(tmp_path, f"{origin}/feed")
        assert harvest(tmp_path) == (3, 2, 0, 1, 0)
        feed.pages["/feed"] = told("a Create", "b Create", "c Create", "a Delete", "b Update")
        assert harvest(tmp_path) == (1, 0, 1, 0, 1)
        feed.pages["/feed"] = told("a Create", "b Create", "c Create", "a Delete", "b Update", "c Update")
        assert harvest(tmp_path) == (1, 1, 0, 0, 0)
    assert sorted(offers_of(tmp_path, "nachbar/dort")) == ["b", "c"]
