"""Which of many patterns a text may match at all: most need letters that a short text does not hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from typing import Generic, TypeVar

from search.question.folding import fold_text

__all__ = ["Needs", "Sieve", "holds", "needs_of"]

Needs = tuple[str, ...]
"""A text that matches holds one of these; none where nothing is known."""

_LONGEST = 3  # letters by which a need is looked up
_MOST = 64  # needs of one pattern: more are not worth looking for
_TOKEN = re.compile(
    # letters that are folded to several have room for a missing one of them
    r"(?P<letters>(?:[^\W_äöüßÄÖÜ]|-)+(?![?*+{]))|<(?:[a-z]:)?(?P<macro>[A-Za-z_]+)>|\((?P<group>\?:|\?P<[a-z]>)?(?!\?)"
    r"|(?P<look>\(\?<?[=!])|(?P<end>\))|(?P<or>\|)|(?P<digit>\\d)|(?P<escape>\\.)|\[(?P<class>[^\]]*)\]|(?P<other>.)",
    re.DOTALL,
)
_QUANTIFIER = re.compile(r"(?P<optional>[?*]|\{0[^}]*\})|\+|\{[^}]*\}")
_DIGITS = tuple("0123456789")
_T = TypeVar("_T")


def needs_of(pattern: str, macro: Callable[[str], Needs]) -> Needs:
    """The needs of a pattern as words/macros.toml describes them; ``macro``: those of a building block."""
    return _alternatives(_Tokens(pattern), macro)


def holds(text: str, needs: Needs) -> bool:
    """Whether a text may match what has these needs."""
    return not needs or any(need in text for need in needs)


class _Tokens:
    """The tokens of a pattern, one after the other."""

    def __init__(self, pattern: str) -> None:
        self._pattern, self._position = pattern, 0

    def __iter__(self) -> Iterator[re.Match[str]]:
        while match := _TOKEN.match(self._pattern, self._position):
            self._position = match.end()
            yield match

    def optional(self) -> bool:
        """Whether what was read may be missing; what says how often it comes is read as well."""
        match = _QUANTIFIER.match(self._pattern, self._position)
        self._position = match.end() if match else self._position
        return match is not None and match["optional"] is not None


def _alternatives(tokens: _Tokens, macro: Callable[[str], Needs]) -> Needs:
    """Up to the end of a group: what one of its alternatives needs, if each of them needs something."""
    found: list[Needs] = []
    branch: list[Needs] = []
    for token in tokens:
        kind = token.lastgroup
        if kind == "end":
            break
        if kind == "or":
            found.append(_best(branch))
            branch = []
        else:
            needs = _of(token, tokens, macro)
            optional = tokens.optional()
            if needs and not optional:
                branch.append(needs)
    found.append(_best(branch))
    needs = tuple(dict.fromkeys(need for each in found for need in each))
    return needs if all(found) and len(needs) <= _MOST else ()


def _of(token: re.Match[str], tokens: _Tokens, macro: Callable[[str], Needs]) -> Needs:
    """What a token needs; the rest of its group is read."""
    if token["letters"]:
        return (fold_text(token[0]),)
    if token["look"]:
        _alternatives(tokens, macro)
        return ()
    if token[0].startswith("("):
        return _alternatives(tokens, macro)
    if token["macro"]:
        return macro(token["macro"])
    if token["class"] is not None:
        return _members(token["class"])
    return _DIGITS if token["digit"] else ()


def _members(characters: str) -> Needs:
    """The letters of a class; none where it is one of all but some, or holds others."""
    found: list[str] = []
    place = 0
    while place < len(characters):
        if characters[place + 1 : place + 2] == "-" and place + 2 < len(characters):
            found += map(chr, range(ord(characters[place]), ord(characters[place + 2]) + 1))
            place += 3
        else:
            found.append(characters[place])
            place += 1
    plain = all(character.isdigit() or fold_text(character) == character != "\\" for character in found)
    return tuple(found) if plain and not characters.startswith("^") and len(found) <= _MOST else ()


def _best(found: Iterable[Needs]) -> Needs:
    """Of several needs those that are seldom met: long ones, and few."""
    return max(found, key=lambda needs: (min(_LONGEST, *map(len, needs)), -len(needs)), default=())


class Sieve(Generic[_T]):
    """Things with their needs, in order."""

    def __init__(self, things: Iterable[tuple[Needs, _T]]) -> None:
        self._things: list[_T] = []
        self._always: list[int] = []
        self._by_beginning: dict[str, list[tuple[str, int]]] = {}
        for place, (needs, thing) in enumerate(things):
            self._things.append(thing)
            if not needs:
                self._always.append(place)
            for need in needs:
                self._by_beginning.setdefault(need[:_LONGEST], []).append((need, place))

    def of(self, text: str) -> list[_T]:
        """Those whose needs a text meets."""
        found = set(self._always)
        for beginning in self._by_beginning.keys() & _pieces(text):
            found.update([place for need, place in self._by_beginning[beginning] if need in text])
        return [self._things[place] for place in sorted(found)]


@lru_cache(4)  # several sieves have the same text
def _pieces(text: str) -> frozenset[str]:
    """All stretches of one to three characters."""
    return frozenset(
        text[start : start + length] for length in range(1, _LONGEST + 1) for start in range(len(text) - length + 1)
    )
