"""The SQLite file of a snapshot in which all of this stands (tables: ledger.sql)."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from catalogue.ledger.records import Bookmark, Counts, Entry, Note, SourceDates, SourceRun
from ontology.offer import Offer, offer_from_json, offer_to_json

__all__ = ["Ledger"]

_SCHEMA = Path(__file__).with_name("ledger.sql")
_MAPPED = 1 << 40  # bytes at most: all; SQLite itself stops at 2 GB and reads what lies behind as before


class Ledger:
    """One snapshot's ledger. Opened read-only it may be used by several threads."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    @classmethod
    def create(cls, path: Path) -> Ledger:
        """A new, empty ledger, open for writing."""
        ledger = cls.open_for_writing(path)
        ledger._make_tables()
        return ledger

    def _make_tables(self) -> None:
        self._db.executescript(_SCHEMA.read_text(encoding="utf-8"))  # which ends the transaction
        self._db.execute("BEGIN")

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
        """Read-only; the file never changes, so it is mapped: reading it by system calls takes twice as long."""
        db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False)
        db.execute(f"PRAGMA mmap_size = {_MAPPED}")
        return cls(db)

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

    def dated_offer(self, offer_id: str) -> tuple[Offer, str] | None:
        """The offer of that id, and the ISO time of the run that last changed it."""
        found = self._db.execute("SELECT json, changed_at FROM offer WHERE id = ?", (offer_id,)).fetchone()
        return (offer_from_json(found[0]), found[1]) if found else None

    def changed_at(self, offer_id: str) -> str | None:
        """ISO time of the run that last changed the offer."""
        found = self._db.execute("SELECT changed_at FROM offer WHERE id = ?", (offer_id,)).fetchone()
        return str(found[0]) if found else None

    def offers_at(self, rows: Iterable[int]) -> dict[int, Offer]:
        """The offers of these rows, in their order; rows that are not there are left out."""
        wanted = list(rows)
        select = "SELECT row, json FROM offer WHERE row IN (SELECT value FROM json_each(?))"
        found = dict(self._db.execute(select, (msgspec.json.encode(wanted).decode(),)))
        return {row: offer_from_json(found[row]) for row in wanted if row in found}

    def publications(self, rows: Iterable[int], of_source: Callable[[str], bool]) -> Iterator[tuple[int, bool, Offer]]:
        """Offers of these rows whose source is one of those: row, whether the feed says that it is there, and the offer."""
        select = "SELECT source, json, EXISTS (SELECT 1 FROM published WHERE published.row = offer.row) FROM offer WHERE row = ?"
        for row in rows:
            found = self._db.execute(select, (row,)).fetchone()
            if found and of_source(found[0]):
                yield row, bool(found[2]), offer_from_json(found[1])

    def offers(self) -> Iterator[tuple[int, Offer]]:
        """All offers with their rows, in order of row."""
        for row, data in self._db.execute("SELECT row, json FROM offer ORDER BY row"):
            yield row, offer_from_json(data)

    def entries(self, source: str) -> dict[str, Entry]:
        """What is there of a source, by id."""
        select = "SELECT id, row, hash FROM offer WHERE source = ?"
        return {offer: Entry(row, digest) for offer, row, digest in self._db.execute(select, (source,))}

    def entry(self, source: str, offer_id: str) -> Entry | None:
        """The offer of that id, if it is there and of that source."""
        select = "SELECT row, hash FROM offer WHERE source = ? AND id = ?"
        found = self._db.execute(select, (source, offer_id)).fetchone()
        return Entry(*found) if found else None

    def owner(self, offer_id: str) -> str | None:
        """The source that has this id."""
        found = self._db.execute("SELECT source FROM offer WHERE id = ?", (offer_id,)).fetchone()
        return str(found[0]) if found else None

    def provider_hashes(self, source: str) -> dict[str, bytes]:
        """Hash of every provider described by a source, by id."""
        return dict(self._db.execute("SELECT id, hash FROM provider WHERE source = ?", (source,)))

    def provider_iri(self, source: str, provider_id: str) -> str | None:
        """The IRI that a neighbour gave a provider."""
        select = "SELECT iri FROM provider WHERE source = ? AND id = ?"
        found = self._db.execute(select, (source, provider_id)).fetchone()
        return found[0] if found else None

    def row_of(self, offer_id: str) -> int | None:
        """The row of the offer of that id."""
        found = self._db.execute("SELECT row FROM offer WHERE id = ?", (offer_id,)).fetchone()
        return int(found[0]) if found else None

    def sources_by_row(self) -> dict[int, str]:
        """The source of every offer."""
        return dict(self._db.execute("SELECT row, source FROM offer INDEXED BY offer_provider"))

    def rows(self) -> list[int]:
        """All rows in use, in order."""
        # by an index, as the table itself is as large as all the offers
        return sorted(row for (row,) in self._db.execute("SELECT row FROM offer INDEXED BY offer_provider"))

    def rows_of(self, source: str) -> list[int]:
        """The rows of a source, in order."""
        return sorted(row for (row,) in self._db.execute("SELECT row FROM offer WHERE source = ?", (source,)))

    def bookmark(self, neighbour: str) -> Bookmark | None:
        """Up to where a neighbour was followed; None where it never was."""
        found = self._db.execute("SELECT * FROM neighbour WHERE name = ?", (neighbour,)).fetchone()
        return Bookmark(*found) if found else None

    def bookmarks(self) -> list[Bookmark]:
        """Those of all neighbours, in order of name."""
        return [Bookmark(*found) for found in self._db.execute("SELECT * FROM neighbour ORDER BY name")]

    def offer_ids(self) -> Iterator[tuple[str, str]]:
        """Id and time of last change of every offer, in order of id."""
        return iter(self._db.execute("SELECT id, changed_at FROM offer ORDER BY id"))

    def source_dates(self) -> dict[str, SourceDates]:
        """By name, the dates of every source that has ever delivered an offer."""
        found = self._db.execute("SELECT name, issued, modified FROM source ORDER BY name")
        return {name: SourceDates(issued, modified) for name, issued, modified in found}

    def last_changes(self) -> dict[str, int]:
        """By name of the source, the number of the last run that took over or withdrew something of it."""
        select = "SELECT source, max(number) FROM run WHERE taken + withdrawn > 0 GROUP BY source ORDER BY source"
        return dict(self._db.execute(select))

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

    def upgrade(self, digest_of: Callable[[Offer], bytes]) -> None:
        """Brings a ledger of format 1 to the present one. Digests are made anew, so that nothing counts as changed."""
        tables = [name for (name,) in self._db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        self._db.execute("DROP INDEX offer_source")
        for table in tables:
            self._db.execute(f"ALTER TABLE {table} RENAME TO old_{table}")
        self._make_tables()
        for row, data, number, moment in self._db.execute("SELECT row, json, changed_run, changed_at FROM old_offer"):
            offer = offer_from_json(data)
            self.put_offer(row, offer, digest_of(offer), number, moment)
        for table in tables:
            if table != "offer":
                columns = "*, NULL" if table == "provider" else "*"
                self._db.execute(f"INSERT INTO {table} SELECT {columns} FROM old_{table}")  # noqa: S608
            self._db.execute(f"DROP TABLE old_{table}")
        # the very first versions did not date their sources
        self._db.execute(
            "INSERT OR IGNORE INTO source SELECT source, min(changed_at), max(changed_at) FROM offer GROUP BY source"
        )

    def begin_source(self) -> None:
        """Marks the state that `abandon_source` goes back to."""
        self._db.execute("SAVEPOINT source")

    def abandon_source(self) -> None:
        """Forgets what was written since `begin_source`."""
        self._db.execute("ROLLBACK TO source")

    def put_offer(self, row: int, offer: Offer, digest: bytes, run: int, moment: str) -> None:
        """Enters a new offer or replaces the one of that row."""
        provider = offer.provider and offer.provider.id
        self._db.execute(
            "INSERT INTO offer VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (row) DO UPDATE SET provider = excluded.provider, "
            "hash = excluded.hash, changed_run = excluded.changed_run, changed_at = excluded.changed_at, json = excluded.json",
            (row, offer.id, offer.source, provider, digest, run, moment, offer_to_json(offer)),
        )

    def remove_offer(self, row: int) -> bool:
        """Removes the offer of that row; whether the feed says that it is there."""
        self._db.execute("DELETE FROM offer WHERE row = ?", (row,))
        return self._db.execute("DELETE FROM published WHERE row = ?", (row,)).rowcount > 0

    def mark_published(self, row: int, published: bool) -> None:
        """Notes whether the feed says that the offer of that row is there."""
        change = "INSERT INTO published VALUES (?)" if published else "DELETE FROM published WHERE row = ?"
        self._db.execute(change, (row,))

    def put_bookmark(self, bookmark: Bookmark) -> None:
        """Enters up to where a neighbour was followed."""
        self._db.execute("INSERT OR REPLACE INTO neighbour VALUES (?, ?, ?, ?)", bookmark)

    def remove_bookmark(self, neighbour: str) -> None:
        """Forgets a neighbour that is followed no longer."""
        self._db.execute("DELETE FROM neighbour WHERE name = ?", (neighbour,))

    def date_source(self, source: str, moment: str) -> None:
        """Notes that the data of a source changed."""
        self._db.execute(
            "INSERT INTO source VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET modified = excluded.modified",
            (source, moment, moment),
        )

    def put_provider(self, source: str, provider_id: str, digest: bytes, iri: str | None = None) -> None:
        """Notes that a source describes this provider so."""
        self._db.execute("INSERT OR REPLACE INTO provider VALUES (?, ?, ?, ?)", (source, provider_id, digest, iri))

    def unnamed_providers(self, source: str) -> list[str]:
        """Providers of a source that none of its offers names."""
        select = """SELECT id FROM provider WHERE source = ?1
                    AND NOT EXISTS (SELECT 1 FROM offer WHERE source = ?1 AND offer.provider = provider.id)"""
        return [found for (found,) in self._db.execute(select, (source,))]

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
