"""A small catalogue with all kinds of offers and some hostile ones, served by a real server on a free port; and a real browser."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
import uvicorn
from playwright.sync_api import Browser, sync_playwright

from catalogue.ledger import Counts
from catalogue.run import open_run
from ontology.concepts import load_schemes
from ontology.offer import Instance, Kind, Mode, Offer, Place, Provider, Schedule, Session
from ontology.publication import ontology_ntriples
from search.encoder import open_encoder
from search.encoder.cache import VectorCache
from search.index import update_index
from service.app import create_app
from service.connections import Connection

BASE = "http://127.0.0.1:8000"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)> \"Töpfern' & {{ 7*7 }}"
SETTINGS = """
[catalogue]
title = "Bildung in Testingen"
publisher = "Bildungsbüro <Testingen>"
district = "07331"

[sparql]
seconds = 3.0

[[source]]
name = "kvhs"
title = "Kreisvolkshochschule"
licence = "https://creativecommons.org/licenses/by/4.0/"
"""

ALZEY = Place(
    name="Haus der Bildung",
    street="Theodor-Heuss-Ring 2",
    postal_code="55232",
    locality="Alzey",
    ags="07331003",
    latitude=49.7517,
    longitude=8.1103,
    wheelchair=True,
)
KVHS = Provider(id="kvhs", name="KVHS Testingen", url="https://kvhs.example/")


def an_offer(key: str, name: str, *instances: Instance, kind: Kind = Kind.COURSE, **more: object) -> Offer:
    values: dict[str, object] = {"provider": KVHS} | more
    return Offer(
        id=f"kvhs-{key}", source="kvhs", identifier=key, kind=kind, name=name, instances=instances, **values
    ).canonical()


OFFERS = (
    an_offer(
        "A1",
        "Excel für den Beruf",
        Instance(
            number="1",
            start=dt.datetime(2099, 4, 13, 18, 30),
            end=dt.datetime(2099, 4, 20, 20, 0),
            mode=Mode.ONSITE,
            schedule=Schedule(weekdays=("mo",), start_time=dt.time(18, 30), end_time=dt.time(20, 0), meetings=2),
            sessions=(
                Session(start=dt.datetime(2099, 4, 13, 18, 30), end=dt.datetime(2099, 4, 13, 20, 0)),
                Session(start=dt.datetime(2099, 4, 20, 18, 30), end=dt.datetime(2099, 4, 20, 20, 0)),
            ),
            place=ALZEY,
            price=Decimal("45"),
            price_note="ermäßigt 30 €",
        ),
        Instance(number="2", start=dt.date(2020, 3, 2), place=ALZEY, price=Decimal("40")),
        description="Tabellen, Formeln und Diagramme für alle, die im Büro arbeiten.",
        topics=("digital",),
        phases=("continuing",),
        audience=("employees",),
        url="https://kvhs.example/kurs/A1",
    ),
    an_offer(
        "A2",
        "Yoga am Morgen",
        Instance(start=dt.datetime(2099, 5, 5, 9, 0), mode=Mode.ONLINE, price=Decimal(0)),
        description="Sanft dehnen und ruhig atmen.",
        topics=("sport",),
        phases=("general-adult",),
    ),
    an_offer(
        "B1",
        HOSTILE,
        Instance(start=dt.date(2099, 6, 1), place=Place(locality="Worms", ags="07319000"), url="data:text/html,x"),
        description="Ton formen </script><b>fett</b> ]]> --> und brennen.",
        provider=Provider(id="boese", name="<b onmouseover=alert(4)>Werkstatt</b>", url="javascript:alert(5)"),
        url="javascript:alert(3)",
        topics=("crafts",),
        phases=("general-adult",),
    ),
    an_offer(
        "C1",
        "Bildungsberatung",
        kind=Kind.SERVICE,
        description="Wir beraten zu Schule, Beruf und Weiterbildung.",
        place=ALZEY,
        phases=("counselling",),
    ),
    an_offer("alt", "Vergangener Kurs", Instance(start=dt.date(2020, 1, 7), price=Decimal(10))),
    an_offer("punkt.nt", "Kurs mit Punkt in der Nummer", Instance(start=dt.date(2099, 7, 1))),
)


class Live(NamedTuple):
    """A running server and its catalogue's folder."""

    url: str
    folder: Path


def ingest(folder: Path, *offers: Offer, base: str = BASE, now: dt.datetime | None = None) -> None:
    schemes = load_schemes()
    with (
        open_run(folder, base, clock=lambda: now or dt.datetime.now(dt.UTC)) as run,
        VectorCache(folder / "vectors.sqlite") as cache,
    ):
        with run.source("kvhs") as source:
            taken = sum(source.put(offer) for offer in offers)
            source.finish(Counts(len(offers), taken, len(offers) - taken, 0, source.missing()), [])
        run.put_ontology(ontology_ntriples())
        update_index(run, open_encoder(), cache, lambda scheme, notation: schemes[scheme].label(notation))
        run.commit()


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of a server over the folder, in a thread of this process."""
    with serving_at(folder, 0) as url:
        yield url


@contextmanager
def serving_at(folder: Path, port: int) -> Iterator[str]:
    """Likewise at this port, 0 for a free one: where the catalogue's base names it."""
    config = uvicorn.Config(create_app(folder), http=Connection, ws="none", log_level="warning", access_log=False)
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", port))
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        try:
            wait_for(lambda: server.started or not thread.is_alive())
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def wait_for(condition: object, seconds: float = 20) -> None:
    """Waits until the callable says yes; fails after the given time."""
    assert callable(condition)
    end = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < end, "waited too long"
        pause.wait(0.02)


@pytest.fixture(scope="session")
def small_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small") / "katalog"
    folder.mkdir()
    (folder / "katalog.toml").write_text(SETTINGS, encoding="utf-8")
    ingest(folder, *OFFERS)
    return folder


@pytest.fixture(scope="session")
def live(small_catalogue: Path) -> Iterator[Live]:
    """The small catalogue, served."""
    with serving(small_catalogue) as url:
        yield Live(url, small_catalogue)


@pytest.fixture(scope="session")
def client(live: Live) -> Iterator[httpx.Client]:
    """A client of the served small catalogue that follows no redirects."""
    with httpx.Client(base_url=live.url, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def demo_client(demo: Path) -> Iterator[httpx.Client]:
    """Likewise of the served sample catalogue."""
    with serving(demo) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; without it browser tests skip, with CI=true they fail."""
    path = next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("Chromium is missing")
        pytest.skip("Chromium is missing (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        chromium = playwright.chromium.launch(executable_path=path, args=flags)
        yield chromium
        chromium.close()
