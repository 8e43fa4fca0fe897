"""A search as a feed, read by feedparser."""

from __future__ import annotations

import feedparser
from hypothesis import given, settings

from ontology.offer import Kind, Offer, Provider
from ontology.profiles.atom import Entry, Feed, feed_of
from tests.ontology.offers import offers

BASE = "https://bildung.example"
HOSTILE = "<script>alert(1)</script> \"Töpfern' & ]]> \x0b"
TOPIC = "https://w3id.org/bildungskatalog/topics/crafts"


def feed(*entries: Entry) -> bytes:
    return feed_of(
        Feed(
            "Suche",
            "Landkreis",
            f"{BASE}/suche.atom?q=a&b=c",
            f"{BASE}/suche?q=a",
            "2026-01-01T00:00:00+00:00",
            entries,
        ),
        BASE,
    )


def entry(offer: Offer, changed: str = "2026-01-05T09:30:00+00:00") -> Entry:
    return Entry(offer, changed, f"{BASE}/angebot/{offer.id}", {TOPIC: "Handwerk"})


def an_offer(key: str, **more: object) -> Offer:
    return Offer(id=key, source="kvhs", identifier=key, kind=Kind.COURSE, **({"name": "Kurs"} | more))


def test_entries_have_the_offers_iris_dates_and_links() -> None:
    body = feed(entry(an_offer("a"), "2026-01-02T00:00:00+00:00"), entry(an_offer("b", topics=("crafts",))))
    read = feedparser.parse(body)
    assert not read.bozo
    assert read.feed.id == f"{BASE}/suche.atom?q=a&b=c"
    assert read.feed.updated == "2026-01-05T09:30:00+00:00"
    assert read.feed.author == "Landkreis"
    assert [(e.id, e.updated) for e in read.entries] == [
        (f"{BASE}/id/angebot/a", "2026-01-02T00:00:00+00:00"),
        (f"{BASE}/id/angebot/b", "2026-01-05T09:30:00+00:00"),
    ]
    assert [(link.rel, link.type, link.href) for link in read.entries[0].links] == [
        ("alternate", "text/html", f"{BASE}/angebot/a"),
        ("alternate", "application/ld+json", f"{BASE}/angebot/a.jsonld"),
    ]
    [tag] = read.entries[1].tags
    assert (tag.term, tag.scheme, tag.label) == ("crafts", "https://w3id.org/bildungskatalog/topics", "Handwerk")


def test_hostile_text_stays_text() -> None:
    provider = Provider(id="boese", name="<b>Werkstatt</b>")
    body = feed(entry(an_offer("a", name=HOSTILE, description=HOSTILE * 30, provider=provider)))
    assert b"<script" not in body
    assert b"<b>" not in body
    [read] = feedparser.parse(body, sanitize_html=False).entries
    assert read.title == HOSTILE.replace("\x0b", " ").strip()
    assert read.title_detail.type == "text/plain"
    assert read.author == "<b>Werkstatt</b>"
    assert read.summary.startswith("<script>")
    assert read.summary.endswith("…")


def test_without_hits_the_feed_is_as_old_as_the_data() -> None:
    read = feedparser.parse(feed())
    assert not read.bozo
    assert read.feed.updated == "2026-01-01T00:00:00+00:00"


@settings(deadline=None, max_examples=60)
@given(offers)
def test_any_offer_makes_a_feed_that_can_be_read(offer: Offer) -> None:
    read = feedparser.parse(feed(entry(offer)))
    assert not read.bozo
    assert len(read.entries) == 1
