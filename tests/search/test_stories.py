"""Long questions: what is encoded, and which wishes come before the topic."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from catalogue.ledger import Counts
from catalogue.run import open_run
from ontology.gazetteer import Gazetteer
from ontology.offer import Instance, Kind, Offer
from search.encoder import Encoder
from search.encoder.cache import VectorCache
from search.index import update_index
from search.question import Wishes
from tests.catalogues import Asker

SATURDAY = dt.datetime(2026, 2, 7, 10)
TITLES = {
    "hunting": ("Vorbereitungskurs auf die Jägerprüfung (Jagdschein)", None),
    "plants": ("Was blüht denn da? Spaziergang am Wegesrand", SATURDAY),
    "garden": ("Besichtigung eines Gartens", SATURDAY),
    "resilience": ("Stark fürs Leben: Tagesseminar", SATURDAY),
}


@pytest.fixture(scope="module")
def catalogue(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stories") / "katalog"
    with open_run(folder, "http://127.0.0.1:8000") as run, VectorCache(folder / "vectors.sqlite") as cache:
        with run.source("k") as source:
            for key, (name, start) in TITLES.items():
                runs = () if start is None else (Instance(number="1", start=start),)
                offer = Offer(id=f"k-{key}", source="k", identifier=key, kind=Kind.COURSE, name=name, instances=runs)
                source.put(offer.canonical())
            source.finish(Counts(read=len(TITLES), taken=len(TITLES)), ())
        update_index(run, encoder, cache, lambda scheme, notation: f"{scheme}:{notation}")
        run.commit()
    (folder / "katalog.toml").write_text("")
    return folder


def identifiers(found: dict[str, Any]) -> list[str]:
    return [hit["identifier"] for hit in found["hits"]]


def test_what_fits_a_wish_but_lies_far_from_the_topic_does_not_come_first(catalogue: Path, ask: Asker) -> None:
    found = ask(catalogue, "Samstags raus in die Natur und jagen lernen")
    assert found["query"]["filters"] == {"weekdays": ["sa"]}
    assert identifiers(found) == ["hunting"]


def test_what_misses_a_wish_comes_before_what_is_about_something_else(demo: Path, ask: Asker) -> None:
    found = ask(demo, "Nähen am Wochenende unter 50 Euro")  # sewing is on weekdays there, trees are cut on Saturdays
    assert found["hits"][0]["name"].startswith("Nähen")
    assert found["hits"][0]["group"] == 3
    found = ask(demo, "Nähen", chosen=Wishes(weekdays=("sa", "su"), price_max=50))
    assert found["hits"][0]["group"] == 1  # who sets it wants it


def test_a_wish_that_the_person_set_comes_first_all_the_same(catalogue: Path, ask: Asker) -> None:
    found = ask(catalogue, "Raus in die Natur und jagen lernen", chosen=Wishes(weekdays=("sa",)))
    *first, last = identifiers(found)
    assert {"garden", "plants"} <= set(first)
    assert last == "hunting"


class Listening:
    """The encoder, and what it was asked to encode."""

    def __init__(self, encoder: Encoder) -> None:
        self.name, self.dimension = encoder.name, encoder.dimension
        self.encode_offers = encoder.encode_offers
        self._encoder = encoder
        self.heard: list[str] = []

    def encode_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.heard += texts
        return self._encoder.encode_questions(texts)


@pytest.mark.parametrize(
    ("question", "encoded"),
    [
        ("Ich möchte jagen lernen, samstags", "jagen lernen"),
        (
            "Ich bin jeden Tag mit dem Hund im Revier und möchte dort selbst jagen dürfen, samstags hätte ich Zeit. Was brauche ich dafür?",
            "Ich bin jeden Tag mit dem Hund im Revier und möchte dort selbst jagen dürfen, samstags hätte ich Zeit. Was brauche ich dafür?",
        ),
        (
            "Ich möchte im Revier jagen lernen und habe unter der Woche nie Zeit, aber gern, aber bitte ohne Hunde, samstags bei Worms",
            "Ich möchte im Revier jagen lernen und habe unter der Woche nie Zeit, aber gern , samstags bei Worms",
        ),
        (
            "Kann ich bitte samstags oder sonntags ab 10 Uhr für höchstens 50 Euro in Worms jagen lernen?",
            "jagen lernen",
        ),
    ],
)
def test_a_story_is_encoded_as_it_was_told(
    catalogue: Path, encoder: Encoder, gazetteer: Gazetteer, question: str, encoded: str
) -> None:
    listening = Listening(encoder)
    Asker(listening, gazetteer)(catalogue, question)
    assert listening.heard == [encoded]
