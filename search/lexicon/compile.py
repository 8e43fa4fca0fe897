"""Makes ``compiled.msgpack`` of the lexicon's files, whenever these or the model changed: ``python -m search.lexicon.compile``."""

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


class Alias(msgspec.Struct, frozen=True):
    """``stems``: rarest first. ``weight``: how specific it is, in (0, 1]. ``concepts``: numbers of those that it names."""

    stems: tuple[str, ...]
    weight: float
    concepts: tuple[int, ...]


def weigh_aliases(concepts: Sequence[SourceConcept], questions: Iterable[str]) -> list[Alias]:
    """The aliases of all concepts; the more specific, the rarer their words are in ``questions`` and the fewer their concepts."""
    count, having = 0, Counter[str]()
    for question in questions:
        count += 1
        having.update(stems(question))
    named: dict[tuple[str, ...], dict[int, None]] = {}
    for number, concept in enumerate(concepts):
        for said in (*concept.terms, *concept.aliases):
            words = tuple(sorted(stems(said), key=lambda stem: (having[stem], stem)))
            if words:
                named.setdefault(words, {})[number] = None
    aliases = []
    for words, numbers in sorted(named.items()):
        rarity = sum(math.log((count + 1) / (having[stem] + 0.5)) for stem in words)
        if rarity >= _COMMON:
            weight = round(min(1.0, rarity / _RARE) / len(numbers) ** 0.5, 4)
            aliases.append(Alias(words, weight, tuple(numbers)))
    return aliases


def compile_lexicon(encoder: Encoder) -> Compiled:
    """The lexicon of the files, its terms encoded as offers by ``encoder``."""
    concepts = read_concepts()
    terms = [", ".join(concept.terms) for concept in concepts]
    aliases = weigh_aliases(concepts, (pair.question for pair in read_pairs() if pair.lang == "de"))
    by_stem: dict[str, list[int]] = {}
    for number, alias in enumerate(aliases):
        by_stem.setdefault(alias.stems[0], []).append(number)
    return Compiled(
        terms=terms,
        aliases=[" ".join(alias.stems) for alias in aliases],
        concepts=[list(alias.concepts) for alias in aliases],
        weights=[alias.weight for alias in aliases],
        by_stem=by_stem,
        stems=sorted({stem for alias in aliases for stem in alias.stems}),
        model=encoder.name,
        vectors=encoder.encode_offers(terms).astype(np.float16).tobytes(),
    )


def main() -> None:
    """Writes the file beside this module."""
    compiled = compile_lexicon(open_encoder())
    Path(__file__).with_name("compiled.msgpack").write_bytes(msgspec.msgpack.encode(compiled))


if __name__ == "__main__":
    main()
