"""The coarse outlines of the districts against the points inside their municipalities."""

from __future__ import annotations

from ontology.gazetteer import Gazetteer
from ontology.gazetteer.outlines import district_outline
from ontology.gazetteer.shapes import Shape


def test_towns_lie_inside_the_outline_of_their_district(gazetteer: Gazetteer) -> None:
    outline = district_outline("07331")
    assert len(outline) == 1
    district = Shape({"type": "Polygon", "coordinates": outline})
    towns = gazetteer.in_district("07331")
    assert len(towns) == 69
    assert all(district.holds(town.longitude, town.latitude) for town in towns)
    assert not district.holds(8.3645, 49.6316)  # Worms, a district of its own


def test_every_district_has_an_outline(gazetteer: Gazetteer) -> None:
    assert [district.ags for district in gazetteer.districts() if not district_outline(district.ags)] == []
    assert district_outline("99999") == []
