"""What a question rules out of its own topic: "Programmieren, nur nicht Python"."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec

from search.stems import stems

__all__ = ["Exclusion", "Exclusions"]

_PATTERNS = Path(__file__).with_name("exclusion.toml")
_MOST = 5  # words on the way: without an end, "aber aber aber …" would take time that grows with its square


class Exclusion(msgspec.Struct, frozen=True):
    """``wanted``: the text without what it rules out. ``stems`` of what is ruled out."""

    wanted: str
    stems: tuple[str, ...]


class Exclusions:
    """Finds what is ruled out. Patterns are ``exclusion.toml``."""

    def __init__(self) -> None:
        table: dict[str, list[str]] = tomllib.loads(_PATTERNS.read_text(encoding="utf-8"))
        behind, cues, anywhere, ends, joints, between = (
            "|".join(sorted(table[name], key=len, reverse=True))
            for name in ("behind", "cues", "anywhere", "ends", "joints", "between")
        )
        self._harmless = frozenset(table["harmless"])
        cue = rf"(?:(?:^|[,;–—-]\s*|\b(?:{behind})\s+)(?:(?:{behind})\s+){{0,{_MOST}}}(?:{cues})|\b(?:{anywhere}))"
        word = rf"(?!(?:{ends}|{joints}|{cues})\b)\w[\w-]*"
        what = rf"({word}(?:\s+(?:{joints})\s+{word}|\s+{word})?)"
        self._pattern = re.compile(
            rf"{cue}\s+(?:(?:{between})\s+){{0,{_MOST}}}{what}(?=[\s,;.!?–—)-]|$)", re.IGNORECASE
        )

    def split(self, text: str) -> Exclusion:
        """Takes what is ruled out from a text; from one that asks for nothing else, nothing is taken."""
        excluded: list[str] = []
        rest, last = [], 0
        for match in self._pattern.finditer(text):
            words = stems(match[1])
            if words and not self._harmless.intersection(words):
                excluded += words
                rest.append(text[last : match.start()])
                last = match.end()
        wanted = " ".join("".join([*rest, " ", text[last:]]).split()).strip(",;–—- ") if rest else text
        if not stems(wanted):
            return Exclusion(text, ())
        return Exclusion(wanted, tuple(dict.fromkeys(excluded)))
