"""Feeds of other makers, and hostile ones: written here by hand, from the specifications."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence

import pytest

from ingest.neighbours import feed as feeds
from ingest.neighbours.client import Limits, NeighbourBusy, NeighbourClient, NeighbourRefused
from ingest.neighbours.feed import FeedVisit, Place, Step
from ingest.neighbours.reading import RdfReader
from tests.ingest.neighbours.servers import Request, answer, serving

QUICK = Limits(page_bytes=1_000_000, page_seconds=2.0, answer_seconds=1.0, pages=30, pause=0.0, patience=0.0)
PREFIXES = """PREFIX as: <https://www.w3.org/ns/activitystreams#> PREFIX tree: <https://w3id.org/tree#> PREFIX ldes: <https://w3id.org/ldes#>
PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> """


def event(number: int, second: int, kind: str = "Create", about: str = "/id/angebot/a") -> str:
    return (
        f'</e/{number}> a as:{kind} ; as:object <{about}> ; as:published "2026-01-01T00:00:{second:02}Z"^^xsd:dateTime .'
        f"</feed#s> tree:member </e/{number}> . </e/{number}> {{ <{about}> <http://schema.org/name> 'v{number}' }} "
    )


def leads(source: str, target: str, **bounds: int) -> str:
    kinds = {
        "from_": "GreaterThanOrEqualTo",
        "after": "GreaterThan",
        "until": "LessThanOrEqualTo",
        "before": "LessThan",
    }
    if not bounds:
        return f"<{source}> tree:relation [ a tree:Relation ; tree:node <{target}> ] . "
    return "".join(
        f"<{source}> tree:relation [ a tree:{kinds[name]}Relation ; tree:node <{target}> ; tree:path as:published ;"
        f' tree:value "2026-01-01T00:00:{second:02}Z"^^xsd:dateTime ] . '
        for name, second in bounds.items()
    )


class Feed:
    """Pages by path; counts what was fetched, and answers conditional requests by the page's text."""

    def __init__(self, pages: Mapping[str, str]) -> None:
        self.pages = dict(pages)
        self.moved: dict[str, str] = {}
        self.lasting: set[str] = set()
        self.fetched: list[str] = []
        self.unchanged: list[str] = []

    def __call__(self, request: Request, connection: socket.socket) -> None:
        page = self.pages.get(request.path)
        tag = f'"{hash(page)}"'
        if request.path in self.moved:
            connection.sendall(answer(status="307 Temporary Redirect", Location=self.moved[request.path]))
        elif page is None:
            connection.sendall(answer(status="404 Not Found"))
        elif request.headers.get("if-none-match") == tag:
            self.unchanged.append(request.path)
            connection.sendall(answer(status="304 Not Modified", ETag=tag))
        else:
            self.fetched.append(request.path)
            kept = "immutable" if request.path in self.lasting else "max-age=5"
            body = (PREFIXES + page).encode()
            connection.sendall(answer(body, Content_Type="application/trig", ETag=tag, Cache_Control=kept))


def visit(origin: str, place: Place | None = None) -> tuple[list[Step], FeedVisit]:
    with NeighbourClient(origin, QUICK) as client, RdfReader() as reader:
        seen = FeedVisit(client, reader, origin + "/feed", place or Place())
        return list(seen.steps()), seen


def names(steps: Sequence[Step]) -> list[str]:
    return [event.iri.rpartition("/")[2] for step in steps for event in step.events]


def test_one_page() -> None:
    feed = Feed({"/feed": event(1, 1) + event(2, 2, "Delete")})
    with serving(feed) as origin:
        (step,), _ = visit(origin)
        assert [(found.kind, found.object) for found in step.events] == [
            ("Create", f"{origin}/id/angebot/a"),
            ("Delete", f"{origin}/id/angebot/a"),
        ]
        assert str(step.events[0].quads[0].object) == '"v1"'
        assert visit(origin, step.place)[0] == []
        assert feed.unchanged == ["/feed"]


