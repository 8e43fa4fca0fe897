"""Numbers as people write them, in digits or in words."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["NumberReader"]

_DIGITS = re.compile(r"\d+(?:[.,: ]\d+)*")
_THOUSANDS = re.compile(r"[. ](?=\d{3}(?:\D|$))")
_COMPOUND = re.compile(r"(\w+?)und(\w+zig|dreissig)")


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
        if (match := _COMPOUND.fullmatch(word)) and match[1] in self._values and match[2] in self._values:
            return self._values[match[1]] + self._values[match[2]]
        for scale, size in (("hundert", 100), ("tausend", 1000)):
            head, found, tail = word.partition(scale)
            if found and (not head or head in self._values) and (not tail or tail in self._values):
                return self._values.get(head, 1.0) * size + self._values.get(tail, 0.0)
        return None
