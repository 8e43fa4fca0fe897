"""What of a neighbour's offers is taken over: the filters of its ``[[neighbour]]``, and what no neighbour may bring in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

import msgspec

from catalogue.settings import Neighbour
from ingest.contacts import without_contacts
from ontology.concepts import Schemes
from ontology.gazetteer import Gazetteer, distance_km
from ontology.offer import Mode, Offer, Place

__all__ = ["LARGEST_OFFER", "Scope"]

LARGEST_OFFER = (
    200_000  # bytes of its JSON; the largest real ones have some 30,000, and each answer about it is made at once
)
_CONCEPT_FIELDS = ("topics", "phases", "audience", "level", "funding")


class Scope:
    """The filters of one neighbour. ``district`` is the own district's 5-digit key, around which ``radius_km`` is measured."""

    def __init__(self, neighbour: Neighbour, district: str | None, schemes: Schemes, gazetteer: Gazetteer) -> None:
        self._neighbour = neighbour
        self._schemes = schemes
        self._gazetteer = gazetteer
        topics = schemes["topics"]
        self._topics = {narrower for topic in neighbour.topics for narrower in (topic, *topics.descendants(topic))}
        # the border is as far as the outermost municipalities' points: good to a few kilometres
        self._border = [
            (town.latitude, town.longitude) for town in (gazetteer.in_district(district) if district else ())
        ]
        self._distance = lru_cache(10_000)(self._distance_to_border)  # most offers are in few places
        self._blank = {
            field.name: field.default for field in msgspec.structs.fields(Offer) if field.name in neighbour.without
        }

    def clean(self, offer: Offer) -> Offer:
        """The offer without the fields that are never taken over, contacts in its texts, and concepts that no scheme has."""
        known = {
            name: tuple(notation for notation in getattr(offer, name) if notation in self._schemes[name].concepts)
            for name in _CONCEPT_FIELDS
        }
        models = self._schemes["time-model"].concepts
        runs = tuple(
            msgspec.structs.replace(run, time_model=tuple(model for model in run.time_model if model in models))
            for run in offer.instances
        )
        offer, _ = without_contacts(msgspec.structs.replace(offer, instances=runs, **known))
        return msgspec.structs.replace(offer, **self._blank).canonical()

    def holds(self, offer: Offer) -> bool:
        """Whether all filters let it pass. What says no place is not known to be elsewhere, and passes; so does what is online."""
        return self._has_topic(offer) and self._is_near(offer)

    def _has_topic(self, offer: Offer) -> bool:
        return not self._topics or not self._topics.isdisjoint(offer.topics)

    def _is_near(self, offer: Offer) -> bool:
        tests: list[Callable[[Place], bool | None]] = []
        if self._neighbour.districts:
            tests.append(self._in_districts)
        if self._neighbour.radius_km is not None and self._border:
            tests.append(self._in_radius)
        return all(self._passes(offer, test) for test in tests)

    @staticmethod
    def _passes(offer: Offer, test: Callable[[Place], bool | None]) -> bool:
        if any(instance.mode == Mode.ONLINE for instance in offer.instances):
            return True
        said = [found for place in _places(offer) if (found := test(place)) is not None]
        return not said or any(said)

    def _in_districts(self, place: Place) -> bool | None:
        return None if place.ags is None else place.ags.startswith(self._neighbour.districts)

    def _in_radius(self, place: Place) -> bool | None:
        point = self._point(place)
        if point is None:
            return None
        assert self._neighbour.radius_km is not None
        return self._distance(point) <= self._neighbour.radius_km

    def _distance_to_border(self, point: tuple[float, float]) -> float:
        """Kilometres."""
        return min(distance_km(*point, *town) for town in self._border)

    def _point(self, place: Place) -> tuple[float, float] | None:
        if place.latitude is not None and place.longitude is not None:
            return place.latitude, place.longitude
        town = self._gazetteer.by_ags(place.ags) if place.ags else None
        return None if town is None else (town.latitude, town.longitude)


def _places(offer: Offer) -> Iterator[Place]:
    if offer.place is not None:
        yield offer.place
    for instance in offer.instances:
        if instance.place is not None:
            yield instance.place
