"""``judge``: a person decides whether two offers are the same."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import typer

from catalogue.judgements import Outcome
from catalogue.ledger import Ledger
from catalogue.settings import Settings, read_settings
from catalogue.snapshot import Snapshot
from ingest.resolve.people import FILE_NAME, PersonsJudgement, append_judgement
from ontology.iris import NEIGHBOUR, offer_iri, segment
from ontology.offer import id_at_neighbour

__all__ = ["run"]


def run(folder: Path, one: str, other: str, outcome: Outcome, by: str) -> None:
    """Adds a line to ``urteile.tsv``. Wrong usage where an offer is not there or both are one."""
    settings = read_settings(folder)
    with Snapshot.open(folder) as snapshot:
        here, there = sorted(_id_of(name, settings, snapshot.ledger) for name in (one, other))
    if here == there:
        raise typer.BadParameter("Das ist beide Male dasselbe Angebot.")
    if not by.strip():
        raise typer.BadParameter("Es fehlt, wer geurteilt hat (--by).")
    at = datetime.now(UTC).isoformat(timespec="seconds")
    append_judgement(folder, PersonsJudgement(one=here, other=there, outcome=outcome, by=by, at=at))
    print(
        f"{here} und {there}: {outcome}, gemerkt in {FILE_NAME}. Es gilt ab dem nächsten Einlesen: bildungskatalog ingest --dir {folder}"
    )


def _id_of(name: str, settings: Settings, ledger: Ledger) -> str:
    """The id of the offer that a person names by its id or its IRI."""
    ids = [name]
    if "/" in name:
        own = segment(name) if name == offer_iri(settings.catalogue.base, segment(name)) else ""
        ids = [own, *(id_at_neighbour(NEIGHBOUR + neighbour.name, name) for neighbour in settings.neighbour)]
    found = next((offer_id for offer_id in ids if offer_id and ledger.row_of(offer_id) is not None), None)
    if found is None:
        raise typer.BadParameter(f"Ein Angebot „{name}“ gibt es hier nicht.")
    return found
