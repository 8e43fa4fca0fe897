"""Scores of words by hand, filters, and changes."""

from __future__ import annotations

from math import log
from pathlib import Path

import numpy as np
import pytest

from ontology.offer import Kind, Offer
from search.postings import update_words, write_words
from search.words import WordIndex


def offer(name: str, **values: str) -> Offer:
    return Offer(id=name, source="k", identifier=name, kind=Kind.COURSE, name=name, **values)  # type: ignore[arg-type]


def written(folder: Path, *offers: Offer) -> WordIndex:
    write_words(folder / "words.npz", list(enumerate(offers)))
    return WordIndex(folder / "words.npz")


def test_the_score_is_bm25_of_the_field_that_says_most(tmp_path: Path) -> None:
    index = written(
        tmp_path,
        offer("Yoga Entspannung", description="Yoga"),
        offer("Pilates", description="Yoga Yoga Rücken"),
        offer("Schwimmen", description="Kraulen"),
    )
    found = index.search("Yoga", 10)
    # mean lengths: titles 4/3, descriptions 5/3; b = 0.75, k1 = 1.2
    title = 3 * log(1 + 2.5 / 1.5) * 2.2 / (1 + 1.2 * (0.25 + 0.75 * 2 / (4 / 3)))
    body = log(1 + 1.5 / 2.5) * 2.2 / (1 + 1.2 * (0.25 + 0.75 * 1 / (5 / 3)))
    twice = log(1 + 1.5 / 2.5) * 2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 3 / (5 / 3)))
    assert found.rows.tolist() == [0, 1]
    assert found.scores.tolist() == pytest.approx([title + 0.1 * body, twice])
    assert index.full_marks("Yoga") == pytest.approx(3 * log(1 + 2.5 / 1.5))
    assert index.search("Unbekanntes", 10).rows.size == 0
    assert index.search("und der", 10).rows.size == 0  # words that say nothing


def test_a_filter_gives_the_best_of_the_filtered(tmp_path: Path) -> None:
    # the more fillers, the lower the score
    index = written(tmp_path, *(offer("Yoga " + "Grundlagen " * (row % 50)) for row in range(400)))
    everything = index.search("Yoga", 400)
    assert everything.rows[:8].tolist() == [0, 50, 100, 150, 200, 250, 300, 350]
    allowed = np.zeros(400, np.bool_)
    allowed[[49, 149, 248, 347, 399]] = True  # among the last of all
    found = index.search("Yoga", 3, allowed)
    assert found.rows.tolist() == [347, 248, 49]
    assert found.scores.tolist() == [everything.scores[everything.rows == row][0] for row in found.rows]


def test_of_equal_scores_the_first_rows_count(tmp_path: Path) -> None:
    index = written(tmp_path, *(offer("Yoga") for _ in range(9)))
    assert index.search("Yoga", 3).rows.tolist() == [0, 1, 2]


def test_changes_are_as_if_all_were_written_anew(tmp_path: Path) -> None:
    before = [offer("Yoga am Morgen"), offer("Schwimmen"), offer("Aquarellmalen", description="Yoga für die Hand")]
    after = [offer("Yoga am Morgen"), offer("Kochen ohne Fleisch"), offer("Yoga und Schwimmen")]
    (tmp_path / "anew").mkdir()
    anew = written(tmp_path / "anew", offer("Yoga am Morgen"), after[1], offer(""), after[2])
    path = tmp_path / "words.npz"
    write_words(path, list(enumerate(before)))
    update_words(path, [(1, after[1]), (3, after[2])], [1, 2, 3])
    changed = WordIndex(path)
    for question in ("Yoga", "Schwimmen", "Kochen Fleisch", "Aquarellmalen", "Hand"):
        one, other = changed.search(question, 10), anew.search(question, 10)
        assert one.rows.tolist() == other.rows.tolist()
        assert np.allclose(one.scores, other.scores)
        assert changed.full_marks(question) == anew.full_marks(question)


def test_rows_with_one_of_some_stems(tmp_path: Path) -> None:
    index = written(
        tmp_path, offer("Yoga"), offer("Pilates", description="wie Yoga"), offer("Schwimmen"), offer("Tanz")
    )
    assert index.with_any(index.terms("Yoga Tanz Unbekanntes")).tolist() == [True, True, False, True]
    assert not index.with_any(()).any()


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ("Schweiß Kurs", "Schweißkurs für Anfänger"),  # written apart
        ("Spanischkurs", "Sprachkurs Spanisch"),  # written together
        ("Gaertnern", "Gärtnern im Herbst"),  # without umlauts
        ("Naehkurs", "Nähkurs"),
        ("Strassenverkehr", "Straßenverkehr"),
    ],
)
def test_words_are_found_however_they_are_written(asked: str, title: str, tmp_path: Path) -> None:
    others = (offer(f"Kurs Buchführung {part}") for part in ("eins", "zwei", "drei"))
    index = written(tmp_path, *others, offer(title))
    assert index.search(asked, 10).rows[0] == 3


def test_a_part_of_a_compound_counts_less_than_the_word(tmp_path: Path) -> None:
    index = written(tmp_path, offer("Tanz"), offer("Tanzkurs"), offer("Kurs"))
    assert index.search("Tanzkurs", 10).rows[0] == 1
    assert index.asked("Tanzkurs") == {"tanzkur": 1.0, "tanz": 0.5, "kur": 0.5}


def test_which_of_a_few_rows_have_a_stem(tmp_path: Path) -> None:
    index = written(tmp_path, offer("Yoga"), offer("Schach"), offer("Pilates", description="wie Yoga"), offer("Tanz"))
    assert index.having("yoga", np.array([3, 2, 0])).tolist() == [False, True, True]
    assert index.having("unbekannt", np.array([0])).tolist() == [False]
    update_words(tmp_path / "words.npz", [(3, offer("Kochen"))], [3])
    assert WordIndex(tmp_path / "words.npz").having("tanz", np.array([0, 3])).tolist() == [False, False]


def test_titles_that_name_a_term(tmp_path: Path) -> None:
    index = written(
        tmp_path,
        offer("Kreismusikschule, Standort Montabaur"),
        offer("Musikschulen im Vergleich"),
        offer("Gitarre", description="in der Musikschule"),  # says it, but is none
        offer("Schule mit viel Musik"),
        offer("Kurs Aquarell für Anfänger"),
    )
    assert index.naming("Musikschule").tolist() == [0, 1]
    assert index.naming("Musikschule Montabaur").tolist() == [0]
    assert index.naming("Aquarell").tolist() == [4]
    assert index.naming("Zirkus").size == index.naming("und").size == index.naming("").size == 0
