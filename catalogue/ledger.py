"""The ledger: what the catalogue holds row by row, and what became of every record that was read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from ontology.offer import Offer, offer_from_json, offer_to_json

__all__ = ["Counts", "Ledger", "Note", "SourceDates", "SourceRun"]

_SCHEMA = Path(__file__).with_name("ledger.sql")


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


class Ledger:
    """One snapshot's ledger. Opened read-only it may be used by several threads."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    @classmethod
    def create(cls, path: Path) -> Ledger:
        """A new, empty ledger, open for writing."""
        ledger = cls.open_for_writing(path)
        ledger._db.executescript(_SCHEMA.read_text(encoding="utf-8"))
        return ledger

    @classmethod
    def open_for_writing(cls, path: Path) -> Ledger:
        """For the one writer, on a copy that nobody sees yet: so no journal, the switch of the pointer is the transaction."""
        db = sqlite3.connect(path, isolation_level=None)
        db.execute("PRAGMA journal_mode = MEMORY")  # `abandon_source` needs it
        db.execute("PRAGMA synchronous = OFF")
        db.execute("BEGIN")
        return cls(db)

    @classmethod
    def open(cls, path: Path) -> Ledger:
        """Read-only; the file never changes."""
        return cls(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True, check_same_thread=False))

    def close(self) -> None:
        """Ends a writer's changes and closes the file."""
        if self._db.in_transaction:
            self._db.execute("COMMIT")
        self._db.close()

    # --- reading

    def count(self, source: str | None = None) -> int:
        """Number of offers, of one source or of all."""
        where, values = ("WHERE source = ?", (source,)) if source else ("", ())
        return int(self._db.execute(f"SELECT count(*) FROM offer {where}", values).fetchone()[0])  # noqa: S608

    def offer(self, offer_id: str) -> Offer | None:
        """The offer of that id."""
        found = self._db.execute("SELECT json FROM offer WHERE id = ?", (offer_id,)).fetchone()
        return offer_from_json(found[0]) if found else None

    def changed_at(self, offer_id: str) -> str | None:
        """ISO time of the run that last changed the offer."""
        found = self._db.execute("SELECT changed_at FROM offer WHERE id = ?", (offer_id,)).fetchone()
        return str(found[0]) if found else None

    def offers_at(self, rows: Iterable[int]) -> dict[int, Offer]:
        """The offers of these rows; rows that are not there are left out."""
        select = "SELECT json FROM offer WHERE row = ?"
        found = ((row, self._db.execute(select, (row,)).fetchone()) for row in rows)
        return {row: offer_from_json(data[0]) for row, data in found if data}

    def offers(self) -> Iterator[tuple[int, Offer]]:
        """All offers with their rows, in order of row."""
        for row, data in self._db.execute("SELECT row, json FROM offer ORDER BY row"):
            yield row, offer_from_json(data)

    def hashes(self, source: str) -> dict[str, tuple[int, bytes]]:
        """Row and hash of every offer of a source, by id."""
        select = "SELECT id, row, hash FROM offer WHERE source = ?"
        return {offer: (row, digest) for offer, row, digest in self._db.execute(select, (source,))}

    def owner(self, offer_id: str) -> str | None:
        """The source that has this id."""
        found = self._db.execute("SELECT source FROM offer WHERE id = ?", (offer_id,)).fetchone()
        return str(found[0]) if found else None

    def provider_hashes(self, source: str) -> dict[str, bytes]:
        """Hash of every provider described by a source, by id."""
        return dict(self._db.execute("SELECT id, hash FROM provider WHERE source = ?", (source,)))

    def rows(self) -> list[int]:
        """All rows in use, in order."""
        return [row for (row,) in self._db.execute("SELECT row FROM offer ORDER BY row")]

    def offer_ids(self) -> Iterator[tuple[str, str]]:
        """Id and time of last change of every offer, in order of id."""
        return iter(self._db.execute("SELECT id, changed_at FROM offer ORDER BY id"))

    def source_dates(self) -> dict[str, SourceDates]:
        """By name, the dates of every source that has ever delivered an offer."""
        found = self._db.execute("SELECT name, issued, modified FROM source ORDER BY name")
        return {name: SourceDates(issued, modified) for name, issued, modified in found}

    def last_runs(self) -> list[SourceRun]:
        """The last run of every source, in order of name."""
        select = """SELECT source, number, finished, read, taken, unchanged, refused, withdrawn, failure FROM run
                    WHERE (source, number) IN (SELECT source, max(number) FROM run GROUP BY source) ORDER BY source"""
        return [SourceRun(row[0], row[1], row[2], Counts(*row[3:8]), row[8]) for row in self._db.execute(select)]

    def notes(self, source: str) -> list[Note]:
        """Refused records and remarks of the source's last run."""
        select = "SELECT refused, place, text FROM note WHERE source = ? ORDER BY rowid"
        return [Note(bool(refused), place, text) for refused, place, text in self._db.execute(select, (source,))]

    # --- writing

    def begin_source(self) -> None:
        """Marks the state that `abandon_source` goes back to."""
        self._db.execute("SAVEPOINT source")

    def abandon_source(self) -> None:
        """Forgets what was written since `begin_source`."""
        self._db.execute("ROLLBACK TO source")

    def put_offer(self, row: int, offer: Offer, digest: bytes, run: int, moment: str) -> None:
        """Enters a new offer or replaces the one of that row."""
        self._db.execute(
            "INSERT OR REPLACE INTO offer VALUES (?, ?, ?, ?, ?, ?, ?)",
            (row, offer.id, offer.source, digest, offer_to_json(offer), run, moment),
        )

    def remove_offer(self, row: int) -> None:
        """Removes the offer of that row."""
        self._db.execute("DELETE FROM offer WHERE row = ?", (row,))

    def date_source(self, source: str, moment: str) -> None:
        """Notes that the data of a source changed."""
        self._db.execute(
            "INSERT INTO source VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET modified = excluded.modified",
            (source, moment, moment),
        )

    def put_provider(self, source: str, provider_id: str, digest: bytes) -> None:
        """Notes that a source describes this provider so."""
        self._db.execute("INSERT OR REPLACE INTO provider VALUES (?, ?, ?)", (source, provider_id, digest))

    def remove_provider(self, source: str, provider_id: str) -> None:
        """Forgets a provider that no offer of the source names any more."""
        self._db.execute("DELETE FROM provider WHERE source = ? AND id = ?", (source, provider_id))

    def enter_run(self, run: SourceRun, notes: Sequence[Note]) -> None:
        """Enters what a run did to one source; its notes replace those of the run before."""
        source = run.source
        self._db.execute(
            "INSERT INTO run VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (run.number, source, run.finished, *run.counts, run.failure),
        )
        self._db.execute("DELETE FROM note WHERE source = ?", (source,))
        self._db.executemany("INSERT INTO note VALUES (?, ?, ?, ?)", [(source, *note) for note in notes])
