"""The feed tells every change of the own offers once, in order, and never says anything else again."""

from __future__ import annotations

import datetime as dt
import random
import re
import shutil
from collections.abc import Iterable
from hashlib import sha256
from itertools import pairwise
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.feed import Feed, read_feed, writer
from catalogue.feed.text import events_in
from catalogue.ledger import Counts
from catalogue.run import open_run
from catalogue.snapshot import Snapshot, visible_snapshot
from ontology.offer import Kind, Offer, Provider
from tests.catalogue.test_run import BASE, make_old, of_neighbour

NOON = dt.datetime(2026, 1, 5, 12, tzinfo=dt.UTC)
OPEN, CLOSED = "dl-de/zero-2-0", "nur nach Rücksprache"
AS = "https://www.w3.org/ns/activitystreams#"


def offer(key: str, name: str = "Brot", licence: str | None = None, source: str = "kvhs", **more: object) -> Offer:
    provider = Provider(id="kvhs", name="KVHS")
    values: dict[str, object] = {"kind": Kind.COURSE, "provider": provider} | more
    return Offer(id=f"{source}-{key}", source=source, identifier=key, name=name, licence=licence, **values).canonical()


def deliver(folder: Path, *offers: Offer, source: str = "kvhs", now: dt.datetime = NOON, commit: bool = True) -> None:
    """A run that delivers all offers of one source."""
    with open_run(folder, BASE, clock=lambda: now) as run:
        with run.source(source) as writer:
            for one in offers:
                writer.put(one)
            writer.finish(Counts(), [])
        if commit:
            run.commit()


def feed_of(folder: Path) -> Feed:
    visible = visible_snapshot(folder)
    assert visible is not None
    feed = read_feed(visible)
    assert feed is not None
    return feed


def told(folder: Path) -> list[tuple[int, str, str]]:
    """Position, kind and key of every event."""
    return [(event.position, event.kind.value, event.about.rpartition("/")[2]) for event in feed_of(folder).events()]


def quads(feed: Feed) -> Iterable[ox.Quad]:
    for name in (*(page.name for page in feed.state.pages), feed.state.newest):
        yield from ox.parse(feed.text(name), ox.RdfFormat.TRIG)


def replayed(feed: Feed) -> set[str]:
    """The statements that one has who follows the feed from its start, read as any reader of TriG would."""
    about: dict[str, dict[str, str]] = {}
    payload: dict[str, set[str]] = {}
    for quad in quads(feed):
        if isinstance(quad.graph_name, ox.DefaultGraph):
            about.setdefault(quad.subject.value, {})[quad.predicate.value] = quad.object.value
        else:
            payload.setdefault(quad.graph_name.value, set()).add(str(quad.triple))
    events = {iri: said for iri, said in about.items() if AS + "object" in said}
    held: dict[str, set[str]] = {}
    order = sorted(events, key=lambda iri: int(iri.rpartition("/")[2].partition("-")[0]))
    assert order == sorted(events, key=lambda iri: events[iri][AS + "published"])
    for iri in order:
        held[events[iri][AS + "object"]] = payload.get(iri, set())
    return set().union(*held.values())


def own_open_statements(folder: Path) -> set[str]:
    """What the store says of own offers that may go, and of their providers."""
    found: set[str] = set()
    with Snapshot.open(folder) as snapshot:
        for _, one in snapshot.ledger.offers():
            if one.iri is None and one.licence in (None, OPEN):
                found |= {str(q.triple) for q in snapshot.describe(f"{BASE}/id/angebot/{one.id}")}
                if one.provider:
                    found |= {str(q.triple) for q in snapshot.describe(f"{BASE}/id/anbieter/{one.provider.id}")}
    return found


def test_created_updated_deleted_and_created_again(tmp_path: Path) -> None:
    deliver(tmp_path, offer("A"), offer("B"))
    deliver(tmp_path, offer("A"), offer("B", "Kuchen"))
    deliver(tmp_path, offer("A"), offer("B", "Kuchen"))
    deliver(tmp_path, offer("A"))
    deliver(tmp_path, offer("A"), offer("B"))
    assert told(tmp_path) == [
        (1, "Create", "kvhs-A"),
        (2, "Create", "kvhs-B"),
        (3, "Update", "kvhs-B"),
        (4, "Delete", "kvhs-B"),
        (5, "Create", "kvhs-B"),
    ]


