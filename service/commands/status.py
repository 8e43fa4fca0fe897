"""``status``: what the catalogue holds and what became of the last runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from catalogue.settings import read_settings
from catalogue.snapshot import Snapshot
from search.index import index_state
from service.neighbours import neighbours_of, neighbours_removed

__all__ = ["run"]


def run(folder: Path, as_json: bool) -> None:
    """Prints offers per source, last run, refused rows and the state of the index."""
    settings = read_settings(folder)
    with Snapshot.open(folder) as snapshot:
        state = _state(snapshot)
        state["neighbours"] = [msgspec.to_builtins(found) for found in neighbours_of(folder, settings, snapshot)]
        state["removed_neighbours"] = neighbours_removed(snapshot.ledger, settings)
    state["title"] = settings.catalogue.title
    if as_json:
        print(json.dumps(state, ensure_ascii=False, indent=1))
        return
    _print(state)


def _print(state: dict[str, Any]) -> None:
    console = Console(highlight=False)
    table = Table(title=f"{state['title']}: {state['offers']} Angebote, Stand {state['data_time']}")
    for heading in (
        "Quelle",
        "Angebote",
        "letzter Lauf",
        "gelesen",
        "übernommen",
        "unverändert",
        "abgelehnt",
        "zurückgezogen",
    ):
        table.add_column(heading, justify="left" if heading in ("Quelle", "letzter Lauf") else "right", overflow="fold")
    for source in state["sources"]:
        counts = [str(source[name]) for name in ("read", "taken", "unchanged", "refused", "withdrawn")]
        table.add_row(source["name"], str(source["offers"]), source["last_run"], *counts)
    console.print(table)
    console.print(f"Suchindex: {state['index']['model'] or 'fehlt'}")
    for source in state["sources"]:
        if source["failure"]:
            console.print(f"{source['name']} bleibt, wie es war: {source['failure']}", markup=False, soft_wrap=True)
        refused = [note for note in source["notes"] if note["refused"]]
        for note in refused:
            console.print(f"abgelehnt: {note['place']}: {note['text']}.", markup=False, soft_wrap=True)
    for neighbour in state["neighbours"]:
        console.print(_neighbour_in_words(neighbour), markup=False, soft_wrap=True)
    for name in state["removed_neighbours"]:
        console.print(
            f"Der Nachbar {name} steht nicht mehr in katalog.toml; was von ihm da ist, wird beim nächsten Lauf zurückgezogen.",
            markup=False,
            soft_wrap=True,
        )


def _neighbour_in_words(neighbour: dict[str, Any]) -> str:
    said = f"Nachbar {neighbour['name']} ({neighbour['address']}): {neighbour['offers']} Angebote"
    if neighbour["checked"] is None:
        return f"{said}, noch nie abgeglichen. Abgleichen: bildungskatalog harvest"
    changed = f"letzte Änderung {neighbour['changed']}" if neighbour["changed"] else "noch keine Änderung"
    said = f"{said}, {changed}, zuletzt abgeglichen {neighbour['checked']}"
    trouble = [f"Nicht bis zu Ende: {neighbour['trouble']}"] if neighbour["trouble"] else []
    return " ".join([f"{said}.", *trouble, *neighbour["remarks"]])


def _state(snapshot: Snapshot) -> dict[str, Any]:
    index = index_state(snapshot.path)
    ledger = snapshot.ledger
    return {
        "offers": ledger.count(),
        "run": snapshot.state.number,
        "data_run": snapshot.state.data_run,
        "data_time": snapshot.state.data_time,
        "index": {"model": index.model if index else None},
        "sources": [
            {
                "name": run.source,
                "offers": ledger.count(run.source),
                "last_run": run.finished,
                **run.counts._asdict(),
                "failure": run.failure,
                "notes": [note._asdict() for note in ledger.notes(run.source)],
            }
            for run in ledger.last_runs()
        ],
    }
