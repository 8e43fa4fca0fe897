"""The feed over HTTP: what a neighbour gets, how long it may keep it, and what the judges of others say of it."""

from __future__ import annotations

import datetime as dt
import fcntl
import gzip
import re
import shutil
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import httpx
import pyoxigraph as ox
import pyshacl
import pytest
import rdflib

from catalogue.dumps import dumps_are_current
from catalogue.settings import read_settings
from catalogue.snapshot import visible_snapshot
from tests.catalogue.test_dataset import merge
from tests.catalogue.test_feed import CLOSED, YEAR, deliver, feed_of, offer, told
from tests.catalogue.test_run import make_old
from tests.command import bildungskatalog
from tests.service.conftest import BASE, SETTINGS, ingest, serving, wait_for

LDES, TREE, AS = "https://w3id.org/ldes#", "https://w3id.org/tree#", "https://www.w3.org/ns/activitystreams#"
NOW = dt.datetime.now(dt.UTC).replace(microsecond=0)
STREAM = f"{BASE}/feed#strom"


class Shown(NamedTuple):
    """A served catalogue whose feed has 242 events: 1 to 120 folded to the last of them, 121 to 239 a full page, the rest the newest."""

    client: httpx.Client
    epoch: str
    folder: Path
    names: dict[str, str]  # of pages and events, by what stands before their digests

    def page(self, name: str) -> str:
        """Its path."""
        return f"/feed/{self.epoch}/{self.names.get(name, name)}"


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shown]:
    folder = tmp_path_factory.mktemp("feed") / "katalog"
    folder.mkdir()
    (folder / "katalog.toml").write_text(SETTINGS, encoding="utf-8")
    many = [offer(str(number)) for number in range(120)]
    long_ago = NOW - YEAR - dt.timedelta(days=3)
    deliver(folder, *many, now=long_ago)
    renamed = [offer(str(number), "neu") for number in range(119)]
    deliver(folder, *renamed, many[119], now=NOW - dt.timedelta(days=2))
    deliver(folder, *renamed, now=NOW - dt.timedelta(days=1))
    last = (*renamed, many[119], offer("zu", licence=CLOSED), offer("neu"))
    deliver(folder, *last, now=NOW - dt.timedelta(hours=1))
    ingest(folder, *last)  # changes nothing, but makes the index
    feed = feed_of(folder)
    names = [*(page.name for page in feed.state.pages), *(event.name for event in feed.events_of("240"))]
    named = {name.rpartition("-")[0]: name for name in names} | {"240": "240"}
    with serving(folder) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield Shown(client, f"{long_ago:%Y%m%dT%H%M%SZ}", folder, named)


PAGES = ("stand1-1", "121", "240")


def triples(text: str, form: ox.RdfFormat = ox.RdfFormat.TRIG) -> set[str]:
    return {str(quad) for quad in ox.parse(text, form)}


def test_the_root_says_what_stream_it_is_and_where_its_pages_are(shown: Shown) -> None:
    answer = shown.client.get("/feed")
    assert answer.headers["content-type"] == "application/trig"
    found = triples(answer.text)
    integer, duration = "http://www.w3.org/2001/XMLSchema#integer", "http://www.w3.org/2001/XMLSchema#duration"
    for line in (
        f"<{STREAM}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{LDES}EventStream>",
        f"<{STREAM}> <{TREE}view> <{BASE}/feed>",
        f"<{STREAM}> <{LDES}versionOfPath> <{AS}object>",
        f"<{STREAM}> <{LDES}timestampPath> <{AS}published>",
        f'<{STREAM}> <{LDES}pollingInterval> "60"^^<{integer}>',
        f"<{BASE}/feed> <{LDES}retentionPolicy> <{BASE}/feed#aufbewahrung>",
        f'<{BASE}/feed#aufbewahrung> <{LDES}fullLogDuration> "P1Y"^^<{duration}>',
        f'<{BASE}/feed#aufbewahrung> <{LDES}versionAmount> "1"^^<{integer}>',
    ):
        assert line in found
    nodes = {line.rpartition("> <")[2] for line in found if f"<{TREE}node>" in line}
    assert nodes == {f"{BASE}{shown.page(name)}>" for name in PAGES}


def test_a_full_page_may_be_kept_for_ever_and_the_newest_for_a_moment(shown: Shown) -> None:
    for name in PAGES:
        answer = shown.client.get(shown.page(name))
        assert answer.status_code == 200
        is_newest = name == "240"
        assert ("immutable" in answer.headers["cache-control"]) == (not is_newest)
        assert (f"<{LDES}immutable>" in answer.text) == (not is_newest)
    assert answer.headers["cache-control"] == "public, max-age=5"
    again = shown.client.get(shown.page("240"), headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]


