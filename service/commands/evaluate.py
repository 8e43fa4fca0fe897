"""``evaluate``: how well the search answers judged questions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from catalogue.snapshot import Snapshot
from search.evaluation import (
    MEASURES,
    Comparison,
    Configuration,
    Difference,
    Estimate,
    Evaluation,
    JudgedQuestion,
    Summary,
    WishEvaluation,
    WishQuestion,
    compare,
    evaluate,
    evaluate_wishes,
    publish,
    read_evaluation,
    read_judgements,
    read_questions,
)
from service.opening import Opener

__all__ = ["run", "run_wishes"]

_HEADINGS = ("nDCG@10", "Recall@50", "MRR@10")
_MOST_CHANGED = 10


def run(folder: Path, questions: Path, judgements: Path, against: Path | None, published: bool, as_json: bool) -> None:
    """Prints the measures of the ranking, beside an earlier measurement where one is named. Raises EvaluationRefused, IndexOutdated."""
    asked = read_questions(questions, JudgedQuestion)
    grades = read_judgements(judgements)
    earlier = None if against is None else read_evaluation(against)
    opener = Opener(folder)
    with Snapshot.open(folder) as snapshot:
        configuration = Configuration(
            time=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            model=opener.encoder.name,
            offers=snapshot.ledger.count(),
            data_run=snapshot.state.data_run,
            data_time=snapshot.state.data_time,
        )
        evaluation = evaluate(opener.engine(snapshot).search, asked, grades, configuration)
    comparison = None if earlier is None else compare(earlier, evaluation)
    if published:
        publish(folder, evaluation)
    if as_json:
        extra = {} if comparison is None else {"comparison": comparison}
        _print_json(msgspec.structs.asdict(evaluation) | extra)
        return
    console = Console(highlight=False)
    _print_evaluation(console, evaluation)
    if comparison is not None:
        _print_comparison(console, comparison, {question.qid: question.text for question in asked})
    if published:
        console.print("Diese Messung steht jetzt auf der Seite /guete.")


def run_wishes(folder: Path, questions: Path, as_json: bool) -> None:
    """Prints how well the wishes in questions are understood. Raises EvaluationRefused, IndexOutdated."""
    asked = read_questions(questions, WishQuestion)
    opener = Opener(folder)
    with Snapshot.open(folder) as snapshot:
        evaluation = evaluate_wishes(opener.engine(snapshot).search, asked)
    if as_json:
        _print_json(msgspec.structs.asdict(evaluation))
    else:
        _print_wishes(Console(highlight=False), evaluation, {question.qid: question.text for question in asked})


def _print_json(value: Mapping[str, object]) -> None:
    print(msgspec.json.format(msgspec.json.encode(value), indent=1).decode())


def _print_evaluation(console: Console, evaluation: Evaluation) -> None:
    configuration = evaluation.configuration
    console.print(
        f"Modell {configuration.model}, {configuration.offers} Angebote; in Klammern der 95-Prozent-Bereich",
        soft_wrap=True,
    )
    overall = {"alle": evaluation.all, "deutsch": evaluation.german, "andere Sprachen": evaluation.other}
    for title, summaries in (("Fragen", overall), ("Sprache", evaluation.languages), ("Art", evaluation.kinds)):
        cells = (
            [name, str(part.n), *(_with_interval(value) for value in _values(part))] for name, part in summaries.items()
        )
        console.print(_table((title, "Anzahl", *_HEADINGS), cells))
    for sentence, share in (
        ("Schwach genannt, ohne passende Angebote", evaluation.none_called_weak),
        ("Schwach genannt, mit passenden Angeboten", evaluation.answered_called_weak),
    ):
        console.print(f"{sentence}: {_with_interval(share)}, {0 if share is None else share.n} Fragen")
    median, most = (f"{ms:.0f} ms" for ms in (evaluation.ms_median, evaluation.ms_p95))
    console.print(f"Dauer einer Frage: Median {median}, bei 95 % unter {most}")


def _values(summary: Summary) -> Iterable[Estimate | None]:
    return (getattr(summary, name) for name in MEASURES)


def _print_comparison(console: Console, comparison: Comparison, texts: Mapping[str, str]) -> None:
    differences = ((heading, getattr(comparison, name)) for heading, name in zip(_HEADINGS, MEASURES, strict=True))
    cells = [_difference_cells(heading, difference) for heading, difference in differences if difference is not None]
    console.print(_table(("Vergleich", "Fragen", "vorher", "jetzt", "Unterschied", "p"), cells))
    console.print(f"Fragen mit einer anderen nDCG@10: {len(comparison.changed)}")
    for change in comparison.changed[:_MOST_CHANGED]:
        numbers = f"{_number(change.before)} → {_number(change.after)}"
        console.print(f"{change.qid}  {numbers}  {texts[change.qid]}", markup=False, soft_wrap=True)


def _difference_cells(heading: str, difference: Difference) -> list[str]:
    before, after = (_number(value, ".3f") for value in (difference.before, difference.after))
    change = _with_interval(difference.change, "+.3f")
    return [heading, str(difference.change.n), before, after, change, _number(difference.p, ".4f")]


def _print_wishes(console: Console, evaluation: WishEvaluation, texts: Mapping[str, str]) -> None:
    cells = ([key, *map(str, counts)] for key, counts in evaluation.keys.items())
    console.print(_table(("Wunsch", "richtig", "zu viel", "fehlt"), cells))
    for qid, (too_much, missing) in evaluation.wrong.items():
        parts = [
            f"{label}: {', '.join(found)}" for label, found in (("zu viel", too_much), ("fehlt", missing)) if found
        ]
        console.print(f"{qid} „{texts[qid]}“ – {'; '.join(parts)}", markup=False, soft_wrap=True)
    console.print(f"F1 {_with_interval(evaluation.f1, '.3f')}")
    console.print(
        f"Genauigkeit {_number(evaluation.precision, '.3f')}, Vollständigkeit {_number(evaluation.recall, '.3f')}"
    )
    right = evaluation.right_in_full
    console.print(f"ganz richtig {_with_interval(right, '.3f')}, {right.n} Fragen")


def _table(headings: Iterable[str], rows: Iterable[list[str]]) -> Table:
    table = Table(
        box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0)
    )  # three intervals side by side fit on 80 columns
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left", overflow="fold", min_width=0 if number else 15)
    for row in rows:
        table.add_row(*row)
    return table


def _number(value: float, form: str = ".2f") -> str:
    return f"{value:{form}}".replace(".", ",")


def _with_interval(estimate: Estimate | None, form: str = ".2f") -> str:
    if estimate is None:
        return "–"
    value = _number(estimate.mean, form)
    if estimate.low is None or estimate.high is None:
        return value
    until = " bis " if form.startswith("+") else "–"
    return f"{value} ({_number(estimate.low, form)}{until}{_number(estimate.high, form)})"
