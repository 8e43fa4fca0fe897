"""Two real catalogues, one following the other."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from catalogue.settings import read_settings
from catalogue.snapshot import Snapshot
from ingest.neighbours.client import Limits
from ontology.offer import Offer
from service.harvesting import Harvester
from service.progress import no_progress
from tests.service.conftest import OFFERS, ingest, serving_at, wait_for

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