def test_the_pages_that_the_root_names_hold_every_event_in_order(shown: Shown) -> None:
    pages = [q.object.value for q in quads(shown, "/feed") if q.predicate.value == TREE + "node"]
    seen = []
    for address in dict.fromkeys(pages):
        found = quads(shown, address.removeprefix(BASE))
        assert not any(q.predicate.value == TREE + "node" for q in found)
        seen += sorted(position(q.object.value) for q in found if q.predicate.value == TREE + "member")
    assert seen == [120, *range(121, 243)]


def quads(shown: Shown, path: str) -> list[ox.Quad]:
    return list(ox.parse(shown.client.get(path).text, ox.RdfFormat.TRIG))


def position(event: str) -> int:
    return int(event.rpartition("/")[2].partition("-")[0])


def test_a_page_that_is_full_has_an_address_that_stands_for_its_contents(shown: Shown) -> None:
    assert re.fullmatch("121-[0-9a-f]{16}", shown.names["121"])
    for suffix in ("", ".jsonld"):
        answer = shown.client.get(f"/feed/{shown.epoch}/121{suffix}")
        assert (answer.status_code, answer.headers["cache-control"]) == (307, "public, max-age=5")
        assert answer.headers["location"] == f"{BASE}{shown.page('121')}{suffix}"
    for other in (f"/feed/{shown.epoch}/121-{'0' * 16}", f"/feed/ereignis/241-{'0' * 16}", "/feed/ereignis/241"):
        assert shown.client.get(other).status_code == 404


def test_what_was_folded_is_gone_and_what_never_was_is_not_found(shown: Shown) -> None:
    for path, status in (
        (shown.page("1"), 410),
        ("/feed/20000101T000000Z/1", 410),
        ("/feed/ereignis/7", 410),
        (shown.page("240.rdf"), 404),
        (shown.page("999"), 404),
        (shown.page("stand9-1"), 404),
        ("/feed/gestern/1", 404),
        ("/feed/ereignis/243", 404),
        ("/feed/ereignis/0", 404),
        ("/feed/ereignis/x", 404),
        ("/feed.ttl", 404),
    ):
        answer = shown.client.get(path, headers={"Accept": "application/trig"})
        assert (path, answer.status_code) == (path, status)
        assert answer.headers["content-type"] == "application/problem+json"
    assert shown.client.get("/feed", headers={"Accept": "image/png"}).status_code == 406


@pytest.mark.parametrize("path", ["/feed", "page", "event"])
def test_every_form_says_the_same(shown: Shown, path: str) -> None:
    path = {"page": shown.page("240"), "event": f"/feed/ereignis/{shown.names['241']}"}.get(path, path)
    found = []
    for suffix, media, form in (
        ("trig", "application/trig", ox.RdfFormat.TRIG),
        ("nq", "application/n-quads", ox.RdfFormat.N_QUADS),
        ("jsonld", "application/ld+json", ox.RdfFormat.JSON_LD),
    ):
        by_suffix = shown.client.get(f"{path}.{suffix}")
        by_accept = shown.client.get(path, headers={"Accept": f"{media}, */*;q=0.1"})
        assert by_suffix.headers["content-type"] == by_accept.headers["content-type"] == media
        assert by_suffix.text == by_accept.text
        assert by_accept.headers["vary"] == "Accept, Accept-Encoding"
        found.append(triples(by_accept.text, form))
    assert found[0] == found[1] == found[2]


