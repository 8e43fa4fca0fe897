"""Hypothesis strategies for whole offers, in the canonical form in which they are stored."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec
from hypothesis import strategies as st

from ontology.offer import WEEKDAYS, Instance, Kind, Mode, Offer, Place, Provider, Schedule, Session, slug

# any text that UTF-8 can hold; markup, quotes, backslashes and line breaks are what an escape must survive
text = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40)
segment = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,20}", fullmatch=True)
day = st.dates(dt.date(1990, 1, 1), dt.date(2100, 1, 1))
minute = st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2100, 1, 1)).map(lambda d: d.replace(microsecond=0, fold=0))
moment = st.one_of(day, minute)
clock = st.times().map(lambda t: t.replace(microsecond=0, fold=0))
degrees = st.floats(-90, 90, allow_nan=False)
maybe_truth = st.none() | st.booleans()
count = st.integers(0, 10_000)


def maybe(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | strategy


def notations(*values: str) -> st.SearchStrategy:
    return st.lists(st.sampled_from(values), unique=True).map(tuple)


places = st.builds(
    Place,
    name=maybe(text),
    street=maybe(text),
    postal_code=maybe(st.from_regex(r"[0-9]{5}", fullmatch=True)),
    locality=maybe(text),
    ags=maybe(st.from_regex(r"[0-9]{8}", fullmatch=True)),
    latitude=maybe(degrees),
    longitude=maybe(degrees),
    wheelchair=maybe_truth,
)
schedules = st.builds(
    Schedule, weekdays=notations(*WEEKDAYS), start_time=maybe(clock), end_time=maybe(clock), meetings=maybe(count)
)
urls = st.sampled_from(["https://kurse.example/a?b=c&d=ü", "http://x.example/#termin", "keine Adresse <a>"])
providers = st.builds(Provider, id=segment, name=text, url=maybe(urls))


def instances(number: str) -> st.SearchStrategy[Instance]:
    return st.builds(
        Instance,
        number=st.just(number),
        start=maybe(moment),
        end=maybe(moment),
        mode=maybe(st.sampled_from(Mode)),
        time_model=notations("full_time", "part_time", "weekend"),
        schedule=maybe(schedules),
        sessions=st.lists(st.builds(Session, start=moment, end=maybe(moment)), max_size=3).map(tuple),
        workload=maybe(text),
        place=maybe(places),
        price=maybe(st.decimals(Decimal(0), Decimal(100_000), places=2)),
        price_note=maybe(text),
        url=maybe(urls),
        seats=maybe(count),
        seats_left=maybe(count),
    )


offers = st.builds(
    Offer,
    id=segment,
    source=st.just("probe"),
    identifier=text,
    kind=st.sampled_from(Kind),
    name=text,
    description=maybe(text),
    provider=maybe(providers),
    url=maybe(urls),
    keywords=st.lists(text, max_size=3).map(tuple),
    topics=notations("languages", "it", "cooking"),
    phases=notations("family", "continuing"),
    audience=notations("women", "seniors", "children"),
    age_min=maybe(st.integers(0, 120)),
    age_max=maybe(st.integers(0, 120)),
    level=notations("A1", "B2"),
    in_language=notations("de", "uk"),
    certificate=maybe_truth,
    credential=maybe(text),
    funding=notations("bildungsurlaub", "avgs"),
    childcare=maybe_truth,
    prerequisites=maybe(text),
    place=maybe(places.filter(lambda p: p != Place())),
    licence=maybe(st.one_of(text, urls)),
    instances=st.integers(0, 3).flatmap(lambda n: st.tuples(*(instances(str(number)) for number in range(1, n + 1)))),
).map(Offer.canonical)


def _at_neighbour(offer: Offer) -> Offer:
    base, provider, key = "https://worms.example", offer.provider, slug(offer.id)
    if provider is not None:
        its_key = slug(provider.id)
        provider = msgspec.structs.replace(provider, id=f"worms~{its_key}", iri=f"{base}/id/anbieter/{its_key}")
    iri = f"{base}/id/angebot/{key}"
    return msgspec.structs.replace(offer, id=f"worms~{key}", source="nachbar/worms", iri=iri, provider=provider)


offers_of_neighbours = offers.map(_at_neighbour)