def test_what_an_event_says(tmp_path: Path) -> None:
    deliver(tmp_path, offer("A"))
    deliver(tmp_path)
    names = [event.name for event in feed_of(tmp_path).events()]
    assert [name[:2] for name in names] == ["1-", "2-"]
    assert all(re.fullmatch("[0-9a-f]{16}", name[2:]) for name in names)
    event, deleted = (f"{BASE}/feed/ereignis/{name}" for name in names)
    iri = f"{BASE}/id/angebot/kvhs-A"
    triples = {str(quad) for quad in quads(feed_of(tmp_path))}
    assert f"<{event}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{AS}Create>" in triples
    assert f"<{event}> <{AS}object> <{iri}>" in triples
    assert (
        f'<{event}> <{AS}published> "2026-01-05T12:00:00.000Z"^^<http://www.w3.org/2001/XMLSchema#dateTime>' in triples
    )
    assert f'<{iri}> <http://schema.org/name> "Brot" <{event}>' in triples
    assert f'<{BASE}/id/anbieter/kvhs> <http://schema.org/name> "KVHS" <{event}>' in triples
    # offer: type, identifier, name, provider; provider: type, name
    graphs = [str(quad.graph_name) for quad in quads(feed_of(tmp_path))]
    assert graphs.count(f"<{event}>") == 6
    assert set(graphs) == {"DEFAULT", f"<{event}>"}
    assert f"<{deleted}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{AS}Delete>" in triples
    assert f"<{deleted}> <{AS}object> <{iri}>" in triples


def test_what_is_not_open_is_not_told_and_what_is_closed_later_is_deleted(tmp_path: Path) -> None:
    deliver(tmp_path, offer("A", licence=OPEN), offer("B", licence=CLOSED), offer("C"))
    deliver(tmp_path, offer("A", licence=CLOSED), offer("B", "Torte", licence=CLOSED), offer("C"))
    deliver(tmp_path, offer("A", "anders", licence=CLOSED), offer("B", licence=OPEN), offer("C"))
    deliver(tmp_path, offer("C"))
    assert told(tmp_path) == [
        (1, "Create", "kvhs-A"),
        (2, "Create", "kvhs-C"),
        (3, "Delete", "kvhs-A"),
        (4, "Create", "kvhs-B"),
        (5, "Delete", "kvhs-B"),
    ]


def test_what_came_from_a_neighbour_is_not_passed_on(tmp_path: Path) -> None:
    deliver(tmp_path, of_neighbour("1"), source="nachbar/worms")
    deliver(tmp_path, offer("A"))
    deliver(tmp_path, source="nachbar/worms")
    assert told(tmp_path) == [(1, "Create", "kvhs-A")]


def test_positions_go_on_over_a_source_that_was_emptied(tmp_path: Path) -> None:
    for offers in ((offer("A"),), (), (offer("A"),), ()):
        deliver(tmp_path, *offers)
    assert [(position, kind) for position, kind, _ in told(tmp_path)] == [
        (1, "Create"),
        (2, "Delete"),
        (3, "Create"),
        (4, "Delete"),
    ]


def test_a_clock_set_back_and_many_changes_in_one_moment_keep_their_order(tmp_path: Path) -> None:
    deliver(tmp_path, *(offer(str(number)) for number in range(50)))
    deliver(tmp_path, offer("1", "neu"), now=NOON - dt.timedelta(days=3))
    deliver(tmp_path, offer("1", "neuer"), now=NOON + dt.timedelta(seconds=1))
    events = list(feed_of(tmp_path).events())
    times = [event.published for event in events]
    assert all(earlier < later for earlier, later in pairwise(times))
    noon = round(NOON.timestamp() * 1000)
    assert times[49] == noon  # never in the future
    assert times[50:-1] == list(
        range(noon + 1, noon + 1 + len(times) - 51)
    )  # the clock was wrong: right after the last
    assert times[-1] == noon + 1000
    assert [event.position for event in events] == list(range(1, len(events) + 1))


def test_a_run_that_was_not_finished_leaves_no_event(tmp_path: Path) -> None:
    deliver(tmp_path, offer("A"))
    before = feed_of(tmp_path).text("1")
    deliver(tmp_path, offer("B"), commit=False)
    with open_run(tmp_path, BASE) as run:
        with run.source("kvhs") as source:
            source.put(offer("C"))
            source.abandon(Counts(), [], "zu wenige")
        run.commit()
    assert feed_of(tmp_path).text("1") == before


