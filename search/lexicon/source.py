"""The lexicon as it is written: ``*.tsv``."""

from __future__ import annotations

from importlib.resources import files

import msgspec

__all__ = ["SourceConcept", "read_concepts"]

_FOREIGN = "tongues.tsv"


class SourceConcept(msgspec.Struct, frozen=True):
    """``terms``: what providers call it, the most usual first. ``aliases``: what people say; ``foreign``: those in other languages."""

    terms: tuple[str, ...]
    aliases: tuple[str, ...]
    foreign: frozenset[str] = frozenset()


def read_concepts() -> list[SourceConcept]:
    """All concepts, in order of file and line; lines with the same terms are one."""
    concepts: dict[str, SourceConcept] = {}
    for file in sorted(files("search.lexicon").iterdir(), key=lambda path: path.name):
        if file.name.endswith(".tsv"):
            for line in file.read_text(encoding="utf-8").splitlines():
                terms, aliases = line.split("\t")
                before, own = concepts.get(terms, SourceConcept((), ())), aliases.split(" | ")
                concepts[terms] = SourceConcept(
                    tuple(terms.split(", ")),
                    tuple(dict.fromkeys((*before.aliases, *own))),
                    before.foreign.union(own if file.name == _FOREIGN else ()),
                )
    return list(concepts.values())
