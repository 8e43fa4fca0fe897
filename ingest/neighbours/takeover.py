"""Takes over what a neighbour says into its own graph, thing by thing, each refused for itself where it must be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec
import pyoxigraph as ox

from catalogue.ledger import Counts, Note
from catalogue.source import SourceWriter
from ingest.neighbours.client import NeighbourRefused
from ingest.neighbours.page import Event
from ingest.neighbours.plausible import MOST_RUNS, MOST_STATEMENTS, faults_of, is_below, is_iri
from ingest.neighbours.scope import LARGEST_OFFER, Scope
from ingest.neighbours.visible import visible
from ontology.offer import Offer, id_at_neighbour, offer_to_json
from ontology.rdf import RUN_PROPERTIES, NotAnOffer, offer_from_triples

__all__ = ["Change", "base_of", "change_of_event", "change_to", "offer_of", "take_over"]

_MOST_NOTES = 1000  # that are kept of one neighbour, the newest


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is true now of one IRI of the neighbour. ``offer`` is None where it is gone, or where what is said of it cannot be taken;
    ``refused`` says why, a German phrase without full stop. ``size`` is that of the offer in bytes of JSON.
    """

    iri: str
    offer: Offer | None = None
    refused: str | None = None
    size: int = 0


def base_of(address: str) -> str:
    """Below which address a neighbour may speak of things: that of its feed without the last segment."""
    return address.partition("?")[0].rpartition("/")[0]


def change_to(iri: str, place: str, base: str, read: Callable[[], Offer]) -> Change | Note:
    """What is said of an offer: the one that ``read`` gives, which may raise NeighbourRefused. ``place`` is who says so.

    Where it cannot be taken, what was known of it is out of date, and it counts as gone; of things that are not its own a neighbour says
    nothing that counts.
    """
    fault = _fault_of_name(iri, base)
    if fault is not None:
        return Note(True, place[:200], fault)
    try:
        offer = visible(read())
        return Change(iri=iri, offer=offer, size=_checked_size(offer, base))
    except NeighbourRefused as reason:
        return Change(iri=iri, refused=str(reason).rstrip("."))


def _fault_of_name(iri: str, base: str) -> str | None:
    """Why a neighbour may not speak of this, as a German phrase without full stop."""
    if not is_below(iri, base):
        return f"Es handelt von {iri[:200]}; zu diesem Nachbarn gehört nur, was mit {base}/ beginnt"
    if not is_iri(iri):
        return f"{iri[:200]} taugt nicht als Name eines Angebots"
    if "#" in iri:
        return f"Es handelt von einem Teil ({iri[:200]}), nicht von einem Angebot"
    return None


def _checked_size(offer: Offer, base: str) -> int:
    """Bytes of its JSON. Raises NeighbourRefused where it cannot be taken."""
    fault = next(faults_of(offer), None)
    if fault is not None:
        raise NeighbourRefused(f"Es nennt {fault}.")
    provider = offer.provider
    if (
        provider is not None
        and provider.iri is not None
        and not (is_below(provider.iri, base) and is_iri(provider.iri))
    ):
        raise NeighbourRefused(f"Der Anbieter {provider.iri[:200]} gehört nicht zu diesem Nachbarn.")
    try:
        size = len(offer_to_json(offer))
    except ValueError:  # half a character
        raise NeighbourRefused("Ein Text darin ist nicht lesbar.") from None
    if size > LARGEST_OFFER:
        raise NeighbourRefused(_TOO_LARGE)
    return size


_TOO_LARGE = f"Das Angebot ist größer als {LARGEST_OFFER // 1000} kB."


