"""The lexicons of ``words/`` and the small language of their patterns (described in words/macros.toml)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property
from importlib.resources import files
from typing import Any

import msgspec

from search.question.folding import fold_text
from search.question.sieve import Needs, holds, needs_of

__all__ = ["AND", "Candidate", "Patterns", "Phrase", "Rule", "read_rules", "words"]

AND = "و?"
"""The Arabic "and" is written in one with the word behind it."""
_LEFT, _RIGHT = r"(?<!\w)(?<!\w-)", r"(?!\w)(?!-\w)"
_LOOK_BACK = 60  # characters of the left context that a rule may ask for
_ARABIC = re.compile(r"[\u0600-\u06ff]")
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
    keep: bool = False  # the words stay in the topic


class Phrase:
    """A regular expression that is compiled when it is first needed: when a text holds one of ``needs``."""

    def __init__(self, source: Callable[[], str], needs: Needs = ()) -> None:
        self._source, self.needs = source, needs

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        return re.compile(self._source())

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """All matches, as of `re.Pattern.finditer`."""
        return self._compiled.finditer(text) if holds(text, self.needs) else iter(())

    def found_in(self, text: str) -> Iterator[re.Match[str]]:
        """The same in a text that is known to hold a need, as of a `Sieve`."""
        return self._compiled.finditer(text)

    def search(self, text: str) -> re.Match[str] | None:
        """The first match anywhere."""
        return self._compiled.search(text)

    def match(self, text: str, position: int = 0) -> re.Match[str] | None:
        """The match that begins at ``position``."""
        return self._compiled.match(text, position)

    def fullmatch(self, text: str) -> re.Match[str] | None:
        """The match of the whole text."""
        return self._compiled.fullmatch(text)


class Rule(msgspec.Struct, frozen=True):
    """What words say ``filter``. ``reader`` names the function that turns the captured words into the value."""

    filter: str
    patterns: tuple[Phrase, ...]
    value: Any = None
    reader: str | None = None
    rank: int = 0
    keep: bool = False
    after: Phrase | None = None
    before: Phrase | None = None
    not_after: Phrase | None = None
    not_before: Phrase | None = None
    original: str | None = None

    def matches(self, text: str) -> Iterator[re.Match[str]]:
        """Matches of its patterns."""
        for pattern in self.patterns:
            if holds(text, pattern.needs):
                yield from self.matches_of(pattern, text)

    def matches_of(self, pattern: Phrase, text: str) -> Iterator[re.Match[str]]:
        """Matches of one of its patterns, whose needs the text holds, with surroundings as the rule asks."""
        for match in pattern.found_in(text):
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
        self._needs: dict[str, Needs] = {}  # of these
        self.add(macros)

    def add(self, macros: Mapping[str, Iterable[str]]) -> None:
        """Make more building blocks known; each may name those before it."""
        for name, alternatives in macros.items():
            ordered = _longest_first(alternatives)
            self._macros[name] = "(?:" + "|".join(map(self.source, ordered)) + ")"
            self._needs[name] = needs_of("|".join(ordered), self._needs.__getitem__)

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
        source = self.source(pattern.strip("…"))
        joined = AND if left and _ARABIC.search(source) else ""
        return (_LEFT if left else "") + f"{joined}(?:{source})" + (_RIGHT if right else "")

    def phrase(self, pattern: str) -> Phrase:
        """One pattern between boundaries of words."""
        return Phrase(lambda: self.whole(pattern), needs_of(pattern, self._needs.__getitem__))

    def any_of(self, patterns: Iterable[str]) -> Phrase:
        """One expression for several patterns; the longest as written is tried first."""
        ordered = _longest_first(patterns)
        return Phrase(lambda: "|".join(self.whole(pattern) for pattern in ordered))

    def ending(self, pattern: str) -> Phrase:
        """For the words directly before something."""
        return Phrase(lambda: f"(?:(?<!\\w)|^)(?:{self.source(pattern)})$")

    def starting(self, pattern: str) -> Phrase:
        """For the words directly behind something."""
        return Phrase(lambda: self.source(pattern))


def words(name: str) -> dict[str, Any]:
    """The lexicon ``words/{name}.toml``."""
    table: dict[str, Any] = tomllib.loads(files("search.question").joinpath("words", f"{name}.toml").read_text("utf-8"))
    return table


def read_rules(table: Mapping[str, Any], patterns: Patterns) -> list[Rule]:
    """The rules of one lexicon; its own building blocks become known to ``patterns``."""
    patterns.add(table.get("macro", {}))
    default = table.get("default", {})
    return [_rule({**default, **entry}, patterns) for entry in table["rule"]]


def _rule(entry: Mapping[str, Any], patterns: Patterns) -> Rule:
    value = entry.get("value")
    context = {key: patterns.ending(entry[key]) for key in ("after", "not_after") if key in entry}
    context |= {key: patterns.starting(entry[key]) for key in ("before", "not_before") if key in entry}
    return Rule(
        filter=entry["filter"],
        patterns=tuple(patterns.phrase(pattern) for pattern in entry["any"]),
        value=tuple(value) if isinstance(value, list) else value,
        reader=entry.get("reader"),
        rank=entry.get("rank", 0),
        keep=entry.get("keep", not entry["filter"]),
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