def test_a_catalogue_that_is_older_than_its_feed_tells_everything_at_the_next_run(tmp_path: Path) -> None:
    deliver(tmp_path, offer("A"), offer("B", licence=CLOSED))
    make_old(tmp_path)
    visible = visible_snapshot(tmp_path)
    assert visible is not None
    for path in (visible / "feed").iterdir():
        path.unlink()
    (visible / "feed").rmdir()
    deliver(tmp_path, offer("C"), source="andere")
    assert told(tmp_path) == [(1, "Create", "kvhs-A"), (2, "Create", "kvhs-C")]


def test_a_catalogue_made_anew_gives_no_old_address_new_contents(tmp_path: Path) -> None:
    deliver(tmp_path, offer("A"))
    first = feed_of(tmp_path)
    (tmp_path / "current").unlink()
    deliver(tmp_path, offer("B"), now=NOON + dt.timedelta(hours=1))
    second = feed_of(tmp_path)
    assert first.address(BASE, "1") == f"{BASE}/feed/20260105T120000Z/1"
    assert second.address(BASE, "1") == f"{BASE}/feed/20260105T130000Z/1"
    assert second.is_gone(first.state.epoch, "1")


def plain(name: str) -> str:
    """A page's name without its digest."""
    return name.rpartition("-")[0]


def pages(folder: Path) -> dict[str, bytes]:
    visible = visible_snapshot(folder)
    assert visible is not None
    return {path.name: path.read_bytes() for path in (visible / "feed").glob("*.gz")}


def test_full_pages_never_change(tmp_path: Path) -> None:
    chance = random.Random(5)
    held: dict[str, Offer] = {}
    seen: dict[str, bytes] = {}
    for number in range(20):
        for key in chance.sample(range(200), chance.randint(0, 60)):
            held.pop(str(key), None)
            if chance.random() < 0.8:
                held[str(key)] = offer(str(key), f"Kurs {number}")
        deliver(tmp_path, *held.values(), now=NOON + dt.timedelta(hours=number))
        now = pages(tmp_path)
        assert seen.items() <= now.items()
        seen = now
        assert replayed(feed_of(tmp_path)) == own_open_statements(tmp_path)
    feed = feed_of(tmp_path)
    assert len(feed.state.pages) == 3
    assert all(page.last + 1 == following.first for page, following in pairwise(feed.state.pages))
    current = visible_snapshot(tmp_path)
    assert current is not None
    shared = current / "feed" / f"{feed.state.pages[0].name}.trig.gz"
    assert shared.stat().st_nlink > 1


def test_an_event_is_found_by_its_position(tmp_path: Path) -> None:
    deliver(tmp_path, *(offer(str(number)) for number in range(150)))
    deliver(tmp_path, *(offer(str(number)) for number in range(149)))
    feed = feed_of(tmp_path)
    assert len(feed.state.pages) == 1
    for position, kind in ((1, "Create"), (150, "Create"), (151, "Delete")):
        event = feed.event(position)
        assert event is not None
        assert (event.position, event.kind.value) == (position, kind)
    assert feed.event(0) is None
    assert feed.event(152) is None


YEAR = dt.timedelta(days=366)


def test_what_is_older_than_a_year_is_folded_to_the_last_version_of_what_is_still_there(tmp_path: Path) -> None:
    many = [offer(str(number)) for number in range(200)]
    deliver(tmp_path, *many)  # 1 to 200, a full page
    deliver(
        tmp_path, *(offer(str(number), "neu") for number in range(100)), *many[101:]
    )  # 201: Delete of 100; 100 times Update
    old = feed_of(tmp_path)
    assert [(plain(page.name), page.last) for page in old.state.pages] == [("1", 200), ("201", 301)]
    deliver(tmp_path, *many[1:100], now=NOON + YEAR - dt.timedelta(hours=1))  # 1 + 99 + 100 changes
    assert len(feed_of(tmp_path).state.pages) == 3
    before = replayed(feed_of(tmp_path))
    deliver(tmp_path, *many[1:100], now=NOON + YEAR + dt.timedelta(hours=1))
    feed = feed_of(tmp_path)
    assert replayed(feed) == before == own_open_statements(tmp_path)
    # all of what was told in the first two runs has a later version or is gone
    assert [plain(page.name) for page in feed.state.pages] == ["302"]
    names = (*(page.name for page in old.state.pages), "201", feed.state.pages[0].name, "9999")
    assert [feed.is_gone(feed.state.epoch, name) for name in names] == [True, True, True, False, False]
    assert feed.event(7) is None
    assert min(event.position for event in feed.events()) == 302


