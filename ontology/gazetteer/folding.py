"""One spelling for the many in which people write the name of a place."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files

__all__ = ["fold", "short_name"]

_GERMAN = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
_WORD = re.compile(r"[^\W_]+")
_ADDITION = re.compile(r"\s*(?:\(.*|,\s.*|/.*)$")


def fold(name: str) -> str:
    """``name`` in lower case, ä as ae, ß as ss, other accents dropped, hyphens and dots as one space, abbreviations written out.

    >>> fold("Neustadt a.d.Aisch"), fold("ST. WENDEL"), fold("Bad Dürkheim")
    ('neustadt an der aisch', 'sankt wendel', 'bad duerkheim')
    """
    text = name.lower()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text).translate(_GERMAN)
        if not text.isascii():
            text = "".join([c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c)])
            text = text.lower()  # 𝐀 is a capital only now
    text = " ".join(_WORD.findall(text))
    pattern, expansions = _abbreviations()
    return pattern.sub(lambda match: expansions[match[0]], text)


def short_name(name: str) -> str:
    """The official name without what only tells it from others: "Heppenheim (Bergstraße)" is "Heppenheim"."""
    return _ADDITION.sub("", name) or name


@cache
def _abbreviations() -> tuple[re.Pattern[str], dict[str, str]]:
    table = tomllib.loads(files(__package__).joinpath("abbreviations.toml").read_text("utf-8"))
    inside, anywhere = table["inside"], table["anywhere"]
    longest_first = sorted(inside, key=lambda key: (-len(key), key))
    pattern = re.compile(rf"(?<= )(?:{'|'.join(longest_first)})(?![^ ])|\b(?:{'|'.join(anywhere)})\b")
    return pattern, {**inside, **anywhere}
