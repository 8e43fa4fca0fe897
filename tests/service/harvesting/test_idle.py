"""What a visit carries. A neighbour is asked every minute or so: one that finds nothing new is two short answers, whatever was before."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from catalogue.feed import Feed
from catalogue.snapshot import Snapshot
from tests.catalogue.test_feed import YEAR, feed_of, offer
from tests.service.conftest import ingest, serving_at, wait_for
from tests.service.harvesting.conftest import OPEN, SETTINGS, follow, free_port, harvest
from tests.service.harvesting.wire import Keeper, relaying

NOW = dt.datetime.now(dt.UTC)
LONG_AGO = NOW - YEAR - dt.timedelta(days=9)  # longer than the feed keeps everything
IDLE = 2000  # bytes, heads and requests included


class Followed:
    """A neighbour without offers that is served behind a wire, and who follows it."""

    def __init__(self, folder: Path, wire: Keeper) -> None:
        self.there, self.here, self.wire = folder / "there", folder / "here", wire
        self.base = f"http://127.0.0.1:{wire.port}"
        self._server = ExitStack()
        self.there.mkdir()
        self.here.mkdir()
        (self.there / "katalog.toml").write_text(SETTINGS.format(title="Dort", base=self.base, licence=OPEN))
        follow(self.here, f"{self.base}/feed")
        ingest(self.there, base=self.base, now=LONG_AGO)
        self.start()

    def start(self) -> None:
        self._server.enter_context(serving_at(self.there, self.wire.target))

    def stop(self) -> None:
        self._server.close()

    def deliver(self, first: int, last: int, now: dt.datetime = NOW) -> None:
        """A run with all offers that there are, whose keys are these numbers."""
        offers = [offer(str(number), licence=OPEN) for number in range(first, last + 1)]
        ingest(self.there, *offers, base=self.base, now=now)
        self.wait()

    def wait(self) -> None:
        """Until the server shows what is there."""
        with Snapshot.open(self.there) as snapshot:
            number = snapshot.state.number
        address = f"http://127.0.0.1:{self.wire.target}/gesund"
        wait_for(lambda: httpx.get(address).json().get("run") == number)

    def visit(self) -> tuple[int, ...]:
        """Read, taken, unchanged, refused, withdrawn; the wire knows what it carried."""
        self.wire.forget()
        return harvest(self.here)

    def is_idle(self) -> bool:
        """Whether two visits, one after the other, carry nothing and little of it."""
        return all(
            self.visit() == (0, 0, 0, 0, 0)
            and self.wire.requests() == [("/feed", 304), (newest(feed_of(self.there)), 304)]
            and self.wire.carried < IDLE
            for _ in range(2)
        )


def newest(feed: Feed) -> str:
    """The path of the newest page."""
    return feed.address("", feed.state.newest)


def full(feed: Feed) -> list[str]:
    """The paths of the full pages."""
    return [feed.address("", page.name) for page in feed.state.pages]


@pytest.fixture
def followed(tmp_path: Path) -> Iterator[Followed]:
    with relaying(free_port()) as wire:
        pair = Followed(tmp_path, wire)
        yield pair
        pair.stop()


def test_a_visit_that_finds_nothing_new_is_two_short_answers_in_every_state_of_a_feed(followed: Followed) -> None:
    followed.visit()
    assert followed.is_idle()  # without a single event

    followed.deliver(1, 2, LONG_AGO + dt.timedelta(days=1))
    assert followed.visit() == (2, 2, 0, 0, 0)
    assert followed.is_idle()
    with Snapshot.open(followed.there) as snapshot:
        number, copy = snapshot.path.name, followed.there.with_name("copy")
        shutil.copytree(snapshot.path, copy)

    followed.deliver(1, 110, LONG_AGO + dt.timedelta(days=2))
    assert followed.visit() == (108, 108, 0, 0, 0)
    assert len(full(feed_of(followed.there))) == 1
    assert followed.is_idle()  # the newest page has another address now that it is full

    followed.stop()
    followed.start()
    assert followed.is_idle()

    followed.deliver(1, 111, LONG_AGO + dt.timedelta(days=3))
    assert followed.visit() == (1, 1, 0, 0, 0)
    followed.deliver(1, 230, LONG_AGO + dt.timedelta(days=4))
    followed.deliver(1, 340, LONG_AGO + dt.timedelta(days=4))
    assert followed.visit() == (229, 229, 0, 0, 0)
    assert len(full(feed_of(followed.there))) == 3
    assert followed.is_idle()  # two pages were full at once

    shutil.copytree(copy, followed.there / "snapshots" / number, dirs_exist_ok=True)
    (followed.there / "current").write_text(number)
    followed.wait()
    assert followed.visit() == (2, 0, 2, 0, 338)
    assert followed.is_idle()  # restored from the copy

    followed.deliver(1, 120, LONG_AGO + dt.timedelta(days=5))
    assert followed.visit() == (118, 118, 0, 0, 0)
    followed.deliver(1, 120)
    assert full(feed_of(followed.there))[0].rpartition("/")[2].startswith("stand1-1")
    assert followed.visit() == (0, 0, 0, 0, 0)
    assert followed.is_idle()  # folded by retention, the newest event too

    followed.deliver(1, 230)
    assert followed.visit() == (110, 110, 0, 0, 0)
    assert followed.is_idle()  # a full page after folded ones


def test_what_is_fetched_of_a_page_that_is_full_meanwhile(followed: Followed) -> None:
    followed.deliver(1, 2)
    assert followed.visit() == (2, 2, 0, 0, 0)
    former = newest(feed_of(followed.there))
    followed.deliver(1, 110)
    assert followed.visit() == (108, 108, 0, 0, 0)
    feed = feed_of(followed.there)
    # the last only to see that the page of the last visit is the one that was read
    assert followed.wire.requests() == [("/feed", 200), (full(feed)[0], 200), (newest(feed), 200), (former, 307)]


def test_the_root_that_is_as_it_was_is_not_fetched_again(followed: Followed) -> None:
    followed.deliver(1, 1)
    assert followed.visit() == (1, 1, 0, 0, 0)
    followed.deliver(1, 2)
    assert followed.visit() == (1, 1, 0, 0, 0)
    assert followed.wire.requests() == [("/feed", 304), (newest(feed_of(followed.there)), 200)]


def test_what_changes_after_a_page_was_full_does_not_fetch_that_page_again(followed: Followed) -> None:
    followed.deliver(1, 110)
    assert followed.visit() == (110, 110, 0, 0, 0)
    followed.deliver(1, 111)
    assert followed.visit() == (1, 1, 0, 0, 0)
    feed = feed_of(followed.there)
    assert followed.wire.requests() == [("/feed", 304), (newest(feed), 200), (full(feed)[0], 304)]
