"""What happens to a text before the embedded model's tokenizer: the normalisation of XLM-RoBERTa, which is NFKC and a little more.

The tokenizer that `search.encoder.unpack` writes does the same, so that both see the same tokens.
"""

from __future__ import annotations

import unicodedata

__all__ = ["DROPPED", "SPACES", "clean"]

DROPPED = "".join(map(chr, [*range(9), 0x0B, *range(0x0E, 0x20), 0x7F, 0x8F, 0x9F]))
"""Control characters that vanish."""

SPACES = "\t\n\f\r\u1680\u200b\u200c\u200d\u200e\u200f\u2028\u2029\u2581\ufeff\ufffd"
"""Characters that count as a space, beside those that NFKC makes one."""

_TABLE = str.maketrans(dict.fromkeys(DROPPED) | dict.fromkeys(SPACES, " "))
_LONGEST = 8_000  # characters looked at: 512 tokens of prose are under 4,000


def clean(text: str) -> str:
    """NFKC, without control characters, with single spaces, none at the ends; of a very long text its beginning."""
    known = text[:_LONGEST].encode("utf-8", "replace").decode()  # half a surrogate pair becomes "?"
    normal = unicodedata.normalize("NFKC", known).translate(_TABLE)
    return " ".join(part for part in normal.split(" ") if part)
