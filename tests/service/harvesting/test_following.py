"""Who is followed, how often, and what becomes of a neighbour that is not there or not wanted any more."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from catalogue.neighbours import read_checks
from catalogue.settings import read_settings
from ingest.neighbours.client import Limits
from service.following import failures_after, next_visit
from service.harvesting import Harvester, HarvestReport
from service.ingesting import forget_removed_neighbours
from service.progress import no_progress
from tests.catalogues import status
from tests.command import PROGRAM, bildungskatalog
from tests.ingest.neighbours.servers import serving as misbehaving
from tests.ingest.neighbours.test_feed import Feed, event, leads
from tests.service.conftest import OFFERS, wait_for
from tests.service.harvesting.conftest import (
    OPEN,
    SETTINGS,
    Pair,
    follow,
    free_port,
    harvest,
    offers_of,
    same,
    statements,
)


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


def test_trouble_that_is_ours_is_told_of_too(tmp_path: Path) -> None:
    (tmp_path / "cache" / "vectors.sqlite").mkdir(parents=True)  # no database can be there
    course = event(1, 1).replace(
        "<http://schema.org/name> '", "a <http://schema.org/Course> ; <http://schema.org/name> '"
    )
    with misbehaving(Feed({"/feed": course})) as origin:
        follow(tmp_path, f"{origin}/feed")
        command = [sys.executable, "-m", "service.following", tmp_path]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            try:
                wait_for((tmp_path / "neighbours.json").exists, 60)
            finally:
                process.kill()
    trouble = read_checks(tmp_path)["dort"].trouble
    assert trouble is not None
    assert "ließ sich hier nicht verarbeiten (OperationalError)" in trouble


def test_a_visit_to_one_neighbour_withdraws_what_another_delivered_that_is_removed(pair: Pair) -> None:
    harvest(pair.here)
    follow(pair.here, f"{pair.base}/feed")
    toml = pair.here / "katalog.toml"
    toml.write_text(toml.read_text().replace('"dort"', '"umbenannt"'))
    harvest(pair.here)
    assert len(offers_of(pair.here, "nachbar/umbenannt")) == len(OFFERS)
    assert offers_of(pair.here, "nachbar/dort") == {}


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
