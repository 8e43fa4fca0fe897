"""Understanding a citizen's question.

    reader = QuestionReader(Gazetteer.load(), district="07331")
    question = reader.read("Excel-Kurs in Alzey, abends, höchstens 50 Euro", date(2026, 3, 2))
    question.topic, as_json(question.wishes)     # "Excel-Kurs", {"place": "Alzey", "daytime": ["evening"], "price_max": 50}

What words mean is data (words/*.toml); the modules hold the matchers.
"""

from __future__ import annotations

from search.question.reader import Question, QuestionReader, Span, Suggestion
from search.question.wishes import Wishes, as_json

__all__ = ["Question", "QuestionReader", "Span", "Suggestion", "Wishes", "as_json"]
