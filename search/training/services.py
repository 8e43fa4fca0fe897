"""Learns from the training pairs when a question asks for a service; ``python -m search.training.services`` writes services.msgpack."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from search.encoder import open_encoder
from search.services import FILE, Learnt
from search.training.pairs import Pair, read_pairs
from search.training.regression import logistic

__all__ = ["wants_service"]

_WORDS = Path(__file__).with_name("services.toml")
_RIDGE = 0.3  # of 0.1 to 10 the likeliest on held-out fifths of the pairs, give or take nothing
_AT_ONCE = 32  # questions


def wants_service(pairs: Sequence[Pair]) -> NDArray[np.bool_]:
    """Whose plain need (n,) is met by a service."""
    words: dict[str, list[str]] = tomllib.loads(_WORDS.read_text(encoding="utf-8"))
    service, course = (re.compile("|".join(words[name]), re.IGNORECASE) for name in ("service", "course"))
    return np.array([bool(service.search(pair.need)) and not course.search(pair.need) for pair in pairs])


def main() -> None:
    """Writes the file."""
    encoder, pairs = open_encoder(), read_pairs()
    pairs.sort(key=lambda pair: len(pair.question))  # of like length, so that little is filled up
    texts = [pair.question for pair in pairs]
    parts = [encoder.encode_questions(texts[start : start + _AT_ONCE]) for start in range(0, len(texts), _AT_ONCE)]
    weights, constant = logistic(np.concatenate(parts).astype(np.float64), wants_service(pairs), _RIDGE)
    learnt = Learnt(encoder.name, weights.astype(np.float32).tobytes(), round(constant, 4))
    FILE.write_bytes(msgspec.msgpack.encode(learnt))


if __name__ == "__main__":
    main()
