"""What of a visit is written together, and how much there may be in all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from catalogue.ledger import Ledger, Note
from ingest.neighbours.takeover import Change
from ontology.offer import id_at_neighbour

__all__ = ["Batch", "bounded", "misnamed", "note_seen"]

_MOST_OFFERS = 250_000  # of one neighbour, as everything here grows with them

# of one run: bounds memory, and what a cut costs
_MOST = 10_000
_MOST_BYTES = 30_000_000  # of JSON; in memory, with all that is made of it, it is some times as much


class Batch:
    """Changes of a bounded number and size: of several about one thing the last."""

    def __init__(self) -> None:
        self._held: list[Change | Note] = []
        self._bytes = 0

    @property
    def changes(self) -> Sequence[Change | Note]:
        """In their order."""
        return list({change.iri if isinstance(change, Change) else change: change for change in self._held}.values())

    @property
    def is_full(self) -> bool:
        """Whether it should be written before more comes."""
        return len(self._held) >= _MOST or self._bytes >= _MOST_BYTES

    def add(self, change: Change | Note) -> None:
        """One more."""
        self._held.append(change)
        self._bytes += change.size if isinstance(change, Change) else len(change.text)


def bounded(changes: Iterable[Change | Note], ledger: Ledger, source: str) -> Iterator[Change | Note]:
    """The changes, those that would bring more offers of a neighbour than there may be as notes."""
    room = _MOST_OFFERS - ledger.count(source)
    for change in changes:
        if isinstance(change, Change) and change.offer is not None and ledger.row_of(change.offer.id) is None:
            room -= 1
            if room < 0:
                yield Note(
                    True, change.iri[:200], f"Mehr als {_MOST_OFFERS} Angebote eines Nachbarn werden nicht übernommen"
                )
                continue
        yield change


def misnamed(ledger: Ledger, source: str) -> list[str]:
    """Ids of a neighbour's offers that got them by an older `id_at_neighbour`."""
    offers = [offer for _, offer in ledger.offers() if offer.source == source]
    return [offer.id for offer in offers if offer.iri is not None and id_at_neighbour(source, offer.iri) != offer.id]


def note_seen(seen: set[str], changes: Iterable[Change | Note], source: str) -> None:
    """Notes the ids of what is there after these changes in ``seen``."""
    for change in changes:
        if isinstance(change, Note):
            continue
        offer_id = id_at_neighbour(source, change.iri)
        if change.offer is None:
            seen.discard(offer_id)
        else:
            seen.add(offer_id)
