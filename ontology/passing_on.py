"""What others may have of an offer: all of it where its licence is open or none is stated, else what it takes to find it."""

from __future__ import annotations

from ontology.licences import is_open
from ontology.offer import Instance, Offer

__all__ = ["may_be_passed_on", "part_to_pass_on"]


def may_be_passed_on(offer: Offer, licence: str | None = None) -> bool:
    """False where the licence that is stated, for the offer or by ``licence`` for all of its source, is not an open one."""
    stated = offer.licence or licence
    return stated is None or is_open(stated)


def part_to_pass_on(offer: Offer, licence: str | None = None) -> Offer:
    """The offer itself; of one that may not be passed on its kind, name, provider, dates, web address and licence."""
    if may_be_passed_on(offer, licence):
        return offer
    return Offer(
        id=offer.id,
        source=offer.source,
        identifier=offer.identifier,
        kind=offer.kind,
        name=offer.name,
        provider=offer.provider,
        url=offer.url,
        instances=tuple(Instance(number=run.number, start=run.start, end=run.end) for run in offer.instances),
        iri=offer.iri,
        licence=offer.licence or licence,
    )
