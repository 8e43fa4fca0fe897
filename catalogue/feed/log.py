"""The feed of a snapshot on disk: its pages and where they are."""

from __future__ import annotations

import gzip
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

import msgspec

from catalogue.feed.text import Event, address_of_page, events_in

__all__ = ["NEWEST", "Feed", "FeedState", "Page", "read_feed", "write_state"]

NEWEST = "neu.trig"


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A full page: the positions and the times (milliseconds since 1970) of its first and its last event."""

    name: str
    first: int
    last: int
    begin: int
    end: int


class FeedState(msgspec.Struct, kw_only=True):
    """``feed.json``. ``epoch`` is part of every page's address, so that a catalogue that is made anew gives no old address new contents.

    ``position`` and ``published`` are those of the last event that there ever was; ``first`` is the position with which the newest page
    begins, also its name as long as it is the newest, ``events`` are how many it has. ``folded`` counts how often old pages were folded
    into new ones, which the first ``summaries`` of ``pages`` are; they stand for everything up to the position ``folded_to``.
    """

    epoch: str
    position: int = 0
    published: int = 0
    first: int = 1
    events: int = 0
    folded: int = 0
    folded_to: int = 0
    summaries: int = 0
    pages: list[Page] = []

    @property
    def newest(self) -> str:
        """Name of the newest page."""
        return str(self.first)


class Feed:
    """Reads a feed's folder."""

    def __init__(self, folder: Path, state: FeedState) -> None:
        self.folder = folder
        self.state = state
        self._full = {page.name for page in state.pages}

    def address(self, base: str, name: str) -> str:
        """Address of the page of that name."""
        return address_of_page(base, self.state.epoch, name)

    def is_full(self, name: str) -> bool:
        """Whether there is a full page of that name."""
        return name in self._full

    def is_gone(self, epoch: str, name: str) -> bool:
        """Whether a page that is not there may have been there once."""
        if epoch != self.state.epoch:
            return True
        number = int(name.removeprefix("stand").partition("-")[0])
        return number <= self.state.folded if name.startswith("stand") else 0 < number <= self.state.folded_to

    def full_page_after(self, name: str) -> str | None:
        """The name that the page got when it was full that had this one while it was the newest; None for every other name."""
        return next((full for full in self._full if full.rpartition("-")[0] == name), None)

    def packed(self, name: str) -> bytes:
        """A full page as it lies on the disk: TriG, gzipped."""
        return (self.folder / f"{name}.trig.gz").read_bytes()

    def text(self, name: str) -> str:
        """A page as TriG. Raises FileNotFoundError."""
        if name == self.state.newest:
            return (self.folder / NEWEST).read_text(encoding="utf-8")
        return gzip.decompress(self.packed(name)).decode()

    def events(self) -> Iterator[Event]:
        """All events that are kept, in order."""
        for name in (*(page.name for page in self.state.pages), self.state.newest):
            yield from self.events_of(name)

    def events_of(self, name: str) -> Iterator[Event]:
        """The events of one page, in order."""
        return events_in(self.text(name))

    def event(self, position: int) -> Event | None:
        """The event at that position; None where it is not kept."""
        if not 0 < position <= self.state.position:
            return None
        pages = self.state.pages
        place = bisect_right(pages, position, key=lambda page: page.first) - 1
        name = self.state.newest if position >= self.state.first else pages[place].name if place >= 0 else None
        if name is None:
            return None
        return next((event for event in self.events_of(name) if event.position == position), None)


def write_state(folder: Path, state: FeedState) -> None:
    """Writes ``feed.json`` in a feed's folder."""
    (folder / "feed.json").write_bytes(msgspec.json.encode(state))


def read_feed(snapshot: Path) -> Feed | None:
    """The feed of a snapshot's folder; None where it has none yet."""
    folder = snapshot / "feed"
    try:
        state = msgspec.json.decode((folder / "feed.json").read_bytes(), type=FeedState)
    except FileNotFoundError:
        return None
    return Feed(folder, state)