def test_in_order_although_the_pages_are_not() -> None:
    feed = Feed(
        {
            "/feed": leads("/feed", "/new") + event(5, 5),
            "/new": leads("/new", "/old") + event(4, 4) + event(3, 3),
            "/old": event(2, 2) + event(1, 1),
        }
    )
    with serving(feed) as origin:
        steps, _ = visit(origin)
        assert names(steps) == ["1", "2", "3", "4", "5"]


def test_bounds_let_a_beginning_be_taken_before_the_end_is_read() -> None:
    feed = Feed(
        {
            "/feed": leads("/feed", "/2", from_=3) + leads("/feed", "/1", from_=1, before=3),
            "/1": event(1, 1) + event(2, 2),
            "/2": event(3, 3),
        }
    )
    with serving(feed) as origin:
        steps, _ = visit(origin)
        assert [names([step]) for step in steps if step.events] == [["1", "2"], ["3"]]
        feed.fetched.clear()
        feed.pages["/2"] += event(4, 4)
        steps, _ = visit(origin, steps[-1].place)
        assert names(steps) == ["4"]
        assert feed.fetched == ["/2"]  # the entrance is unchanged, the first page is past


def test_a_visit_that_breaks_off_goes_on_there() -> None:
    pages = {
        "/feed": leads("/feed", "/1", from_=1, before=3) + leads("/feed", "/2", from_=3),
        "/1": event(1, 1) + event(2, 2),
        "/2": event(3, 3),
    }
    feed = Feed({path: page for path, page in pages.items() if path != "/2"})
    with serving(feed) as origin, NeighbourClient(origin, QUICK) as client, RdfReader() as reader:
        steps = FeedVisit(client, reader, origin + "/feed", Place()).steps()
        first = next(step for step in steps if step.events)
        assert names([first]) == ["1", "2"]
        with pytest.raises(NeighbourRefused, match="404"):
            next(steps)
        feed.pages = pages
        rest, _ = visit(origin, first.place)
        assert names(rest) == ["3"]
        assert feed.fetched == ["/feed", "/1", "/feed", "/1", "/2"]  # whether 2 is still there, and the same


def test_a_newest_page_that_gets_another_address_when_it_is_full() -> None:
    feed = Feed({"/feed": leads("/feed", "/1", from_=1), "/1": event(1, 1)})
    with serving(feed) as origin:
        steps, _ = visit(origin)
        feed.pages = {
            "/feed": leads("/feed", "/1-full", from_=1, until=2) + leads("/feed", "/3", after=2),
            "/1-full": event(1, 1) + event(2, 2),
            "/3": event(3, 3),
        }
        feed.moved["/1"] = "/1-full"
        steps, seen = visit(origin, steps[-1].place)
        assert names(steps) == ["2", "3"]
        assert not seen.restarted
        del feed.pages["/3"], feed.pages["/1-full"], feed.moved["/1"]
        feed.pages["/feed"] = leads("/feed", "/folded", from_=1, until=3)
        feed.pages["/folded"] = event(3, 3)
        assert visit(origin, steps[-1].place)[1].restarted


def test_two_events_of_one_moment_on_two_visits() -> None:
    feed = Feed({"/feed": event(1, 7)})
    with serving(feed) as origin:
        steps, _ = visit(origin)
        feed.pages["/feed"] += event(2, 7) + event(9, 6)  # what is older than the place comes too late
        steps, _ = visit(origin, steps[-1].place)
        assert names(steps) == ["2"]
        assert visit(origin, steps[-1].place)[0] == []


def test_circles_and_repetitions_end() -> None:
    feed = Feed(
        {
            "/feed": leads("/feed", "/1") + leads("/feed", "/feed") + event(1, 1),
            "/1": leads("/1", "/feed") + leads("/1", "/1") + event(1, 1) + event(2, 2),
        }
    )
    with serving(feed) as origin:
        assert names(visit(origin)[0]) == ["1", "2"]


