"""German names by their rough sound, for names that are written in Cyrillic letters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import OSA

__all__ = ["Sounds"]

_CYRILLIC = re.compile(r"[\u0400-\u04ff']+")
_DOUBLED = re.compile(r"(.)\1+")
_SHORTEST = 4  # sounds that tell one name from others


class Sounds:
    """Finds names by sound; ``table`` is words/transliteration.toml, ``names`` the folded German names."""

    def __init__(self, table: Mapping[str, Any], names: Iterable[str]) -> None:
        self._german, self._cyrillic = table["german"], table["cyrillic"]
        self._initials: Mapping[str, str] = table["initials"]
        self._names = names
        self._by_sound: dict[str, dict[str, list[str]]] = {}

    def find(self, word: str) -> list[str]:
        """The names that sound like ``word``, those with equal sound or with one sound changed."""
        if not _CYRILLIC.fullmatch(word):
            return []
        sound = _sound(word, self._cyrillic)
        if len(sound) < _SHORTEST:
            return []
        known = self._beginning(self._initials.get(sound[0], sound[0]))
        if sound in known:
            return known[sound]
        close = (
            process.extract(sound, known.keys(), scorer=OSA.distance, score_cutoff=1, limit=9)
            if len(sound) > _SHORTEST
            else []
        )
        return [name for found, _, _ in close for name in known[found] if found[0] == sound[0]]

    def _beginning(self, letters: str) -> dict[str, list[str]]:
        """The names with these first letters by sound; made when first asked for."""
        if letters not in self._by_sound:
            sounds: dict[str, list[str]] = {}
            for name in self._names:
                if name[0] in letters and name.isascii() and len(name) >= _SHORTEST:
                    sounds.setdefault(_sound(name, self._german), []).append(name)
            self._by_sound[letters] = sounds
        return self._by_sound[letters]


def _sound(word: str, rules: Iterable[tuple[str, str]]) -> str:
    for written, heard in rules:
        word = word.replace(written, heard)
    return _DOUBLED.sub(r"\1", word)
