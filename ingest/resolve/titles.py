"""What a title says: its words, and apart from them what tells one part, level or group of a course from another."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files

import msgspec

from ontology.concepts import fold

__all__ = ["Title", "read_title"]

_GENDER = re.compile(
    r"(?<=[a-zäöüß])(?:[*:_·]|\s?/\s?-?\s?)(?:innen|in|r|frau|n)\b(?:/-?(?:in|r))?|innen\b(?=[*/])", re.I
)
_MAY_BE_GENDERED = frozenset("*:_·/")
_MARKED = re.compile(r"(?:®|™|©|\(m/w/d\))", re.I)
_SUPERSCRIPT = str.maketrans("²³", "23")
_LEVEL = re.compile(r"\b([abc])[. ]?([12])(?:[. ]([1-9]))?\b")
_YEAR = re.compile(r"\b(?:teil )?20[1-3]\d(?: \d\d\b)?")
_GLUED = re.compile(r"\b(\d+)(?=(?:tage?|u?std|hrs?|h|min)\b)")
_ORDINAL = re.compile(r"\b(\d+)(?:ten|te|ter|tes)\b")
_VOLUME = 10  # "Kurs 2" follows on "Kurs 1", "Kurs 22" is the twenty-second that was held
_BETWEEN = ("bis", "und", "u", "nr")  # "Module 1 bis 3"
_MARK = 3  # letters: "HFW 25-1"
_SHORT = 5  # letters and digits: "b2c", "c64"; longer ones are numbers of a provider's own
_ROMAN = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5, "vi": 6, "vii": 7, "viii": 8, "ix": 9, "x": 10}
_RUNNING = re.compile(r"x{1,3}(?:i?v|i{1,3}|vi{1,3})")  # above ten: how often this was held
_FEMALE = re.compile(r"(?<=[a-z]{4})innen$|(?<=[a-z]{4})in$")
_LESSON = re.compile(
    r"(?<=[a-z]{5})s?(?:kurse?|seminare?|lehrgang|training|programm|gruppe|weiterbildung|fortbildung|ausbildung)$"
)
_ENDING = re.compile(r"(?<=[a-z]{4})(?:en|er|es|e|n|s)$")


class Title(msgspec.Struct, frozen=True):
    """``words`` in order, without what the other fields hold. ``parts`` and ``numbers`` are sorted. What tells groups and starts of one
    offer apart ("Gruppe B", "Jahrgang 2024", the provider's own number) is left out.
    """

    words: tuple[str, ...]
    levels: frozenset[str]
    parts: tuple[int, ...]
    numbers: tuple[int, ...]
    steps: frozenset[str]
    forms: frozenset[str]


def read_title(name: str) -> Title:
    """Reads an offer's name."""
    if not _MAY_BE_GENDERED.isdisjoint(name):  # which few are: it takes longer than all else
        name = _GENDER.sub("", name)
    text = fold(_MARKED.sub(" ", name).translate(_SUPERSCRIPT))
    levels = frozenset("".join(filter(None, found.groups())) for found in _LEVEL.finditer(text))
    text = _YEAR.sub(" ", _LEVEL.sub(" ", text))
    tokens = _ORDINAL.sub(r"\1", _GLUED.sub(r"\1 ", text)).split()
    kinds = _words()
    parts, numbers, words = _sorted_out(tokens, kinds)
    steps = frozenset(kinds.steps[word] for word in words if word in kinds.steps)
    forms = frozenset(kinds.forms[word] for word in words if word in kinds.forms)
    plain = [word for word in words if word not in kinds.empty and word not in kinds.steps and word not in kinds.forms]
    return Title(
        words=tuple(map(_stem, plain)),
        levels=levels,
        parts=tuple(sorted(parts)),
        numbers=tuple(sorted(numbers)),
        steps=steps,
        forms=forms,
    )


@lru_cache(100_000)  # words are repeated
def _stem(word: str) -> str:
    return _ENDING.sub("", _FEMALE.sub("", _LESSON.sub("", word)))


class _Kinds(msgspec.Struct, frozen=True):
    part: frozenset[str]
    cohort: frozenset[str]
    volume: frozenset[str]
    empty: frozenset[str]
    steps: dict[str, str]
    forms: dict[str, str]


@cache
def _words() -> _Kinds:
    table = tomllib.loads(files(__package__).joinpath("words.toml").read_text("utf-8"))
    return _Kinds(
        part=frozenset(table["part"]),
        cohort=frozenset(table["cohort"]),
        volume=frozenset(table["volume"]),
        empty=frozenset(table["empty"]),
        steps={word: step for step, words in table["step"].items() for word in words},
        forms={word: form for form, words in table["form"].items() for word in words},
    )


def _number(token: str) -> int | None:
    if token.isdecimal() and token.isascii():
        return int(token)
    return _ROMAN.get(token)


def _sorted_out(tokens: list[str], kinds: _Kinds) -> tuple[list[int], list[int], list[str]]:
    """Numbers of parts, other numbers, and the words that are left."""
    parts, numbers, words = list[int](), list[int](), list[str]()
    role = ""  # what the numbers that follow are
    for place, token in enumerate(tokens):
        number = _number(token)
        if _RUNNING.fullmatch(token) or _counts_starts(token, number, role, tokens[place - 1] if place else "", kinds):
            continue
        if number is not None:
            behind = next((other for other in tokens[place + 1 : place + 3] if _number(other) is None), "")
            (parts if role == "part" or behind in kinds.part else numbers).append(number)
        elif token in kinds.part and any(_number(near) is not None for near in tokens[max(0, place - 1) : place + 2]):
            role = "part"
        elif token in kinds.cohort:
            role = "cohort"
        elif token not in _BETWEEN:
            role = role if _has_digit(token) else ""
            words += [token] if not _has_digit(token) or len(token) <= _SHORT else []
    return parts, numbers, words


def _counts_starts(token: str, number: int | None, role: str, before: str, kinds: _Kinds) -> bool:
    """Whether this only tells one start or group of an offer from another."""
    if role == "cohort" and (number is not None or len(token) <= _MARK or _has_digit(token)):
        return True
    return number is not None and number >= _VOLUME and before in kinds.volume


def _has_digit(token: str) -> bool:
    return not token.isalpha() and any(map(str.isdigit, token))
