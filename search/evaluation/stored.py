"""Measurements in files: an earlier one to compare with, and the one that the catalogue shows of itself."""

from __future__ import annotations

from pathlib import Path

import msgspec

from catalogue.files import replace_file
from search.evaluation.questions import EvaluationRefused
from search.evaluation.relevance import Evaluation

__all__ = ["publish", "published", "read_evaluation"]

_PUBLISHED = "guete.json"


def read_evaluation(path: Path) -> Evaluation:
    """What ``evaluate --json`` printed. Raises EvaluationRefused."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Evaluation)
    except OSError:
        raise EvaluationRefused(f"{path} kann nicht gelesen werden: Die Datei fehlt oder ist gesperrt.") from None
    except msgspec.DecodeError:
        raise EvaluationRefused(f"{path} ist keine Messung, wie „evaluate --json“ sie ausgibt.") from None


def publish(folder: Path, evaluation: Evaluation) -> None:
    """Keeps a measurement beside the catalogue's snapshots, in place of the one before; single questions are left out."""
    data = msgspec.json.encode(msgspec.structs.replace(evaluation, rows=()))
    replace_file(folder / _PUBLISHED, msgspec.json.format(data, indent=1))


def published(folder: Path) -> Evaluation | None:
    """The measurement kept last; None where there is none that this version can read."""
    try:
        return read_evaluation(folder / _PUBLISHED)
    except EvaluationRefused:
        return None
