"""When an answer is called weak: where what was asked for is missing, and no longer once somebody offers it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest

from catalogue.ledger import Counts
from catalogue.run import open_run
from catalogue.snapshot import Snapshot
from search.answer import SearchRequest
from search.encoder import Encoder
from search.encoder.cache import VectorCache
from search.index import update_index
from search.weakness import SIGNS, Said, resembles, spoken
from service.opening import Opener
from tests.catalogues import Asker
from tests.search.offers import course, on

USUAL = (
    *(
        "Spanisch für Anfänger",
        "Italienisch A1",
        "Englisch im Beruf",
        "Deutsch als Fremdsprache",
        "Gitarre spielend lernen",
    ),
    *(
        "Yoga für den Rücken",
        "Wirbelsäulengymnastik am Vormittag",
        "Aquarellmalerei",
        "Nähen lernen",
        "Töpfern am Abend",
    ),
    *("Buchführung Grundlagen", "Excel für Einsteiger", "Führung im Team", "Erste Hilfe", "Jagdschein", "Imkern"),
)
ASKED_FOR = {
    "Ich möchte Ahnenforschung lernen": "Ahnenforschung für Einsteiger",
    "Fechten": "Fechten mit Florett und Degen",
    "Georgisch lernen": "Georgisch A1",
    "Wo kann ich Eisstockschießen?": "Eisstockschießen, offene Gruppe",
    "Chcę zostać fryzjerką": "Friseurin – Ausbildung",
}
Build = Callable[..., Path]


@pytest.fixture(scope="module")
def build(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Build:
    def built(*names: str) -> Path:
        folder = tmp_path_factory.mktemp("weak") / "katalog"
        offers = [course(f"o{number}", name, on("2026-03-02T18:00")) for number, name in enumerate(names)]
        with open_run(folder, "http://127.0.0.1:8000") as run, VectorCache(folder / "vectors.sqlite") as cache:
            with run.source("k") as source:
                taken = [source.put(offer) for offer in offers]
                source.finish(Counts(read=len(taken), taken=len(taken)), ())
            update_index(run, encoder, cache, lambda scheme, notation: f"{scheme}:{notation}")
            run.commit()
        (folder / "katalog.toml").write_text("[catalogue]\n")
        return folder

    return built


@pytest.fixture(scope="module")
def usual(build: Build) -> Path:
    return build(*USUAL)


@pytest.fixture(scope="module")
def complete(build: Build) -> Path:
    return build(*USUAL, *ASKED_FOR.values())


@pytest.mark.parametrize("question", ASKED_FOR)
def test_weak_without_the_offer_and_not_with_it(question: str, usual: Path, complete: Path, ask: Asker) -> None:
    assert ask(usual, question)["weak"]
    answer = ask(complete, question)
    assert not answer["weak"]
    assert answer["hits"][0]["name"] == ASKED_FOR[question]


def signs(folder: Path, question: str) -> dict[str, float]:
    with Snapshot.open(folder) as snapshot:
        found = Opener(folder).engine(snapshot).signs(SearchRequest(text=question, today=dt.date(2026, 1, 5)))
    assert found is not None
    return dict(zip(SIGNS, found.tolist(), strict=True))


def test_the_signs_say_what_is_missing(usual: Path, complete: Path) -> None:
    without, with_it = signs(usual, "Ahnenforschung"), signs(complete, "Ahnenforschung")
    assert without["unknown"] == without["absent"] > 0.5
    assert with_it["unknown"] == with_it["absent"] == 0
    assert without["covered"] < with_it["covered"]
    assert without["score"] < with_it["score"]


def test_in_other_languages_words_say_nothing(usual: Path) -> None:
    found = signs(usual, "Хочу стати перукарем")
    assert (found["absent"], found["unknown"], found["foreign"]) == (0, 0, 1)


@pytest.mark.parametrize(
    "question", ["Yoga", "Nähkurs", "Wirbelseulengymnastik", "Italjenisch", "kurs hiszpańskiego", "Jagdschein"]
)
def test_what_is_offered_is_no_weak_answer_however_it_is_spelt(question: str, usual: Path, ask: Asker) -> None:
    assert not ask(usual, question)["weak"]


@pytest.mark.parametrize(
    "question", ["Weiterbildung", "Kultur", "Gesundheit", "Sport", "Beratung", "Musik", "Sprachen"]
)
def test_a_whole_field_is_no_weak_answer(question: str, demo: Path, ask: Asker) -> None:
    assert not ask(demo, question)["weak"]


@pytest.mark.parametrize("question", ["🙂🙂", "???", "...", "_", "\u200b", "\ufffd"])
def test_whatever_comes_without_a_word_is_a_weak_answer(question: str, demo: Path, ask: Asker) -> None:
    answer = ask(demo, question)
    assert answer["hits"]
    assert answer["weak"]


@pytest.mark.parametrize(
    "question",
    [
        "хочу вивчити німецьку",
        "أريد تعلم الألمانية",
        "Je veux apprendre l'allemand",
        "I want to learn German",
        "Almanca öğrenmek istiyorum",
    ],
)
def test_a_german_course_is_no_weak_answer_to_who_wants_to_learn_german(question: str, demo: Path, ask: Asker) -> None:
    answer = ask(demo, question)
    assert "Deutsch" in answer["hits"][0]["name"]
    assert not answer["weak"]


def test_a_hit_that_says_half_of_a_concept_meets_a_quarter_of_it(usual: Path, complete: Path) -> None:
    found = signs(usual, "Chcę zostać fryzjerką")
    assert (found["met_concept"], found["unmet_concept"]) == (0, 1)
    found = signs(complete, "Chcę zostać fryzjerką")  # "Friseurin" holds the word
    assert (found["met_concept"], found["met_by_foreign_words"], found["unmet_concept"]) == (1, 1, 0)
    # of "Deutsche Aussprache" one word of two stands in "Deutsch als Fremdsprache", of "Phonetik" and "Akzenttraining" none
    found = signs(usual, "German pronunciation")
    assert (found["met_concept"], found["unmet_concept"]) == (0.25, 0.5)


def test_a_word_resembles_its_misspelling_and_the_compound_that_it_is_part_of() -> None:
    assert resembles("wirbelseulengymnastik", "wirbelsaeulengymnastik am vormittag")
    assert resembles("keramik", "raku gartenkeramik im herbst")
    assert not resembles("georgisch", "georgien gestern und morgen")
    assert not resembles("kindergarten", "ki")
    assert not resembles("rad", "aquarell im radierverfahren")  # too short to tell


def test_words_that_say_something_by_their_stems() -> None:
    assert spoken("Ich suche die Sprachen und eine Sprache") == {"such": "suche", "sprach": "Sprachen"}


def test_an_answer_rather_says_the_only_word_of_a_question_than_one_of_many() -> None:
    said = Said(constant=1.4, words=-1.7, capital=1.1)
    assert said(1, True) > said(1, False) > said(20, False) > 0
    assert said(1, True) > said(5, True) > said(20, True)
    assert said(1, False) == pytest.approx(0.555, abs=0.001)  # 1 / (1 + exp(-1.4 + 1.7 ln 2))
