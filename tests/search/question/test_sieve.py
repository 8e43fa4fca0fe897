"""Which patterns are tried on a text: all that could match, and few others."""

from __future__ import annotations

import re

import pytest

from search.question.folding import fold_text
from search.question.lexicon import Patterns, read_rules, words
from search.question.marks import MONTHS, WEEKDAY_MARKS
from search.question.sieve import Sieve, holds, needs_of
from search.training.pairs import read_pairs

MACROS = {"euro": ("eur", "€"), "any": ()}


@pytest.mark.parametrize(
    ("pattern", "needs"),
    [
        ("abends", ("abends",)),
        ("am abend", ("abend",)),
        ("kurse?", ("kurs",)),
        ("gründlich", ("ndlich",)),  # "grundlich" is meant as well
        ("(?:mit|ohne) hund", ("hund",)),
        ("(?:mit|ohne) (?:hund )?", ("mit", "ohne")),
        ("(?:mit|ohne)? …", ()),
        ("(?:mit|\\w+) du", ("du",)),
        (r"\w{2,9}", ()),
        (r"\d{1,3} km", ("km",)),
        (r"[12]\w", ("1", "2")),
        ("[^ab]", ()),
        ("<a:euro>|gratis", ("eur", "€", "gratis")),
        ("<any>", ()),
        ("(?<=tag)-?(?:mittags?)", ("mittag",)),
        ("heute(?! abend)", ("heute",)),
    ],
)
def test_what_a_pattern_needs(pattern: str, needs: tuple[str, ...]) -> None:
    assert needs_of(pattern, MACROS.__getitem__) == needs


def test_what_is_let_through_keeps_its_order() -> None:
    sieve = Sieve([(("abend",), "a"), ((), "b"), (("ab", "um"), "c"), (("abends",), "d"), (("x",), "e")])
    assert sieve.of("am abend") == ["a", "b", "c"]
    assert sieve.of("um 3") == ["b", "c"]
    assert sieve.of("") == ["b"]


def test_whatever_matches_is_let_through() -> None:
    patterns = Patterns({"month": [MONTHS], "weekday": [WEEKDAY_MARKS], **words("macros")["macro"]})
    texts = [fold_text(pair.question) for pair in read_pairs()[::40]]
    for name in ("age", "price", "daytime", "level"):
        for rule in read_rules(words(name), patterns):
            for pattern in rule.patterns:
                compiled = re.compile(pattern._source())
                passed_over = [text for text in texts if not holds(text, pattern.needs)]
                assert not [text for text in passed_over if compiled.search(text)]
