"""The tables of ``words.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

__all__ = ["words"]


@cache
def words() -> dict[str, Any]:
    """The tables, read once; not to be changed."""
    return tomllib.loads(resources.files(__package__).joinpath("words.toml").read_text(encoding="utf-8"))
