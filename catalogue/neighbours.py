"""What was last seen of neighbours and is no reason for a new snapshot: ``neighbours.json`` beside the snapshots."""

from __future__ import annotations

import fcntl
from pathlib import Path

import msgspec

from catalogue.files import replace_file

__all__ = ["Check", "note_check", "read_checks"]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """The last look at a neighbour: ISO time, and the sentence that says why it could not be followed; None when all was well."""

    at: str
    trouble: str | None = None


def read_checks(folder: Path) -> dict[str, Check]:
    """The last look at every neighbour, by name. A damaged file counts as none: the next looks fill it again."""
    try:
        return msgspec.json.decode((folder / "neighbours.json").read_bytes(), type=dict[str, Check])
    except (FileNotFoundError, msgspec.DecodeError):
        return {}


def note_check(folder: Path, neighbour: str, check: Check) -> None:
    """Notes a look at a neighbour; several processes may do so at once."""
    with (folder / "neighbours.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        checks = {**read_checks(folder), neighbour: check}
        replace_file(folder / "neighbours.json", msgspec.json.format(msgspec.json.encode(checks), indent=1))
