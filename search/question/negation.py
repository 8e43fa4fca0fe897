"""Which wishes the words around them rule out, and which they leave open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from search.question.lexicon import Candidate, Patterns

__all__ = ["Judged", "Negation"]

_LOOK_BACK = 48


class Judged(msgspec.Struct, frozen=True):
    """A candidate; [start, end) of the folded text holds it with the words that say what of it.

    ``said`` is "asked", "refused" before or "refused_behind" it, or "open": "nicht nur für Frauen".
    """

    candidate: Candidate
    said: str
    start: int
    end: int

    @property
    def is_refused(self) -> bool:
        """Whether it is ruled out."""
        return self.said.startswith("refused")


class Negation:
    """Finds what rules a wish out; ``table`` is words/negation.toml."""

    def __init__(self, table: Mapping[str, list[str]], patterns: Patterns) -> None:
        between = f"(?:(?:{'|'.join(table['between'])}) ){{0,3}}"
        self._before = patterns.ending(f"(?:{'|'.join(table['before'] + table['any'])}) {between}")
        self._open = patterns.ending(f"(?:{'|'.join(table['open'])}) {between}")
        without = f"(?:{'|'.join(table['without'])}) {between}"
        self._without = patterns.ending(without)
        self._not_without = patterns.ending(f"(?:{'|'.join(table['before'])}) {without}")
        clause_ends = r"(?!\w)(?= ?(?:$|[.,:;!?)-]| und | aber | weil | da | denn ))"
        anywhere = "|".join(table["behind_anywhere"])
        self._behind = patterns.starting(rf",? (?:(?:{'|'.join(table['behind'])}){clause_ends}|(?:{anywhere})(?!\w))")
        self._open_behind = patterns.starting(rf",? (?:{'|'.join(table['open_behind'])}){clause_ends}")
        self._instead = patterns.starting(rf",? ?(?:{'|'.join(table['instead'])})(?!\w)")
        self._joined = patterns.starting(rf",? ?(?:(?:{'|'.join(table['joined'])}) )?(?:{between})$")

    def __call__(self, text: str, candidates: Iterable[Candidate]) -> list[Judged]:
        """The candidates, in the order of the text."""
        judged: list[Judged] = []
        for candidate in candidates:
            found = self._judged(text, candidate)
            if found.said == "asked" and judged and judged[-1].is_refused:
                last = judged[-1].candidate
                joined = self._joined.match(text[last.end : candidate.start])
                if last.filter == candidate.filter and joined and not self._instead.match(text, last.end):
                    found = msgspec.structs.replace(found, said="refused")
            judged.append(found)
        return judged

    def _judged(self, text: str, candidate: Candidate) -> Judged:
        start, end = candidate.start, candidate.end
        left = text[max(0, start - _LOOK_BACK) : start]
        behind = self._behind.match(text, end)
        if match := self._not_without.search(left) or (behind and self._without.search(left)):
            return Judged(candidate, "asked", start - len(match[0]), behind.end() if behind else end)
        if match := self._open.search(left):
            return Judged(candidate, "open", start - len(match[0]), end)
        if match := self._open_behind.match(text, end):
            return Judged(candidate, "open", start, match.end())
        if match := self._before.search(left):
            return Judged(candidate, "refused", start - len(match[0]), end)
        if behind:
            return Judged(candidate, "refused_behind", start, behind.end())
        return Judged(candidate, "asked", start, end)
