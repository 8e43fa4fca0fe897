"""What a title says, read by hand."""

from __future__ import annotations

import pytest

from ingest.resolve.titles import read_title


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Geprüfte/-r Wirtschaftsfachwirt/-in – Teil 2026", "Geprüfter Wirtschaftsfachwirt - Teil 2027/2028"),
        ("Bürger*innen und ihre Stadt", "Bürgerinnen und ihre Stadt"),
        ("Grundkurs Sprache II - Gruppe B", "Grundkurs Sprache II – Gruppe C"),
        ("Chinesisch (5Tage)", "Chinesisch 5 Tage"),
        ("Bildungsurlaub Spanisch A1.1", "Spanisch A 1.1"),
        ("Waldpädagogik, Kurs 21", "Waldpädagogik; Kurs 22"),
        ("Meister Elektro, Lehrgangsnr.: 2501W1IMELO0T", "Meister Elektro, Lehrgangsnr.: 2502W1IMELO0T"),
    ],
)
def test_spellings_years_and_groups_make_no_difference(one: str, other: str) -> None:
    assert read_title(one) == read_title(other)


def test_what_tells_courses_apart_stands_by_itself() -> None:
    assert read_title("Englisch A2/B1").levels == {"a2", "b1"}
    assert read_title("Mathematik II").numbers == (2,)
    assert read_title("Soziale Arbeit – 3. Semester").parts == (3,)
    assert read_title("PädArT – Module 6 bis 8").parts == (6, 8)
    assert read_title("Excel Aufbaukurs").steps == {"advanced"}
    assert read_title("Qigong online").forms == {"online"}
    assert read_title("Kurs 2: Töpfern").numbers == (2,)
