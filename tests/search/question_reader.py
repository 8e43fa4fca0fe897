"""The reader of questions that the tests of this folder share, made once."""

from __future__ import annotations

import datetime as dt
from functools import cache

from ontology.gazetteer import Gazetteer
from search.question import Question, QuestionReader

__all__ = ["WEDNESDAY", "read", "reader"]

WEDNESDAY = dt.date(2026, 4, 15)
ALZEY_WORMS = "07331"


@cache
def reader() -> QuestionReader:
    """A reader at home in the district of Alzey-Worms."""
    return QuestionReader(Gazetteer.load(), district=ALZEY_WORMS)


def read(text: str, today: dt.date = WEDNESDAY) -> Question:
    """The question as the shared reader understands it."""
    return reader().read(text, today)
