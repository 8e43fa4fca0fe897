"""Which wishes the words around them rule out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from search.question.lexicon import Candidate, Patterns

__all__ = ["Negation"]

_LOOK_BACK = 48


class Negation:
    """Finds what rules a wish out; ``table`` is words/negation.toml."""

    def __init__(self, table: Mapping[str, list[str]], patterns: Patterns) -> None:
        between = f"(?:(?:{'|'.join(table['between'])}) ){{0,3}}"
        self._before = patterns.ending(f"(?:{'|'.join(table['before'] + table['any'])}) {between}")
        self._softened = patterns.ending(f"(?:{'|'.join(table['softened'])}) {between}")
        self._behind = patterns.starting(
            rf",? (?:{'|'.join(table['behind'])})(?!\w)(?= ?(?:$|[.,;!?)-]| und | aber | weil | da | denn ))"
        )
        self._joined = patterns.starting(rf",? ?(?:(?:{'|'.join(table['joined'])}) )?(?:{between})$")

    def apply(self, text: str, candidates: Iterable[Candidate]) -> list[tuple[Candidate, bool]]:
        """The candidates, in the order of the text, each with whether it is ruled out; what is only softened is dropped."""
        judged: list[tuple[Candidate, bool]] = []
        for candidate in candidates:
            left = text[max(0, candidate.start - _LOOK_BACK) : candidate.start]
            if self._softened.search(left):
                continue
            ruled_out = bool(self._before.search(left) or self._behind.match(text, candidate.end))
            if not ruled_out and judged and judged[-1][1] and judged[-1][0].filter == candidate.filter:
                ruled_out = bool(self._joined.match(text[judged[-1][0].end : candidate.start]))
            judged.append((candidate, ruled_out))
        return judged

    def begin(self, text: str, candidate: Candidate) -> int:
        """Where the words begin that rule the wish out, or the wish itself where they stand behind it."""
        before = self._before.search(text[max(0, candidate.start - _LOOK_BACK) : candidate.start])
        return candidate.start - (len(before[0]) if before else 0)
