"""Where something is to be: municipalities by name, demonym or postal code, and how far around."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from ontology.gazetteer import Gazetteer, Municipality
from search.question.folding import Folded
from search.question.lexicon import Candidate, Patterns
from search.question.names import Names, name_key
from search.question.numbers import NumberReader

__all__ = ["Place", "PlaceReader"]

_LOOK_BACK = 60
_SHORT_NAME, _LONG_NAME = 4, 6  # letters that a known and any name must have to stand for itself
_AROUND_KM = 15.0  # what "in der Nähe von" means, by the definition of the wishes
_WORD = re.compile(r"[^\W_]+(?:\.(?= ?\w))?")
_BEGINNING = re.compile(r"\b[^\W\d_]{2}")
_BETWEEN = re.compile(r"[ \-./(]{1,3}")
_POSTAL = re.compile(
    r"(?<![\w.,])(?<!iso )(?<!din )(?<!en )(?:(?:plz:?|d|de)[ -]*)?(\d{5})(?![\w]|[.,]\d| *(?:€|euro))"
)
_DIGIT = re.compile(r"\d")
_NOUN_NEXT = re.compile(r"[ -]+(?=\w)")
_TAIL, _HEAD = re.compile(r"-(\w+)"), re.compile(r"(\w+)-$")
_PART = re.compile(r"-[^\W\d]\w{2,}")  # "Worms-Herrnsheim"
_CLAUSE_BEGINS, _CLAUSE_ENDS = re.compile(r"(?:^|[,;(])\s*$"), re.compile(r"\s*[,;)]")
_BAD = "bad "


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
        self._gazetteer, self._number = gazetteer, number
        self._names = Names(table, sounds, gazetteer, home)
        elided = r"(?: |(?<=\bd)')"  # "autour d'Alzey"
        titles = f"{elided}(?:(?:{'|'.join(table['titles'])}) )?"
        radius = table["radius"]
        self._before = patterns.ending(f"(?:{'|'.join(table['before'])}){titles}")
        self._weak = patterns.ending(f"(?:{'|'.join(table['weak_before'])}){titles}")
        self._never = patterns.ending(f"(?:{'|'.join(table['never_before'])}) ")
        self._around = patterns.ending(f"(?:{'|'.join(radius['around'])}){titles}")
        self._around_behind = patterns.starting(f"(?:{'|'.join(radius['around_behind'])})(?!\\w)")
        self._km = [patterns.ending(f"{source}{titles}") for source in radius["kilometres"]]
        self._km_alone = [patterns.phrase(source) for source in radius["alone"]]
        self._km_behind = [patterns.starting(f"{source}(?!\\w)") for source in radius["kilometres_behind"]]
        self._asking_behind = patterns.starting(f"{table['behind']['asking']}(?!\\w)")
        self._suffix = patterns.starting(f"(?:{'|'.join(table['behind']['suffix'])})(?!\\w)")
        self._district = patterns.ending(f"(?:{'|'.join(table['district_before'])}) ")

    def find(self, folded: Folded, language: str) -> Iterator[Candidate]:
        """Candidates with the filter ``place`` and a Place as value, or ``radius_km`` where no place stands beside it."""
        text = folded.text
        shy = _has_capitals(folded.original)  # so a name in small letters is no name
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
        most = min(len(words), index + self._names.longest(words[index][0]))
        longest = index
        while longest + 1 < most and _BETWEEN.fullmatch(text, words[longest].end(), words[longest + 1].start()):
            longest += 1
        for last in range(min(longest, most - 1), index - 1, -1):
            end = words[last].end()
            key = name_key(text[start:end])
            if text[end - 1] == "." and name_key(text[start : end - 1]) in self._names:
                end -= 1  # the full stop of a sentence
            end += "(" in text[start:end] and text[end : end + 1] == ")"
            if last > index and key not in self._names and not key.isascii():
                cases = map(name_key, self._names.cases(text[start:end], language))
                key = next((case for case in cases if case in self._names), key)
            if key in self._names and (candidate := self._accepted(folded, start, end, key, shy)):
                return candidate
        return None

    def _accepted(self, folded: Folded, start: int, end: int, key: str, shy: bool) -> Candidate | None:
        """The name as a candidate, if what stands around it lets it be a place."""
        text = folded.text
        left = text[max(0, start - _LOOK_BACK) : start]
        if self._district.search(left) or self._is_district(text, start, end, key):
            return None
        asked = self._is_asked(left) or bool(self._asking_behind.match(text, end))
        ordinary = self._names.is_ordinary(key)
        small = shy and key.isascii() and folded.original[folded.starts[start]].islower()
        if (small or ordinary) and not asked:
            return None
        if ordinary and (small or self._weak.search(left) or text[end : end + 1] == "-"):
            return None
        municipality = self._names.meant(key)
        own, known = self._names.is_own(key, municipality), self._names.is_known(municipality)
        if asked:
            return self._placed(text, start, end, (municipality, end), rank=1) if own or known else None
        if self._never.search(left) or not self._stands_alone(key, municipality, self._is_apart(text, start, end)):
            return None
        return self._placed(text, start, end, (municipality, end))

    def _is_asked(self, left: str) -> bool:
        kilometres = self._km if _DIGIT.search(left) else ()
        return any(pattern.search(left) for pattern in (self._before, self._around, *kilometres))

    def _stands_alone(self, key: str, municipality: Municipality, apart: bool) -> bool:
        """Whether the name is understood without a word that asks for a place."""
        believed = apart or self._names.is_known(municipality)
        if not self._names.is_own(key, municipality):
            return believed and not key.isascii()
        believed = believed or (len(key) > _SHORT_NAME and self._names.is_town(municipality))
        return len(key) >= _LONG_NAME or (believed and len(key) >= _SHORT_NAME)

    def _bent(self, folded: Folded, word: re.Match[str], language: str, shy: bool) -> Candidate | None:
        """A name with the ending of a case, by its sound, as a demonym or with a typing error."""
        text, start, end = folded.text, word.start(), word.end()
        left = text[max(0, start - _LOOK_BACK) : start]
        asked = self._is_asked(left)
        capital = not shy or folded.original[folded.starts[start]].isupper()
        german = language == "de"
        found = self._names.foreign(name_key(word[0]))
        if found is None and (asked or (language == "tr" and capital)):
            found = self._names.bent(word[0], language, sure=german or not asked) if capital or not german else None
        if found is None and asked and not german and capital:  # dialect is easily taken for another language
            found = self._names.bent(word[0], "de", sure=True)
        if found is None and (asked or self._is_last_name(folded, start, end)):
            found = self._names.heard(word[0], language)
        if found is None and capital and word[0].isascii():
            if _NOUN_NEXT.match(text, end):
                bad = text[max(0, start - len(_BAD)) : start] == _BAD
                found = self._names.of_demonym(_BAD + word[0] if bad else word[0])
                start -= len(_BAD) if bad and found else 0
            if found is None and asked and not self._weak.search(left):
                found = self._names.misspelt(word[0])
            if found is None and not asked and language == "de" and self._is_apart(text, start, end):
                found = self._names.misspelt(word[0], sure=True)
        return None if found is None else self._placed(text, start, end, (found, end), rank=1 if asked else 0)

    def _is_last_name(self, folded: Folded, start: int, end: int) -> bool:
        """Whether a word in other letters, written as a name, stands alone behind the last comma."""
        alone = _CLAUSE_BEGINS.search(folded.text[:start]) and self._is_apart(folded.text, start, end)
        return bool(start and alone and folded.original[folded.starts[start]].isupper())

    def _is_apart(self, text: str, start: int, end: int) -> bool:
        """Whether the word ends the question or stands between commas, where a place is put that nothing asks for."""
        return end == len(text.rstrip(" ?!.")) or bool(
            _CLAUSE_BEGINS.search(text[:start]) and _CLAUSE_ENDS.match(text, end)
        )

    def _placed(self, text: str, start: int, end: int, found: tuple[Municipality, int], rank: int = 0) -> Candidate:
        """The candidate with the words around the name that belong to it: "im Umkreis von 20 km um …"."""
        municipality, end = found[0], max(end, found[1])
        if match := self._suffix.match(text, end) or _PART.match(text, end):
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
            for key in self._names.own_keys(municipality):
                if name_key(behind[: len(key) + 1]) == key:
                    return municipality, end + len(key) + 1
        return found[0], end

    def _is_district(self, text: str, start: int, end: int, key: str) -> bool:
        """ "Alzey-Worms": both halves of the compound are towns, so it is a district's name."""
        ahead, back = _TAIL.match(text, end), _HEAD.search(text[max(0, start - _LOOK_BACK) : start])
        return any(half and self._names.are_two_towns(key, name_key(half[1])) for half in (ahead, back))


def _has_capitals(text: str) -> bool:
    """Whether words begin with capitals as they should; the first word's is the keyboard's, "B1" and "EDV" are never small."""
    beginnings = [match[0] for match in _BEGINNING.finditer(text)]
    return any(two[0].isupper() and two[1].islower() for two in beginnings[1:])
