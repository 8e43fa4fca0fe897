"""Questions that ask for a Kita, a school or counselling and not for a course."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from catalogue.ledger import Counts
from catalogue.run import open_run
from ontology.offer import Kind, Offer
from search.encoder import Encoder
from search.encoder.cache import VectorCache
from search.index import update_index
from search.services import ServiceSense
from search.training.pairs import Pair, read_pairs
from search.training.regression import logistic
from search.training.services import wants_service
from tests.catalogues import Asker


@pytest.mark.parametrize(
    ("question", "least", "most"),
    [
        ("Ich bin ungewollt schwanger. Mit wem kann ich darüber reden?", 0.5, 1.0),
        ("Wir suchen ab Sommer einen Kindergarten für unsere Dreijährige", 0.5, 1.0),
        ("В какую школу записать дочь?", 0.5, 1.0),
        ("Excel für Fortgeschrittene", 0.0, 0.1),
        ("Ich will endlich Gitarre spielen lernen", 0.0, 0.3),
        ("Vorlesung Thermodynamik", 0.0, 0.1),
    ],
)
def test_how_likely_a_service_is_asked_for(encoder: Encoder, question: str, least: float, most: float) -> None:
    likely = ServiceSense(encoder.name)(encoder.encode_questions([question])[0])
    assert least <= likely <= most


def test_of_the_questions_of_another_model_nothing_is_known(encoder: Encoder) -> None:
    assert ServiceSense("another")(encoder.encode_questions(["Wo ist hier ein Kindergarten?"])[0]) == 0.0


def test_a_service_comes_before_a_course_of_the_same_name_where_it_is_asked_for(
    encoder: Encoder, ask: Asker, tmp_path: Path
) -> None:
    kinds = {"course": Kind.COURSE, "service": Kind.SERVICE}
    with open_run(tmp_path, "http://127.0.0.1:8000") as run, VectorCache(tmp_path / "vectors.sqlite") as cache:
        with run.source("k") as source:
            for key, kind in kinds.items():
                source.put(Offer(id=f"k-{key}", source="k", identifier=key, kind=kind, name="Gespräche für Eltern"))
            source.finish(Counts(read=2, taken=2), ())
        update_index(run, encoder, cache, lambda scheme, notation: f"{scheme}:{notation}")
        run.commit()
    (tmp_path / "katalog.toml").write_text("")
    asked = {
        question: [hit["identifier"] for hit in ask(tmp_path, question, collapse=False)["hits"]]
        for question in ("Wer hilft Eltern, mit dem Jugendamt zu reden? An wen kann ich mich wenden?", "Elternkurs")
    }
    assert list(asked.values()) == [["service", "course"], ["course", "service"]]


def pair(need: str) -> Pair:
    return Pair(file="f", lang="de", style="everyday", question="?", need=need, titles=())


def test_which_needs_are_met_by_a_service() -> None:
    needs = ["Kommunale Kindertagesstätte", "Suchtberatung für Angehörige", "Kurs in der Musikschule", "Excel-Schulung"]
    assert wants_service([pair(need) for need in needs]).tolist() == [True, True, False, False]
    assert 0.1 < wants_service(read_pairs()).mean() < 0.25


def test_what_is_learnt_tells_vectors_apart() -> None:
    vectors = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.1, 0.9]])
    wanted = np.array([True, True, False, False])
    weights, constant = logistic(vectors, wanted, ridge=0.3)
    assert (vectors @ weights + constant > 0).tolist() == wanted.tolist()
