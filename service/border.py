"""Across the border: whose catalogue an offer comes from, how far away it is, what of it may be shown, and where nothing is known of."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

import msgspec

from catalogue.settings import Settings
from ontology.gazetteer import Gazetteer, distance_km
from ontology.iris import NEIGHBOUR, is_own
from ontology.offer import Offer, Place
from ontology.passing_on import may_be_passed_on, part_to_pass_on
from search.answer import Answer, Hit, HitInstance, SearchRequest
from search.engine import SearchEngine
from search.question import Wishes
from search.wording import wording
from service.wording import words

__all__ = ["Border", "Origin", "may_be_shown", "origin_in_words", "shown"]

_ELSEWHERE = 3  # the group of hits that fit but for the place, or another wish


class Origin(NamedTuple):
    """Where a neighbour's offer comes from. ``url`` is its IRI there."""

    neighbour: str
    title: str
    url: str
    distance_km: float | None
    distance_from: str | None  # the place that was asked for, else None for the border of the own district
    whole: bool  # whether more than name, provider, dates and links may be shown


def may_be_shown(offer: Offer) -> bool:
    """Whether people may be shown all of an offer: our own, and a neighbour's that may be passed on."""
    return is_own(offer.source) or may_be_passed_on(offer)


def shown(offer: Offer) -> Offer:
    """The offer, or what of it people may be shown."""
    return offer if is_own(offer.source) else part_to_pass_on(offer)


class Border:
    """Knows the neighbours of the settings and the own district."""

    def __init__(self, settings: Settings, gazetteer: Gazetteer) -> None:
        self._sources = {source.name: source.title or source.name for source in settings.source}
        self._neighbours = {neighbour.name: neighbour.title or neighbour.name for neighbour in settings.neighbour}
        self._gazetteer = gazetteer
        home = settings.catalogue.district
        # as far as the outermost municipalities' points: good to a few kilometres
        self._towns = [(town.latitude, town.longitude) for town in (gazetteer.in_district(home) if home else ())]
        followed = [key for neighbour in settings.neighbour for key in neighbour.districts]
        self._known = tuple(followed if home is None else [home, *followed])
        self._from_home = lru_cache(4096)(self._to_the_nearest_town)

    def title_of(self, source: str) -> str:
        """What people call a source, own or a neighbour's."""
        if is_own(source):
            return self._sources.get(source, source)
        return str(words()["border"]["catalogue"]).format(title=self.neighbour_title(source))

    def neighbour_title(self, source: str) -> str:
        """The title of the neighbour whose source it is."""
        name = source.removeprefix(NEIGHBOUR)
        return self._neighbours.get(name, name)

    def search(self, engine: SearchEngine, request: SearchRequest) -> Answer:
        """The engine's answer, with what may be shown of each hit, and a sentence where the place is none that anything is known of."""
        answer = engine.search(request)
        note = None
        if self._is_beyond(answer.wishes.place_ags, engine, request.today):
            answer = engine.search(msgspec.structs.replace(request, far=True))
            note = _told(answer)
        hits = tuple(hit if may_be_shown(hit.offer) else _reduced(hit) for hit in answer.hits)
        # where nothing was found but what is elsewhere, the hits are the nearest there is
        weak = answer.weak or (note is not None and bool(hits) and answer.total == 0)
        return msgspec.structs.replace(answer, hits=hits, note=note, weak=weak)

    def _is_beyond(self, key: str | None, engine: SearchEngine, today: dt.date) -> bool:
        """Whether a municipality lies outside of the own district, of those that are followed, and of all that offers are in."""
        return key is not None and not key.startswith(self._known) and key[:5] not in engine.districts(today)

    def origin(self, offer: Offer, wishes: Wishes | None = None, runs: tuple[HitInstance, ...] = ()) -> Origin | None:
        """Where an offer comes from; None for our own. ``runs`` are those of a hit, which say how far they are from a place asked for."""
        if is_own(offer.source) or offer.iri is None:
            return None
        if wishes is not None and wishes.place is not None:
            away = min((run.distance_km for run in runs if run.distance_km is not None), default=None)
            since = None if away is None else wishes.place
        else:
            away, since = self._away(offer), None
        name, title = offer.source.removeprefix(NEIGHBOUR), self.neighbour_title(offer.source)
        return Origin(name, title, offer.iri, away, since, may_be_shown(offer))

    def _away(self, offer: Offer) -> float | None:
        """Kilometres from the own district to the nearest of the offer's places."""
        points = [point for place in _places(offer) if (point := self._point(place)) is not None]
        return min((self._from_home(*point) for point in points), default=None) if self._towns else None

    def _to_the_nearest_town(self, latitude: float, longitude: float) -> float:
        return round(min(distance_km(latitude, longitude, *town) for town in self._towns), 1)

    def _point(self, place: Place) -> tuple[float, float] | None:
        if place.latitude is not None and place.longitude is not None:
            return place.latitude, place.longitude
        town = self._gazetteer.by_ags(place.ags) if place.ags else None
        return None if town is None else (town.latitude, town.longitude)


def origin_in_words(origin: Origin) -> str:
    """ "Aus dem Katalog Bergstraße · 12 km von Worms" """
    said = words()["border"]
    text = str(said["origin"]).format(title=origin.title)
    if origin.distance_km is None:
        return text
    distance = f"{origin.distance_km:.0f}\u00a0km" if origin.distance_km >= 1 else said["near"]
    form = said["from_home"] if origin.distance_from is None else said["from_place"]
    return f"{text} · {form.format(distance=distance, place=origin.distance_from)}"


def _told(answer: Answer) -> str:
    said = wording(answer.language)["note"]
    sentence = said["beyond"].format(place=answer.wishes.place)
    elsewhere = any(hit.group == _ELSEWHERE for hit in answer.hits)
    return f"{sentence} {said['nearest']}" if elsewhere else sentence


def _places(offer: Offer) -> Iterator[Place]:
    for place in (offer.place, *(instance.place for instance in offer.instances)):
        if place is not None:
            yield place


def _reduced(hit: Hit) -> Hit:
    """Reasons and runs would tell what may not be shown."""
    runs = tuple(HitInstance(start=run.start, end=run.end, distance_km=run.distance_km) for run in hit.instances)
    return msgspec.structs.replace(hit, offer=shown(hit.offer), reasons=(), instances=runs)