def test_pages_without_end_are_left() -> None:
    class Endless(Feed):
        def __call__(self, request: Request, connection: socket.socket) -> None:
            number = int(request.path.removeprefix("/feed") or 0)
            self.pages[request.path] = leads(request.path, f"/feed{number + 1}") + event(number, 1)
            super().__call__(request, connection)

    with serving(Endless({})) as origin, pytest.raises(NeighbourRefused, match="hört nicht auf"):
        visit(origin)


def test_a_page_elsewhere_is_not_fetched() -> None:
    asked: list[str] = []

    def victim(request: Request, connection: socket.socket) -> None:
        asked.append(request.path)
        connection.sendall(answer(b""))

    with (
        serving(victim) as inside,
        serving(Feed({"/feed": leads("/feed", inside + "/secret")})) as origin,
        pytest.raises(NeighbourRefused, match="fremde Adresse"),
    ):
        visit(origin)
    assert asked == []


def test_broken_rdf_in_the_middle_leaves_what_came_before() -> None:
    feed = Feed(
        {
            "/feed": leads("/feed", "/1", from_=1, before=3) + leads("/feed", "/2", from_=3),
            "/1": event(1, 1),
            "/2": event(3, 3) + "<broken",
        }
    )
    with serving(feed) as origin, NeighbourClient(origin, QUICK) as client, RdfReader() as reader:
        steps = FeedVisit(client, reader, origin + "/feed", Place()).steps()
        assert names([next(step for step in steps if step.events)]) == ["1"]
        with pytest.raises(NeighbourRefused, match="kein lesbares RDF"):
            next(steps)


def test_an_event_that_says_nothing_is_a_fault_and_the_others_count() -> None:
    feed = Feed(
        {"/feed": "</e/1> a as:Create . </e/2> a as:Update ; as:object </x> ; as:published 'soon' . " + event(3, 3)}
    )
    with serving(feed) as origin:
        (step,), _ = visit(origin)
        assert names([step]) == ["3"]
        assert len(step.faults) == 2
        assert [fault.place for fault in step.faults] == [f"{origin}/e/1", f"{origin}/e/2"]
        assert "sagt nicht" in step.faults[0].text


def test_a_feed_that_began_anew_is_noticed() -> None:
    feed = Feed({"/feed": leads("/feed", "/a/1", from_=1), "/a/1": event(1, 30)})
    with serving(feed) as origin:
        steps, first = visit(origin)
        assert not first.restarted
        feed.pages = {"/feed": leads("/feed", "/b/1", from_=1), "/b/1": event(1, 40)}
        assert visit(origin, steps[-1].place)[1].restarted
        feed.pages = {"/feed": leads("/feed", "/a/1", from_=1), "/a/1": event(1, 20)}
        assert visit(origin, steps[-1].place)[1].restarted


def test_a_feed_restored_from_an_old_copy_is_noticed_although_its_new_events_are_the_newest() -> None:
    feed = Feed({"/feed": leads("/feed", "/1", from_=1), "/1": event(1, 1) + event(2, 2)})
    with serving(feed) as origin:
        steps, _ = visit(origin)
        feed.pages["/1"] = event(1, 1) + event(3, 3)  # what happened at 2 never did
        again, seen = visit(origin, steps[-1].place)
        assert seen.restarted
        assert names(again) == []
        feed.pages["/1"] = event(1, 1) + event(2, 3)  # the name of an event that is lost is used again
        again, seen = visit(origin, steps[-1].place)
        assert seen.restarted
        assert names(again) == []


