"""Fits the weights to judged pairs: ``python -m ingest.resolve.fit OFFERS.jsonld PAIRS.tsv`` prints what stands in ``weights.toml``.

Logistic regression by Newton's method, in so few lines that each can be checked by hand. The pairs of the half ``learnt`` are fitted, those
of the other half are only measured. PAIRS.tsv has the columns half, left, right (identifiers), judgement, why.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ingest.enrich import Enricher
from ingest.records import Found, ReaderContext
from ingest.resolve.features import Features, compare
from ingest.resolve.traits import Traits, traits_of
from ingest.sources.schemaorg.reader import read
from ontology.concepts import load_schemes
from ontology.gazetteer import Gazetteer
from ontology.offer import Offer

__all__ = ["fitted", "main", "read_pairs", "traits_by_identifier"]

_RIDGE = 0.1
_STEPS = 60


def read_pairs(path: Path, half: str) -> list[tuple[str, str, str]]:
    """Both identifiers and the judgement of every pair of a half that could be told."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["half"] == half]
    return [(row["left"], row["right"], row["judgement"]) for row in rows if row["judgement"] != "unsure"]


def traits_by_identifier(path: Path) -> Mapping[str, Traits]:
    """The offers of a schema.org file as they are compared."""
    enrich = Enricher(load_schemes(), Gazetteer.load(), None)
    return {offer.identifier: traits_of(offer) for offer in map(enrich, _offers(path))}


def _offers(path: Path) -> Iterator[Offer]:
    for found in read(path, ReaderContext(source=path.stem)):
        if isinstance(found, Found):
            yield found.offer


def fitted(features: NDArray[np.float64], same: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Bias and weights for features (n, number of features): what makes the judgements likeliest, less a little for large weights."""
    columns = np.column_stack([np.ones(len(features)), features])
    ridge = np.diag([0.0] + [_RIDGE] * features.shape[1])
    weights = np.zeros(columns.shape[1])
    for _ in range(_STEPS):
        likely = 1 / (1 + np.exp(-columns @ weights))
        gradient = columns.T @ (likely - same) + ridge @ weights
        curvature = (columns.T * (likely * (1 - likely))) @ columns + ridge + 1e-9 * np.eye(len(weights))
        weights -= np.linalg.solve(curvature, gradient)
    return weights


def _compared(
    pairs: Sequence[tuple[str, str, str]], traits: Mapping[str, Traits]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    features = np.array([compare(traits[left], traits[right]) for left, right, _ in pairs])
    return features, np.array([judgement == "same" for _, _, judgement in pairs])


def main(arguments: Sequence[str]) -> None:
    """Prints the weights, and for each half what thresholds yield."""
    traits = traits_by_identifier(Path(arguments[0]))
    halves = {half: _compared(read_pairs(Path(arguments[1]), half), traits) for half in ("learnt", "held-out")}
    weights = fitted(*halves["learnt"])
    for name, weight in zip(("bias", *Features._fields), weights, strict=True):
        print(f"{name} = {weight:.2f}")
    for half, (features, same) in halves.items():
        scores = 1 / (1 + np.exp(-(weights[0] + features @ weights[1:])))
        for threshold in (0.2, 0.3, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8, 0.9):
            taken = scores >= threshold
            right = int((taken & same).sum())
            print(
                f"{half} from {threshold}: precision {right / max(1, taken.sum()):.3f}, recall {right / same.sum():.3f}"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
