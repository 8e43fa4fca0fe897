"""The language something is taught in, where it is not what is taught."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from search.question.lexicon import Candidate, Patterns
from search.question.sieve import Sieve

__all__ = ["TeachingLanguage"]

_LOOK_BACK = 60


class TeachingLanguage:
    """Finds candidates with the filter ``in_language`` and a BCP 47 code; ``table`` is words/language.toml."""

    def __init__(self, table: Mapping[str, Any], patterns: Patterns) -> None:
        frames = table["frames"]
        self._subject = patterns.ending(frames["subject"])
        self._subject_plain = patterns.ending(frames["subject_plain"])
        rules = [
            (language["code"], patterns.phrase(pattern), False)
            for language in table["language"]
            for pattern in (*_framed(frames["taught"], language["adjective"]), *language["phrases"])
        ]
        rules += [
            (language["code"], patterns.phrase(pattern), True)
            for language in table["language"]
            for pattern in _framed(frames["plain"], language["adjective"])
        ]
        self._rules = Sieve((pattern.needs, (code, pattern, plain)) for code, pattern, plain in rules)

    def find(self, text: str) -> Iterator[Candidate]:
        """Where the words before say that the language is what is learnt, nothing is found."""
        for code, pattern, plain in self._rules.of(text):
            for match in pattern.found_in(text):
                left = text[max(0, match.start() - _LOOK_BACK) : match.start()]
                if not self._subject.search(left) and not (plain and (not left or self._subject_plain.search(left))):
                    yield Candidate(match.start(), match.end(), "in_language", code)


def _framed(frames: list[str], adjectives: list[str]) -> list[str]:
    return [frame.replace("ADJ", adjective) for frame in frames for adjective in adjectives]
