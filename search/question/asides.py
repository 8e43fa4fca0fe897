"""What a question tells beside: "Ich bin abends heiser" and "Früher war ich in Mainz" wish for nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from search.question.lexicon import Candidate, Patterns, Phrase
from search.question.negation import Judged
from search.question.sieve import Sieve

__all__ = ["Asides"]

_STORY = 15  # words that a question has at least which tells something without a word that says so
_FRAGMENT = 3  # words at most beside wishes that stand by themselves: "samstags, in Lorsch"
_WORD = re.compile(r"\w+")
_END = re.compile(r"[.!?;:,\n]|(?<= )- ")
_SENTENCE_ENDS = ("", ".", "!", "?", "\n")
_TOGETHER = {"age": "audience", "audience": "age"}  # who says how old a child is speaks for it


class _Telling(msgspec.Struct, frozen=True):
    """Words by which a part of a sentence tells, which wishes it then does not hold, and what in it outweighs them."""

    phrases: tuple[Phrase, ...]
    filters: frozenset[str]
    unless: tuple[Phrase, ...]


class Asides:
    """Finds the wishes that are only told; ``table`` is words/asides.toml."""

    def __init__(self, table: Mapping[str, Any], patterns: Patterns) -> None:
        said = {name: tuple(map(patterns.phrase, table[name])) for name in ("courses", "wanting", "learning", "asking")}
        self._filters = frozenset(table["filters"])
        self._asking = said["courses"] + said["wanting"] + said["asking"]
        self._borders = Sieve((phrase.needs, phrase) for phrase in map(patterns.phrase, table["borders"]))
        kinds = [
            _Telling(
                tuple(map(patterns.phrase, kind["any"])),
                frozenset(kind["filters"]),
                tuple(phrase for name in kind["unless"] for phrase in said[name]),
            )
            for kind in table["telling"]
        ]
        self._telling = Sieve((phrase.needs, (phrase, kind)) for kind in kinds for phrase in kind.phrases)

    def left_out(self, text: str, judged: Sequence[Judged]) -> list[Judged]:
        """The wishes of a folded text without those that are told."""
        told = list(self._told_parts(text)) if judged else []
        kept = [each for each in judged if not _is_told(text, each, told, judged)]
        if len(_WORD.findall(text)) < _STORY:
            return kept
        candidates = [each.candidate for each in kept]
        return [each for each in kept if not self._is_beside(text, each.candidate, candidates)]

    def _told_parts(self, text: str) -> Iterator[tuple[int, int, re.Match[str], frozenset[str]]]:
        """Parts of sentences that tell: from, to, the words that say so, and the wishes that they do not hold."""
        borders: list[tuple[int, int]] | None = None
        for phrase, kind in self._telling.of(text):
            for match in phrase.found_in(text):
                if borders is None:
                    found = [border.found_in(text) for border in self._borders.of(text)]
                    borders = [border.span() for each in [_END.finditer(text), *found] for border in each]
                begin = max((end for _, end in borders if end <= match.start()), default=0)
                end = min((start for start, _ in borders if start >= match.end()), default=len(text))
                part = text[begin:end]
                if not any(True for asking in kind.unless for _ in asking.finditer(part)):
                    yield begin, end, match, kind.filters

    def _is_beside(self, text: str, candidate: Candidate, candidates: Sequence[Candidate]) -> bool:
        """Whether a wish stands in a part of a long question that asks for nothing."""
        if candidate.filter not in self._filters:
            return False
        begin = max((match.end() for match in _END.finditer(text, 0, candidate.start)), default=0)
        border = _END.search(text, candidate.end)
        end = border.start() if border else len(text)
        beside = [other for other in candidates if begin <= other.start < end]
        if any(other.filter == _TOGETHER.get(candidate.filter) for other in beside):
            return False
        if _words_beside(text, begin, end, beside) <= _FRAGMENT:
            return False
        part = text[begin:end]
        if border and border[0] == "?" and text[max(0, begin - 1) : begin] in _SENTENCE_ENDS:
            return False  # a whole sentence that asks
        return not any(True for phrase in self._asking for _ in phrase.finditer(part))


def _is_told(
    text: str,
    judged: Judged,
    told: Sequence[tuple[int, int, re.Match[str], frozenset[str]]],
    others: Sequence[Judged],
) -> bool:
    """Whether a wish stands in a part that tells; "abends kann ich nicht mehr" rules out, and "nicht mehr abends" too."""
    candidate = judged.candidate
    for begin, end, match, filters in told:
        within = begin <= candidate.start < end and candidate.filter in filters and judged.said != "refused_behind"
        if not within or _reaches_out(candidate, match):
            continue
        beside = [other.candidate for other in others if begin <= other.candidate.start < end]
        if not judged.is_refused or _words_beside(text, begin, end, beside) > _FRAGMENT:
            return True
    return False


def _reaches_out(candidate: Candidate, match: re.Match[str]) -> bool:
    """Whether a wish is made of the words that tell, and more: "arbeite bis 17 Uhr"."""
    overlaps = candidate.start < match.end() and match.start() < candidate.end
    return overlaps and not match.start() <= candidate.start < candidate.end <= match.end()


def _words_beside(text: str, begin: int, end: int, wishes: Sequence[Candidate]) -> int:
    """How many words a part of a text has beside its wishes."""
    wished = sum(len(_WORD.findall(text, wish.start, wish.end)) for wish in wishes)
    return len(_WORD.findall(text, begin, end)) - wished
