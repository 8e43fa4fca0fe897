"""What the ledger says of sources, runs and records."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Bookmark", "Counts", "Entry", "Note", "SourceDates", "SourceRun"]


class Counts(NamedTuple):
    """What became of the records of one source in one run: read = taken + unchanged + refused."""

    read: int = 0
    taken: int = 0
    unchanged: int = 0
    refused: int = 0
    withdrawn: int = 0


class Note(NamedTuple):
    """A refused record or a remark, with its place as people count."""

    refused: bool
    place: str
    text: str


class SourceRun(NamedTuple):
    """The last run of one source. ``failure`` says why the source was left as it was before."""

    source: str
    number: int
    finished: str
    counts: Counts
    failure: str | None


class SourceDates(NamedTuple):
    """When the data of a source first came and when they last changed, as ISO times."""

    issued: str
    modified: str


class Bookmark(NamedTuple):
    """Up to where a neighbour was followed: the last event's position, and as JSON what the next request needs."""

    name: str
    position: int
    state: str
    changed_at: str  # ISO time


class Entry(NamedTuple):
    """What a run compares an offer with."""

    row: int
    digest: bytes
