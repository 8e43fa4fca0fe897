"""What was last seen of neighbours and is no reason for a new snapshot: ``neighbours.json`` beside the snapshots."""

from __future__ import annotations

import fcntl
from pathlib import Path

import msgspec

from catalogue.files import replace_file

__all__ = ["Check", "note_check", "read_checks"]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """The last look at a neighbour: ISO time, and the sentence that says why it could not be followed; None when all was well.

    ``well_at`` is noted with trouble: the last look before at which all was well.
    """

    at: str
    trouble: str | None = None
    well_at: str | None = None

    @property
    def reached_at(self) -> str | None:
        """The last look at which all was well."""
        return self.at if self.trouble is None else self.well_at


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
        checks = read_checks(folder)
        if check.trouble is not None and neighbour in checks:
            check = msgspec.structs.replace(check, well_at=checks[neighbour].reached_at)
        checks[neighbour] = check
        replace_file(folder / "neighbours.json", msgspec.json.format(msgspec.json.encode(checks), indent=1))
