"""Words that say nothing about what is looked for: "Angebote in Alzey"."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from ontology.concepts import fold
from search.question import Question

__all__ = ["Generic"]

_FILE = Path(__file__).with_name("generic.toml")
# what a compound that says for whom begins with: "Kinderchor" asks for a choir, too
_FOR_WHOM = re.compile(r"(?i)(?:kinder|jugend(?!lich)|eltern|familien|frauen|männer|senioren)-?(?=[^\W_]{4,}$)")


class Generic:
    """The words of ``generic.toml``."""

    def __init__(self) -> None:
        table = tomllib.loads(_FILE.read_text(encoding="utf-8"))
        self._words = frozenset(table["words"])
        self._wide = self._words | frozenset(table["wide"])

    def is_wide(self, topic: str) -> bool:
        """Whether a topic is a whole field of education or none: whatever is found answers it."""
        return set(fold(topic).split()) <= self._wide

    def is_all(self, question: Question) -> bool:
        """Whether beside its wishes a question says only "Angebote" or the like."""
        rest = list(question.text)
        for span in question.spans:
            named = _FOR_WHOM.match(question.text, span.start, span.end) if span.filter == "audience" else None
            end = named.end() if named else span.end
            rest[span.start : end] = " " * (end - span.start)
        return any(set(fold(said).split()) <= self._words for said in ("".join(rest), question.topic))
