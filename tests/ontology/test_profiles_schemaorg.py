"""schema.org goes out and in again: an offer as JSON-LD, as the catalogue serves it, read by the reader of schema.org."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pyoxigraph as ox
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.records import Found, ReaderContext, offer_id
from ingest.sources.schemaorg.reader import read
from ontology.offer import WEEKDAYS, Instance, Kind, Mode, Offer, Place, Provider, Schedule, Session, slug
from ontology.rdf import offer_to_ntriples, provider_to_ntriples
from service.jsonld import as_tree

BASE = "https://bildung.example"
SOURCE = "web"

# what cleaning a foreign text would change is not in these
line = st.from_regex(r"[A-ZÄÖÜ][a-zäöüß]{2,8}( [A-Z][a-zäöüß]{2,8}){0,2}", fullmatch=True)
url = st.sampled_from(["https://kurse.example/a?b=c", "http://x.example/kurs/1"])
day = st.dates(dt.date(2000, 1, 1), dt.date(2090, 1, 1))
time = st.times(dt.time(7), dt.time(22)).map(lambda t: t.replace(second=0, microsecond=0))


def maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | strategy


@st.composite
def periods(draw: st.DrawFn) -> tuple[dt.date, dt.date | None]:
    """A beginning, and an end not before it."""
    first, days = draw(day), draw(st.integers(0, 400))
    if draw(st.booleans()):
        return first, draw(maybe(st.just(first + dt.timedelta(days))))
    start, end = dt.datetime.combine(first, draw(time)), dt.datetime.combine(first + dt.timedelta(days + 1), draw(time))
    return start, draw(maybe(st.just(end)))


@st.composite
def places(draw: st.DrawFn) -> Place:
    at = draw(maybe(st.tuples(st.floats(47, 55), st.floats(6, 15))))
    return Place(
        name=draw(line),
        street=draw(maybe(line)),
        postal_code=draw(maybe(st.from_regex(r"5[0-9]{4}", fullmatch=True))),
        locality=draw(maybe(line)),
        latitude=at[0] if at else None,
        longitude=at[1] if at else None,
    )


@st.composite
def instances(draw: st.DrawFn, number: str) -> Instance:
    start, end = draw(periods())
    meetings = draw(st.lists(periods(), max_size=2, unique=True))
    return Instance(
        number=number,
        start=start,
        end=end,
        mode=draw(maybe(st.sampled_from(Mode))),
        schedule=Schedule(
            weekdays=draw(st.lists(st.sampled_from(WEEKDAYS), min_size=1, unique=True).map(tuple)),
            start_time=draw(maybe(time)),
            end_time=draw(maybe(time)),
            meetings=draw(maybe(st.integers(1, 99))),
        ),
        sessions=tuple(Session(start=start, end=end) for start, end in meetings),
        workload=draw(line),
        place=draw(places()),
        price=draw(st.decimals(Decimal(0), Decimal(5000), places=2)),
        url=draw(maybe(url)),
        seats=int(number),  # else two runs may be one
        seats_left=draw(st.integers(0, 99)),
    )


@st.composite
def offers(draw: st.DrawFn) -> Offer:
    """What schema.org can say of an offer. What a run leaves open is taken from the whole, so runs state what they have in common."""
    name, organisation = draw(line), draw(line)
    low = draw(maybe(st.integers(1, 50)))
    return Offer(
        id=offer_id(SOURCE, key := draw(st.from_regex(r"[A-Z][0-9]{1,6}", fullmatch=True))),
        source=SOURCE,
        identifier=key,
        kind=draw(st.sampled_from([Kind.COURSE, Kind.PROGRAM, Kind.EVENT])),
        name=name,
        description=draw(maybe(line)),
        provider=Provider(id=slug(organisation), name=organisation, url=draw(maybe(url))),
        url=draw(maybe(url)),
        keywords=tuple(word for word in draw(st.lists(line, min_size=2, max_size=4)) if word != name),
        topics=draw(st.lists(st.sampled_from(["languages", "cooking"]), unique=True).map(tuple)),
        audience=draw(st.lists(st.sampled_from(["women", "seniors"]), unique=True).map(tuple)),
        age_min=low,
        age_max=draw(maybe(st.integers(low or 1, 99))),
        level=draw(st.lists(st.sampled_from(["A1", "B2"]), unique=True).map(tuple)),
        in_language=draw(st.lists(st.sampled_from(["de", "uk", "ar"]), unique=True).map(tuple)),
        certificate=True,
        credential=draw(line),
        prerequisites=draw(maybe(line)),
        instances=(draw(instances("1")), draw(instances("2"))),
    ).canonical()


def read_again(offer: Offer) -> Offer:
    assert offer.provider is not None
    text = offer_to_ntriples(offer, BASE) + provider_to_ntriples(offer.provider, BASE)
    triples = [quad.triple for quad in ox.parse(text.encode(), ox.RdfFormat.N_TRIPLES)]
    tree = as_tree(f"{BASE}/id/angebot/{offer.id}", triples)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "angebot.jsonld"
        file.write_text(json.dumps(tree), encoding="utf-8")
        [found] = [item for item in read(file, ReaderContext(source=SOURCE)) if isinstance(item, Found)]
    return found.offer


@settings(deadline=None, max_examples=40)
@given(offers())
def test_what_schema_org_can_say_comes_back(offer: Offer) -> None:
    assert read_again(offer) == offer


def test_what_only_the_catalogues_own_terms_say_is_lost() -> None:
    place = Place(name="Haus", ags="07331003", wheelchair=True)
    offer = Offer(
        id="web-1",
        source=SOURCE,
        identifier="1",
        kind=Kind.COURSE,
        name="Kurs",
        provider=Provider(id="KVHS", name="KVHS"),
        phases=("family",),
        funding=("bildungsurlaub",),
        childcare=True,
        certificate=False,
        instances=(Instance(start=dt.date(2026, 1, 5), time_model=("weekend",), place=place),),
    )
    plainer = msgspec.structs.replace(
        offer,
        phases=(),
        funding=(),
        childcare=None,
        certificate=None,
        instances=(Instance(start=dt.date(2026, 1, 5), place=Place(name="Haus")),),
    )
    assert read_again(offer) == plainer