def offer_of(iri: str, quads: Sequence[ox.Quad], source: str) -> Offer:
    """What a neighbour says of an offer. Raises NeighbourRefused."""
    # before it is read: a thing that is said once may be part of all runs
    said = sum(len(quad.object.value) for quad in quads if isinstance(quad.object, ox.Literal))
    subject = ox.NamedNode(iri)
    runs = sum(quad.predicate.value in RUN_PROPERTIES and quad.subject == subject for quad in quads)
    if len(quads) > MOST_STATEMENTS or said > LARGEST_OFFER:
        raise NeighbourRefused(_TOO_LARGE)
    if runs > MOST_RUNS:
        raise NeighbourRefused(f"Es nennt mehr als {MOST_RUNS} Termine.")
    try:
        return offer_from_triples(iri, quads, source)
    except NotAnOffer:
        raise NeighbourRefused("Was es beschreibt, ist kein Bildungsangebot mit Namen und Art.") from None
    except (ValueError, KeyError, ArithmeticError) as error:  # as date, day of the week and price, whatever is not one
        raise NeighbourRefused(f"Ein Wert darin ist nicht lesbar: {str(error)[:200]}") from None


def change_of_event(event: Event, source: str, base: str) -> Change | Note:
    """What an event says."""
    if event.kind == "Delete":
        fault = _fault_of_name(event.object, base)
        return Change(iri=event.object) if fault is None else Note(True, event.iri[:200], fault)
    return change_to(event.object, event.iri, base, lambda: offer_of(event.object, event.quads, source))


def take_over(
    writer: SourceWriter, changes: Iterable[Change | Note], scope: Scope, earlier: Sequence[Note] = ()
) -> Counts:
    """Writes the changes, of each thing the first, and ends the writer. What cannot be taken, or does not pass the filters, is withdrawn if
    it was there. Of the ``earlier`` notes those stay that are about something of which nothing was said now.
    """
    taking = _Taking(writer, scope)
    for change in changes:
        if isinstance(change, Note):
            taking.refuse(change.place, change.text)
        else:
            taking.take(change)
    counts = taking.counts()
    kept = [note for note in earlier if note.place not in taking.told]
    writer.finish(counts, [*kept, *taking.notes][-_MOST_NOTES:])
    return counts


class _Taking:
    """The changes of one run."""

    def __init__(self, writer: SourceWriter, scope: Scope) -> None:
        self.notes: list[Note] = []
        self.told: set[str] = set()  # places that earlier notes may have
        self._seen: set[str] = set()
        self._writer, self._scope = writer, scope
        self._own = f"{writer.base}/id"  # a neighbour on the same host may have a base of which ours is a part
        self._taken = self._unchanged = self._refused = 0

    def counts(self) -> Counts:
        """What became of the changes."""
        taken, unchanged, refused = self._taken, self._unchanged, self._refused
        return Counts(taken + unchanged + refused, taken, unchanged, refused, self._writer.missing())

    def refuse(self, place: str, reason: str) -> None:
        """Counts and notes something that is not taken over."""
        self._refused += 1
        self.told.add(place[:200])
        if len(self.notes) < _MOST_NOTES:
            self.notes.append(Note(True, place[:200], reason))

    def take(self, change: Change) -> None:
        """Takes over one change."""
        if change.iri in self._seen:
            return
        self._seen.add(change.iri)
        self.told.add(change.iri[:200])
        offer_id = id_at_neighbour(self._writer.name, change.iri)
        if is_below(change.iri, self._own):
            self.refuse(change.iri, _OURS)
        elif (reason := change.refused or self._fault_of_provider(change)) is not None:
            gone = self._writer.withdraw(offer_id)
            self.refuse(change.iri, f"{reason}; die frühere Fassung ist zurückgezogen" if gone else reason)
        else:
            self._write(offer_id, change)

    def _fault_of_provider(self, change: Change) -> str | None:
        provider = None if change.offer is None else change.offer.provider
        ours = provider is not None and provider.iri is not None and is_below(provider.iri, self._own)
        return _OURS if ours else None

    def _write(self, offer_id: str, change: Change) -> None:
        offer = None if change.offer is None else self._scope.clean(change.offer)
        if offer is not None and self._scope.holds(offer):
            if self._writer.put(offer):
                self._taken += 1
            else:
                self._unchanged += 1
        elif not self._writer.withdraw(offer_id):
            self._unchanged += 1


_OURS = "Es handelt von etwas, was zu diesem Katalog hier gehört"
