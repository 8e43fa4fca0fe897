"""Appending to a feed, in the private copy of a run."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path

from catalogue.feed.log import NEWEST, FeedState, Page, read_feed
from catalogue.feed.text import EventKind, address_of_page, full_page, page_head, paragraph

__all__ = ["MOST_BYTES", "MOST_EVENTS", "FeedWriter", "write_full_page"]

# a page that is full in the middle of a run: a first synchronisation is few requests
MOST_EVENTS = 1000
MOST_BYTES = 1 << 20
# the newest page at the end of a run: it is sent again whole with every change
_MOST_OF_THE_NEWEST = 100


class FeedWriter:
    """Appends events, strictly increasing in position and in time. Before `write` only full pages are there; the caller keeps the state."""

    def __init__(self, snapshot: Path, base: str, now: datetime, most: int) -> None:
        """``most`` is how many events may come: they get a millisecond each, and the last of them is not after ``now``."""
        self._base = base
        self.folder = snapshot / "feed"
        self.appended = 0
        found = read_feed(snapshot)
        if found is None:
            self.folder.mkdir()
            self.state = FeedState(epoch=f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}")
            events = []
        else:
            self.state = found.state
            events = list(found.events_of(self.state.newest))
        self._paragraphs = [f"{event.text}\n\n" for event in events]
        self._size = sum(map(len, self._paragraphs))
        self._begin = events[0].published if events else 0
        self._published = max(self.state.published, round(now.timestamp() * 1000) - most)

    def append(self, kind: EventKind, about: str, payload: str = "") -> None:
        """One event; ``payload`` is N-Triples text."""
        state = self.state
        self.appended += 1
        state.position += 1
        state.published = self._published = self._published + 1
        if state.events == 0:
            self._begin = state.published
        state.events += 1
        text = paragraph(self._base, state.position, kind, about, state.published, payload)
        self._paragraphs.append(text + "\n")
        self._size += len(text)
        if state.events >= MOST_EVENTS or self._size >= MOST_BYTES:
            self._turn_page()

    def _turn_page(self) -> None:
        state = self.state
        name, text = full_page(self._base, state.epoch, state.newest, "".join(self._paragraphs))
        write_full_page(self.folder, name, text)
        state.pages.append(
            Page(
                name=name,
                first=state.first,
                last=state.position,
                begin=self._begin,
                end=state.published,
            )
        )
        state.first, state.events = state.position + 1, 0
        self._paragraphs, self._size = [], 0

    def write(self) -> None:
        """Writes the newest page, or a full one and an empty newest one."""
        if self.state.events >= _MOST_OF_THE_NEWEST:
            self._turn_page()
        head = page_head(self._base, address_of_page(self._base, self.state.epoch, self.state.newest))
        (self.folder / NEWEST).write_text("".join((head, *self._paragraphs)), encoding="utf-8")


def write_full_page(folder: Path, name: str, text: str) -> None:
    """Writes a page that will never change. The same text always gives the same bytes."""
    (folder / f"{name}.trig.gz").write_bytes(gzip.compress(text.encode(), compresslevel=3, mtime=0))
