"""Two real catalogues, one following the other; and neighbours that lie."""

from __future__ import annotations

import datetime as dt
import json
import random
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import msgspec
import pytest

from catalogue.settings import read_settings
from catalogue.snapshot import Snapshot
from ingest.neighbours import batch
from ingest.neighbours.client import Limits
from ontology.offer import Instance, Offer
from service.following import failures_after, next_visit
from service.harvesting import Harvester, HarvestReport
from service.ingesting import forget_removed_neighbours
from service.progress import no_progress
from tests.catalogues import status
from tests.command import PROGRAM, bildungskatalog
from tests.ingest.neighbours.servers import serving as misbehaving
from tests.ingest.neighbours.test_feed import Feed, event, leads
from tests.ingest.neighbours.test_whole import Site
from tests.service.conftest import OFFERS, an_offer, ingest, serving_at, wait_for

SETTINGS = """
[catalogue]
title = "{title}"
base = "{base}"

[[source]]
name = "kvhs"
licence = "{licence}"
"""
OPEN = "https://creativecommons.org/licenses/by/4.0/"


class Pair(NamedTuple):
    """The neighbour's folder and base, and the folder that follows it."""

    there: Path
    base: str
    here: Path


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return int(trial.getsockname()[1])


@pytest.fixture(scope="module")
def vectors(small_catalogue: Path) -> Path:
    """Vectors of the small catalogue's texts, so that little is left to encode."""
    return small_catalogue / "vectors.sqlite"


@pytest.fixture
def pair(tmp_path: Path, vectors: Path) -> Iterator[Pair]:
    there, here = tmp_path / "there", tmp_path / "here"
    port = free_port()
    base = f"http://127.0.0.1:{port}"
    (here / "cache").mkdir(parents=True)
    there.mkdir()
    shutil.copyfile(vectors, there / "vectors.sqlite")
    shutil.copyfile(vectors, here / "cache" / "vectors.sqlite")
    (there / "katalog.toml").write_text(SETTINGS.format(title="Dort", base=base, licence=OPEN), encoding="utf-8")
    ingest(there, *OFFERS, base=base)
    follow(here, f"{base}/feed")
    with serving_at(there, port):
        yield Pair(there, base, here)


def follow(here: Path, feed: str, more: str = "") -> None:
    own = SETTINGS.format(title="Hier", base="http://127.0.0.1:9", licence=OPEN)
    (here / "katalog.toml").write_text(
        f'{own}\n[[neighbour]]\nname = "dort"\nfeed = "{feed}"\n{more}\n', encoding="utf-8"
    )


def harvest(here: Path) -> tuple[int, ...]:
    """Read, taken, unchanged, refused, withdrawn."""
    settings = read_settings(here)
    report = Harvester(here, settings, no_progress(), Limits(pause=0.0)).harvest(settings.neighbour[0])
    assert report.trouble is None
    return tuple(report.counts)


def deliver(pair: Pair, *offers: Offer) -> None:
    """The neighbour reads in these offers, and serves them."""
    ingest(pair.there, *offers, base=pair.base)
    with Snapshot.open(pair.there) as snapshot:
        number = snapshot.state.number
    wait_for(lambda: httpx.get(f"{pair.base}/gesund").json().get("run") == number)


def offers_of(folder: Path, source: str) -> dict[str, Offer]:
    """By IRI's last segment."""
    with Snapshot.open(folder) as snapshot:
        return {
            (offer.iri or offer.id).rpartition("/")[2]: offer
            for _, offer in snapshot.ledger.offers()
            if offer.source == source
        }


def statements(folder: Path, graph: str) -> set[str]:
    with Snapshot.open(folder) as snapshot:
        return {
            str(quad.triple)
            for quad in snapshot.store.quads_for_pattern(None, None, None, None)
            if graph in str(quad.graph_name)
        }


def same(pair: Pair) -> bool:
    return statements(pair.there, "/graph/quelle/") == statements(pair.here, "/graph/nachbar/dort")


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
    for name in ("current", "snapshots"):
        path = pair.there / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()
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


