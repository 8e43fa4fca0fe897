"""What people say and what providers call it: a lexicon written by hand, and how a question is looked up in it.

``*.tsv``: one concept a line, the providers' terms, a tab, the everyday words for it (see README.md). ``python -m search.lexicon.compile``
makes ``compiled.msgpack`` of them: words as stems, with their weights, and the terms' vectors of the embedded model.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from importlib.resources import files

import msgspec
import numpy as np
from numpy.typing import NDArray

from search.stems import stems

__all__ = ["Compiled", "Concept", "Lexicon"]

_MOST = 6  # concepts of one question
_PART = 4  # letters that a part of a compound has at least
_AS_PART = 0.6  # what a part of a compound counts
_INSIDE = 0.3  # what an alias counts that is part of a longer one which also matches: "Noten" in "Noten lesen"


class Compiled(msgspec.Struct, frozen=True):
    """``terms``: those of providers, one text for each concept. ``aliases``: stems separated by blanks → numbers of concepts.
    ``weights``: how specific each alias is, in (0, 1]. ``vectors``: float16 (concepts, dim), as bytes, made by ``model``.
    """

    terms: list[str]
    aliases: dict[str, list[int]]
    weights: list[float]
    model: str
    vectors: bytes


class Concept(msgspec.Struct, frozen=True):
    """A concept that a question names: its number, the stems of the question that name it, and how surely, above 0."""

    number: int
    words: frozenset[str]
    weight: float


class Lexicon:
    """Finds the concepts behind everyday words. Immutable."""

    def __init__(self, compiled: Compiled) -> None:
        self.terms: Sequence[str] = compiled.terms
        self._made_by = compiled.model
        self._bytes = compiled.vectors
        self._weights = dict(zip(compiled.aliases, compiled.weights, strict=True))
        self._concepts = compiled.aliases
        self._aliases: dict[str, list[frozenset[str]]] = {}
        self._names: dict[frozenset[str], str] = {}
        for name in compiled.aliases:
            alias = frozenset(name.split(" "))
            self._names[alias] = name
            for stem in alias:
                self._aliases.setdefault(stem, []).append(alias)

    @classmethod
    def load(cls) -> Lexicon:
        """The shipped one."""
        data = files("search.lexicon").joinpath("compiled.msgpack").read_bytes()
        return cls(msgspec.msgpack.decode(data, type=Compiled))

    def vectors_of(self, model: str) -> NDArray[np.float32] | None:
        """The terms' vectors (concepts, dim) where ``model`` made the shipped ones, else None."""
        return self._vectors if model == self._made_by else None

    @cached_property
    def _vectors(self) -> NDArray[np.float32]:
        rows = np.frombuffer(self._bytes, np.float16).astype(np.float32)
        return rows.reshape(len(self.terms), -1)

    def find(self, text: str) -> list[Concept]:
        """The concepts that a text names, surest first. The words of an alias may stand apart, and be parts of compounds."""
        said = self._said(stems(text))
        found = {alias for stem in said for alias in self._aliases.get(stem, ()) if alias <= said.keys()}
        concepts: dict[int, tuple[float, frozenset[str]]] = {}
        for alias in sorted(found, key=lambda alias: self._names[alias]):
            name = self._names[alias]
            weight = self._weights[name] * min(said[stem] for stem in alias)
            if any(alias < other for other in found):
                weight *= _INSIDE
            for number in self._concepts[name]:
                before, words = concepts.get(number, (0.0, frozenset()))
                concepts[number] = (before + weight, words | alias)
        ranked = [Concept(number, words, weight) for number, (weight, words) in concepts.items()]
        return sorted(ranked, key=lambda concept: (-concept.weight, concept.number))[:_MOST]

    def _said(self, spoken: Iterable[str]) -> dict[str, float]:
        """Stems of a text and of the parts of its compounds, with what each counts."""
        said = dict.fromkeys(spoken, 1.0)
        for stem in list(said):
            for part in _parts(stem):
                if part in self._aliases:
                    said.setdefault(part, _AS_PART)
        return said


def _parts(stem: str) -> Iterable[str]:
    """What a compound may begin or end with, a linking "s" or "n" taken off."""
    for border in range(_PART, len(stem) - _PART + 1):
        head, tail = stem[:border], stem[border:]
        yield from (head, head.rstrip("sn"), tail)
