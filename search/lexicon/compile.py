"""Makes ``compiled.msgpack`` of the lexicon's files, whenever these or the model changed: ``python -m search.lexicon.compile``.

Encoding all that people say takes some minutes.
"""

from __future__ import annotations

import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import faiss
import msgspec
import numpy as np
from numpy.typing import NDArray

from search.encoder import Encoder, open_encoder
from search.lexicon import Compiled
from search.lexicon.nearest import pack
from search.lexicon.source import SourceConcept, read_concepts
from search.stems import stems
from search.training.pairs import read_pairs

__all__ = ["compile_lexicon", "weigh_aliases"]

_COMMON = 5.2  # an alias whose words are not rarer than this together (sum of inverse document frequencies, natural logarithm) says nothing
_RARE = 13.0  # one of this rarity says all
# words that the stems leave out, and that may be missing where an alias is said
_OPTIONAL = frozenset(
    (
        *("der", "die", "das", "den", "dem", "ein", "eine", "einen", "was", "ist", "sein", "haben", "machen", "werden"),
        *("kann", "können", "will", "wollen", "möchte", "muss", "müssen", "soll", "sollen", "selbst", "selber"),
        *("ich", "mich", "mir", "mein", "meine", "sich", "wir", "uns", "unser"),
    )
)
_WORD = re.compile(r"\w+")
_SAYINGS = 4  # vectors of what people say for one concept at most: means of what is near to each other
_ITERATIONS = 8  # of looking for these means
_AT_ONCE = 1000  # texts


class Alias(msgspec.Struct, frozen=True):
    """``stems``: rarest first. ``beside``: of an alias of several words that has one stem the others that must be said, too, in lower
    case; None for others. ``weight``: how specific it is, in (0, 1]. ``concepts``: numbers of those that it names. ``foreign``: nobody says
    it in German.
    """

    stems: tuple[str, ...]
    beside: tuple[str, ...] | None
    weight: float
    concepts: tuple[int, ...]
    foreign: bool


def weigh_aliases(concepts: Sequence[SourceConcept], questions: Iterable[str]) -> list[Alias]:
    """The aliases of all concepts; the more specific, the rarer their words are in ``questions`` and the fewer their concepts."""
    count, having = 0, Counter[str]()
    for question in questions:
        count += 1
        having.update(stems(question))
    named: dict[tuple[tuple[str, ...], tuple[str, ...] | None], dict[int, None]] = {}
    german = set[tuple[str, ...]]()
    for number, concept in enumerate(concepts):
        for said in (*concept.terms, *concept.aliases):
            words = tuple(sorted(stems(said), key=lambda stem: (having[stem], stem)))
            if words:
                named.setdefault((words, _beside(said) if len(words) == 1 else None), {})[number] = None
                if said not in concept.foreign:
                    german.add(words)
    aliases = []
    for (words, beside), numbers in sorted(named.items(), key=lambda entry: (entry[0][0], entry[0][1] or ())):
        rarity = sum(math.log((count + 1) / (having[stem] + 0.5)) for stem in words)
        if rarity >= _COMMON:
            weight = round(min(1.0, rarity / _RARE) / len(numbers) ** 0.5, 4)
            aliases.append(Alias(words, beside, weight, tuple(numbers), words not in german))
    return aliases


def _beside(alias: str) -> tuple[str, ...] | None:
    """What makes a saying of one telling word: "unter Strom" is not about electricity."""
    words = _WORD.findall(alias.lower())
    if len(words) == 1:
        return None
    return tuple(sorted({word for word in words if word not in _OPTIONAL and not stems(word)}))


def compile_lexicon(encoder: Encoder) -> Compiled:
    """The lexicon of the files, encoded by ``encoder``: terms as offers, what people say as questions."""
    concepts = read_concepts()
    terms = [", ".join(concept.terms) for concept in concepts]
    aliases = weigh_aliases(concepts, (pair.question for pair in read_pairs() if pair.lang == "de"))
    by_stem: dict[str, list[int]] = {}
    for number, alias in enumerate(aliases):
        by_stem.setdefault(alias.stems[0], []).append(number)
    sayings, said_of = _sayings(concepts, encoder)
    return Compiled(
        terms=terms,
        aliases=[" ".join(alias.stems) for alias in aliases],
        beside={number: alias.beside for number, alias in enumerate(aliases) if alias.beside is not None},
        concepts=[list(alias.concepts) for alias in aliases],
        weights=[alias.weight for alias in aliases],
        foreign=frozenset(number for number, alias in enumerate(aliases) if alias.foreign),
        by_stem=by_stem,
        stems=sorted({stem for alias in aliases for stem in alias.stems}),
        model=encoder.name,
        vectors=pack(encoder.encode_offers(terms)),
        sayings=pack(sayings),
        said_of=said_of,
    )


def _sayings(concepts: Sequence[SourceConcept], encoder: Encoder) -> tuple[NDArray[np.float32], list[int]]:
    """What people say for each concept as few vectors (sayings, dim), L2-normalised, and the number of the concept of each."""
    said = [(number, text) for number, concept in enumerate(concepts) for text in (*concept.terms, *concept.aliases)]
    texts = [text for _, text in said]
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        parts = list(
            pool.map(encoder.encode_questions, (texts[n : n + _AT_ONCE] for n in range(0, len(texts), _AT_ONCE)))
        )
    vectors, owners = np.concatenate(parts), np.array([number for number, _ in said])
    found, said_of = [], []
    for number in range(len(concepts)):
        own = _means(vectors[owners == number])
        found.append(own)
        said_of += [number] * len(own)
    return np.concatenate(found), said_of


def _means(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """At most _SAYINGS vectors in the place of many (n, dim), by k-means on the sphere."""
    if len(vectors) <= _SAYINGS:
        return vectors
    clusters: Any = faiss.Kmeans(
        vectors.shape[1], _SAYINGS, niter=_ITERATIONS, spherical=True, min_points_per_centroid=1, seed=1
    )
    clusters.train(vectors)
    means: NDArray[np.float32] = clusters.centroids
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), np.float32(1e-12))
    return means


def main() -> None:
    """Writes the file beside this module."""
    compiled = compile_lexicon(open_encoder())
    Path(__file__).with_name("compiled.msgpack").write_bytes(msgspec.msgpack.encode(compiled))


if __name__ == "__main__":
    main()
