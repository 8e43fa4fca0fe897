"""Where something is to be: municipalities by name, demonym or postal code, and how far around."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from math import log10
from typing import Any

import msgspec
from rapidfuzz import process
from rapidfuzz.distance import OSA

from ontology.gazetteer import Gazetteer, Municipality, distance_km, fold
from search.question.folding import Folded
from search.question.lexicon import Candidate, Patterns
from search.question.numbers import NumberReader
from search.question.transliteration import Sounds

__all__ = ["Place", "PlaceReader"]

_LOOK_BACK = 60
_LONGEST = 6  # words of a name
_WELL_KNOWN = 20_000  # inhabitants from which a town far away is thought of without "in"
_TOWN = 10_000  # inhabitants from which a name is believed that is written by its sound
_NEAR_KM = 75.0  # and the distance up to which any municipality is
_AROUND_KM = 15.0  # what "in der Nähe von" means, by the definition of the wishes
_KM_PER_TENFOLD = 80.0  # so much farther may a town with ten times the inhabitants be and still be meant
_UNKNOWN_POPULATION = 300
_WORD = re.compile(r"[^\W_]+(?:\.(?= ?\w))?")
_BETWEEN = re.compile(r"[ \-./(]{1,3}")
_POSTAL = re.compile(r"(?<![\w.,])(?:(?:plz:?|d|de)[ -]*)?(\d{5})(?![\w]|[.,]\d| *(?:€|euro))")
_NOUN_NEXT = re.compile(r"[ -]+(?=\w)")


class Place(msgspec.Struct, frozen=True):
    """A municipality that the words name, with the radius they ask for."""

    municipality: Municipality
    radius_km: float | None = None


class PlaceReader:
    """Finds the municipalities that a question names; ``home`` (latitude, longitude) settles which of several is meant."""

    def __init__(
        self,
        table: Mapping[str, Any],
        sounds: Mapping[str, Any],
        patterns: Patterns,
        number: NumberReader,
        gazetteer: Gazetteer,
        home: tuple[float, float] | None,
    ) -> None:
        self._gazetteer, self._home, self._number = gazetteer, home, number
        self._names = gazetteer.names()
        self._ordinary = {fold(name) for name in table["ordinary"]["names"]}
        self._endings: dict[str, list[list[str]]] = table["endings"]
        self._sounds = Sounds(sounds, self._names)
        self._foreign: dict[str, str] = table["foreign"]
        titles = f"(?:(?:{'|'.join(table['titles'])}) )?"
        radius = table["radius"]
        self._before = patterns.ending(f"(?:{'|'.join(table['before'])}) {titles}")
        self._weak = patterns.ending(f"(?:{'|'.join(table['weak_before'])}) {titles}")
        self._never = patterns.ending(f"(?:{'|'.join(table['never_before'])}) ")
        self._around = patterns.ending(f"(?:{'|'.join(radius['around'])}) {titles}")
        self._around_behind = patterns.starting(f"(?:{'|'.join(radius['around_behind'])})(?!\\w)")
        self._km = [patterns.ending(f"{source} {titles}") for source in radius["kilometres"]]
        self._km_alone = [patterns.phrase(source) for source in radius["alone"]]
        self._km_behind = [patterns.starting(f"{source}(?!\\w)") for source in radius["kilometres_behind"]]
        self._suffix = patterns.starting(f"(?:{'|'.join(table['behind']['suffix'])})(?!\\w)")
        self._district = patterns.ending(f"(?:{'|'.join(table['district_before'])}) ")

    def find(self, folded: Folded, language: str) -> Iterator[Candidate]:
        """Candidates with the filter ``place`` and a Place as value, or ``radius_km`` where no place stands beside it."""
        text = folded.text
        shy = folded.original != folded.original.lower()  # capitals are used, so a name in small letters is no name
        for match in _POSTAL.finditer(text):
            if found := self._gazetteer.by_postal_code(match[1]):
                yield self._placed(text, match.start(), match.end(), self._postal_end(text, match.end(), found), rank=3)
        words = list(_WORD.finditer(text))
        reached = 0
        for index, word in enumerate(words):
            if word.start() < reached or word[0].isdigit():
                continue
            candidate = self._named(folded, words, index, language, shy) or self._bent(folded, word, language, shy)
            if candidate is not None:
                reached = candidate.end
                yield candidate
        for pattern in self._km_alone:
            for match in pattern.finditer(text):
                if (radius := self._number(match["n"])) is not None:
                    yield Candidate(match.start(), match.end(), "radius_km", radius)

    def _named(
        self, folded: Folded, words: list[re.Match[str]], index: int, language: str, shy: bool
    ) -> Candidate | None:
        """The longest name that begins with this word."""
        text, start = folded.text, words[index].start()
        for last in range(min(len(words), index + _LONGEST) - 1, index - 1, -1):
            end = words[last].end()
            if any(not _BETWEEN.fullmatch(text, words[i].end(), words[i + 1].start()) for i in range(index, last)):
                continue
            key = _key(text[start:end])
            if text[end - 1] == "." and _key(text[start : end - 1]) in self._names:
                end -= 1  # the full stop of a sentence
            end += "(" in text[start:end] and text[end : end + 1] == ")"
            if last > index and key not in self._names and not key.isascii():
                key = next(
                    (_key(bent) for bent in self._unbent(text[start:end], language) if _key(bent) in self._names), key
                )
            if key in self._names and (candidate := self._accepted(folded, start, end, key, shy)):
                return candidate
        return None

    def _accepted(self, folded: Folded, start: int, end: int, key: str, shy: bool) -> Candidate | None:
        """The name as a candidate, if what stands around it lets it be a place."""
        text = folded.text
        left = text[max(0, start - _LOOK_BACK) : start]
        if self._district.search(left) or self._is_district(text, start, end):
            return None
        asked = self._before.search(left) or self._around.search(left) or any(p.search(left) for p in self._km)
        ordinary = key in self._ordinary
        small = shy and key.isascii() and folded.original[folded.starts[start]].islower()
        if small and (ordinary or not asked):
            return None
        if ordinary and (not asked or self._weak.search(left) or self._tail_of_word(text, end)):
            return None
        municipality = self._meant(key)
        own = key in self._own_keys(municipality)
        known = (municipality.population or 0) >= _WELL_KNOWN
        if not asked and (self._never.search(left) or not self._stands_alone(municipality, key, own, known)):
            return None
        if asked and not own and not known and not self._is_near(municipality):
            return None
        return self._placed(text, start, end, (municipality, end), rank=1 if asked else 0)

    def _stands_alone(self, municipality: Municipality, key: str, own: bool, known: bool) -> bool:
        """Whether the name is understood without a word that asks for a place."""
        if not own:
            return known and not key.isascii()
        return known or len(key) >= 6 or (len(key) >= 4 and self._is_near(municipality))

    def _bent(self, folded: Folded, word: re.Match[str], language: str, shy: bool) -> Candidate | None:
        """A name with the ending of a case, a demonym, or a name with a typing error."""
        text, start, end = folded.text, word.start(), word.end()
        key = _key(word[0])
        left = text[max(0, start - _LOOK_BACK) : start]
        if key in self._foreign:
            return self._placed(text, start, end, (self._gazetteer.find(self._foreign[key])[0], end), rank=1)
        asked = bool(self._before.search(left) or self._around.search(left))
        capital = not shy or folded.original[folded.starts[start]].isupper()
        for bent in map(_key, self._unbent(word[0], language)):
            if len(bent) >= 4 and bent in self._names and (asked or language == "tr"):
                meant = self._meant(bent)
                sure = (
                    capital and bent in self._own_keys(meant) and bent not in self._ordinary and self._is_known(meant)
                )
                if sure or (asked and language != "de"):
                    return self._placed(text, start, end, (meant, end), rank=1)
        if asked and (heard := self._heard(word[0], language)):
            return self._placed(text, start, end, (heard, end), rank=1)
        if not capital or not key.isascii():
            return None
        return self._demonym(text, word) or self._misspelt(text, word, left)

    def _unbent(self, word: str, language: str) -> list[str]:
        """The forms of which ``word`` may be a case."""
        endings = self._endings.get(language, ())
        return [word.removesuffix(ending) + instead for ending, instead in endings if word.endswith(ending)]

    def _heard(self, word: str, language: str) -> Municipality | None:
        """A well known or near place whose name sounds like a word in Cyrillic letters."""
        for form in (word, *self._unbent(word, language)):
            found = [(key, self._meant(key)) for key in self._sounds.find(form) if key not in self._ordinary]
            known = [
                m for key, m in found if key in self._own_keys(m) and (self._is_near(m) or (m.population or 0) >= _TOWN)
            ]
            if known:
                return min(known, key=lambda municipality: (self._cost(municipality), municipality.ags))
        return None

    def _demonym(self, text: str, word: re.Match[str]) -> Candidate | None:
        """ "Wörrstädter", "Binger", "Münchner" before another word."""
        if (
            word[0] in self._ordinary
            or not word[0].endswith("er")
            or len(word[0]) < 5
            or not _NOUN_NEXT.match(text, word.end())
        ):
            return None
        start, stem = word.start(), word[0][:-2]
        if text[max(0, start - 4) : start] == "bad ":
            start, stem = start - 4, f"bad {stem}"
        for base in (
            stem,
            f"{stem}en",
            f"{stem}e",
            f"{stem[:-1]}en",
            stem.replace("staedt", "stadt"),
            stem.replace("haeus", "haus") + "en",
        ):
            if base in self._names and base not in self._ordinary:
                municipality = self._meant(base)
                if base in self._own_keys(municipality) and self._is_known(municipality):
                    return self._placed(text, start, word.end(), (municipality, word.end()))
        return None

    def _misspelt(self, text: str, word: re.Match[str], left: str) -> Candidate | None:
        """A well known or near name with one wrong letter, two in a long one; only where a place is asked for."""
        written = word[0]
        if (
            len(written) < 5
            or written in self._ordinary
            or not (self._before.search(left) or self._around.search(left))
        ):
            return None
        if self._weak.search(left):
            return None
        wrong = 1 if len(written) < 8 else 2
        found = process.extract(
            written, self._by_letter.get(written[0], ()), scorer=OSA.distance, score_cutoff=wrong, limit=9
        )
        near = [
            (distance, self._cost(meant), key)
            for key, distance, _ in found
            if (meant := self._meant(key)) and key in self._own_keys(meant) and self._is_known(meant)
        ]
        if not near:
            return None
        return self._placed(text, word.start(), word.end(), (self._meant(min(near)[2]), word.end()))

    @cached_property
    def _by_letter(self) -> dict[str, list[str]]:
        """Names that a typing error is forgiven for, by the first letter, which is seldom the wrong one."""
        names: dict[str, list[str]] = {}
        for key in self._names:
            if len(key) >= 5 and key.isascii() and key not in self._ordinary:
                names.setdefault(key[0], []).append(key)
        return names

    def _placed(self, text: str, start: int, end: int, found: tuple[Municipality, int], rank: int = 0) -> Candidate:
        """The candidate with the words around the name that belong to it: "im Umkreis von 20 km um …"."""
        municipality, end = found[0], max(end, found[1])
        if match := self._suffix.match(text, end):
            end = match.end()
        left = text[max(0, start - _LOOK_BACK) : start]
        radius: float | None = None
        for pattern in self._km:
            if (match := pattern.search(left)) and (radius := self._number(match["n"])) is not None:
                start -= len(left) - match.start()
                break
        else:
            if match := self._around.search(left):
                start -= len(left) - match.start()
                radius = _AROUND_KM
            elif match := self._before.search(left):
                start -= len(left) - match.start()
        if match := self._around_behind.match(text, end):
            end, radius = match.end(), radius or _AROUND_KM
        for pattern in self._km_behind:
            if (match := pattern.match(text, end)) and (value := self._number(match["n"])) is not None:
                end, radius = match.end(), value
                break
        return Candidate(start, end, "place", Place(municipality, radius), rank)

    def _postal_end(self, text: str, end: int, found: tuple[Municipality, ...]) -> tuple[Municipality, int]:
        """Among those with the postal code the one named behind it, with the end of that name; else the first."""
        behind = text[end : end + _LOOK_BACK]
        for municipality in found:
            for key in self._own_keys(municipality):
                if _key(behind[: len(key) + 1]) == key:
                    return municipality, end + len(key) + 1
        return found[0], end

    def _meant(self, key: str) -> Municipality:
        """The municipality of that name: own names first, then near and populous ones."""
        found = [self._gazetteer[index] for index in self._names[key]]
        return min(found, key=lambda m: (key not in self._own_keys(m), self._cost(m), m.ags))

    def _cost(self, municipality: Municipality) -> float:
        worth = _KM_PER_TENFOLD * log10(municipality.population or _UNKNOWN_POPULATION)
        return (self._distance(municipality) or 0.0) - worth

    def _own_keys(self, municipality: Municipality) -> tuple[str, ...]:
        full, short = fold(municipality.name), fold(municipality.short_name)
        return (full, short, *(full[: match.start()] for match in _ADDITION.finditer(full)))

    def _distance(self, municipality: Municipality) -> float | None:
        return distance_km(*self._home, municipality.latitude, municipality.longitude) if self._home else None

    def _is_near(self, municipality: Municipality) -> bool:
        distance = self._distance(municipality)
        return distance is not None and distance <= _NEAR_KM

    def _is_known(self, municipality: Municipality) -> bool:
        return (municipality.population or 0) >= _WELL_KNOWN or self._is_near(municipality)

    def _is_district(self, text: str, start: int, end: int) -> bool:
        """ "Alzey-Worms": both halves of the compound are towns, so it is a district's name."""
        ahead, back = _TAIL.match(text, end), _HEAD.search(text[max(0, start - _LOOK_BACK) : start])
        return bool(ahead and _key(ahead[1]) in self._names and len(ahead[1]) > 3) or bool(
            back and _key(back[1]) in self._names
        )

    def _tail_of_word(self, text: str, end: int) -> bool:
        return text[end : end + 1] == "-"


_ADDITION = re.compile(r" (?:am|an|auf|bei|im|in|ob|unter|vor|zu|zum|zur|ueber) ")
_TAIL = re.compile(r"-(\w+)")
_HEAD = re.compile(r"(\w+)-$")


def _key(text: str) -> str:
    return fold(text) if not text.isascii() or "." in text or "st " in text else " ".join(re.findall(r"[^\W_]+", text))
