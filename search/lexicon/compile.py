"""Makes ``compiled.msgpack`` of the lexicon's files, when they or the model have changed: ``python -m search.lexicon.compile`` (a minute)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
import numpy as np

from search.encoder import Encoder, open_encoder
from search.lexicon import Compiled
from search.lexicon.source import SourceConcept, read_concepts
from search.stems import stems
from search.training.pairs import read_pairs

__all__ = ["compile_lexicon", "weigh_aliases"]

_COMMON = 5.2  # an alias whose words are not rarer than this together (sum of inverse document frequencies, natural logarithm) says nothing
_RARE = 13.0  # one of this rarity says all


def weigh_aliases(
    concepts: Sequence[SourceConcept], questions: Iterable[str]
) -> tuple[dict[str, list[int]], list[float]]:
    """Aliases as stems → numbers of their concepts, and how specific each is.

    It is the more specific, the rarer its words are in ``questions`` and the fewer its concepts.
    """
    count, having = 0, Counter[str]()
    for question in questions:
        count += 1
        having.update(stems(question))
    aliases: dict[str, list[int]] = {}
    for number, concept in enumerate(concepts):
        for said in (*concept.terms, *concept.aliases):
            name = " ".join(sorted(stems(said)))
            if name and number not in aliases.setdefault(name, []):
                aliases[name].append(number)
    rarity = {name: sum(math.log((count + 1) / (having[stem] + 0.5)) for stem in name.split(" ")) for name in aliases}
    kept = {name: numbers for name, numbers in sorted(aliases.items()) if rarity[name] >= _COMMON}
    weights = [round(min(1.0, rarity[name] / _RARE) / len(numbers) ** 0.5, 4) for name, numbers in kept.items()]
    return kept, weights


def compile_lexicon(encoder: Encoder) -> Compiled:
    """The lexicon of the files, its terms encoded as offers by ``encoder``."""
    concepts = read_concepts()
    terms = [", ".join(concept.terms) for concept in concepts]
    aliases, weights = weigh_aliases(concepts, (pair.question for pair in read_pairs() if pair.lang == "de"))
    vectors = encoder.encode_offers(terms).astype(np.float16)
    return Compiled(terms=terms, aliases=aliases, weights=weights, model=encoder.name, vectors=vectors.tobytes())


def main() -> None:
    """Writes the file beside this module."""
    compiled = compile_lexicon(open_encoder())
    Path(__file__).with_name("compiled.msgpack").write_bytes(msgspec.msgpack.encode(compiled))


if __name__ == "__main__":
    main()
