from __future__ import annotations

import pytest

from catalogue.settings import Neighbour, Settings
from ingest.neighbours.scope import Scope
from ontology.concepts import load_schemes
from ontology.gazetteer import Gazetteer
from ontology.offer import Instance, Kind, Mode, Offer, Place

MANNHEIM = Place(locality="Mannheim", ags="08222000")
LAMPERTHEIM = Place(locality="Lampertheim", ags="06431013")  # about 15 km from Worms
HAMBURG = Place(latitude=53.55, longitude=10.0)


def scope(gazetteer: Gazetteer, **filters: object) -> Scope:
    neighbour = Neighbour.model_validate({"name": "b", "feed": "http://b.example/feed", **filters})
    return Scope(neighbour, "07319", load_schemes(), gazetteer)  # the city of Worms


def offer(*places: Place, mode: Mode | None = None, **more: object) -> Offer:
    instances = tuple(Instance(number=str(number), place=place, mode=mode) for number, place in enumerate(places, 1))
    fields = {
        "id": "b~1",
        "source": "nachbar/b",
        "identifier": "1",
        "kind": Kind.COURSE,
        "name": "Kurs",
        "instances": instances,
    }
    return Offer(**{**fields, **more})  # type: ignore[arg-type]


def test_districts_by_the_beginning_of_the_key(gazetteer: Gazetteer) -> None:
    near = scope(gazetteer, districts=["06431", "08222"])
    assert near.holds(offer(LAMPERTHEIM))
    assert near.holds(offer(HAMBURG, MANNHEIM))
    assert not near.holds(offer(Place(locality="Hamburg", ags="02000000")))


def test_a_radius_around_the_own_district(gazetteer: Gazetteer) -> None:
    near = scope(gazetteer, radius_km=16)
    assert near.holds(offer(LAMPERTHEIM))
    assert not near.holds(offer(MANNHEIM))  # about 21 km
    assert not near.holds(offer(HAMBURG))


def test_what_says_no_place_is_not_known_to_be_elsewhere(gazetteer: Gazetteer) -> None:
    near = scope(gazetteer, radius_km=16, districts=["06431"])
    assert near.holds(offer())
    assert near.holds(offer(Place(locality="irgendwo")))
    assert near.holds(offer(HAMBURG, mode=Mode.ONLINE))


def test_a_topic_with_all_below_it(gazetteer: Gazetteer) -> None:
    languages = scope(gazetteer, topics=["languages"])
    below = "sign-language"
    assert languages.holds(offer(topics=(below,)))
    assert not languages.holds(offer(topics=("relaxation",)))
    assert not languages.holds(offer())


def test_what_no_neighbour_brings_in(gazetteer: Gazetteer) -> None:
    cleaned = scope(gazetteer, without=["description", "keywords"]).clean(
        offer(description="x", keywords=("y",), prerequisites="Tel. 06241 853-1234", topics=("languages", "http://evil.example/topic"))
    )  # fmt: skip
    assert (cleaned.description, cleaned.keywords, cleaned.topics) == (None, (), ("languages",))
    assert cleaned.prerequisites == "Tel. […]"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "exactly one of feed, dump and sitemap"),
        ({"feed": "http://b.example/feed", "dump": "http://b.example/d.nt"}, "exactly one of"),
        ({"feed": "http://b.example/feed", "without": ["name"]}, "no such field: name"),
    ],
)
def test_wrong_settings(table: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Settings.model_validate({"neighbour": [{"name": "b", **table}]})
