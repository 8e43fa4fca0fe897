"""The shape of ``enrich.toml``."""

from __future__ import annotations

import msgspec

from ontology.offer import Kind, Mode

__all__ = ["Lexicon", "Pattern", "Rule"]


class Pattern(msgspec.Struct, frozen=True):
    """What follows where the pattern is found in a title; a pattern of `mode` without a mode leaves it open."""

    pattern: str
    topics: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    mode: Mode | None = None


class Rule(msgspec.Struct, frozen=True):
    """Offers about one of the topics or a narrower one, of one of the kinds (none: any), belong to the phases."""

    topics: frozenset[str]
    phases: tuple[str, ...]
    kinds: frozenset[Kind] = frozenset()


class _Topics(msgspec.Struct, frozen=True):
    vague: frozenset[str]
    vague_parts: frozenset[str]
    rest: frozenset[str]
    separators: str
    endings: tuple[str, ...]
    means_language: frozenset[str]
    words: dict[str, tuple[str, ...]]
    patterns: tuple[Pattern, ...]
    kinds: dict[Kind, tuple[str, ...]]


class _Phases(msgspec.Struct, frozen=True):
    kinds: dict[Kind, tuple[str, ...]]
    rules: tuple[Rule, ...]
    otherwise: Rule


class _Audience(msgspec.Struct, frozen=True):
    fillers: frozenset[str]
    about_work: str
    always: frozenset[str]
    vague: frozenset[str]
    keyword_kinds: frozenset[Kind]
    everybody: tuple[frozenset[str], ...]
    words: dict[str, tuple[str, ...]]
    patterns: tuple[Pattern, ...]


class _Level(msgspec.Struct, frozen=True):
    pattern: str
    after_slash: str
    topics: frozenset[str]
    marked: str


class _Mode(msgspec.Struct, frozen=True):
    online_place: str
    titles: tuple[Pattern, ...]


class _Funding(msgspec.Struct, frozen=True):
    denials: frozenset[str]
    vague: frozenset[str]


class Lexicon(msgspec.Struct, frozen=True):
    """The whole of ``enrich.toml``; what each entry means is said there."""

    topics: _Topics
    phases: _Phases
    audience: _Audience
    level: _Level
    mode: _Mode
    funding: _Funding
    childcare: str
