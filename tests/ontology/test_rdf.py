"""An offer survives the way into RDF and back, through the real store."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

import msgspec
import pyoxigraph as ox
import pytest
from hypothesis import given, settings

from ontology.offer import (
    Instance,
    Kind,
    Mode,
    Offer,
    Place,
    Provider,
    Schedule,
    Session,
    id_at_neighbour,
    iri_of,
    offer_from_json,
    offer_to_json,
    slug,
)
from ontology.rdf import offer_from_triples, offer_to_ntriples, provider_to_ntriples
from tests.ontology.offers import offers, offers_of_neighbours

BASE = "http://127.0.0.1:8000"


def through_the_store(offer: Offer) -> Offer:
    lines = offer_to_ntriples(offer, BASE)
    if offer.provider:
        lines += provider_to_ntriples(offer.provider, BASE)
    store = ox.Store()
    store.load(lines.encode(), ox.RdfFormat.N_TRIPLES)
    return offer_from_triples(iri_of(offer, BASE), store.quads_for_pattern(None, None, None), offer.source)


@settings(max_examples=300, deadline=None)
@given(offers | offers_of_neighbours)
def test_what_goes_into_rdf_comes_out(offer: Offer) -> None:
    assert through_the_store(offer) == offer


@settings(max_examples=200, deadline=None)
@given(offers | offers_of_neighbours)
def test_what_goes_into_json_comes_out(offer: Offer) -> None:
    assert offer_from_json(offer_to_json(offer)) == offer


def test_statements_a_reader_can_check() -> None:
    offer = Offer(
        id="kvhs-A1",
        source="kvhs",
        identifier="A1",
        kind=Kind.COURSE,
        name='Brot "backen" <b>',
        provider=Provider(id="kvhs", name="Kreisvolkshochschule"),
        audience=("seniors",),
        age_min=60,
        instances=(
            Instance(
                start=dt.datetime(2026, 4, 13, 18, 30),
                mode=Mode.ONSITE,
                price=Decimal("45.00"),
                place=Place(locality="Alzey", ags="07331003"),
                schedule=Schedule(weekdays=("mo",)),
                sessions=(Session(start=dt.datetime(2026, 4, 13, 18, 30)),),
            ),
        ),
    )
    lines = offer_to_ntriples(offer, BASE).splitlines()
    iri = "http://127.0.0.1:8000/id/angebot/kvhs-A1"
    assert f"<{iri}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://schema.org/Course> ." in lines
    assert f'<{iri}> <http://schema.org/name> "Brot \\"backen\\" <b>" .' in lines
    assert f'<{iri}> <http://schema.org/typicalAgeRange> "60-" .' in lines
    assert f"<{iri}> <http://schema.org/audience> <https://w3id.org/bildungskatalog/audience/seniors> ." in lines
    assert f"<{iri}> <http://schema.org/hasCourseInstance> <{iri}#termin-1> ." in lines
    assert (
        f"<{iri}#termin-1> <http://schema.org/startDate> "
        '"2026-04-13T18:30:00"^^<http://www.w3.org/2001/XMLSchema#dateTime> .' in lines
    )
    assert f"<{iri}#termin-1-plan> <http://schema.org/byDay> <http://schema.org/Monday> ." in lines
    assert f'<{iri}#termin-1-ort-anschrift> <http://schema.org/addressLocality> "Alzey" .' in lines
    assert not any(line.startswith("_:") for line in lines)


def test_unknown_price_is_not_free() -> None:
    free = Offer(
        id="a", source="s", identifier="a", kind=Kind.COURSE, name="A", instances=(Instance(price=Decimal(0)),)
    )
    unknown = msgspec.structs.replace(free, instances=(Instance(price_note="nach Vereinbarung"),))
    assert through_the_store(free).instances[0].price == 0
    assert through_the_store(unknown).instances[0].price is None
    assert through_the_store(unknown).instances[0].price_note == "nach Vereinbarung"


def test_what_a_neighbour_delivered_keeps_its_iri() -> None:
    iri = "https://worms.example/id/angebot/vhs-7"
    lines = (
        f"<{iri}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://schema.org/Course> ."
        f'<{iri}> <http://schema.org/name> "Töpfern" .'
        f"<{iri}> <http://schema.org/provider> <https://worms.example/id/anbieter/vhs> ."
        f'<https://worms.example/id/anbieter/vhs> <http://schema.org/name> "VHS Worms" .'
    )
    triples = [quad.triple for quad in ox.parse(lines, ox.RdfFormat.TURTLE)]
    found = offer_from_triples(iri, triples, "nachbar/worms")
    assert (found.id, found.iri, found.source) == ("worms~vhs-7", iri, "nachbar/worms")
    assert found.provider == Provider(id="worms~vhs", name="VHS Worms", iri="https://worms.example/id/anbieter/vhs")
    assert offer_to_ntriples(found, BASE).count(f"<{iri}> <http://schema.org/name> ") == 1


def test_two_iris_of_a_neighbour_never_get_one_id() -> None:
    assert id_at_neighbour("nachbar/worms", "https://worms.example/id/angebot/a") == "worms~a"
    iris = [
        "https://x.example/id/angebot/a",
        "https://x.example/a",
        "https://x.example/b/a",
        "https://x.example/a/",
        "https://x.example/id/angebot/a b",
        "https://x.example/kreis/id/angebot/a",
        "https://x.example/id/anbieter/a",
        "https://x.example:443/id/angebot/a",
        "https://X.example/id/angebot/a",
        "https://x.example./id/angebot/a",
        "https://x.example/id/angebot/a?x",
        "https://x.example/./id/angebot/a",
    ]
    ids = {id_at_neighbour("nachbar/worms", iri) for iri in iris}
    assert len(ids) == len(iris)
    assert all(re.fullmatch(r"worms~[A-Za-z0-9._~-]+", one) for one in ids)
    with_digits = next(one for one in ids if one.startswith("worms~a-b"))
    assert id_at_neighbour("nachbar/worms", f"https://x.example/id/angebot/{with_digits[6:]}") not in ids
    assert id_at_neighbour("nachbar/worms", "https://x.example/id/anbieter/a", "anbieter") == "worms~a"
    assert id_at_neighbour("nachbar/worms", "https://x.example/id/angebot/a", "anbieter") != "worms~a"


@pytest.mark.parametrize(
    ("said", "written"),
    [
        ("https://creativecommons.org/licenses/by/4.0/", "<https://creativecommons.org/licenses/by/4.0/>"),
        ("dl-de/by-2-0", '"dl-de/by-2-0"'),
    ],
)
def test_a_licence_is_an_iri_where_the_source_gives_an_address(said: str, written: str) -> None:
    offer = Offer(id="a", source="s", identifier="a", kind=Kind.COURSE, name="A", licence=said)
    line = f"<{BASE}/id/angebot/a> <http://schema.org/license> {written} ."
    assert line in offer_to_ntriples(offer, BASE).splitlines()
    assert through_the_store(offer) == offer


def test_slug_keeps_what_an_iri_may_hold_and_tells_others_apart() -> None:
    assert slug("VG5010105") == "VG5010105"
    assert slug("a b") != slug("a-b")
    assert slug("Küche 1").startswith("Kueche-1-")
    assert slug("Ünï/..") != slug("Ünï/.")
