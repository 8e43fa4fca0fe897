"""The language that a question is written in: by its script, then by its frequent words and letters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from search.question.folding import fold_text

__all__ = ["LanguageGuess"]

_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_READ = 2_000  # characters; more say nothing new
_LATIN = re.compile("[a-z]")
_CYRILLIC, _ARABIC = re.compile(r"[\u0400-\u04ff]"), re.compile(r"[\u0600-\u06ff]")
_LETTER = 0.6  # what one letter of a language's own is worth beside a word


class LanguageGuess:
    """Guesses among the languages of words/language_of_text.toml and Arabic."""

    def __init__(self, table: Mapping[str, Any]) -> None:
        self._default: str = table["default"]
        self._words = {code: {fold_text(word) for word in words} for code, words in table["words"].items()}
        self._letters: dict[str, str] = table["letters"]

    def __call__(self, text: str) -> str:
        """A BCP 47 code."""
        text = text[:_READ].lower()
        arabic, cyrillic = len(_ARABIC.findall(text)), len(_CYRILLIC.findall(text))
        latin = len(_LATIN.findall(text)) if arabic or cyrillic else 0
        if arabic and arabic * 2 >= latin:
            return "ar"
        codes = ("uk", "ru") if cyrillic and cyrillic * 2 >= latin else ("de", "en", "tr", "fr", "pl")
        found = [fold_text(word) for word in _WORD.findall(text)]
        score = {
            code: sum(word in self._words[code] for word in found)
            + _LETTER * sum(text.count(letter) for letter in self._letters.get(code, ""))
            for code in codes
        }
        best = max(codes, key=lambda code: score[code])
        return best if score[best] or codes[0] == "uk" else self._default