def test_folded_pages_keep_their_events_as_they_were(tmp_path: Path) -> None:
    many = [offer(str(number)) for number in range(120)]
    deliver(tmp_path, *many)
    deliver(tmp_path, offer("0", "neu"), *many[1:], now=NOON + dt.timedelta(days=1))
    before = {event.position: event.text for event in feed_of(tmp_path).events()}
    deliver(tmp_path, offer("0", "neu"), *many[1:], now=NOON + YEAR + dt.timedelta(minutes=1))
    feed = feed_of(tmp_path)
    assert [(plain(page.name), page.first, page.last) for page in feed.state.pages] == [("stand1-1", 2, 120)]
    assert {event.position: event.text for event in feed.events()} == {p: t for p, t in before.items() if p != 1}
    assert replayed(feed) == own_open_statements(tmp_path)
    assert not feed.is_gone(feed.state.epoch, "stand2-1")
    found = feed.event(120)
    assert found is not None
    assert found.text == before[120]


changes = st.lists(
    st.dictionaries(
        st.sampled_from("ABCDEF"),
        st.tuples(st.sampled_from(["eins", 'zwei "\n\n<x> ."']), st.sampled_from([None, OPEN, CLOSED])),
    ),
    min_size=1,
    max_size=6,
)


def test_who_follows_from_the_start_has_what_may_go(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_MOST_OF_THE_NEWEST", 3)  # so that few changes make pages that can be folded
    folded = 0

    @settings(max_examples=15, deadline=None)
    @given(changes, st.lists(st.integers(-100, 400), min_size=6, max_size=6))
    def follow(runs: list[dict[str, tuple[str, str | None]]], days: list[int]) -> None:
        nonlocal folded
        folder, now = tmp_path_factory.mktemp("folge"), NOON
        latest = now  # what was folded stays so when the clock is set back
        texts: dict[int, str] = {}
        for held, day in zip(runs, days, strict=False):
            now += dt.timedelta(days=day)
            latest = max(latest, now)
            offers = [offer(key, name, licence) for key, (name, licence) in held.items()]
            deliver(folder, *offers, now=now)
            feed = feed_of(folder)
            assert replayed(feed) == own_open_statements(folder)
            kept = {event.position: event.text for event in feed.events()}
            assert list(kept) == sorted(kept)
            past = {position: text for position, text in kept.items() if position in texts}
            assert past == {position: texts[position] for position in past}  # what was told is never told otherwise
            lost = [event for position in texts.keys() - kept.keys() for event in events_in(texts[position])]
            assert all(event.published < (latest - YEAR).timestamp() * 1000 for event in lost)
            texts |= kept
        folded += feed.state.folded

    follow()
    assert folded > 0


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    digests = []
    for name in ("eins", "zwei"):
        deliver(tmp_path / name, *(offer(str(number)) for number in range(120)))
        digests.append({page: sha256(data).hexdigest() for page, data in pages(tmp_path / name).items()})
    assert digests[0] == digests[1]
    assert [name[:2] for name in digests[0]] == ["1-"]


def test_a_catalogue_restored_from_an_old_copy_gives_no_name_that_stood_for_something_else(tmp_path: Path) -> None:
    """Nothing tells it that it was restored, and its clock may be set back as well."""
    there, copy = tmp_path / "katalog", tmp_path / "copy"
    stood_for: dict[str, str] = {}
    deliver(there, *(offer(str(number)) for number in range(150)))
    deliver(there, *(offer(str(number)) for number in range(149)), now=NOON + dt.timedelta(hours=1))
    shutil.copytree(there, copy)
    for future in ("eine", "andere"):
        shutil.rmtree(there)
        shutil.copytree(copy, there)
        for number in range(110):
            deliver(there, offer("0", f"{future} Zukunft {number}"), now=NOON + dt.timedelta(hours=2))
        feed = feed_of(there)
        assert len(feed.state.pages) > 1
        names = {event.name: event.text for event in feed.events()}
        names |= {feed.address(BASE, page.name): feed.text(page.name) for page in feed.state.pages}
        assert all(stood_for.get(name, text) == text for name, text in names.items())
        stood_for |= names
