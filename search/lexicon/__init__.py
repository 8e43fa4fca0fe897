"""What people say and what providers call it: a lexicon written by hand, and how a question is looked up in it.

``*.tsv``: one concept a line, the providers' terms, a tab, the everyday words for it (see README.md). ``python -m search.lexicon.compile``
makes ``compiled.msgpack`` of them: words as stems, with their weights, and the terms' vectors of the embedded model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache, cached_property, lru_cache
from importlib.resources import files

import msgspec
import numpy as np
from numpy.typing import NDArray

from search.encoder import Encoder
from search.stems import stems

__all__ = ["Compiled", "Concept", "Lexicon"]

_MOST = 6  # concepts of one question
_PART = 4  # letters that a part of a compound has at least
_AS_PART = 0.6  # what a part of a compound counts
_REMEMBERED = 16  # questions: near concepts are asked for more than once
_INSIDE = 0.3  # what an alias counts that is part of a longer one which also matches: "Noten" in "Noten lesen"


class Compiled(msgspec.Struct, frozen=True):
    """``terms``: those of providers, one text for each concept. ``vectors``: float16 (concepts, dim), as bytes, made by ``model``.

    Aliases by number: ``aliases`` holds the stems of each, separated by blanks; ``concepts`` those that it names; ``weights`` how specific
    it is, in (0, 1]; ``by_stem`` finds it by its rarest stem. ``stems`` are those of all aliases.
    """

    terms: list[str]
    aliases: list[str]
    concepts: list[list[int]]
    weights: list[float]
    by_stem: dict[str, list[int]]
    stems: list[str]
    model: str
    vectors: bytes


class Concept(msgspec.Struct, frozen=True):
    """A concept that a question names: its number, the stems of the question that name it, and how surely, above 0."""

    number: int
    words: frozenset[str]
    weight: float


class Lexicon:
    """Finds the concepts behind everyday words. Thread-safe."""

    def __init__(self, compiled: Compiled, encoder: Encoder) -> None:
        """Where another model than ``encoder`` made the shipped vectors, those that are needed are encoded, and remembered."""
        self.terms: Sequence[str] = compiled.terms
        self._compiled = compiled
        self._stems = frozenset(compiled.stems)
        self._own = encoder.name == compiled.model
        self._similar = lru_cache(_REMEMBERED)(lambda vector: self._matrix @ np.frombuffer(vector, np.float32))
        if self._own:
            shipped = np.frombuffer(compiled.vectors, np.float16).reshape(len(compiled.terms), -1)
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

    @cached_property
    def _matrix(self) -> NDArray[np.float32]:
        """The shipped vectors of all concepts (concepts, dim)."""
        return np.frombuffer(self._compiled.vectors, np.float16).reshape(len(self.terms), -1).astype(np.float32)

    def near(self, vector: NDArray[np.float32], least: float) -> list[int]:
        """The numbers of the concepts that are nearer than ``least`` to a vector (dim,), nearest first; none where another model is set."""
        if not self._own:
            return []
        similarities = self._similar(vector.tobytes())
        found = np.flatnonzero(similarities > least)
        nearest: list[int] = found[np.lexsort((found, -similarities[found]))].tolist()
        return nearest

    def nearest(self, vector: NDArray[np.float32]) -> int | None:
        """The number of the concept that is nearest to a vector (dim,); None where another model is set."""
        return int(self._similar(vector.tobytes()).argmax()) if self._own else None

    def find(self, text: str) -> list[Concept]:
        """The concepts that a text names, surest first. The words of an alias may stand apart, and be parts of compounds."""
        compiled, said = self._compiled, self._said(stems(text))
        found: dict[frozenset[str], int] = {}
        for stem in said:
            for number in compiled.by_stem.get(stem, ()):
                alias = frozenset(compiled.aliases[number].split(" "))
                if alias <= said.keys():
                    found[alias] = number
        concepts: dict[int, tuple[float, frozenset[str]]] = {}
        for alias, number in sorted(found.items(), key=lambda entry: entry[1]):
            weight = compiled.weights[number] * min(said[stem] for stem in alias)
            if any(alias < other for other in found):
                weight *= _INSIDE
            for concept in compiled.concepts[number]:
                before, words = concepts.get(concept, (0.0, frozenset()))
                concepts[concept] = (before + weight, words | alias)
        ranked = [Concept(number, words, weight) for number, (weight, words) in concepts.items()]
        return sorted(ranked, key=lambda concept: (-concept.weight, concept.number))[:_MOST]

    def _said(self, spoken: Iterable[str]) -> dict[str, float]:
        """Stems of a text and of the parts of its compounds, with what each counts."""
        said = dict.fromkeys(spoken, 1.0)
        for stem in list(said):
            for part in _parts(stem):
                if part in self._stems:
                    said.setdefault(part, _AS_PART)
        return said


def _parts(stem: str) -> Iterable[str]:
    """What a compound may begin or end with, a linking "s" or "n" taken off."""
    for border in range(_PART, len(stem) - _PART + 1):
        head, tail = stem[:border], stem[border:]
        yield from (head, head.rstrip("sn"), tail)
