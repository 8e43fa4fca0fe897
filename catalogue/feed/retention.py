"""How long events are kept: all of the last year, of what is older the last version of each offer that is still there."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from catalogue.feed.log import Feed, FeedState, Page
from catalogue.feed.text import Event, EventKind, full_page
from catalogue.feed.writer import MOST_BYTES, MOST_EVENTS, write_full_page

__all__ = ["FULL_LOG", "fold"]

FULL_LOG = timedelta(days=366)  # declared as P1Y
_SHARE = 4  # old pages are folded again when so many times fewer new ones are too old


def fold(folder: Path, state: FeedState, base: str, now: datetime) -> bool:
    """Folds pages whose events are all too old into new ones with other addresses; False where it is not worth while yet.

    A page that is not full is never too old. Only ``state`` and files of full pages change.
    """
    horizon = round((now - FULL_LOG).timestamp() * 1000)
    old = [page for page in state.pages if page.end < horizon]
    new_ones = len(old) - state.summaries
    if new_ones <= 0 or new_ones * _SHARE < state.summaries:
        return False
    feed = Feed(folder, state)
    last = {event.about: event.position for event in feed.events()}
    young = state.pages[len(old) :]
    state.folded += 1
    pages = list(_write(feed, base, _kept(feed, old, last)))
    state.pages = [*pages, *young]
    state.summaries, state.folded_to = len(pages), old[-1].last
    for page in old:
        (folder / f"{page.name}.trig.gz").unlink()
    return True


def _kept(feed: Feed, old: list[Page], last: dict[str, int]) -> Iterator[Event]:
    for page in old:
        for event in feed.events_of(page.name):
            if event.kind != EventKind.DELETE and last[event.about] == event.position:
                yield event


def _write(feed: Feed, base: str, events: Iterator[Event]) -> Iterator[Page]:
    """Full pages with these events."""
    number, here, size = 1, list[Event](), 0
    for event in events:
        if here and (len(here) >= MOST_EVENTS or size >= MOST_BYTES):
            yield _page(feed, base, number, here)
            number, here, size = number + 1, [], 0
        here.append(event)
        size += len(event.text)
    if here:
        yield _page(feed, base, number, here)


def _page(feed: Feed, base: str, number: int, events: list[Event]) -> Page:
    paragraphs = "".join(f"{event.text}\n\n" for event in events)
    name, text = full_page(base, feed.state.epoch, f"stand{feed.state.folded}-{number}", paragraphs)
    write_full_page(feed.folder, name, text)
    return Page(
        name=name,
        first=events[0].position,
        last=events[-1].position,
        begin=events[0].published,
        end=events[-1].published,
    )
