"""Decides a pair: a weighted sum of its features, every weight with its sentence in ``weights.toml``."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from operator import mul

import msgspec

from catalogue.judgements import Outcome
from ingest.resolve.features import Features, compare
from ingest.resolve.traits import Traits

__all__ = ["Decision", "Model"]

_COUNTS = 0.05  # of a feature: less is not worth a word


class Decision(msgspec.Struct, frozen=True):
    """``score`` is the probability that both are the same; ``features`` what spoke for or against it, by name."""

    outcome: Outcome
    score: float
    features: Mapping[str, float]


class _Weights(msgspec.Struct, frozen=True):
    bias: float
    same_from: float
    different_below: float
    weight: dict[str, float]
    said: dict[str, str]


class Model:
    """The weights as they are shipped."""

    def __init__(self) -> None:
        table = tomllib.loads(files(__package__).joinpath("weights.toml").read_text("utf-8"))
        self._weights = msgspec.convert(table, _Weights)
        self._in_order = [self._weights.weight[name] for name in Features._fields]

    @property
    def said(self) -> Mapping[str, str]:
        """A German sentence for each feature."""
        return self._weights.said

    def score(self, features: Features) -> float:
        """Between 0 and 1."""
        total = self._weights.bias + sum(map(mul, self._in_order, features))
        return 1 / (1 + math.exp(-total))

    def decide(self, one: Traits, other: Traits) -> Decision:
        """What becomes of a pair; the order of the two does not matter."""
        features = compare(one, other)
        score = self.score(features)
        if score >= self._weights.same_from:
            outcome = Outcome.SAME
        elif score < self._weights.different_below:
            outcome = Outcome.DIFFERENT
        else:
            outcome = Outcome.UNSURE
        said = {
            name: round(value, 2) for name, value in zip(Features._fields, features, strict=True) if value >= _COUNTS
        }
        return Decision(outcome, round(score, 3), said)