def test_an_event_at_its_own_address(shown: Shown) -> None:
    answer = shown.client.get(f"/feed/ereignis/{shown.names['241']}")
    event, about = f"{BASE}/feed/ereignis/{shown.names['241']}", f"{BASE}/id/angebot/kvhs-119"
    found = triples(answer.text)
    assert f"<{event}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{AS}Create>" in found
    assert f"<{event}> <{AS}object> <{about}>" in found
    assert f'<{about}> <http://schema.org/name> "Brot" <{event}>' in found
    assert "immutable" in answer.headers["cache-control"]
    plain = shown.client.get("/feed", headers={"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in plain.headers


def test_closed_offers_and_the_address_of_the_server_are_nowhere(shown: Shown) -> None:
    port = str(shown.client.base_url.port)
    for path in ("/feed", *(shown.page(name) for name in PAGES)):
        text = shown.client.get(path).text
        assert "kvhs-zu" not in text
        assert f":{port}" not in text


def test_packed_for_who_can_unpack(shown: Shown) -> None:
    plain = shown.client.get(shown.page("121"), headers={"Accept-Encoding": "identity"})
    with shown.client.stream("GET", shown.page("121"), headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        body = b"".join(answer.iter_raw())
    assert gzip.decompress(body) == plain.content
    assert len(body) * 10 < len(plain.content)
    assert answer.headers["etag"] != plain.headers["etag"]


def test_head_and_scripts_of_other_sites(shown: Shown) -> None:
    path = shown.page("240")
    got, head = shown.client.get(path), shown.client.head(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == got.headers["etag"]
    assert got.headers["access-control-allow-origin"] == "*"
    asked = shown.client.options(path, headers={"Origin": "https://x.example", "Access-Control-Request-Method": "GET"})
    assert asked.status_code == 204
    assert asked.headers["access-control-allow-origin"] == "*"
    assert "If-None-Match" in asked.headers["access-control-allow-headers"]
    assert shown.client.post("/feed").status_code == 405


@pytest.mark.conformance
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("whole", [False, True], ids=["default-graph", "all-graphs"])
def test_the_official_shape_validates_every_page(shown: Shown, shared: Path, name: str, whole: bool) -> None:
    """DCAT-AP Feeds: the shape of activities, on what stands outside the named graphs and on everything together."""
    shapes = rdflib.Graph().parse(shared / "standards/dcat-ap-feeds-shape.ttl")
    shapes.remove((None, rdflib.OWL.imports, None))
    data = rdflib.Graph()
    for quad in ox.parse(shown.client.get(shown.page(name)).text, ox.RdfFormat.TRIG):
        if whole or isinstance(quad.graph_name, ox.DefaultGraph):
            data.parse(data=f"{quad.triple} .", format="nt")
    conforms, _, report = pyshacl.validate(data, shacl_graph=shapes)
    assert conforms, report
    activity = rdflib.URIRef(f"{AS}Update")
    wrong = next(data.subjects(rdflib.RDF.type, activity), None)
    if wrong is not None:  # the judge does look
        data.add((wrong, rdflib.RDFS.label, rdflib.Literal("zu viel")))
        assert not pyshacl.validate(data, shacl_graph=shapes)[0]


def test_a_catalogue_of_an_older_version_is_renewed_before_it_is_served(tmp_path: Path) -> None:
    (tmp_path / "katalog.toml").write_text(SETTINGS, encoding="utf-8")
    ingest(tmp_path, offer("A"))
    make_old(tmp_path)
    shutil.rmtree(tmp_path / "snapshots/000001/feed")
    asked = bildungskatalog("ask", "--dir", tmp_path, "Brot")
    assert asked.returncode == 1
    assert "hat eine ältere Fassung dieses Programms geschrieben. Auf den neuen Stand bringen:" in asked.stderr
    with socket.socket() as taken:  # so that it ends at once
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = bildungskatalog("serve", "--dir", tmp_path, "--port", taken.getsockname()[1])
    assert "ist schon belegt" in done.stderr
    assert "einer älteren Fassung und wird erneuert" in done.stderr
    assert told(tmp_path) == [(1, "Create", "kvhs-A")]


def test_merged_tables_are_no_change(tmp_path: Path) -> None:
    folder = tmp_path / "katalog"
    folder.mkdir()
    (folder / "katalog.toml").write_text(SETTINGS, encoding="utf-8")
    ingest(folder, offer("A"), offer("B"), now=NOW - dt.timedelta(days=2))
    held = folder / "snapshots/000001/snapshot.json"

    def free() -> bool:
        with held.open() as file, suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        return False

    feed = feed_of(folder).state
    paths = ["/feed", f"/feed/{feed.epoch}/{feed.newest}", "/id/angebot/kvhs-A", "/suche?q=Brot", "/suche.atom?q=Brot"]
    paths += [
        "/sitemap.xml",
        "/moochub",
        "/guete.json",
        "/sparql?query=SELECT+*{?s+<http://schema.org/provider>?o}ORDER+BY?s",
    ]
    names = ("etag", "last-modified")
    with serving(folder) as url, httpx.Client(base_url=url, timeout=30, follow_redirects=True) as client:

        def look() -> list[tuple[int, dict[str, str], str]]:
            found = [client.get(path) for path in paths]
            return [
                (one.status_code, {n: one.headers[n] for n in names if n in one.headers}, one.text) for one in found
            ]

        wait_for(lambda: dumps_are_current(folder, read_settings(folder)))
        before = look()
        assert {path: status for path, (status, _, _) in zip(paths, before, strict=True)} == dict.fromkeys(paths, 200)
        assert sum("etag" in headers for _, headers, _ in before) >= 3
        assert not free()
        merge(folder)
        assert visible_snapshot(folder) == folder / "snapshots/000001-1"
        wait_for(free)  # now it is the merged one that is served
        assert look() == before
    assert dumps_are_current(folder, read_settings(folder))
