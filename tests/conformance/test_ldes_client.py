"""ldes-client (https://www.npmjs.com/package/ldes-client), the client of those who wrote the specification, reads and follows the feed."""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from ontology.offer import Offer
from tests.catalogue.test_feed import offer
from tests.service.conftest import SETTINGS, ingest, serving_at, wait_for

pytestmark = [pytest.mark.conformance, pytest.mark.usefixtures("node_clients")]
SCRIPT = Path(__file__).parent / "node" / "ldes_client.mjs"
AS = "https://www.w3.org/ns/activitystreams#"


class Publisher(NamedTuple):
    """A served catalogue under its own base."""

    base: str
    folder: Path

    def deliver(self, *offers: Offer) -> None:
        """What the one source delivers from now on."""
        ingest(self.folder, *offers, base=self.base)


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Publisher]:
    """It has told of 150 offers on a full page, and of three changes since."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    found = Publisher(f"http://127.0.0.1:{port}", tmp_path / "katalog")
    found.folder.mkdir()
    settings = SETTINGS.replace("[catalogue]", f'[catalogue]\nbase = "{found.base}"')
    (found.folder / "katalog.toml").write_text(settings, encoding="utf-8")
    found.deliver(*MANY)
    found.deliver(offer("0", "neu"), offer("1", "neu"), *MANY[3:])
    with serving_at(found.folder, port):
        yield found


MANY = [offer(f"{number}") for number in range(150)]


@contextmanager
def client(publisher: Publisher, order: str, *options: str) -> Iterator[list[dict[str, Any]]]:
    """The events that ldes-client finds, growing as long as it runs; it is ended at the end."""
    command = ["node", SCRIPT, f"{publisher.base}/feed", order, *options]
    found: list[dict[str, Any]] = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:

        def listen() -> None:
            assert process.stdout is not None
            found.extend(json.loads(line) for line in process.stdout if line.startswith("{"))

        listener = threading.Thread(target=listen)
        listener.start()
        try:
            if "--follow" not in options:
                assert process.wait(60) == 0
                listener.join()
            yield found
        finally:
            process.kill()
            listener.join()


def positions(events: list[dict[str, Any]]) -> list[int]:
    return [int(event["id"].rpartition("/")[2].partition("-")[0]) for event in events]


def test_it_reads_the_feed_in_order(publisher: Publisher) -> None:
    with client(publisher, "ascending") as events:
        assert positions(events) == list(range(1, 154))
    last = [(event["type"], event["about"].rpartition("/")[2], event["payload"]) for event in events[150:]]
    # an offer: type, identifier, name, provider; its provider: type, name
    assert sorted(last) == [
        (f"{AS}Delete", "kvhs-2", 0),
        (f"{AS}Update", "kvhs-0", 6),
        (f"{AS}Update", "kvhs-1", 6),
    ]
    assert {(event["type"], event["payload"]) for event in events[:150]} == {(f"{AS}Create", 6)}
    with client(publisher, "none") as unordered:
        assert sorted(positions(unordered)) == list(range(1, 154))


def test_it_follows_live(publisher: Publisher) -> None:
    with client(publisher, "ascending", "--follow") as events:
        wait_for(lambda: len(events) == 153, 60)
        publisher.deliver(*MANY)
        wait_for(lambda: len(events) == 156, 60)
        assert positions(events) == list(range(1, 157))
        publisher.deliver(*(offer(f"{number}", "alles neu") for number in range(150)))
        wait_for(lambda: len(events) == 306, 60)
        assert positions(events) == list(range(1, 307))


def test_it_resumes_and_sees_exactly_the_new_events(publisher: Publisher, tmp_path: Path) -> None:
    state = ("--state", str(tmp_path / "stand"))
    with client(publisher, "ascending", *state) as events:
        assert positions(events) == list(range(1, 154))
    publisher.deliver(*MANY)
    with client(publisher, "ascending", *state) as events:
        assert positions(events) == [154, 155, 156]
    with client(publisher, "ascending", *state) as events:
        assert events == []
