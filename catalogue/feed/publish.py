"""What a run changed of the own offers, as events. Published is what may be passed on: offers whose licence is open, or not stated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from catalogue.feed.log import write_state
from catalogue.feed.retention import fold
from catalogue.feed.text import EventKind
from catalogue.feed.writer import FeedWriter
from catalogue.ledger import Ledger
from ontology.iris import is_own, offer_iri
from ontology.offer import Provider, iri_of
from ontology.passing_on import may_be_passed_on
from ontology.rdf import offer_to_ntriples, provider_to_ntriples

__all__ = ["publish"]


def publish(
    snapshot: Path, ledger: Ledger, base: str, now: datetime, changed: Iterable[int], withdrawn: Sequence[str]
) -> bool:
    """Appends the events of a run to the feed in its private copy, and folds what is too old. False where nothing is new.

    ``changed`` are rows, ``withdrawn`` ids of offers that were published. A feed that is only beginning tells of everything.
    """
    is_new = not (snapshot / "feed").exists()
    rows = ledger.rows() if is_new else sorted(changed)
    writer = FeedWriter(snapshot, base, now, most=len(rows) + len(withdrawn))
    for offer_id in sorted(withdrawn):
        writer.append(EventKind.DELETE, offer_iri(base, offer_id))
    _append_changed(writer, ledger, base, rows)
    if is_new or writer.appended:
        writer.write()
    if fold(writer.folder, writer.state, base, now) or is_new or writer.appended:
        write_state(writer.folder, writer.state)
        return True
    return False


def _append_changed(writer: FeedWriter, ledger: Ledger, base: str, rows: Iterable[int]) -> None:
    @cache
    def described(provider: Provider | None) -> str:
        return "" if provider is None else provider_to_ntriples(provider, base)

    for row, published, offer in ledger.publications(rows, is_own):
        iri = iri_of(offer, base)
        may_go = may_be_passed_on(offer)
        if may_go:
            payload = offer_to_ntriples(offer, base) + described(offer.provider)
            writer.append(EventKind.UPDATE if published else EventKind.CREATE, iri, payload)
        elif published:
            writer.append(EventKind.DELETE, iri)
        if may_go != published:
            ledger.mark_published(row, not published)