def test_the_newest_event_may_be_on_a_page_that_is_full_meanwhile() -> None:
    feed = Feed({"/feed": leads("/feed", "/1", from_=1), "/1": event(1, 1)})
    with serving(feed) as origin:
        steps, _ = visit(origin)
        feed.pages["/feed"] = leads("/feed", "/1", from_=1, until=1) + leads("/feed", "/2", after=1)
        feed.pages["/2"] = ""
        steps, seen = visit(origin, steps[-1].place)
        assert not seen.restarted
        feed.pages["/2"] = event(2, 2)  # the entrance is as it was
        steps, seen = visit(origin, steps[-1].place)
        assert names(steps) == ["2"]
        assert not seen.restarted
        feed.pages["/1"] = event(9, 1)
        feed.pages["/2"] += event(3, 3)
        steps, seen = visit(origin, steps[-1].place)
        assert names(steps) == ["3"]
        assert not seen.restarted  # 2 is there, and nobody looks at what is before it


def test_a_full_page_that_has_the_newest_event_is_not_read_again_to_see_that() -> None:
    root = leads("/feed", "/1", from_=1, until=1) + leads("/feed", "/2", after=1)
    feed = Feed({"/feed": root, "/1": event(1, 1), "/2": leads("/2", "/feed")})
    feed.lasting = {"/1"}
    with serving(feed) as origin:
        place = visit(origin)[0][-1].place
        feed.pages["/2"] += event(2, 2)
        feed.fetched.clear()
        steps, seen = visit(origin, place)
        assert (names(steps), seen.restarted) == (["2"], False)
        assert (feed.fetched, feed.unchanged) == (["/2"], ["/feed", "/1"])
        feed.pages["/1"] = event(9, 1)  # a neighbour that is restored, and has no other name for what is something else
        again, seen = visit(origin, place)
        assert (names(again), seen.restarted) == ([], True)
        del feed.pages["/1"]
        feed.pages |= {"/feed": root.replace("/1", "/moved"), "/moved": event(1, 1)}
        steps, seen = visit(origin, place)
        assert (names(steps), seen.restarted) == (["2"], False)


def test_a_full_page_that_leads_on_does_so_although_it_has_the_newest_event() -> None:
    feed = Feed({"/feed": leads("/feed", "/1"), "/1": event(1, 1) + leads("/1", "/2"), "/2": ""})
    feed.lasting = {"/1"}
    with serving(feed) as origin:
        place = visit(origin)[0][-1].place
        feed.pages |= {"/feed": leads("/feed", "/1") + event(2, 2)}
        steps, seen = visit(origin, place)
        assert (names(steps), seen.restarted) == (["2"], False)
        assert set(steps[-1].place.open) == {f"{origin}/feed", f"{origin}/2"}


def test_pages_folded_while_a_first_visit_is_cut_off_are_noticed() -> None:
    root = (
        leads("/feed", "/1", from_=1, until=1) + leads("/feed", "/2", from_=2, until=2) + leads("/feed", "/3", after=2)
    )
    feed = Feed({"/feed": root, "/1": event(1, 1), "/2": "<broken", "/3": event(3, 3)})
    steps: list[Step] = []
    with serving(feed) as origin:
        with NeighbourClient(origin, QUICK) as client, RdfReader() as reader:
            coming = FeedVisit(client, reader, origin + "/feed", Place()).steps()
            steps.append(next(coming))
            while names(steps) != ["1"]:
                steps.append(next(coming))
            with pytest.raises(NeighbourRefused):
                next(coming)
        assert names(steps) == ["1"]
        feed.pages["/2"] = event(2, 2, "Delete")
        resumed, seen = visit(origin, steps[-1].place)
        assert names(resumed) == ["2", "3"]
        assert not seen.restarted
        assert set(resumed[-1].place.open) == {f"{origin}/feed", f"{origin}/3"}
        feed.pages["/feed"] = leads("/feed", "/stand", from_=1, until=2) + leads("/feed", "/3", after=2)
        feed.pages["/stand"] = ""
        assert visit(origin, steps[-1].place)[1].restarted  # the Delete is told of no more


