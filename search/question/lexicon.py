"""The lexicons of ``words/`` and the small language of their patterns (described in words/macros.toml)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from search.question.folding import fold_text

__all__ = ["Candidate", "Patterns", "Rule", "read_rules", "words"]

_LEFT, _RIGHT = r"(?<!\w)(?<!\w-)", r"(?!\w)(?!-\w)"
_LOOK_BACK = 60  # characters of the left context that a rule may ask for
_MACRO = re.compile(r"(?<!\?P)<(?:([a-z]):)?([A-Za-z_]+)>")
_KEPT = re.compile(r"(\\.|\(\?P<[a-z]>|\(\?<[=!][^()]*\)|\(\?<?[=!:]|\[[^\]]*\]| \?)")
_UMLAUTS = (("ae", "(?:ae?)"), ("oe", "(?:oe?)"), ("ue", "(?:ue?)"), ("ss", "(?:ss?)"))


class Candidate(msgspec.Struct, frozen=True):
    """A stretch [start, end) of the folded text that says ``filter``; without one the words are only shielded from others.

    Of two that overlap the one with the higher ``rank`` counts, then the longer, then the earlier.
    """

    start: int
    end: int
    filter: str
    value: Any = None
    rank: int = 0


class Rule(msgspec.Struct, frozen=True):
    """What words say ``filter``. ``reader`` names the function that turns the captured words into the value."""

    filter: str
    patterns: tuple[re.Pattern[str], ...]
    value: Any = None
    reader: str | None = None
    rank: int = 0
    after: re.Pattern[str] | None = None
    before: re.Pattern[str] | None = None
    not_after: re.Pattern[str] | None = None
    not_before: re.Pattern[str] | None = None
    original: str | None = None

    def matches(self, text: str) -> Iterator[re.Match[str]]:
        """Matches whose surroundings are as the rule asks."""
        for pattern in self.patterns:
            for match in pattern.finditer(text):
                left = text[max(0, match.start() - _LOOK_BACK) : match.start()]
                if (
                    match.end() > match.start()
                    and (self.after is None or self.after.search(left))
                    and (self.not_after is None or not self.not_after.search(left))
                    and (self.before is None or self.before.match(text, match.end()))
                    and (self.not_before is None or not self.not_before.match(text, match.end()))
                ):
                    yield match


class Patterns:
    """Compiles patterns; holds the building blocks they may name."""

    def __init__(self, macros: Mapping[str, Iterable[str]]) -> None:
        self._macros: dict[str, str] = {}
        self.add(macros)

    def add(self, macros: Mapping[str, Iterable[str]]) -> None:
        """Make more building blocks known; each may name those before it."""
        for name, alternatives in macros.items():
            self._macros[name] = "(?:" + "|".join(self.source(a) for a in _longest_first(alternatives)) + ")"

    def source(self, pattern: str) -> str:
        """The regular expression of one pattern, without the boundaries of words."""
        parts = []
        position = 0
        for match in _MACRO.finditer(pattern):
            parts.append(_fold_pattern(pattern[position : match.start()]))
            block = self._macros[match[2]]
            parts.append(f"(?P<{match[1]}>{block})" if match[1] else block)
            position = match.end()
        return "".join([*parts, _fold_pattern(pattern[position:])])

    def whole(self, pattern: str) -> str:
        """The same between boundaries of words, except where "…" says otherwise."""
        left, right = not pattern.startswith("…"), not pattern.endswith("…")
        return (_LEFT if left else "") + f"(?:{self.source(pattern.strip('…'))})" + (_RIGHT if right else "")

    def compile(self, pattern: str) -> re.Pattern[str]:
        """One pattern between boundaries of words."""
        return re.compile(self.whole(pattern))

    def any_of(self, patterns: Iterable[str]) -> re.Pattern[str]:
        """One expression for patterns without captures; the longest alternative wins only by order."""
        ordered = _longest_first(patterns)
        plain = [pattern for pattern in ordered if "…" not in pattern]
        whole = [self.whole(pattern) for pattern in ordered if "…" in pattern]
        if plain:
            whole.append(f"{_LEFT}(?:{'|'.join(self.source(p) for p in plain)}){_RIGHT}")
        return re.compile("|".join(whole))

    def ending(self, pattern: str) -> re.Pattern[str]:
        """For the words directly before something."""
        return re.compile(f"(?:(?<!\\w)|^)(?:{self.source(pattern)})$")

    def starting(self, pattern: str) -> re.Pattern[str]:
        """For the words directly behind something."""
        return re.compile(self.source(pattern))


def words(name: str) -> dict[str, Any]:
    """The lexicon ``words/{name}.toml``."""
    table: dict[str, Any] = tomllib.loads(files("search.question").joinpath("words", f"{name}.toml").read_text("utf-8"))
    return table


def read_rules(table: Mapping[str, Any], patterns: Patterns) -> list[Rule]:
    """The rules of one lexicon; its own building blocks become known to ``patterns``."""
    patterns.add(table.get("macro", {}))
    return [_rule(entry, patterns) for entry in table["rule"]]


def _rule(entry: Mapping[str, Any], patterns: Patterns) -> Rule:
    captures = "reader" in entry
    compiled = [patterns.compile(p) for p in entry["any"]] if captures else [patterns.any_of(entry["any"])]
    value = entry.get("value")
    context = {key: patterns.ending(entry[key]) for key in ("after", "not_after") if key in entry}
    context |= {key: patterns.starting(entry[key]) for key in ("before", "not_before") if key in entry}
    return Rule(
        filter=entry["filter"],
        patterns=tuple(compiled),
        value=tuple(value) if isinstance(value, list) else value,
        reader=entry.get("reader"),
        rank=entry.get("rank", 0),
        original=entry.get("original"),
        **context,
    )


def _longest_first(alternatives: Iterable[str]) -> list[str]:
    return sorted(alternatives, key=lambda a: (-len(a), a))


@cache
def _fold_pattern(pattern: str) -> str:
    """Letters folded as the text is, with room for a missing e of an umlaut; escapes and groups stay as they are."""
    out = []
    for part in _KEPT.split(pattern):
        if _KEPT.fullmatch(part):
            out.append(" *" if part == " ?" else part)
            continue
        for character in part:
            folded = " +" if character == " " else character if character.isascii() else fold_text(character)
            if character in "äöüßÄÖÜ":
                folded = dict(_UMLAUTS)[folded]
            out.append(folded.lower())
    return "".join(out)
