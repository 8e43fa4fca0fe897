"""What people say and what providers call it: a lexicon written by hand, and how a question is looked up in it.

``*.tsv``: one concept a line, the providers' terms, a tab, the everyday words for it (see README.md). ``python -m search.lexicon.compile``
makes ``compiled.msgpack`` of them: words as stems, with their weights, and vectors of the embedded model for terms and everyday words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from importlib.resources import files

import msgspec
import numpy as np
from numpy.typing import NDArray

from search.encoder import Encoder
from search.lexicon.nearest import Nearest, Packed
from search.spelling import Vocabulary
from search.stems import stems

__all__ = ["MOST_NEAR", "Compiled", "Concept", "Lexicon"]

_MOST = 6  # concepts of one question
_PART = 4  # letters that a part of a compound has at least
_AS_PART = 0.6  # what a part of a compound counts
_ARTICLE = re.compile("^[وبك]?(?:ال|لل)")  # the Arabic one, as it is written with what comes before it
_REMEMBERED = 16  # questions: near concepts are asked for more than once
_INSIDE = 0.3  # what an alias counts that is part of a longer one which also matches: "Noten" in "Noten lesen"
_SOUNDING = 3  # concepts that a question sounds like at most
_HEARD = 12  # sayings looked at for them: a concept has up to four
_WORD = re.compile(r"\w+")

MOST_NEAR = 20
"""So many of the nearest concepts are found."""


class Compiled(msgspec.Struct, frozen=True):
    """``terms``: those of providers, one text for each concept. ``vectors``: of each, made by ``model``. ``sayings``: vectors of what
    people say; ``said_of``: the number of the concept of each.

    Aliases by number: ``aliases`` holds the stems of each, separated by blanks; ``concepts`` those that it names; ``weights`` how specific
    it is, in (0, 1]; ``foreign`` are those of other languages; ``by_stem`` finds one by its rarest stem. Those in ``beside`` count as words
    of their own only, and where the words there, in lower case, are said as well. ``stems`` are those of all aliases.
    """

    terms: list[str]
    aliases: list[str]
    beside: dict[int, tuple[str, ...]]
    concepts: list[list[int]]
    weights: list[float]
    foreign: frozenset[int]
    by_stem: dict[str, list[int]]
    stems: list[str]
    model: str
    vectors: Packed
    sayings: Packed
    said_of: list[int]


class Concept(msgspec.Struct, frozen=True):
    """A concept that a question names: its number, the stems of the question that name it, how surely, above 0, and whether a word of
    another language does.
    """

    number: int
    words: frozenset[str]
    weight: float
    foreign: bool


class Lexicon:
    """Finds the concepts behind everyday words. Thread-safe."""

    def __init__(self, compiled: Compiled, encoder: Encoder) -> None:
        """Where another model than ``encoder`` made the shipped vectors, those that are needed are encoded, and remembered."""
        self.terms: Sequence[str] = compiled.terms
        self._compiled = compiled
        self.vocabulary = Vocabulary(dict.fromkeys(compiled.stems), compiled.terms)
        self._own = encoder.name == compiled.model
        self._nearest_concepts, self._nearest_sayings = Nearest(compiled.vectors), Nearest(compiled.sayings)
        self._near = lru_cache(_REMEMBERED)(
            lambda vector: self._nearest_concepts(np.frombuffer(vector, np.float32), MOST_NEAR)
        )
        if self._own:
            shipped = compiled.vectors.array()
            self._vector: Callable[[int], NDArray[np.float32]] = lambda number: shipped[number].astype(np.float32)
        else:
            self._vector = cache(lambda number: encoder.encode_offers([compiled.terms[number]])[0])

    @staticmethod
    def shipped() -> Compiled:
        """What ``compiled.msgpack`` holds."""
        data = files("search.lexicon").joinpath("compiled.msgpack").read_bytes()
        return msgspec.msgpack.decode(data, type=Compiled)

    def vector(self, number: int) -> NDArray[np.float32]:
        """The vector (dim,) of a concept's terms, encoded as an offer."""
        return self._vector(number)

    def near(self, vector: NDArray[np.float32], least: float) -> list[int]:
        """The numbers of the concepts that are nearer than ``least`` to a vector (dim,), at most `MOST_NEAR`, nearest first; none where
        another model is set.
        """
        if not self._own:
            return []
        similarities, numbers = self._near(vector.tobytes())
        nearest: list[int] = numbers[similarities > least].tolist()
        return nearest

    def nearest(self, vector: NDArray[np.float32]) -> int | None:
        """The number of the concept that is nearest to a vector (dim,); None where another model is set."""
        return int(self._near(vector.tobytes())[1][0]) if self._own else None

    def sounding(self, vector: NDArray[np.float32]) -> list[tuple[int, float]]:
        """The concepts whose everyday words are nearest in meaning to a question's vector (dim,), with the similarity, nearest first; none
        where another model is set.
        """
        if not self._own:
            return []
        similarities, rows = self._nearest_sayings(vector, _HEARD)
        found: dict[int, float] = {}
        for row, similarity in zip(rows.tolist(), similarities.tolist(), strict=True):
            found.setdefault(self._compiled.said_of[row], similarity)
        return list(found.items())[:_SOUNDING]

    def find(self, text: str) -> list[Concept]:
        """The concepts that a text names, surest first. The words of an alias may stand apart, and be parts of compounds."""
        compiled, said, words = self._compiled, self._said(stems(text)), frozenset(_WORD.findall(text.lower()))
        found: dict[int, frozenset[str]] = {}
        for stem in said:
            for number in compiled.by_stem.get(stem, ()):
                alias = frozenset(compiled.aliases[number].split(" "))
                beside = compiled.beside.get(number)
                if alias <= said.keys() and (beside is None or (said[stem] == 1 and words.issuperset(beside))):
                    found[number] = alias
        whole = {number: alias.union(compiled.beside.get(number, ())) for number, alias in found.items()}
        concepts: dict[int, tuple[float, frozenset[str], bool]] = {}
        for number, alias in sorted(found.items()):
            weight = compiled.weights[number] * min(said[stem] for stem in alias)
            if any(whole[number] < other for other in whole.values()):
                weight *= _INSIDE
            for concept in compiled.concepts[number]:
                before, naming, foreign = concepts.get(concept, (0.0, frozenset(), False))
                concepts[concept] = (before + weight, naming | alias, foreign or number in compiled.foreign)
        ranked = [Concept(number, naming, weight, foreign) for number, (weight, naming, foreign) in concepts.items()]
        return sorted(ranked, key=lambda concept: (-concept.weight, concept.number))[:_MOST]

    def _said(self, spoken: Iterable[str]) -> dict[str, float]:
        """Stems of a text and of the parts of its compounds, with what each counts."""
        said = dict.fromkeys(spoken, 1.0)
        for stem in list(said):
            for part in _parts(stem):
                if part in self.vocabulary.stems:
                    said.setdefault(part, _AS_PART)
        return said


def _parts(stem: str) -> Iterable[str]:
    """What a compound may begin or end with, a linking "s" or "n" taken off.

    Of words in Cyrillic or Arabic letters all that they begin with, for their endings are not taken off; Arabic ones also without article.
    """
    if not stem.isascii():
        bare = _ARTICLE.sub("", stem)
        yield from (word[:border] for word in (stem, bare) for border in range(_PART, len(word) + 1))
        return
    for border in range(_PART, len(stem) - _PART + 1):
        head, tail = stem[:border], stem[border:]
        yield from (head, head.rstrip("sn"), tail)
