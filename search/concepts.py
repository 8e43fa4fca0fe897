"""Which concepts of our schemes a question names: their labels, and the everyday names that stand beside them."""

from __future__ import annotations

from ontology.concepts import Schemes, fold

__all__ = ["ConceptFinder"]

_LONGEST = 5  # words of a label
_FACETS = {"topics": "topic", "phases": "phase"}  # scheme → facet of the columns


class ConceptFinder:
    """Finds labels in questions. Of overlapping labels the longest counts."""

    def __init__(self, schemes: Schemes) -> None:
        self._named: dict[str, dict[str, list[str]]] = {}  # label → facet → notations
        for name, facet in _FACETS.items():
            scheme = schemes[name]
            for label, notations in scheme.by_label.items():
                for notation in notations:
                    found = self._named.setdefault(label, {}).setdefault(facet, [])
                    found.extend((notation, *scheme.descendants(notation)))
        self._first = frozenset(label.partition(" ")[0] for label in self._named)

    def find(self, text: str) -> dict[str, tuple[str, ...]]:
        """Per facet (``topic``, ``phase``) the notations that the text names and all narrower ones."""
        words = fold(text).split()
        found: dict[str, dict[str, None]] = {}
        start = 0
        while start < len(words):
            length = self._length(words, start)
            for facet, notations in self._named.get(" ".join(words[start : start + length]), {}).items():
                found.setdefault(facet, {}).update(dict.fromkeys(notations))
            start += max(1, length)
        return {facet: tuple(notations) for facet, notations in found.items()}

    def _length(self, words: list[str], start: int) -> int:
        """How many words the longest label has that begins with this one."""
        if words[start] not in self._first:
            return 0
        longest = min(_LONGEST, len(words) - start)
        return next((n for n in range(longest, 0, -1) if " ".join(words[start : start + n]) in self._named), 0)
