"""The reader of questions that the tests of this folder share, made once."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from typing import Any

from ontology.gazetteer import Gazetteer
from search.question import Question, QuestionReader

__all__ = ["WEDNESDAY", "pairs", "read", "reader"]

WEDNESDAY = dt.date(2026, 4, 15)
ALZEY_WORMS = "07331"


@cache
def reader() -> QuestionReader:
    """A reader at home in the district of Alzey-Worms."""
    return QuestionReader(Gazetteer.load(), district=ALZEY_WORMS)


def read(text: str, today: dt.date = WEDNESDAY) -> Question:
    """The question as the shared reader understands it."""
    return reader().read(text, today)


def pairs(filters: dict[str, Any], prefix: str = "") -> set[tuple[str, str]]:
    """Each wish as (key, value), as the acceptance check counts them."""
    found: set[tuple[str, str]] = set()
    for key, value in filters.items():
        if key == "not":
            found |= pairs(value, "not.")
        elif isinstance(value, list) and key != "age":
            found |= {(prefix + key, each) for each in value}
        else:
            found.add((prefix + key, json.dumps(value)))
    return found
