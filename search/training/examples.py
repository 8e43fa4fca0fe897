"""What is learnt from: hand-written pairs of question and need, and the lexicon of everyday words."""

from __future__ import annotations

import random
from collections.abc import Sequence

import msgspec

from search.lexicon.source import read_concepts
from search.training.pairs import read_pairs

__all__ = ["Example", "read_examples"]

_TOGETHER = 2  # everyday words of one concept that are asked with at most


class Example(msgspec.Struct, frozen=True):
    """``said``: one question, or everyday words of which some are asked with.

    ``targets``: texts of offers that would meet it, the fullest first.
    """

    said: tuple[str, ...]
    targets: tuple[str, ...]

    def question(self, chance: random.Random) -> str:
        """The question, or some of the words, another choice at every call."""
        return ", ".join(chance.sample(self.said, min(len(self.said), chance.randint(1, _TOGETHER))))


def read_examples(held_out: float) -> tuple[list[Example], list[Example]]:
    """Examples to learn from, and a share of the pairs that is held out."""
    pairs = [Example((pair.question,), (pair.need, *pair.titles)) for pair in read_pairs()]
    random.Random(1).shuffle(pairs)  # noqa: S311
    border = round(len(pairs) * held_out)
    return [*pairs[border:], *_of_concepts()], pairs[:border]


def _of_concepts() -> Sequence[Example]:
    return [
        Example(concept.aliases, (", ".join(concept.terms), concept.terms[0]))
        if len(concept.terms) > 1
        else Example(concept.aliases, concept.terms)
        for concept in read_concepts()
    ]
