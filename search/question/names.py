"""Which municipality a name means, also bent, heard, misspelt or as a demonym."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from math import log10
from typing import Any

from rapidfuzz import process
from rapidfuzz.distance import OSA

from ontology.gazetteer import Gazetteer, Municipality, distance_km, fold
from search.question.transliteration import Sounds

__all__ = ["Names", "name_key"]

_WELL_KNOWN = 20_000  # inhabitants from which a town far away is thought of without further words
_TOWN = 10_000  # and from which a name is believed that stands alone with five letters or is written by its sound
_SMALL_TOWN = 3_000  # and from which a typing error in it is forgiven where nobody knows what is near
_NEAR_KM = 75.0  # and the distance up to which any municipality is
_KM_PER_TENFOLD = 80.0  # so much farther may a town with ten times the inhabitants be and still be meant
_UNKNOWN_POPULATION = 300
_LONGEST = 6  # words of a name
_LONG, _VERY_LONG = 8, 10  # letters of a name in which one wrong does not make another word, and two do not
_ADDITION = re.compile(r" (?:am|an|auf|bei|im|in|ob|unter|vor|zu|zum|zur|ueber) ")
_LETTERS = re.compile(r"[^\W_]+")


def name_key(text: str) -> str:
    """The gazetteer's key of folded text; what needs no look at its abbreviations is done without."""
    return fold(text) if not text.isascii() or "." in text or "st " in text else " ".join(_LETTERS.findall(text))


