"""Where a stated address lies: municipality key and coordinates from postal code and locality, where they leave no doubt."""

from __future__ import annotations

import msgspec

from ontology.gazetteer import District, Gazetteer, Municipality, fold
from ontology.offer import Place

__all__ = ["Locator"]

_CLEARLY_LARGER = 10  # times the population of the next place of the same name
_UNKNOWN_POPULATION = 500  # the gazetteer states none below


class Locator:
    """Completes places; remembers what it has looked up."""

    def __init__(self, gazetteer: Gazetteer, district: str | None) -> None:
        """``district``: key or name of the catalogue's district, which decides between places of the same name."""
        self._gazetteer = gazetteer
        self._home = _district(gazetteer, district)
        self._known: dict[tuple[str, str], Municipality | None] = {}

    def complete(self, place: Place) -> Place:
        """``place`` with key and coordinates; what it states stays as it is. Coordinates are those of the municipality."""
        if place.ags is not None and place.latitude is not None:
            return place
        if place.ags is not None:
            found = self._gazetteer.by_ags(place.ags)
        else:
            key = (place.postal_code or "", place.locality or "")
            if key not in self._known:
                self._known[key] = self._locate(*key)
            found = self._known[key]
        if found is None:
            return place
        if place.latitude is not None:
            return msgspec.structs.replace(place, ags=found.ags)
        return msgspec.structs.replace(place, ags=found.ags, latitude=found.latitude, longitude=found.longitude)

    def _locate(self, postal_code: str, locality: str) -> Municipality | None:
        sharing = self._gazetteer.by_postal_code(postal_code) if postal_code else ()
        if sharing:
            named = self._gazetteer.find(locality, postal_code=postal_code)[:1] if locality else ()
            fitting = [found for found in named if postal_code in found.postal_codes]
            return fitting[0] if fitting else _only(sharing)
        return self._by_name(locality) if locality else None

    def _by_name(self, locality: str) -> Municipality | None:
        candidates = self._gazetteer.find(locality)
        at_home = [found for found in candidates if self._home is not None and found.district_ags == self._home.ags]
        if at_home:
            return at_home[0]
        key = fold(locality)
        own = [found for found in candidates if f"{fold(found.name)} ".startswith(f"{key} ")]  # Ludwigshafen am Rhein
        if not own:  # parts of municipalities: "Mainz-Hechtsheim" says which, a bare "Kolberg" may be far away
            return _only(tuple(f for f in candidates if key.startswith(f"{fold(f.short_name)} ")))
        rest = max((found.population or _UNKNOWN_POPULATION for found in own[1:]), default=0)
        return own[0] if len(own) == 1 or (own[0].population or 0) > _CLEARLY_LARGER * rest else None


def _only(found: tuple[Municipality, ...]) -> Municipality | None:
    return found[0] if len(found) == 1 else None


def _district(gazetteer: Gazetteer, district: str | None) -> District | None:
    if district is None:
        return None
    return gazetteer.district(district) or next(iter(gazetteer.find_district(district)), None)
