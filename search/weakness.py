"""Whether an answer is weak: nothing really fits, the hits are only the nearest there is."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.ranking import Topic
from search.words import WordIndex

__all__ = ["SIGNS", "Weakness", "signs"]

_CALIBRATED = Path(__file__).with_name("weakness.toml")
_HITS = 5  # the best ones, in whose words those of the question are looked for
_SHORT = 3  # words of a question that only names a thing
_MOST = 60  # words of a question that are looked at

SIGNS = ("score", "unmet", "unmet_short", "met_concept", "unmet_concept", "length", "foreign", "foreign_score")
"""What `signs` gives, in this order."""


def signs(topic: Topic, rows: NDArray[np.int64], score: float, language: str, words: WordIndex) -> NDArray[np.float64]:
    """What speaks for and against a weak answer, (8,); ``rows``: the best hits, ``score``: that of the first.

    ``unmet`` is the share of the question's words, weighed by how rare they are, that neither stand in the best hits nor mean something
    that does, as far as the lexicon knows.
    """
    rows = rows[:_HITS]
    stems = words.terms(topic.text)[:_MOST]
    there = {stem for stem in stems if words.having(stem, rows).any()}
    met = unmet = 0.0
    for concept in topic.behind:
        if any(_stands(words.terms(term), rows, words) for term in concept.terms.split(", ")):
            met = max(met, concept.weight)
            there.update(
                stem for stem in stems if any(stem.startswith(said) or stem.endswith(said) for said in concept.said)
            )
        else:
            unmet = max(unmet, concept.weight)
    rarity = {stem: words.rarity(stem) for stem in stems}
    missing = sum(rarity[stem] for stem in stems if stem not in there) / (sum(rarity.values()) or 1.0)
    german = language == "de"
    return np.array(
        [
            score,
            missing if german else 0.0,
            missing if german and len(stems) <= _SHORT else 0.0,
            met,
            unmet if met == 0 else 0.0,
            math.log1p(len(stems)),
            0.0 if german else 1.0,
            0.0 if german else score,
        ]
    )


def _stands(stems: Sequence[str], rows: NDArray[np.int64], words: WordIndex) -> bool:
    """Whether one of the rows has all these stems."""
    having = [words.having(stem, rows) for stem in stems]
    return bool(having) and bool(np.logical_and.reduce(having).any())


class Weakness:
    """Logistic regression over the signs; weights and threshold are ``weakness.toml``, made by bench/weakness.py."""

    def __init__(self) -> None:
        table = tomllib.loads(_CALIBRATED.read_text(encoding="utf-8"))
        self._weights = np.array([table["weights"][sign] for sign in SIGNS])
        self._constant, self._threshold = table["constant"], table["threshold"]

    def weak(self, found: NDArray[np.float64]) -> bool:
        """Whether these signs are those of a weak answer."""
        return bool(self._constant + self._weights @ found > self._threshold)
