"""Measuring the search: judged questions in, tables with confidence intervals out.

questions, judgements = read_questions(path, JudgedQuestion), read_judgements(other_path)
evaluation = evaluate(engine.search, questions, judgements, configuration)
evaluation.all.ndcg10                          # Estimate(mean, low, high, n)
compare(earlier, evaluation).ndcg10.change     # paired, question by question
"""

from __future__ import annotations

from search.evaluation.confidence import Estimate, estimate, permutation_p, share
from search.evaluation.questions import (
    EvaluationRefused,
    JudgedQuestion,
    WishQuestion,
    read_judgements,
    read_questions,
)
from search.evaluation.relevance import (
    MEASURES,
    Comparison,
    Configuration,
    Difference,
    Evaluation,
    Scores,
    Summary,
    compare,
    evaluate,
    score,
)
from search.evaluation.stored import publish, published, read_evaluation
from search.evaluation.wishes import WishEvaluation, evaluate_wishes

__all__ = [
    "MEASURES",
    "Comparison",
    "Configuration",
    "Difference",
    "Estimate",
    "Evaluation",
    "EvaluationRefused",
    "JudgedQuestion",
    "Scores",
    "Summary",
    "WishEvaluation",
    "WishQuestion",
    "compare",
    "estimate",
    "evaluate",
    "evaluate_wishes",
    "permutation_p",
    "publish",
    "published",
    "read_evaluation",
    "read_judgements",
    "read_questions",
    "score",
    "share",
]