class Names:
    """``table`` is words/place.toml, ``sounds`` words/transliteration.toml; ``home`` is (latitude, longitude)."""

    def __init__(
        self,
        table: Mapping[str, Any],
        sounds: Mapping[str, Any],
        gazetteer: Gazetteer,
        home: tuple[float, float] | None,
    ) -> None:
        self._gazetteer, self._home = gazetteer, home
        self._names = gazetteer.names()
        self._words: dict[str, int] = {}
        for name in self._names:
            first = name.partition(" ")[0]
            self._words[first] = max(self._words.get(first, 0), min(name.count(" ") + 1, _LONGEST))
        self._ordinary = {fold(name) for name in table["ordinary"]["names"]}
        self._not_misspelt = {fold(name) for name in table["ordinary"]["near_names"]}
        self._endings: dict[str, list[list[str]]] = table["endings"]
        self._foreign: dict[str, str] = table["foreign"]
        self._sounds = Sounds(sounds, self._names)

    def __contains__(self, key: object) -> bool:
        return key in self._names

    def longest(self, word: str) -> int:
        """How many words the longest name has that begins with this one; 0 where none does."""
        return self._words.get(word) or self._words.get(fold(word), 0)

    def is_ordinary(self, key: str) -> bool:
        """Whether the name is also an ordinary word."""
        return key in self._ordinary

    def meant(self, key: str) -> Municipality:
        """The municipality of a name in `names`: own names go before those of parts, then near and populous ones."""
        found = [self._gazetteer[index] for index in self._names[key]]
        return min(found, key=lambda m: (not self.is_own(key, m), self._cost(m), m.ags))

    def is_own(self, key: str, municipality: Municipality) -> bool:
        """Whether this is the municipality's own name, in full or short, and not that of a part or a foreign one."""
        return key in self.own_keys(municipality)

    def own_keys(self, municipality: Municipality) -> tuple[str, ...]:
        """The full name and its short forms."""
        full, short = fold(municipality.name), fold(municipality.short_name)
        return (full, short, *(full[: match.start()] for match in _ADDITION.finditer(full)))

    def is_near(self, municipality: Municipality) -> bool:
        """Whether it is in the surroundings of the reader's home."""
        distance = self._distance(municipality)
        return distance is not None and distance <= _NEAR_KM

    def is_known(self, municipality: Municipality) -> bool:
        """Whether it is near or populous enough to be thought of."""
        return (municipality.population or 0) >= _WELL_KNOWN or self.is_near(municipality)

    def is_town(self, municipality: Municipality) -> bool:
        """Whether it has the size of a town."""
        return (municipality.population or 0) >= _TOWN

    def foreign(self, key: str) -> Municipality | None:
        """The municipality of a name that only the lexicon knows."""
        return self.meant(fold(self._foreign[key])) if key in self._foreign else None

    def cases(self, word: str, language: str) -> list[str]:
        """The forms of which ``word`` may be a case in that language."""
        endings = self._endings.get(language, ())
        return [word.removesuffix(ending) + instead for ending, instead in endings if word.endswith(ending)]

    def bent(self, word: str, language: str, *, sure: bool) -> Municipality | None:
        """The municipality of a name in some case; ``sure`` asks for a well known own name that is no ordinary word,
        else a name that is one must be well known.
        """
        for key in map(name_key, self.cases(word, language)):
            if len(key) >= 4 and key in self._names:
                municipality = self.meant(key)
                known = self.is_known(municipality)
                if self._believed(key, municipality) or (not sure and (known or key not in self._ordinary)):
                    return municipality
        return None

    def heard(self, word: str, language: str) -> Municipality | None:
        """A town or near place whose name sounds like a word in Cyrillic letters."""
        for form in (word, *self.cases(word, language)):
            found = [(key, self.meant(key)) for key in self._sounds.find(form) if key not in self._ordinary]
            known = [m for key, m in found if self.is_own(key, m) and (self.is_near(m) or self.is_town(m))]
            if known:
                return min(known, key=lambda municipality: (self._cost(municipality), municipality.ags))
        return None

    def of_demonym(self, word: str) -> Municipality | None:
        """Of "woerrstaedter", "binger" or "bad kreuznacher"."""
        if word in self._ordinary or not word.endswith("er") or len(word) < 5:
            return None
        stem = word[:-2]
        town, house = stem.replace("staedt", "stadt"), stem.replace("haeus", "haus")
        for key in (stem, f"{stem}en", f"{stem}e", f"{stem[:-1]}en", town, f"{house}en"):
            if key in self._names and self._believed(key, municipality := self.meant(key)):
                return municipality
        return None

    def misspelt(self, word: str, *, sure: bool = False) -> Municipality | None:
        """The known own name with one wrong letter, two in a very long one; a small town's too where no home tells what is near.

        ``sure`` asks for a near place and a long name with one wrong letter.
        """
        if (
            len(word) < (_LONG if sure else 5)
            or word in self._names
            or word in self._ordinary
            or word in self._not_misspelt
        ):
            return None
        wrong = 1 if len(word) < _VERY_LONG or sure else 2
        close = process.extract(
            word, self._by_letter.get(word[0], ()), scorer=OSA.distance, score_cutoff=wrong, limit=9
        )
        found = [(distance, self.meant(key)) for key, distance, _ in close if self._is_mended(key, int(distance))]
        found = [(d, m) for d, m in found if not sure or self.is_near(m)]
        return min(found, key=lambda pair: (pair[0], self._cost(pair[1]), pair[1].ags))[1] if found else None

    def are_two_towns(self, one: str, other: str) -> bool:
        """Whether both are own names of different municipalities, as in "Alzey-Worms", and not a town and its part."""
        if one not in self._names or other not in self._names or set(self._names[one]) & set(self._names[other]):
            return False
        return self.is_own(one, self.meant(one)) and self.is_own(other, self.meant(other))

    @cached_property
    def _by_letter(self) -> dict[str, list[str]]:
        """Names that a typing error is forgiven for, by the first letter, which is seldom the wrong one."""
        names: dict[str, list[str]] = {}
        for key in self._names:
            if len(key) >= 5 and key.isascii() and key not in self._ordinary:
                names.setdefault(key[0], []).append(key)
        return names

    def _is_mended(self, key: str, wrong: int) -> bool:
        municipality = self.meant(key)
        if self._believed(key, municipality):
            return True
        small_town = self._home is None and (municipality.population or 0) >= _SMALL_TOWN
        return small_town and wrong == 1 and len(key) >= _LONG and self.is_own(key, municipality)

    def _believed(self, key: str, municipality: Municipality) -> bool:
        return key not in self._ordinary and self.is_own(key, municipality) and self.is_known(municipality)

    def _cost(self, municipality: Municipality) -> float:
        worth = _KM_PER_TENFOLD * log10(municipality.population or _UNKNOWN_POPULATION)
        return (self._distance(municipality) or 0.0) - worth

    def _distance(self, municipality: Municipality) -> float | None:
        return distance_km(*self._home, municipality.latitude, municipality.longitude) if self._home else None
