"""What a question rules out of its own topic."""

from __future__ import annotations

import pytest

from search.exclusion import Exclusion, Exclusions


@pytest.mark.parametrize(
    ("question", "wanted", "stems"),
    [
        ("Programmieren lernen, nur nicht Python", "Programmieren lernen", ("python",)),
        ("Bewegung im Wasser, aber bitte ohne Tauchen und ohne Surfen", "Bewegung im Wasser", ("tauch", "surf")),
        ("Kein Bridge, sondern Schach", "sondern Schach", ("bridg",)),
        ("alles außer Handball für meinen Neffen", "für meinen Neffen", ("handball",)),
        ("Sport, aber nicht schon wieder Zumba oder Step", "Sport", ("zumba", "step")),
        ("music for kids, but not piano", "music for kids", ("piano",)),
    ],
)
def test_what_is_ruled_out_is_taken_from_the_topic(question: str, wanted: str, stems: tuple[str, ...]) -> None:
    assert Exclusions().split(question) == Exclusion(wanted, stems)


@pytest.mark.parametrize(
    "question",
    [
        "Ich kann nicht gut rechnen und will das üben",
        "Ausbildung ohne Abitur",
        "Ich weiß nicht weiter",
        "Ich möchte tanzen, aber ohne Vorkenntnisse",
        "Bei uns wird ein Kollege ausgelacht, und keiner tut etwas dagegen",
        "Wer spricht mit meiner Schwester, ohne zu urteilen?",
        "Selbst Plakate machen, ohne gleich Grafik zu studieren",
        "nicht Golf",
        "",
    ],
)
def test_what_is_only_lacking_stays(question: str) -> None:
    assert Exclusions().split(question) == Exclusion(question, ())
