"""Reads a neighbour's change feed: Linked Data Event Streams 1.0 over TREE, in the pattern of DCAT-AP Feeds (ActivityStreams activities).

Pages are visited in the order of their lower bounds, so that what was taken over so far is always a beginning of the stream and can be
committed; a page that ends before the bookmark is never fetched. Order is the position of an event: microseconds of ``as:published``,
which LDES names the timestampPath. Pages of the stream's past that repeat, run in circles or arrive twice change nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import count

import msgspec

from catalogue.ledger import Note
from ingest.neighbours.client import Fetched, NeighbourClient, NeighbourRefused
from ingest.neighbours.page import ALWAYS, NEVER, Event, FeedPage, Span
from ingest.neighbours.reading import RdfReader

__all__ = ["ACCEPT", "FeedVisit", "Place", "Step"]

ACCEPT = "application/trig, application/n-quads;q=0.9, application/ld+json;q=0.8"
_MOST_HELD = 200_000
_MOST_LINKED = 100_000  # pages; more than a visit may fetch
_MOST_BYTES_AT_ONCE = 20_000_000  # of the IRIs of events of one moment, which are kept from visit to visit
_MOST_BYTES_HELD = 300_000_000  # of pages; in memory it is some times as much


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """How far a stream was read: everything up to ``position``, and of that very moment the events in ``events``.

    ``newest`` is the last event that was read, its position and IRI: as long as the stream has it, all before it happened. ``newest_on`` is
    the page that has it, its address and ETag, if that is one that does not change.
    ``open`` are the pages where new events may come, the feed's entrance among them, with their ETags for conditional requests. Of a first
    visit that was cut off it is the pages that were still to be read, without the entrance.
    """

    position: int = ALWAYS
    events: tuple[str, ...] = ()
    newest: tuple[int, str] | None = None
    newest_on: tuple[str, str] | None = None
    open: Mapping[str, str | None] = {}


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """New events in their order, what cannot be taken of others, and how far the stream is read with them."""

    events: Sequence[Event]
    faults: Sequence[Note]
    place: Place


class FeedVisit:
    """One visit of the feed at ``address``, from ``place`` on.

    ``restarted`` is True after a visit that did not find the open pages of the last one any more, or not the newest event of then, at
    its time: the neighbour began anew, was restored from an old copy, or kept less than was missed. Then only what the whole feed says
    now is true.
    """

    def __init__(self, client: NeighbourClient, reader: RdfReader, address: str, place: Place) -> None:
        self._client = client
        self._reader = reader
        self._address = address
        self._place = self._begin = place
        self._open = dict(place.open) if address in place.open else {}
        self._numbers = count()
        self._waiting: list[tuple[int, int, str]] = []  # lower bound, number, address
        self._bounded: set[str] = set()  # pages that cannot get new events
        self._known: set[str] = {address}
        self._entered = False  # whether the entrance was read, and so everything that is open is linked
        self._linked: set[str] = {address}
        self._held: list[tuple[int, str, Event]] = []
        self._bytes_held = 0
        self._sought = place.newest
        self._lasting = {place.newest: place.newest_on}  # pages as in `Place.newest_on`, by their newest events
        self.restarted = False

    def steps(self) -> Iterator[Step]:
        """What is new, in order. Raises NeighbourRefused, NeighbourBusy; what was yielded before stays good."""
        entrance = self._client.get(self._address, ACCEPT, self._begin.open.get(self._address))
        if entrance.unchanged:
            try:
                yield from self._open_pages()
            except NeighbourRefused:  # one is gone, or is no page any more: the entrance says what counts now
                entrance = self._client.get(self._address, ACCEPT)
                self._known -= self._begin.open.keys()  # what it still leads to has to be read, or to be complained of
        if not entrance.unchanged:
            yield from self._follow(self._address, entrance)
            self.restarted = self.restarted or not all(map(self._is_kept, self._begin.open.keys() - self._linked))

    def _is_kept(self, address: str) -> bool:
        """Whether a page is still there under another address, as one that has got its last one now that it is full."""
        try:
            return self._client.leads_to(address, ACCEPT, self._linked)
        except NeighbourRefused:
            return False

    def _open_pages(self) -> Iterator[Step]:
        for address in sorted(self._begin.open.keys() - {self._address}):
            page = self._client.get(address, ACCEPT, self._begin.open[address])
            if not page.unchanged and not self.restarted:
                yield from self._follow(address, page)

    def _follow(self, address: str, page: Fetched) -> Iterator[Step]:
        """A page and all that is new behind it; nothing, once it is known that the stream is another one."""
        self._known.add(address)
        self._look_where_it_was()
        while True:
            faults = self._take(address, page)
            if self._has_lost_track() and not self._entered:
                # it may be on a page that is full meanwhile, to which the entrance leads
                faults += self._take(self._address, self._client.get(self._address, ACCEPT))
            if self._has_lost_track():
                self.restarted = True
                return
            step = self._released(faults)
            if step is not None:
                yield step
            if not self._waiting:
                return
            _, _, address = heapq.heappop(self._waiting)
            page = self._client.get(address, ACCEPT)

    def _look_where_it_was(self) -> None:
        """Whether the newest event of the last visit is where it was: mostly an answer without a body, instead of that page once more."""
        there = None if self._sought is None else self._lasting.pop(self._sought, None)
        if there is not None:
            with suppress(NeighbourRefused):  # it is sought on other pages
                if self._client.get(there[0], ACCEPT, there[1]).unchanged:
                    self._lasting[self._sought], self._sought = there, None

    def _has_lost_track(self) -> bool:
        """Whether the newest event of the last visit is on none of the pages that may hold it."""
        return self._sought is not None and not (self._waiting and self._waiting[0][0] <= self._sought[0])

    def _wait_for(self, address: str, span: Span) -> None:
        self._linked.add(address)
        if len(self._linked) > _MOST_LINKED:
            raise NeighbourRefused(f"{self._address} nennt mehr als {_MOST_LINKED} Seiten.")
        sought = self._sought is not None and span.lower <= self._sought[0] <= span.upper
        if address in self._known or (span.upper <= self._place.position and not sought):
            return
        self._known.add(address)
        if span.upper < NEVER:
            self._bounded.add(address)
        heapq.heappush(self._waiting, (span.lower, next(self._numbers), address))

    def _take(self, address: str, page: Fetched) -> list[Note]:
        """Notes where a page leads and holds its new events."""
        self._entered = self._entered or address == self._address
        content = FeedPage(self._reader.quads(page.body, page.media, page.url))
        if address == self._address and not content.is_of_a_feed():
            raise NeighbourRefused(f"{address} ist kein Feed: Es nennt weder Seiten noch Ereignisse.")
        for other, span in content.spans().items():
            self._wait_for(other, span)
        if page.immutable or address in self._bounded:
            self._open.pop(address, None)
        else:
            self._open[address] = page.etag
        newest = None
        for event in content.events():
            newest = max(newest or (ALWAYS, ""), (event.position, event.iri))
            if (event.position, event.iri) == self._sought:
                self._sought = None
            if self._is_new(event) and event.iri not in self._known:
                self._known.add(event.iri)
                heapq.heappush(self._held, (event.position, event.iri, event))
        if newest is not None and page.immutable and page.etag:
            self._lasting[newest] = page.url, page.etag
        self._bytes_held = self._bytes_held + len(page.body) if self._held else 0
        if len(self._held) > _MOST_HELD or self._bytes_held > _MOST_BYTES_HELD:
            raise NeighbourRefused(
                f"{self._address} nennt so viele Ereignisse, ohne zu sagen, welche zuerst kommen, dass sie sich nicht ordnen lassen."
            )
        return content.faults

    def _is_new(self, event: Event) -> bool:
        start = self._place
        return event.position > start.position or (event.position == start.position and event.iri not in start.events)

    def _released(self, faults: Sequence[Note]) -> Step | None:
        """The events before the lowest page that is still waiting: nothing older can come any more."""
        safe = self._waiting[0][0] - 1 if self._waiting else NEVER
        released = []
        while self._held and self._held[0][0] <= safe:
            released.append(heapq.heappop(self._held)[2])
        if not self._held:
            self._bytes_held = 0
        place = self._place
        if released:
            position = released[-1].position
            at_once = {event.iri for event in released if event.position == position}
            if position == place.position:
                at_once |= set(place.events)
            if sum(map(len, at_once)) > _MOST_BYTES_AT_ONCE:
                raise NeighbourRefused(f"{self._address} nennt zu viele Ereignisse aus demselben Augenblick.")
            newest = (position, released[-1].iri)
            place = Place(position=position, events=tuple(sorted(at_once)), newest=newest, open=place.open)
        if self._waiting and safe > place.position:  # nothing can come any more up to there
            place = Place(position=safe, newest=place.newest, open=place.open)
        if not self._waiting:
            place = msgspec.structs.replace(place, open=self._still_open(), newest_on=self._lasting.get(place.newest))
        elif not self._begin.open:  # should they be folded before the next visit, deletions are folded with them
            place = msgspec.structs.replace(place, open={address: None for _, _, address in self._waiting})
        if not released and not faults and place == self._place:
            return None
        self._place = msgspec.structs.replace(place, open=self._place.open)
        return Step(events=released, faults=faults, place=place)

    def _still_open(self) -> Mapping[str, str | None]:
        """Without pages to which nothing leads any more: such as lead on to what they are since they are full would be sent again whole."""
        return {page: etag for page, etag in self._open.items() if page in self._linked or not self._entered}