def test_the_same_by_dump(tmp_path: Path, vectors: Path) -> None:
    course = '<{origin}/1> a <http://schema.org/Course> ; <http://schema.org/name> "Chor" .'
    worse = course.replace('"Chor"', f'"{"x" * 601}"')
    another = course.replace("/1>", "/2>")
    site = Site(d_ttl=(course + another).encode())
    (tmp_path / "cache").mkdir()
    shutil.copyfile(vectors, tmp_path / "cache" / "vectors.sqlite")
    with misbehaving(site) as origin:
        (tmp_path / "katalog.toml").write_text(f'[[neighbour]]\nname = "dort"\ndump = "{origin}/d.ttl"\n')
        settings = read_settings(tmp_path)
        harvester = Harvester(tmp_path, settings, no_progress(), Limits(pause=0.0))
        for said, counts, there in (
            (course + another, (2, 2, 0, 0, 0), ["1", "2"]),
            (worse + another, (2, 0, 1, 1, 1), ["2"]),
            (course, (1, 1, 0, 0, 1), ["1"]),
        ):
            site.bodies["/d.ttl"] = said.encode()
            assert harvester.harvest(settings.neighbour[0], renew=True).counts == counts
            assert sorted(offers_of(tmp_path, "nachbar/dort")) == there


def test_a_neighbour_that_is_removed_from_the_settings_is_gone_with_the_next_run(pair: Pair) -> None:
    harvest(pair.here)
    own = SETTINGS.format(title="Hier", base="http://127.0.0.1:9", licence=OPEN)
    (pair.here / "katalog.toml").write_text(own, encoding="utf-8")
    assert status(pair.here)["removed_neighbours"] == ["dort"]
    said = bildungskatalog("status", "--dir", pair.here).stdout
    assert "Der Nachbar dort steht nicht mehr in katalog.toml" in said
    forget_removed_neighbours(pair.here, read_settings(pair.here), no_progress())
    assert offers_of(pair.here, "nachbar/dort") == {}
    assert statements(pair.here, "/graph/nachbar/dort") == set()
    assert status(pair.here)["removed_neighbours"] == []


def test_serving_forgets_a_neighbour_that_is_removed(pair: Pair) -> None:
    harvest(pair.here)
    own = SETTINGS.format(title="Hier", base="http://127.0.0.1:9", licence=OPEN)
    (pair.here / "katalog.toml").write_text(own, encoding="utf-8")
    with subprocess.Popen([PROGRAM, "serve", "--dir", pair.here, "--port", str(free_port())]) as server:
        try:
            wait_for(lambda: server.poll() is not None or offers_of(pair.here, "nachbar/dort") == {}, 60)
            assert server.poll() is None
        finally:
            server.terminate()


def test_who_follows_ends_when_the_settings_change_and_is_started_again(tmp_path: Path) -> None:
    follow(tmp_path, "http://127.0.0.1:9/feed")
    command = [sys.executable, "-m", "service.following", tmp_path]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        try:
            wait_for((tmp_path / "neighbours.json").exists, 60)  # the first visit
            follow(tmp_path, "http://127.0.0.1:9/feed", "every = 60.0")
            assert process.wait(60) == 0
        finally:
            process.kill()


def test_a_visit_to_one_neighbour_withdraws_what_another_delivered_that_is_removed(pair: Pair) -> None:
    harvest(pair.here)
    follow(pair.here, f"{pair.base}/feed")
    toml = pair.here / "katalog.toml"
    toml.write_text(toml.read_text().replace('"dort"', '"umbenannt"'))
    harvest(pair.here)
    assert len(offers_of(pair.here, "nachbar/umbenannt")) == len(OFFERS)
    assert offers_of(pair.here, "nachbar/dort") == {}


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


def test_without_a_feed_by_dump_or_by_pages(pair: Pair) -> None:
    wait_for(lambda: httpx.get(f"{pair.base}/dumps/katalog.nq.gz").status_code == 200, 60)
    ways = {
        "id/angebot": f'dump = "{pair.base}/dumps/katalog.nq.gz"',
        "angebot": f'sitemap = "{pair.base}/sitemap.xml"',
    }
    for named, way in ways.items():
        own = SETTINGS.format(title="Hier", base="http://127.0.0.1:9", licence=OPEN)
        (pair.here / "katalog.toml").write_text(f'{own}\n[[neighbour]]\nname = "dort"\n{way}\n', encoding="utf-8")
        harvest(pair.here)
        mirrored = offers_of(pair.here, "nachbar/dort")
        assert len(mirrored) == len(OFFERS)
        assert mirrored["kvhs-A1"].name == "Excel für den Beruf"
        assert mirrored["kvhs-A1"].iri == f"{pair.base}/{named}/kvhs-A1"
        (neighbour,) = status(pair.here)["neighbours"]
        assert "ohne Feed" in neighbour["remarks"][0]


