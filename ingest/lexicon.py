"""The words of German exports, from ``values.toml``."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Any

__all__ = ["folded", "lexicon"]


@cache
def lexicon() -> dict[str, Any]:
    """The tables of ``values.toml``, read once; not to be changed."""
    return tomllib.loads(resources.files("ingest").joinpath("values.toml").read_text(encoding="utf-8"))


def folded(text: str) -> str:
    """``text`` as the lexicons write it: lower case, single spaces, no full stop or colon at the end."""
    return " ".join(text.lower().split()).rstrip(".:").rstrip() or text.strip()
