"""Keeps a run's index: words, vectors and columns of what the run changed, or of everything where the model is another."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np

from catalogue.run import Run
from ontology.offer import Offer
from search.columns import Columns
from search.encoder import Encoder
from search.encoder.cache import VectorCache
from search.facets import Labels
from search.postings import update_words, write_words
from search.texts import meaning_text
from search.vectors import update_vectors, write_vectors

__all__ = ["IndexState", "index_state", "update_index"]

_FORMAT = 5  # of the files below; a snapshot with another one is indexed anew


class IndexState(msgspec.Struct, frozen=True, kw_only=True):
    """``index.json``: which model made the vectors."""

    format: int
    model: str


def index_state(snapshot: Path) -> IndexState | None:
    """The state of a snapshot's index; None where there is none that this version can read."""
    try:
        state = msgspec.json.decode((snapshot / "index.json").read_bytes(), type=IndexState)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return state if state.format == _FORMAT else None


def update_index(
    run: Run, encoder: Encoder, cache: VectorCache, labels: Labels, progress: Callable[[int, int], None] | None = None
) -> None:
    """Brings the index of the run's folder up to the run's offers. ``progress`` gets texts done and texts to do."""
    state = index_state(run.path)
    if state is None or state.model != encoder.name:
        _rebuild(run, encoder, cache, labels, progress)
    elif run.changed or run.removed:
        _update(run, encoder, cache, labels, progress)


def _encode(
    offers: list[tuple[int, Offer]],
    encoder: Encoder,
    cache: VectorCache,
    progress: Callable[[int, int], None] | None,
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    report = None if progress is None else lambda done: progress(done, len(offers))
    return cache.encode_cached(encoder, [meaning_text(offer) for _, offer in offers], report)


def _rebuild(
    run: Run, encoder: Encoder, cache: VectorCache, labels: Labels, progress: Callable[[int, int], None] | None
) -> None:
    offers = list(run.ledger.offers())
    height = offers[-1][0] + 1 if offers else 0
    vectors = np.zeros((height, encoder.dimension), np.float32)
    vectors[[row for row, _ in offers]] = _encode(offers, encoder, cache, progress)
    write_vectors(run.path, vectors)
    shutil.rmtree(run.path / "words", ignore_errors=True)  # of format 1
    write_words(run.path / "words.npz", offers)
    Columns.build(offers, labels).save(run.path / "columns.npz")
    state = IndexState(format=_FORMAT, model=encoder.name)
    (run.path / "index.json").write_bytes(msgspec.json.encode(state))
    run.touch()


def _update(
    run: Run, encoder: Encoder, cache: VectorCache, labels: Labels, progress: Callable[[int, int], None] | None
) -> None:
    outdated = sorted(run.changed | run.removed)
    offers = sorted(run.ledger.offers_at(run.changed).items())
    encoded = dict(zip((row for row, _ in offers), _encode(offers, encoder, cache, progress), strict=True))
    nothing = np.zeros(encoder.dimension, np.float32)
    update_vectors(run.path, outdated, np.stack([encoded.get(row, nothing) for row in outdated]))
    update_words(run.path / "words.npz", offers, outdated)
    columns = Columns.load(run.path / "columns.npz")
    columns.updated(offers, outdated, labels).save(run.path / "columns.npz")
