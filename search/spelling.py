"""Words as they are known: of short questions those one slip away from a known word ("Feldenkreis"), of all those written in parts
("Kinder-Garten").
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

from ontology.concepts import fold
from search.stems import stems

__all__ = ["Slip", "Spelling", "Vocabulary", "corrected"]

_FEW = 4  # words of a question that is looked at: in longer ones the others say what is meant
_LETTERS, _OF_STEM = 6, 8  # of a word that may be a slip, and of its stem: shorter ones have too many neighbours
_APART = 2  # how far letters are from each other at most that stand in another order: "Phyton"
_WORD = re.compile(r"\w+")
_IN_PARTS = re.compile(r"[^\W\d_]{2,}(?:[-·][^\W\d_]{2,})+")  # as easy-to-read German writes its compounds


class Slip(NamedTuple):
    """A word as it was written, and what is probably meant; ``whole`` where this is a word, not the stem of one."""

    written: str
    meant: str
    whole: bool


class Vocabulary:
    """Words that are known: stems, and ``terms``, texts whose words are known as they are written."""

    def __init__(self, known: Collection[str], terms: Iterable[str] = ()) -> None:
        self.stems, self._terms = known, terms

    @cached_property
    def written(self) -> dict[str, str]:
        """Words of terms, folded, with how they are written."""
        words = dict.fromkeys(word for term in self._terms for word in _WORD.findall(term))
        return {fold(word): word for word in words}

    @cached_property
    def written_by_shape(self) -> dict[tuple[str, int], list[str]]:
        """Folded words of terms by their first letter and length."""
        return _by_shape(self.written)

    @cached_property
    def stems_by_shape(self) -> dict[tuple[str, int], list[str]]:
        """Stems by their first letter and length."""
        return _by_shape(self.stems)


class Spelling:
    """Finds slips: a letter too many, too few or wrong, or letters near each other in another order.

    Stems are compared with care, for every fourth right word that is unknown here has a known one that near ("Früchte": "Flucht"): only
    a letter left out within one is a slip.
    """

    def __init__(self, of_offers: Vocabulary, of_lexicon: Vocabulary) -> None:
        """What the lexicon knows comes first, and is the same for all snapshots."""
        self._of_offers, self._of_lexicon = of_offers, of_lexicon

    def slips(self, text: str) -> list[Slip]:
        """The slips in a text of few words; none in any other."""
        words = dict.fromkeys(_WORD.findall(text))
        if len(words) > _FEW:
            return []
        return [slip for word in words if (slip := self._slip(word)) is not None]

    def joined(self, text: str) -> str:
        """The text with compounds in one piece where that is a known word."""
        return _IN_PARTS.sub(lambda parts: self._joined(parts[0]), text)

    def _joined(self, parts: str) -> str:
        word = re.sub("[-·]", "", parts).capitalize()
        own = stems(word)
        return word if own and self._knows(own[0]) else parts

    def _slip(self, word: str) -> Slip | None:
        plain, own = fold(word), stems(word)
        if len(plain) < _LETTERS or not plain.isalpha() or not own or self._knows(own[0]) or self._is_compound(own[0]):
            return None
        stem, of_lexicon = own[0], self._of_lexicon
        if plain in of_lexicon.written or stem in of_lexicon.written:
            return None
        for other in _near(plain, of_lexicon.written_by_shape, (0, -1, 1)):
            return Slip(word, of_lexicon.written[other], whole=True)
        if len(stem) >= _OF_STEM:
            for vocabulary in (of_lexicon, self._of_offers):
                for other in _near(stem, vocabulary.stems_by_shape, (1,)):
                    if stem[-1] == other[-1]:
                        return Slip(word, other, whole=False)
        return None

    def _knows(self, stem: str) -> bool:
        return stem in self._of_offers.stems or stem in self._of_lexicon.stems

    def _is_compound(self, stem: str) -> bool:
        """Whether it is made of two known stems, as many German words are that nobody has written before."""
        return any(
            self._knows(stem[border:]) and (self._knows(stem[:border]) or self._knows(stem[:border].rstrip("sn")))
            for border in range(4, len(stem) - 2)
        )


def corrected(text: str, slips: Iterable[Slip]) -> str:
    """The text with what is meant in the place of its slips."""
    meant = {slip.written: slip.meant for slip in slips}
    return _WORD.sub(lambda word: meant.get(word[0], word[0]), text)


def _by_shape(words: Iterable[str]) -> dict[tuple[str, int], list[str]]:
    """Words by their first letter and length."""
    found: dict[tuple[str, int], list[str]] = {}
    for word in filter(None, words):
        found.setdefault((word[0], len(word)), []).append(word)
    return found


def _near(word: str, by_shape: Mapping[tuple[str, int], list[str]], longer: Sequence[int]) -> Iterator[str]:
    """Those of its first letter that are one slip away and longer by so many letters."""
    for more in longer:
        yield from (other for other in by_shape.get((word[0], len(word) + more), ()) if _one_slip(word, other))


def _one_slip(one: str, other: str) -> bool:
    """Whether a letter was added, left out or changed between two different words, or letters near each other put in another order."""
    if Levenshtein.distance(one, other, score_cutoff=1) == 1:
        return True
    if sorted(one) != sorted(other):
        return False
    wrong = [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    return wrong[-1] - wrong[0] <= _APART
