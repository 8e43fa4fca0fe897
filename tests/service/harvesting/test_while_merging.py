"""A visit that arrives while another run's small tables are merged: it waits, and neither loses anything."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import msgspec
import pytest

from catalogue import lock as lock_module
from catalogue import run as run_module
from catalogue.errors import CatalogueBusy
from catalogue.files import copy_snapshot
from catalogue.settings import read_settings
from ingest.neighbours.client import Limits
from ontology.offer import Instance
from service.harvesting import Harvester
from service.progress import no_progress
from tests.service.conftest import OFFERS, an_offer, ingest, wait_for
from tests.service.harvesting.conftest import Pair, deliver, harvest, offers_of, same, statements

OWN = an_offer("eigen", "Eigener Kurs", Instance(start=dt.date(2099, 8, 1)))


def read_in_and_merge(here: Path, patch: pytest.MonkeyPatch, meanwhile: Callable[[], None]) -> None:
    """Reads in an own offer and merges the tables; ``meanwhile`` happens when they are copied and not yet in their place."""

    def copied(source: Path, target: Path) -> None:
        copy_snapshot(source, target)
        if target.name.endswith("-1.neu"):
            patch.undo()
            meanwhile()

    patch.setattr(run_module, "_MANY", 1)
    patch.setattr(run_module, "copy_snapshot", copied)
    ingest(here, OWN, base="http://127.0.0.1:9")


def news(pair: Pair) -> None:
    """What the neighbour has changed since the first visit: one offer is another, one is gone."""
    harvest(pair.here)
    deliver(pair, msgspec.structs.replace(OFFERS[1], name="Yoga am Abend"), *OFFERS[2:])


def nothing_is_lost(pair: Pair) -> None:
    assert same(pair)
    assert offers_of(pair.here, "nachbar/dort")["kvhs-A2"].name == "Yoga am Abend"
    assert list(offers_of(pair.here, "kvhs")) == ["kvhs-eigen"]
    assert any("Eigener Kurs" in said for said in statements(pair.here, "/graph/quelle/kvhs"))
    assert sorted(path.name for path in (pair.here / "snapshots").iterdir()) == ["000002-1", "000003"]
    assert harvest(pair.here) == (0, 0, 0, 0, 0)


def test_a_visit_waits_for_the_merging_of_another_run(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    news(pair)
    waiting = Event()
    visits: list[Future[tuple[int, ...]]] = []

    def wait(seconds: float) -> None:
        waiting.set()
        time.sleep(seconds)

    def visit() -> None:
        visits.append(pool.submit(harvest, pair.here))
        wait_for(lambda: waiting.is_set() or visits[0].done(), 60)
        assert (pair.here / "current").read_text() == "000002"

    with ThreadPoolExecutor(1) as pool, pytest.MonkeyPatch.context() as watched:
        watched.setattr(lock_module, "time", SimpleNamespace(monotonic=time.monotonic, sleep=wait))
        read_in_and_merge(pair.here, monkeypatch, visit)
        assert visits[0].result() == (1, 1, 0, 0, 1)
    nothing_is_lost(pair)


def test_a_visit_that_cannot_wait_so_long_brings_the_same_next_time(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    news(pair)

    def visit() -> None:
        settings = read_settings(pair.here)
        hasty = Harvester(pair.here, settings, no_progress(), Limits(pause=0.0), wait=0.1)
        with pytest.raises(CatalogueBusy, match="wird gerade geschrieben, von Prozess"):
            hasty.harvest(settings.neighbour[0])

    read_in_and_merge(pair.here, monkeypatch, visit)
    assert harvest(pair.here) == (1, 1, 0, 0, 1)
    nothing_is_lost(pair)
