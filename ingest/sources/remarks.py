"""The remarks of one record, gathered while its values are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ingest.records import Remark, Where
from ingest.values import ValueRefused

__all__ = ["Remarks"]

T = TypeVar("T")


class Remarks:
    """What was repaired or left out in the record at ``where``."""

    def __init__(self, where: Where) -> None:
        self.where = where
        self.found: list[Remark] = []

    def add(self, text: str) -> None:
        """``text``: a German sentence without its full stop; said once, however many runs share the value."""
        remark = Remark(self.where, text)
        if remark not in self.found:
            self.found.append(remark)

    def value(self, parser: Callable[[Any], T], raw: Any, field: str) -> T | None:
        """The value that ``parser`` makes of ``raw``; None with a remark where it refuses. ``field`` as the file names it."""
        if raw is None:
            return None
        try:
            return parser(raw)
        except ValueRefused as refused:
            self.add(f"{field}: {refused}; die Angabe wird nicht übernommen")
            return None