def test_an_open_page_that_is_gone_leads_back_to_the_entrance() -> None:
    feed = Feed({"/feed": leads("/feed", "/1", from_=1), "/1": event(1, 1)})
    with serving(feed) as origin:
        steps, _ = visit(origin)
        del feed.pages["/1"]
        with pytest.raises(NeighbourRefused, match="404"):
            visit(origin, steps[-1].place)
        feed.pages |= {"/feed": leads("/feed", "/1b", from_=1), "/1b": event(1, 1) + event(2, 2)}
        again, seen = visit(origin, steps[-1].place)
        assert names(again) == ["2"]
        assert seen.restarted


def test_an_open_page_that_cannot_be_read_is_told_of_although_the_entrance_is_as_it_was() -> None:
    feed = Feed({"/feed": leads("/feed", "/1", from_=1), "/1": event(1, 1)})
    with serving(feed) as origin:
        steps, _ = visit(origin)
        feed.pages["/1"] = event(1, 1) + "<broken"
        with pytest.raises(NeighbourRefused, match="kein lesbares RDF"):
            visit(origin, steps[-1].place)


def test_what_cannot_be_put_in_order_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    pages = {f"/{n}": event(n, n) + leads(f"/{n}", f"/{n + 1}") for n in range(1, 4)} | {"/4": event(4, 4)}
    with serving(Feed(pages | {"/feed": leads("/feed", "/1")})) as origin:
        monkeypatch.setattr(feeds, "_MOST_BYTES_HELD", 4 * len(PREFIXES + pages["/1"]))
        assert names(visit(origin)[0]) == ["1", "2", "3", "4"]
        monkeypatch.setattr(feeds, "_MOST_BYTES_HELD", 2 * len(PREFIXES + pages["/1"]))
        with pytest.raises(NeighbourRefused, match="nicht ordnen"):
            visit(origin)


@pytest.mark.parametrize("page", ["", "<x:y> <x:y> <x:y> .", "<x:y> { <x:y> <x:y> <x:y> }"])
def test_what_is_no_feed_does_not_mean_that_there_is_nothing(page: str) -> None:
    feed = Feed({"/feed": event(1, 1)})
    with serving(feed) as origin:
        place = visit(origin)[0][-1].place
        feed.pages["/feed"] = page
        for known in (place, Place()):
            with pytest.raises(NeighbourRefused, match="kein Feed"):
                visit(origin, known)


def test_a_feed_without_events_is_one() -> None:
    with serving(Feed({"/feed": "</feed#s> a ldes:EventStream ."})) as origin:
        assert names(visit(origin)[0]) == []


@pytest.mark.parametrize("when", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-01-01T00:00:60Z"])
def test_a_time_that_cannot_be_is_a_fault_and_what_comes_after_it_counts(when: str) -> None:
    odd = event(7, 7).replace("2026-01-01T00:00:07Z", when)
    feed = Feed({"/feed": odd + event(1, 1)})
    with serving(feed) as origin:
        (step,), _ = visit(origin)
        assert (names([step]), [fault.place for fault in step.faults]) == (["1"], [f"{origin}/e/7"])
        feed.pages["/feed"] += event(2, 2)
        assert names(visit(origin, step.place)[0]) == ["2"]


def test_what_is_remembered_of_one_moment_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    feed = Feed({"/feed": event(1, 7)})
    monkeypatch.setattr(feeds, "_MOST_BYTES_AT_ONCE", 60)
    with serving(feed) as origin:
        place = visit(origin)[0][-1].place
        feed.pages["/feed"] += event(2, 7) + event(3, 7)
        with pytest.raises(NeighbourRefused, match="demselben Augenblick"):
            visit(origin, place)


def test_pages_to_be_read_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "_MOST_LINKED", 3)
    feed = Feed({"/feed": "".join(leads("/feed", f"/{n}", from_=n) for n in range(4))})
    with serving(feed) as origin, pytest.raises(NeighbourRefused, match="mehr als 3 Seiten"):
        visit(origin)


def test_a_neighbour_in_trouble() -> None:
    with (
        serving(lambda _, connection: connection.sendall(answer(status="500 Oh"))) as origin,
        pytest.raises(NeighbourBusy, match="500"),
    ):
        visit(origin)
