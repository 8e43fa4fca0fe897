"""What happens to a text before the embedded model's tokenizer sees it.

The engine's own normalisation works on single code points and misses composed characters: "u" + U+0308 would not become "ü".
NFKC is therefore applied here, before it, together with the rest of what XLM-RoBERTa's normalisation does. The tokenizer that
`search.encoder.unpack` writes does the same, so that both see the same tokens.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

__all__ = ["DROPPED", "SPACES", "clean", "shorten"]

DROPPED = "".join(map(chr, [*range(9), 0x0B, *range(0x0E, 0x20), 0x7F, 0x8F, 0x9F]))
"""Control characters that vanish."""

SPACES = "\t\n\f\r\u1680\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u2581\ufeff\ufffd"
"""Characters that count as a space, beside those that NFKC makes one."""

_TABLE = str.maketrans(dict.fromkeys(DROPPED) | dict.fromkeys(SPACES, " "))
_LONGEST = 20_000  # characters looked at: 512 tokens of prose are under 4,000


def clean(text: str) -> str:
    """NFKC, without control characters, with single spaces, none at the ends; of a very long text its beginning."""
    known = text[:_LONGEST].encode("utf-8", "replace").decode()  # half a surrogate pair becomes "?"
    normal = unicodedata.normalize("NFKC", known).translate(_TABLE)
    return " ".join(part for part in normal.split(" ") if part)


def shorten(text: str, most: int, count: Callable[[str], int]) -> str:
    """The longest beginning of whole words with at most `most` tokens by `count`; only the first word may be cut inside."""
    if count(text) <= most:
        return text
    fits, exceeds = 0, len(text)
    while exceeds - fits > 1:
        middle = (fits + exceeds) // 2
        if count(text[:middle]) <= most:
            fits = middle
        else:
            exceeds = middle
    if text[fits] == " ":
        return text[:fits]
    return text[:fits].rpartition(" ")[0] or text[:fits]
