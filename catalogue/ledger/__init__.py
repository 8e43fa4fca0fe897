"""The ledger: what the catalogue holds row by row, and what became of every record that was read."""

from __future__ import annotations

from catalogue.ledger.ledger import Ledger
from catalogue.ledger.records import Bookmark, Counts, Entry, Note, SourceDates, SourceRun

__all__ = ["Bookmark", "Counts", "Entry", "Ledger", "Note", "SourceDates", "SourceRun"]
