"""Finds labels in a title or a keyword: whole words, the longest first, spelling apart."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

import msgspec

from ontology.concepts import fold

__all__ = ["Found", "Phrases", "Word", "words_of"]

_WORD = re.compile(r"([^\W_]+)((?:[:*_·]|/-?)in(?:nen)?\b)?(-(?=\s*(?:und|oder|bzw|[,/&])))?")


class Word(msgspec.Struct, frozen=True):
    """A word of a text: folded; without the female ending that a gender mark sets off; whether it has a capital."""

    folded: str
    bare: str
    capital: bool


class Found(msgspec.Struct, frozen=True):
    """A label found: what it stands for, the label, and the places of its first and one past its last word."""

    notations: tuple[str, ...]
    label: str
    start: int
    end: int


@lru_cache(maxsize=50_000)
def _word(stem: str, ending: str, cut: str) -> Word:
    return Word(fold(stem + ending).replace(" ", "") + cut, fold(stem).replace(" ", "") + cut, stem[0].isupper())


def words_of(text: str) -> list[Word]:
    """The words of ``text`` in order; what is neither letter nor digit divides them, except for gender marks.

    The first half of "Kinder- und Jugendhilfe" keeps its hyphen, so that it is not taken for the word "Kinder".
    """
    return [_word(*parts) for parts in _WORD.findall(text)]


class Phrases:
    """Labels to look for. A label written with a capital is only found in words that are ("Sucht" is not "sucht")."""

    def __init__(self, labels: Iterable[tuple[str, Sequence[str]]], endings: Sequence[str] = ()) -> None:
        """``labels``: pairs of a label and what it stands for. ``endings`` may be appended to labels of one word."""
        found: dict[str, tuple[tuple[str, ...], bool]] = {}
        for label, notations in labels:
            key = fold(label)
            before, capital = found.get(key, ((), True))
            found[key] = (tuple(dict.fromkeys((*before, *notations))), capital and label[:1].isupper())
        found.pop("", None)
        self._labels: Mapping[str, tuple[tuple[str, ...], bool]] = found
        self._reach: dict[str, int] = {}  # first word → number of words of the longest label that begins with it
        for key in found:
            parts = key.split(" ")
            self._reach[parts[0]] = max(self._reach.get(parts[0], 0), len(parts))
        self._endings = tuple(sorted(endings, key=len, reverse=True))

    def find(self, words: Sequence[Word]) -> Iterator[Found]:
        """Labels in ``words`` from left to right; those found do not overlap."""
        start = 0
        while start < len(words):
            found = self._at(words, start)
            if found is None:
                start += 1
            else:
                yield found
                start = found.end

    def _at(self, words: Sequence[Word], start: int) -> Found | None:
        first = words[start]
        for length in range(min(self._reach.get(first.folded, 0), len(words) - start), 0, -1):
            key = first.folded if length == 1 else " ".join(word.folded for word in words[start : start + length])
            if found := self._label(key, first, start, start + length):
                return found
        if first.bare != first.folded and (found := self._label(first.bare, first, start, start + 1)):
            return found
        if first.folded.endswith(self._endings):
            for ending in self._endings:
                stem = first.folded.removesuffix(ending)
                if stem != first.folded and (found := self._label(stem, first, start, start + 1)):
                    return found
        return None

    def _label(self, key: str, first: Word, start: int, end: int) -> Found | None:
        notations, capital = self._labels.get(key, ((), False))
        return Found(notations, key, start, end) if notations and (first.capital or not capital) else None