def test_a_neighbour_without_end_brings_so_many_and_no_more(
    tmp_path: Path, vectors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "_MOST_OFFERS", 2)

    def told(*kinds: str) -> str:
        course = "a <http://schema.org/Course> ; <http://schema.org/name> 'Chor'"
        return "".join(
            event(number, number, kind, f"/id/angebot/{key}").replace(
                "<http://schema.org/name> 'v", f"{course} ; <x:y> 'v"
            )
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


def test_a_site_whose_last_offer_is_gone_has_none(tmp_path: Path, vectors: Path) -> None:
    site = Site(
        sitemap_xml=b"""<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{origin}/a.html</loc></url></urlset>""",
        a_html=b"""<script type="application/ld+json">{"@context": "https://schema.org", "@type": "Course", "@id": "{origin}/1",
        "name": "Chor"}</script>""",
    )
    (tmp_path / "cache").mkdir()
    shutil.copyfile(vectors, tmp_path / "cache" / "vectors.sqlite")
    with misbehaving(site) as origin:
        (tmp_path / "katalog.toml").write_text(f'[[neighbour]]\nname = "dort"\nsitemap = "{origin}/sitemap.xml"\n')
        assert harvest(tmp_path) == (1, 1, 0, 0, 0)
        site.bodies["/a.html"] = b"<html>Impressum"
        settings = read_settings(tmp_path)
        report = Harvester(tmp_path, settings, no_progress(), Limits(pause=0.0)).harvest(
            settings.neighbour[0], renew=True
        )
    assert report.counts.withdrawn == 1
    assert offers_of(tmp_path, "nachbar/dort") == {}


def test_a_neighbour_that_is_gone_keeps_its_last_state(pair: Pair, tmp_path: Path) -> None:
    harvest(pair.here)
    follow(pair.here, f"{pair.base}/feed")
    toml = pair.here / "katalog.toml"
    toml.write_text(toml.read_text().replace(pair.base, f"http://127.0.0.1:{free_port()}"))
    done = bildungskatalog("harvest", "--dir", pair.here, "dort")
    assert done.returncode == 1
    assert "dort bleibt auf dem Stand bis dahin" in done.stderr
    assert same(pair)
    (neighbour,) = status(pair.here)["neighbours"]
    assert neighbour["offers"] == 6
    assert "nicht erreichbar" in neighbour["trouble"]


def test_a_name_that_is_not_there(tmp_path: Path) -> None:
    follow(tmp_path, "http://127.0.0.1:1/feed")
    done = bildungskatalog("harvest", "--dir", tmp_path, "niemand")
    assert done.returncode == 2
    assert "niemand" in done.stderr


def test_only_visits_that_bring_nothing_make_the_next_one_later(tmp_path: Path, vectors: Path) -> None:
    pages = {
        "/feed": leads("/feed", "/1", from_=1, before=3) + leads("/feed", "/2", from_=3),
        "/1": event(1, 1, about="/id/angebot/a"),
        "/2": "<broken",
    }
    (tmp_path / "cache").mkdir()
    shutil.copyfile(vectors, tmp_path / "cache" / "vectors.sqlite")
    with misbehaving(Feed(pages)) as origin:
        follow(tmp_path, f"{origin}/feed")
        harvester = Harvester(tmp_path, read_settings(tmp_path), no_progress(), Limits(pause=0.0))
        (neighbour,) = read_settings(tmp_path).neighbour
        brought, nothing = harvester.harvest(neighbour), harvester.harvest(neighbour)
    assert "kein lesbares RDF" in (brought.trouble or "")
    assert brought.counts.read == 1
    assert failures_after(3, brought) == 0
    assert "kein lesbares RDF" in (nothing.trouble or "")
    assert nothing.counts.read == 0
    assert [failures_after(0, nothing), failures_after(1, nothing)] == [1, 2]
    assert failures_after(3, HarvestReport(neighbour="dort")) == 0


def test_visits_become_rarer_when_they_fail_and_keep_to_what_is_asked() -> None:
    assert next_visit(300, 0, None, 0.5) == 300
    assert next_visit(300, 2, None, 0.5) == 1200
    assert next_visit(300, 9, None, 0.5) == 3600
    assert next_visit(86_400, 3, None, 0.5) == 86_400
    assert next_visit(300, 0, 5000, 0.5) == 5000
    assert next_visit(100, 0, None, 0.0) == pytest.approx(90)
    assert next_visit(100, 0, None, 1.0) == pytest.approx(110)
