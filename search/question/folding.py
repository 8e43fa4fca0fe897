"""A question's text in the form that patterns are written for, with the way back to the original characters.

Folded text is lower case and free of accents; ä ö ü ß are written ae oe ue ss; dashes, apostrophes and blanks are of one kind each;
control characters are blanks. Every folded character knows the original character it stands for.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import chain, repeat

import msgspec

__all__ = ["Folded", "fold", "fold_text"]

_MARKED = 4  # characters of which one with its combining marks consists at most: more are no writing
_LONGEST = 4  # letters that one character is read as ("Ⅷ"); some stand for whole sentences ("ﷺ")

_SPECIAL = {
    **dict.fromkeys("-\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("'\u2018\u2019\u201a\u201b\u02bc\u00b4`", "'"),
    **dict.fromkeys('"\u201c\u201d\u201e\u00ab\u00bb', '"'),
    "ä": "ae",
    "ö": "oe",
    "ü": "ue",
    "ß": "ss",
    "ı": "i",
    "ł": "l",
    "ø": "o",
    "æ": "ae",
    "ё": "е",
    "ґ": "г",
    "أ": "ا",
    "إ": "ا",
    "آ": "ا",
    "ٱ": "ا",
    "ى": "ي",
    "ة": "ه",
    "ـ": "",
    "\u00ad": "",
}


class Folded(msgspec.Struct, frozen=True):
    """``text`` is the folded text; character i of it stands for ``original[starts[i]:ends[i]]``."""

    original: str
    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The original offsets of the folded stretch [start, end), which must not be empty."""
        return self.starts[start], self.ends[end - 1]


def fold(text: str) -> Folded:
    """Fold a text of any characters; linear in its length."""
    if text.isascii():  # no character becomes two, none joins another
        return Folded(text, text.translate(_ascii()), tuple(range(len(text))), tuple(range(1, len(text) + 1)))
    begins = _clusters(text)
    borders = [*begins[1:], len(text)]
    folded = _folded(text, begins, borders)
    lengths = list(map(len, folded))
    starts, ends = (tuple(chain.from_iterable(map(repeat, places, lengths))) for places in (begins, borders))
    return Folded(text, "".join(folded), starts, ends)


def _clusters(text: str) -> Sequence[int]:
    """Where the characters with their combining marks begin."""
    if not any(map(unicodedata.combining, text)):
        return range(len(text))
    return [place for place, character in enumerate(text) if not place or not unicodedata.combining(character)]


def _folded(text: str, begins: Iterable[int], borders: Iterable[int]) -> list[str]:
    clusters = (text[begin:end] for begin, end in zip(begins, borders, strict=True))
    return [_fold_cluster(cluster) if len(cluster) <= _MARKED else cluster[0].lower() for cluster in clusters]


def fold_text(text: str) -> str:
    """Only the folded text, for names and words of lexicons."""
    if text.isascii():
        return text.translate(_ascii())
    begins = _clusters(text)
    return "".join(_folded(text, begins, [*begins[1:], len(text)]))


@cache
def _ascii() -> dict[int, str]:
    return {code: _fold_cluster(chr(code)) for code in range(128)}


@lru_cache(4096)
def _fold_cluster(cluster: str) -> str:
    """One character with its few combining marks."""
    folded = []
    for character in unicodedata.normalize("NFC", cluster).casefold():
        special = _SPECIAL.get(character)
        if special is not None:
            folded.append(special)
        elif character in "йї" or character.isascii():
            folded.append(character if character.isprintable() else " ")
        else:
            folded.append(_plain(character))
    return "".join(folded)


def _plain(character: str) -> str:
    category = unicodedata.category(character)
    if category[0] in "ZC":
        return "" if category == "Cf" else " "
    if category == "Mn":
        return ""
    digit = unicodedata.digit(character, None)
    if digit is not None and category == "Nd":
        return str(digit)
    plain = unicodedata.normalize("NFKD", character)
    return "".join(c for c in plain if len(plain) <= _LONGEST and not unicodedata.combining(c)) or " "
