"""``ask``: one question, answered on the terminal."""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path

from rich.console import Console

from catalogue.snapshot import Snapshot
from search.answer import Answer, Hit, SearchRequest
from search.engine import IndexOutdated
from service.border import Border, Origin, origin_in_words
from service.opening import Opener
from service.search_json import answer_as_json

__all__ = ["run"]

_MARKS = {"fulfilled": "✓", "unfulfilled": "✗", "unknown": "?", "words": "·", "meaning": "·"}
_GROUPS = {1: "Passt", 2: "Angaben fehlen", 3: "Passt bis auf …"}


def run(folder: Path, question: str, limit: int, today: dt.date | None, as_json: bool) -> None:
    """Prints the hits with their reasons, or the answer of ``/api/search``."""
    opener = Opener(folder)
    border = Border(opener.settings, opener.gazetteer)
    text = question.encode("utf-8", "replace").decode()  # bytes of another encoding come as half characters
    request = SearchRequest(text=text, today=today or dt.date.today(), limit=limit)
    with Snapshot.open(folder) as snapshot:
        try:
            answer = border.search(opener.engine(snapshot), request)
        except IndexOutdated as outdated:
            print(outdated, file=sys.stderr)
            answer = _rebuilt(opener, border, request)
    if as_json:
        print(json.dumps(answer_as_json(answer, opener.settings.catalogue.base, border), ensure_ascii=False, indent=1))
    else:
        _print(answer, border)


def _rebuilt(opener: Opener, border: Border, request: SearchRequest) -> Answer:
    """Makes the index anew, then asks."""
    from service.ingesting import rebuild_index
    from service.progress import shown_progress

    with shown_progress() as progress:
        rebuild_index(opener.folder, opener.settings, progress)
    with Snapshot.open(opener.folder) as snapshot:
        return border.search(opener.engine(snapshot), request)


def _print(answer: Answer, border: Border) -> None:
    console = Console(highlight=False)
    if answer.respelled:
        console.print(answer.respelled, markup=False, soft_wrap=True)
    if answer.note:
        console.print(answer.note, markup=False, soft_wrap=True)
    elif answer.weak:
        console.print("Dazu wurde nichts wirklich Passendes gefunden. Am nächsten kommt:")
    group = 0
    for number, hit in enumerate(answer.hits, start=1):
        if hit.group != group:
            group = hit.group
            console.print(f"— {_GROUPS[group]}", style="bold")
        _print_hit(console, number, hit, border.origin(hit.offer, answer.wishes, hit.instances))
    console.print(f"{answer.total} Treffer in {answer.took_ms:.0f} ms", style="dim")


def _print_hit(console: Console, number: int, hit: Hit, origin: Origin | None) -> None:
    provider = f" — {hit.offer.provider.name}" if hit.offer.provider else ""
    console.print(f"{number:2}. {hit.offer.name}{provider}", markup=False, soft_wrap=True)
    first = hit.instances[0] if hit.instances else None
    facts = [fact for fact in (first.start, first.place) if fact] if first else []
    marks = [f"{_MARKS[reason.kind]} {reason.text}" for reason in hit.reasons]
    came = "" if origin is None else f"{origin_in_words(origin)}: {origin.url}"
    for line in (", ".join(facts), came, "; ".join(marks)):
        if line:
            console.print(f"    {line}", markup=False, style="dim", soft_wrap=True)
