"""The text as the patterns see it: usual typing errors mended, number words as digits, months and weekdays as single marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import OSA

from search.question.folding import Folded, fold_text
from search.question.lexicon import AND, Patterns
from search.question.numbers import NumberReader, together

__all__ = ["MONTHS", "WEEKDAY_MARKS", "Marker", "is_doubtful", "month_of", "weekday_of"]

_WEEKDAY, _MONTH, _DOUBTFUL = 0xE010, 0xE020, 0xE030  # private characters; Monday and January have the first
WEEKDAY_MARKS = f"[{chr(_WEEKDAY)}-{chr(_WEEKDAY + 6)}]"
MONTHS = f"[{chr(_MONTH)}-{chr(_MONTH + 11)}{chr(_DOUBTFUL)}-{chr(_DOUBTFUL + 11)}]"
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_BEHIND_DAY = r"(?=s?(?:-?(?:vor|nach)?mittag|-?abend|-?morgen|-?frueh))"
_AGED = re.compile(r"(\w+?)-?(jaehr(?:ig)?\w*)")  # "achtjährige"
_DOUBLED = re.compile(r"(.)\1+")
_PRIVATE = re.compile("[\ue000-\uf8ff]")
_SHORTEST, _LONG = 5, 9  # letters from which a word is mended, and from which two errors are


def month_of(mark: str) -> int:
    """1 to 12."""
    return (ord(mark) - _MONTH) % 16 + 1


def weekday_of(mark: str) -> int:
    """0 for Monday to 6."""
    return ord(mark) - _WEEKDAY


def is_doubtful(mark: str) -> bool:
    """Whether the month was named by a word that is also another ("may", "march")."""
    return ord(mark) >= _DOUBTFUL


class Marker:
    """``calendar`` is words/calendar.toml, ``spelling`` words/spelling.toml."""

    def __init__(
        self, calendar: Mapping[str, Any], spelling: Mapping[str, Any], patterns: Patterns, number: NumberReader
    ) -> None:
        self._number = number
        days = [f"(?P<d{i}>{_forms(forms, patterns)})" for i, forms in enumerate(calendar["weekdays"])]
        months = [f"(?P<m{i}>{_forms(forms, patterns)})" for i, forms in enumerate(calendar["months"])]
        bound = rf"(?<!\w){AND}(?:{'|'.join(months)})(?!\w)"
        self._names = re.compile(rf"(?<!\w){AND}(?:{'|'.join(days)})(?:s?(?!\w)|{_BEHIND_DAY})|{bound}")
        self._doubtful = patterns.any_of(calendar["doubtful"])
        self._aliases = {fold_text(wrong): fold_text(right) for wrong, right in spelling["alias"].items()}
        self._right = [fold_text(word) for word in spelling["right"]]
        self._kept = {*self._right, *(fold_text(word) for word in spelling["keep"])}
        self._sounds = [(fold_text(written), fold_text(meant)) for written, meant in spelling["sound"]]
        self._by_sound = {self._sound(word): word for word in self._right}

    def __call__(self, folded: Folded) -> Folded:
        """The same original with another text on top; linear in its length."""
        folded = _replaced(folded, ((m.start(), m.end(), " ") for m in _PRIVATE.finditer(folded.text)))
        folded = _replaced(folded, self._mended(folded.text))
        return _replaced(folded, sorted(self._marked(folded.text)))

    def _mended(self, text: str) -> Iterator[tuple[int, int, str]]:
        begin, reached, value = 0, 0, None  # of the number that the last words make
        for match in _WORD.finditer(text):
            word = match[0]
            number = self._number(word)
            if value is not None:
                joined = together(value, number) if number is not None and match.start() == reached + 1 else None
                if joined is not None and text[reached] in " -":
                    reached, value = match.end(), joined
                    continue
                yield begin, reached, f"{value:.0f}"
                value = None
            if (aged := _AGED.fullmatch(word)) and (age := self._number(aged[1])) is not None:
                yield match.start(), match.end(), f"{age:.0f}-{aged[2]}"
            elif number is not None:
                begin, reached, value = match.start(), match.end(), number
            elif word in self._aliases:
                yield match.start(), match.end(), self._aliases[word]
            elif len(word) >= _SHORTEST and word.isascii() and word not in self._kept and (right := self._mend(word)):
                yield match.start(), match.end(), right
        if value is not None:
            yield begin, reached, f"{value:.0f}"

    def _sound(self, word: str) -> str:
        """How the word is spoken, roughly: the same for "mondags" and "montags"."""
        for written, meant in self._sounds:
            word = word.replace(written, meant)
        return _DOUBLED.sub(r"\1", word)

    def _mend(self, word: str) -> str | None:
        """The key word that ``word`` is meant to be: one that sounds alike, has two letters swapped, one wrong or two in a long one."""
        if (alike := self._by_sound.get(self._sound(word))) is not None:
            return alike
        wrong = 2 if len(word) >= _LONG else 1
        found = process.extractOne(word, self._right, scorer=OSA.distance, score_cutoff=wrong)
        if found is None:
            return None
        right: str = found[0]
        if word.startswith(right):  # only an ending
            return None
        swapped = sorted(right) == sorted(word)
        return right if swapped or (len(right) >= 7 and right[0] == word[0]) else None

    def _marked(self, text: str) -> Iterable[tuple[int, int, str]]:
        for match in self._names.finditer(text):
            kind, index = (match.lastgroup or "d0")[0], int((match.lastgroup or "d0")[1:])
            first = _WEEKDAY if kind == "d" else _DOUBTFUL if self._doubtful.fullmatch(match[0]) else _MONTH
            yield match.start(), match.end(), chr(first + index)


def _forms(forms: Iterable[str], patterns: Patterns) -> str:
    return "|".join(patterns.source(form) for form in chain(forms))


def _replaced(folded: Folded, changes: Iterable[tuple[int, int, str]]) -> Folded:
    """The folded text with stretches replaced; every new character stands for the whole stretch."""
    text: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    position = 0
    for start, end, new in changes:
        text += [folded.text[position:start], new]
        starts += [*folded.starts[position:start], *[folded.starts[start]] * len(new)]
        ends += [*folded.ends[position:start], *[folded.ends[end - 1]] * len(new)]
        position = end
    if not position:
        return folded
    return Folded(
        folded.original,
        "".join([*text, folded.text[position:]]),
        (*starts, *folded.starts[position:]),
        (*ends, *folded.ends[position:]),
    )
