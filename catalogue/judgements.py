"""Whether two offers are the same: what the machine and what people decided, and the groups that follow from it.

A file of its own in the snapshot, ``judgements.sqlite``. Offers are named by their rows in the ledger. Nothing in it is a statement of a
source, and all of it can be made anew from the offers and ``urteile.tsv``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path

import msgspec

__all__ = ["Judgement", "Judgements", "Outcome"]

_SCHEMA = Path(__file__).with_name("judgements.sql")
_COLUMNS = "one, other, person, outcome, score, features, at"


class Outcome(StrEnum):
    """What a judgement says of two offers."""

    SAME = "same"
    DIFFERENT = "different"
    UNSURE = "unsure"


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """Of the rows ``one`` < ``other``. ``person`` is empty where the machine decided, which then has a ``score`` from 0 to 1 and says by
    ``features`` why, which of the clearly different is not kept. ``at`` is an ISO time, as the person wrote it or of the run.
    """

    one: int
    other: int
    outcome: Outcome
    person: str = ""
    score: float | None = None
    features: Mapping[str, float] = msgspec.field(default_factory=dict)
    at: str = ""


class Judgements:
    """The judgements of one snapshot. Opened read-only they may be used by several threads."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    @classmethod
    def open_for_writing(cls, path: Path) -> Judgements:
        """For the one writer, on a copy that nobody sees yet; makes the file where there is none."""
        db = sqlite3.connect(path, isolation_level=None)
        db.execute("PRAGMA journal_mode = MEMORY")
        db.execute("PRAGMA synchronous = OFF")
        db.executescript(_SCHEMA.read_text(encoding="utf-8"))
        db.execute("BEGIN")
        return cls(db)

    @classmethod
    def open(cls, path: Path) -> Judgements:
        """Read-only; the file never changes. Without a file nothing was judged yet."""
        if path.exists():
            return cls(sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True, check_same_thread=False))
        db = sqlite3.connect(":memory:", check_same_thread=False)
        db.executescript(_SCHEMA.read_text(encoding="utf-8"))
        return cls(db)

    def close(self) -> None:
        """Ends a writer's changes and closes the file."""
        if self._db.in_transaction:
            self._db.execute("COMMIT")
        self._db.close()

    # --- reading

    def of_people(self) -> list[Judgement]:
        """What people decided, in order of the rows."""
        return self._read("WHERE person <> '' ORDER BY one, other")

    def same_across(self) -> list[tuple[int, int]]:
        """The pairs judged the same, by people or else by the machine, that are in one group of several sources."""
        select = """
            SELECT one, other FROM judgement JOIN grouped AS g ON g.row = one AND g.across = 1 JOIN grouped AS h ON h.row = other
            WHERE outcome = 'same' AND g.number = h.number AND (person <> '' OR NOT EXISTS (
                SELECT 1 FROM judgement AS j WHERE j.one = judgement.one AND j.other = judgement.other AND j.person <> ''))
            ORDER BY one, other"""
        return [(one, other) for one, other in self._db.execute(select)]

    def unsure(self, limit: int, offset: int = 0) -> list[Judgement]:
        """The machine's that are unsure and that nobody has decided, those first that are most likely the same."""
        return self._read(f"{_OPEN} ORDER BY score DESC, one, other LIMIT ? OFFSET ?", limit, offset, why=True)

    def count_unsure(self) -> int:
        """How many these are."""
        return int(self._db.execute(f"SELECT count(*) FROM judgement {_OPEN}").fetchone()[0])  # noqa: S608

    def _read(self, clause: str, *values: object, why: bool = False) -> list[Judgement]:
        """With ``features`` only where ``why`` is asked for: most of the time goes into them."""
        select = f"SELECT {_COLUMNS} FROM judgement {clause}"  # noqa: S608
        return [
            Judgement(
                one=one,
                other=other,
                person=person,
                outcome=Outcome(outcome),
                score=score,
                features=msgspec.json.decode(features) if why and features else {},
                at=at,
            )
            for one, other, person, outcome, score, features, at in self._db.execute(select, values)
        ]

    def deciding(self) -> list[Judgement]:
        """All that groups depend on: those that join, and those that keep apart what could be joined or looks the same."""
        joined = "(SELECT one FROM judgement WHERE outcome = 'same' UNION SELECT other FROM judgement WHERE outcome = 'same')"
        return self._read(
            f"WHERE outcome <> 'different' OR person <> '' OR features IS NOT NULL OR (one IN {joined} AND other IN {joined})"
        )

    def rules(self) -> int:
        """The number of the rules by which the machine judged; 0 where it never did."""
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    def run(self) -> int:
        """The number of the run that last brought the judgements up to its offers; 0 where none did."""
        return int(self._db.execute("PRAGMA application_id").fetchone()[0])

    def groups(self) -> tuple[list[int], list[int]]:
        """The rows of all offers that were judged, in order, and their groups; a group is named by its lowest row."""
        select = (
            "SELECT json_group_array(row), json_group_array(number) FROM (SELECT row, number FROM grouped ORDER BY row)"
        )
        rows, numbers = self._db.execute(select).fetchone()  # a fifth of what it takes row by row
        return msgspec.json.decode(rows, type=list[int]), msgspec.json.decode(numbers, type=list[int])

    def across(self) -> dict[int, list[int]]:
        """By group, the rows of those that hold offers of several sources."""
        found: dict[int, list[int]] = {}
        for row, number in self._db.execute("SELECT row, number FROM grouped WHERE across = 1 ORDER BY row"):
            found.setdefault(number, []).append(row)
        return found

    def group_of(self, row: int) -> list[int]:
        """The rows of an offer's group, itself among them."""
        select = "SELECT row FROM grouped WHERE number = (SELECT number FROM grouped WHERE row = ?) ORDER BY row"
        return [found for (found,) in self._db.execute(select, (row,))] or [row]

    # --- writing

    def put(self, judgements: Iterable[Judgement]) -> None:
        """Enters judgements, in the place of those of the same pair by the same."""
        rows = (
            (
                j.one,
                j.other,
                j.person,
                j.outcome,
                j.score,
                msgspec.json.encode(j.features) if j.features else None,
                j.at,
            )
            for j in judgements
        )
        self._db.executemany("INSERT OR REPLACE INTO judgement VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def remove_all(self, rules: int) -> None:
        """Forgets everything, as it is made anew by other rules."""
        self._db.execute("DELETE FROM judgement")
        self._db.execute("DELETE FROM grouped")
        self._db.execute(f"PRAGMA user_version = {rules:d}")

    def note_run(self, number: int) -> None:
        """Notes that the judgements are those of the offers of this run."""
        self._db.execute(f"PRAGMA application_id = {number:d}")

    def remove_people(self) -> None:
        """Forgets what people decided."""
        self._db.execute("DELETE FROM judgement WHERE person <> ''")

    def remove_rows(self, rows: Iterable[int]) -> None:
        """Forgets all judgements about these offers."""
        every = [(row,) for row in rows]
        self._db.executemany("DELETE FROM judgement WHERE one = ?", every)
        self._db.executemany("DELETE FROM judgement WHERE other = ?", every)

    def remove_pairs(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Forgets the machine's judgements of these pairs."""
        self._db.executemany("DELETE FROM judgement WHERE one = ? AND other = ? AND person = ''", pairs)

    def put_groups(self, groups: Mapping[int, int], source_of: Mapping[int, str]) -> bool:
        """Replaces the groups by these, row to group; whether any is another than before. ``source_of`` names each row's source."""
        sources: dict[int, set[str]] = {}
        for row, number in groups.items():
            sources.setdefault(number, set()).add(source_of[row])
        new = {row: (number, int(len(sources[number]) > 1)) for row, number in groups.items()}
        old = {
            row: (number, across) for row, number, across in self._db.execute("SELECT row, number, across FROM grouped")
        }
        gone = [(row,) for row in old.keys() - new.keys()]
        changed = [(row, *found) for row, found in new.items() if old.get(row) != found]
        self._db.executemany("DELETE FROM grouped WHERE row = ?", gone)
        self._db.executemany("INSERT OR REPLACE INTO grouped VALUES (?, ?, ?)", changed)
        return bool(gone or changed)


_OPEN = """WHERE outcome = 'unsure' AND person = ''
           AND NOT EXISTS (SELECT 1 FROM judgement AS j WHERE j.one = judgement.one AND j.other = judgement.other AND j.person <> '')"""
