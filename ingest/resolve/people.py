"""What people decided: ``urteile.tsv`` beside ``katalog.toml``, a line for each judgement. Taking a line away undoes it at the next run."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from catalogue.errors import CatalogueError
from catalogue.files import replace_file
from catalogue.judgements import Outcome

__all__ = ["FILE_NAME", "PersonsJudgement", "append_judgement", "read_judgements"]

FILE_NAME = "urteile.tsv"
_HEADER = ("one", "other", "judgement", "by", "at")


class PersonsJudgement(msgspec.Struct, frozen=True, kw_only=True):
    """``one`` < ``other`` are ids of offers; ``at`` an ISO time."""

    one: str
    other: str
    outcome: Outcome
    by: str
    at: str


def read_judgements(folder: Path) -> list[PersonsJudgement]:
    """The file's judgements; of several about one pair the last. Raises CatalogueError naming the line."""
    path = folder / FILE_NAME
    if not path.exists():
        return []
    found: dict[tuple[str, str], PersonsJudgement] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, fields in enumerate(csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE), start=1):
            if tuple(fields) == _HEADER or not "".join(fields).strip():
                continue
            judgement = _judgement(path, number, fields)
            found[judgement.one, judgement.other] = judgement
    return list(found.values())


def _judgement(path: Path, number: int, fields: Sequence[str]) -> PersonsJudgement:
    if len(fields) != len(_HEADER):
        raise CatalogueError(
            f"{path}, Zeile {number}: Erwartet werden {len(_HEADER)} Felder mit Tabulatoren dazwischen: {', '.join(_HEADER)}."
        )
    one, other, outcome, by, at = (field.strip() for field in fields)
    if outcome not in set(Outcome):
        raise CatalogueError(f"{path}, Zeile {number}: „{outcome}“ ist kein Urteil; es heißt {', '.join(Outcome)}.")
    if not by or not one or not other or one == other:
        raise CatalogueError(f"{path}, Zeile {number}: Nötig sind zwei verschiedene Angebote und wer geurteilt hat.")
    return PersonsJudgement(one=min(one, other), other=max(one, other), outcome=Outcome(outcome), by=by, at=at)


def append_judgement(folder: Path, judgement: PersonsJudgement) -> None:
    """Adds a line to the file, which is made where there is none."""
    path = folder / FILE_NAME
    before = path.read_bytes() if path.exists() else _line(_HEADER)
    if before and not before.endswith(b"\n"):
        before += b"\n"
    fields = (judgement.one, judgement.other, judgement.outcome, " ".join(judgement.by.split()), judgement.at)
    replace_file(path, before + _line(fields))


def _line(fields: Iterable[str]) -> bytes:
    return ("\t".join(fields) + "\n").encode()
