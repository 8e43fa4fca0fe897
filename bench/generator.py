"""Makes a large catalogue out of a real one, keeping the statistics of its offers.

Every offer takes its form (which fields are stated, dates, prices, places, categories) from one real offer, and its words and vector from
that one and a second, mostly of the same category. So shares and frequencies stay what they are, and words and vectors still agree.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from catalogue.ledger import Counts
from catalogue.run import Run, open_run
from catalogue.snapshot import Snapshot
from ontology.concepts import Schemes, load_schemes
from ontology.offer import Instance, Offer
from search.encoder import Encoder
from search.encoder.cache import VectorCache
from search.index import update_index
from search.texts import meaning_text
from search.vectors import VectorIndex

__all__ = ["Known", "Parents", "build", "generate", "index", "parents_of", "put_all"]

_SAME_CATEGORY = 0.7
_NOISE = 0.35  # of the real covariance: then the nearest neighbours are about as near as among as many real offers
_BATCH = 2048
_SENTENCE = re.compile(r"(?<=[.!?])\s+")

Vectors = NDArray[np.float32]


class Parents(NamedTuple):
    """Real offers and their vectors (n, dim)."""

    offers: list[Offer]
    vectors: Vectors


class Known:
    """An encoder that knows the vectors of its texts, under the name of the real one: encoding is not what is measured."""

    def __init__(self, encoder: Encoder) -> None:
        self.name, self.dimension = encoder.name, encoder.dimension
        self._known: dict[str, Vectors] = {}

    def learn(self, text: str, vector: Vectors) -> None:
        """Remembers a vector (dim,); the first of a text stays."""
        self._known.setdefault(text, vector)

    def encode_offers(self, texts: Sequence[str]) -> Vectors:
        """The remembered vectors. Raises KeyError."""
        return np.stack([self._known[text] for text in texts])

    encode_questions = encode_offers


def parents_of(folder: Path) -> Parents:
    """The offers of an indexed catalogue. Raises CatalogueEmpty."""
    with Snapshot.open(folder) as snapshot:
        rows, offers = zip(*snapshot.ledger.offers(), strict=True)
        vectors = VectorIndex(snapshot.path).matrix()[list(rows)]
    return Parents(list(offers), vectors)


def generate(parents: Parents, count: int, seed: int = 1) -> Iterator[tuple[Offer, Vectors]]:
    """``count`` offers with their L2-normalised vectors (dim,); the same for the same seed."""
    draw = np.random.default_rng(seed)
    similar = defaultdict(list)
    for number, offer in enumerate(parents.offers):
        similar[offer.keywords[:1]].append(number)
    repeats = 1 - len({(offer.name, offer.provider) for offer in parents.offers}) / len(parents.offers)
    spread = np.linalg.cholesky(np.cov(parents.vectors, rowvar=False) + 1e-9 * np.eye(parents.vectors.shape[1]))
    made: list[tuple[Offer, Vectors]] = []
    for start in range(0, count, _BATCH):
        size = min(_BATCH, count - start)
        noise = (draw.standard_normal((size, spread.shape[0])) @ spread.T).astype(np.float32) * _NOISE
        for number in range(start, start + size):
            first = int(draw.integers(len(parents.offers)))
            form = _moved(parents.offers[first], number, int(draw.integers(0, 60)))
            if made and draw.random() < repeats:
                other, vector = made[int(draw.integers(len(made)))]
                words = {name: getattr(other, name) for name in ("name", "description", "keywords", "provider")}
                offer = msgspec.structs.replace(form, **words)
            else:
                likes = similar[form.keywords[:1]] if draw.random() < _SAME_CATEGORY else range(len(parents.offers))
                second = likes[int(draw.integers(len(likes)))]
                share = draw.uniform(0.4, 0.9)
                offer = _mixed(form, parents.offers[second], share, draw)
                vector = share * parents.vectors[first] + (1 - share) * parents.vectors[second] + noise[number - start]
                vector = (vector / np.linalg.norm(vector)).astype(np.float32)
            made.append((offer.canonical(), vector))
            yield made[-1]


def _mixed(form: Offer, other: Offer, share: float, draw: np.random.Generator) -> Offer:
    description = form.description
    if description and other.description:
        description = _interleaved(_SENTENCE.split(description), _SENTENCE.split(other.description), share, draw)
    name = _interleaved(form.name.split(), other.name.split(), share, draw)
    return msgspec.structs.replace(form, name=name, description=description)


def _interleaved(own: Sequence[str], others: Sequence[str], share: float, draw: np.random.Generator) -> str:
    """As long as ``own``; a ``share`` of its parts stays, in the place of the rest stand those of the other."""
    keep = draw.random(len(own)) < share
    return " ".join(
        part if kept or not others else others[place % len(others)]
        for place, (part, kept) in enumerate(zip(own, keep, strict=True))
    )


def _moved(offer: Offer, number: int, days: int) -> Offer:
    """With an identifier of its own and all its runs some days later."""
    later = dt.timedelta(days=days)
    identifier = f"{offer.source}-{number}"
    runs = tuple(_later(run, later) for run in offer.instances)
    return msgspec.structs.replace(offer, id=identifier, identifier=identifier, instances=runs)


def _later(run: Instance, by: dt.timedelta) -> Instance:
    return msgspec.structs.replace(
        run,
        start=None if run.start is None else run.start + by,
        end=None if run.end is None else run.end + by,
        sessions=(),
    )


def build(folder: Path, parents: Parents, count: int, encoder: Encoder) -> None:
    """A catalogue of ``count`` generated offers, written and indexed as any other."""
    known = Known(encoder)
    offers = []
    for offer, vector in generate(parents, count):
        known.learn(meaning_text(offer), vector)
        offers.append(offer)
    with open_run(folder, "http://127.0.0.1:8000") as run:
        put_all(run, offers)
        index(folder, run, known, load_schemes())
        run.commit()
    sources = sorted({offer.source for offer in offers})
    settings = "".join(f'[[source]]\nname = "{name}"\n\n' for name in sources)
    (folder / "katalog.toml").write_text(settings, encoding="utf-8")


def put_all(run: Run, offers: Sequence[Offer]) -> None:
    """Delivers these offers and nothing else, source by source."""
    for name in sorted({offer.source for offer in offers}):
        with run.source(name) as writer:
            writer.keep_all()
            taken = sum(writer.put(offer) for offer in offers if offer.source == name)
            writer.finish(Counts(read=taken, taken=taken), ())


def index(folder: Path, run: Run, known: Known, schemes: Schemes) -> None:
    """Brings the index of the run up to its offers, whose vectors are known."""
    cache = folder / "cache"
    cache.mkdir(exist_ok=True)
    with VectorCache(cache / "vectors.sqlite") as vectors:
        update_index(run, known, vectors, lambda scheme, notation: schemes[scheme].label(notation))
