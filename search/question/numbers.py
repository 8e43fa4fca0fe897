"""Numbers as people write them, in digits or in words."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["NumberReader", "together"]

_DIGITS = re.compile(r"\d+(?:[.,: ]\d+)*")
_THOUSANDS = re.compile(r"[. ](?=\d{3}(?:\D|$))")
_COMPOUND = re.compile(r"(\w+?)und(\w+)")
_ONE = "ein"  # a number only in compounds, else an article
_SCALES = (("hundert", 100.0), ("hunnert", 100.0), ("tausend", 1000.0))
_TENS = 20.0  # from which on a word for a unit may follow in a word of its own


class NumberReader:
    """Reads numbers; ``table`` holds the words for them by value (words/numbers.toml)."""

    def __init__(self, table: Mapping[str, list[str]]) -> None:
        self._values = {word: float(value) for value, forms in table.items() for word in forms}

    def __call__(self, text: str) -> float | None:
        """The value of folded words such as "1.200,50" or "fuenfundzwanzig"; None for what is no number."""
        if match := _DIGITS.search(text):
            plain = _THOUSANDS.sub("", match[0]).replace(",", ".").replace(":", ".").replace(" ", "")
            return float(plain) if plain.count(".") <= 1 else None
        word = text.strip()
        if word in self._values:
            return self._values[word]
        if match := _COMPOUND.fullmatch(word):
            unit, tens = self._part(match[1]), self._values.get(match[2])
            if unit is not None and tens is not None:
                return unit + tens
        for scale, size in _SCALES:
            head, found, tail = word.partition(scale)
            if found:
                count, rest = self._part(head) if head else 1.0, self._values.get(tail) if tail else 0.0
                return None if count is None or rest is None else count * size + rest
        return None

    def _part(self, word: str) -> float | None:
        return 1.0 if word == _ONE else self._values.get(word)


def together(one: float, other: float) -> float | None:
    """The value of two numbers in neighbouring words, as of "twenty five", "сто пятьдесят" and "iki yüz"; None where they are two."""
    if other in (100.0, 1000.0) and 1.0 < one < other:
        return one * other
    size = next((size for size in (1000.0, 100.0, 10.0) if one >= size), 1.0)
    return one + other if one >= _TENS and one % size == 0 and 0.0 < other < size else None
