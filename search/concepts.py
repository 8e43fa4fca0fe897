"""Which concepts of our schemes a question names: their labels, and the everyday names that stand beside them."""

from __future__ import annotations

import msgspec

from ontology.concepts import Schemes, fold

__all__ = ["ConceptFinder", "NamedConcepts"]

_LONGEST = 5  # words of a label
_FACETS = {"topics": "topic", "phases": "phase"}  # scheme → facet of the columns


class NamedConcepts(msgspec.Struct, frozen=True):
    """Per facet (``topic``, ``phase``) the notations named and all narrower ones; ``words`` of the text belong to their labels."""

    facets: dict[str, tuple[str, ...]]
    words: int


class ConceptFinder:
    """Finds labels in questions. Of overlapping labels the longest counts."""

    def __init__(self, schemes: Schemes) -> None:
        self._schemes = schemes

    def find(self, text: str) -> NamedConcepts:
        """The concepts named in the text."""
        words = fold(text).split()
        found: dict[str, list[str]] = {}
        start = covered = 0
        while start < len(words):
            for length in range(min(_LONGEST, len(words) - start), 0, -1):
                named = self._named(" ".join(words[start : start + length]))
                if named:
                    for facet, notations in named.items():
                        found.setdefault(facet, []).extend(notations)
                    start += length - 1
                    covered += length
                    break
            start += 1
        facets = {facet: tuple(dict.fromkeys(notations)) for facet, notations in found.items()}
        return NamedConcepts(facets, covered)

    def _named(self, label: str) -> dict[str, list[str]]:
        named: dict[str, list[str]] = {}
        for name, facet in _FACETS.items():
            scheme = self._schemes[name]
            for notation in self._schemes.match(name, label):
                named.setdefault(facet, []).extend((notation, *scheme.descendants(notation)))
        return named
