"""Takes over what a neighbour's feed says into its own graph, event by event, each refused for itself where it must be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec
import pyoxigraph as ox

from catalogue.ledger import Counts, Note
from catalogue.source import SourceWriter
from ingest.neighbours.client import NeighbourRefused
from ingest.neighbours.feed import Event
from ingest.neighbours.plausible import faults_of, is_iri
from ingest.neighbours.scope import LARGEST_OFFER, Scope
from ontology.offer import Offer, id_at_neighbour, offer_to_json
from ontology.rdf import NotAnOffer, offer_from_triples

__all__ = ["Change", "base_of", "changes_of", "checked", "last_of_each", "offer_of", "take_over"]


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What is true now of one IRI of the neighbour. ``offer`` is None where it is gone, ``place`` names what said so."""

    iri: str
    place: str
    offer: Offer | None = None


def base_of(address: str) -> str:
    """Below which address a neighbour may speak of things: that of its feed without the last segment."""
    return address.partition("?")[0].rpartition("/")[0]


def checked(change: Change, base: str) -> Change:
    """The change if this neighbour may make it. Raises NeighbourRefused."""
    if not change.iri.startswith(f"{base}/"):
        raise NeighbourRefused(
            f"Es handelt von {change.iri[:200]}; zu diesem Nachbarn gehört nur, was mit {base}/ beginnt."
        )
    if not is_iri(change.iri):
        raise NeighbourRefused(f"{change.iri[:200]} taugt nicht als Name eines Angebots.")
    if "#" in change.iri:
        raise NeighbourRefused(f"Es handelt von einem Teil ({change.iri[:200]}), nicht von einem Angebot.")
    offer = change.offer
    if offer is None:
        return change
    if len(offer_to_json(offer)) > LARGEST_OFFER:
        raise NeighbourRefused(f"Das Angebot ist größer als {LARGEST_OFFER // 1000} kB.")
    provider = offer.provider
    if provider is not None and provider.iri is not None and not _is_of(provider.iri, base):
        raise NeighbourRefused(f"Der Anbieter {provider.iri[:200]} gehört nicht zu diesem Nachbarn.")
    fault = next(faults_of(offer), None)
    if fault is not None:
        raise NeighbourRefused(f"Es nennt {fault}.")
    return change


def _is_of(iri: str, base: str) -> bool:
    return iri.startswith(f"{base}/") and is_iri(iri)


def offer_of(iri: str, quads: Iterable[ox.Quad], source: str) -> Offer:
    """What a neighbour says of an offer. Raises NeighbourRefused."""
    try:
        return offer_from_triples(iri, quads, source)
    except NotAnOffer:
        raise NeighbourRefused("Was es beschreibt, ist kein Bildungsangebot mit Namen und Art.") from None
    except (ValueError, KeyError, ArithmeticError) as error:  # as date, day of the week and price, whatever is not one
        raise NeighbourRefused(f"Ein Wert darin ist nicht lesbar: {str(error)[:200]}") from None


def _change_of(event: Event, source: str, base: str) -> Change:
    """What an event says. Raises NeighbourRefused."""
    change = checked(
        Change(iri=event.object, place=event.iri), base
    )  # before anything is read about the things of others
    if event.kind == "Delete":
        return change
    return checked(msgspec.structs.replace(change, offer=offer_of(event.object, event.quads, source)), base)


def last_of_each(changes: Iterable[Change | Note]) -> Sequence[Change | Note]:
    """Of several changes of one thing only the last one, in their order; every note."""
    return list({change.iri if isinstance(change, Change) else change: change for change in changes}.values())


def take_over(writer: SourceWriter, changes: Iterable[Change | Note], scope: Scope) -> Counts:
    """Writes the changes, of each thing the first, and ends the writer. What the filters do not let pass is withdrawn if it was there."""
    taken = unchanged = 0
    refused: list[Note] = []
    own = f"{writer.base}/id/"  # a neighbour on the same host may have a base of which ours is a part
    seen: dict[str, str] = {}  # IRIs by the ids that they get here
    for change in changes:
        if isinstance(change, Note):
            refused.append(change)
            continue
        if any(iri.startswith(own) for iri in _names_in(change)):
            refused.append(Note(True, change.place[:200], "Es handelt von etwas, was zu diesem Katalog hier gehört"))
            continue
        offer_id = id_at_neighbour(writer.name, change.iri)
        if offer_id in seen:
            if seen[offer_id] != change.iri:
                refused.append(Note(True, change.place[:200], f"Es hieße hier wie {seen[offer_id][:200]}"))
            continue
        seen[offer_id] = change.iri
        offer = None if change.offer is None else scope.clean(change.offer)
        if offer is not None and scope.holds(offer):
            if writer.put(offer):
                taken += 1
            else:
                unchanged += 1
        elif not writer.withdraw(offer_id):
            unchanged += 1
    counts = Counts(
        read=taken + unchanged + len(refused),
        taken=taken,
        unchanged=unchanged,
        refused=len(refused),
        withdrawn=writer.missing(),
    )
    writer.finish(counts, refused)
    return counts


def _names_in(change: Change) -> Iterator[str]:
    yield change.iri
    if change.offer is not None and change.offer.provider is not None and change.offer.provider.iri is not None:
        yield change.offer.provider.iri


def changes_of(events: Iterable[Event], source: str, base: str) -> Iterator[Change | Note]:
    """What each event says, or why it is refused."""
    for event in events:
        try:
            yield _change_of(event, source, base)
        except NeighbourRefused as reason:
            yield Note(True, event.iri[:200], str(reason).rstrip("."))
