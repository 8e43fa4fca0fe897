"""The catalogue for open-data portals, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest
import rdflib
from rdflib import DCAT, DCTERMS, RDF, Literal, URIRef

from catalogue.dumps import read_manifest
from catalogue.dumps.manifest import dumps_folder
from catalogue.lock import writer_lock
from search.encoder import Encoder
from tests.command import bildungskatalog
from tests.many_sources import catalogue_of_many
from tests.service.conftest import serving, wait_for

BASE = "https://bildung.example/kreis"  # behind a proxy, below a path
HYDRA = rdflib.Namespace("http://www.w3.org/ns/hydra/core#")
MEDIA = {
    "ttl": "text/turtle; charset=utf-8",
    "jsonld": "application/ld+json",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Iterator[httpx.Client]:
    """A served catalogue of 60 own sources and a neighbour; it begins with nothing but 503 as long as there are no dumps."""
    folder = catalogue_of_many(tmp_path_factory.mktemp("portal") / "katalog", 60, BASE, encoder, neighbour=True)
    dumps_folder(folder).mkdir()
    with writer_lock(dumps_folder(folder)), serving(folder) as url, httpx.Client(base_url=url, timeout=30) as client:
        for path in ("/katalog", "/katalog.ttl", "/katalog/gesamt.ttl"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert int(answer.headers["retry-after"]) > 0
        assert read_manifest(folder) is None
    with serving(folder) as url, httpx.Client(base_url=url, timeout=30) as client:
        wait_for(lambda: client.get("/katalog").status_code == 200, seconds=120)
        yield client


def read(portal: httpx.Client, address: str) -> rdflib.Graph:
    """A document of the catalogue by its public address."""
    assert address.startswith(BASE)
    answer = portal.get(address.removeprefix(BASE))
    assert answer.status_code == 200, answer.text
    media = answer.headers["content-type"].partition(";")[0]
    if media == "application/ld+json":  # rdflib's own reader warns of itself
        quads = ox.parse(answer.content, ox.RdfFormat.JSON_LD)
        written = ox.serialize((quad.triple for quad in quads), format=ox.RdfFormat.N_TRIPLES)
        return rdflib.Graph().parse(data=written, format="nt")
    return rdflib.Graph().parse(data=answer.content, format=media)


@pytest.mark.parametrize("suffix", MEDIA)
def test_pages_are_followed_to_the_end(portal: httpx.Client, suffix: str) -> None:
    address: str | None = f"{BASE}/katalog.{suffix}"
    visited, seen = [], []
    while address is not None:
        assert address not in visited
        visited.append(address)
        page = read(portal, address)
        seen += [str(dataset) for dataset in page.subjects(RDF.type, DCAT.Dataset)]
        node = URIRef(address)
        following = [str(link) for link in page.objects(node, HYDRA.next)]
        assert following == [str(link) for link in page.objects(node, HYDRA.nextPage)]
        assert page.value(node, HYDRA.totalItems) == Literal(61)
        assert not any(isinstance(term, rdflib.BNode) for triple in page for term in triple)
        assert "worms" not in str(sorted(page)).lower().replace("alzey-worms", "")  # what neighbours deliver is theirs
        address = following[0] if following else None
    assert len(visited) == 2
    assert sorted(seen) == [f"{BASE}/katalog/gesamt", *(f"{BASE}/katalog/quelle/quelle-{n:03}" for n in range(60))]


def test_every_address_is_a_public_one(portal: httpx.Client) -> None:
    page = read(portal, f"{BASE}/katalog.ttl")
    for predicate in (DCAT.accessURL, DCAT.downloadURL, DCAT.endpointURL, DCAT.landingPage, DCAT.endpointDescription):
        found = {str(address) for address in page.objects(None, predicate)}
        assert found
        assert all(address.startswith(f"{BASE}/") for address in found), found
    for address in set(page.objects(None, DCAT.downloadURL)):
        assert portal.head(str(address).removeprefix(BASE)).status_code == 200


@pytest.mark.parametrize(
    ("accept", "media"),
    [
        ("text/turtle", MEDIA["ttl"]),
        ("application/rdf+xml, text/turtle;q=0.5", MEDIA["rdf"]),
        ("application/ld+json", MEDIA["jsonld"]),
        ("application/json", MEDIA["jsonld"]),
        ("application/n-triples", MEDIA["nt"]),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html; charset=utf-8"),
        ("*/*", "text/html; charset=utf-8"),
    ],
)
def test_negotiation(portal: httpx.Client, accept: str, media: str) -> None:
    answer = portal.get("/katalog", headers={"Accept": accept})
    assert answer.headers["content-type"] == media
    assert "accept" in answer.headers["vary"].lower()
    head = portal.head("/katalog", headers={"Accept": accept})
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", answer.headers["etag"])


def test_what_is_not_offered_is_406_with_the_list(portal: httpx.Client) -> None:
    answer = portal.get("/katalog", headers={"Accept": "image/png"})
    assert answer.status_code == 406
    assert f"<{BASE}/katalog.ttl>" in answer.headers["link"]


def test_nothing_new_is_304(portal: httpx.Client) -> None:
    answer = portal.get("/katalog.ttl")
    tag, modified = answer.headers["etag"], answer.headers["last-modified"]
    again = portal.get("/katalog.ttl", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert portal.get("/katalog.ttl", headers={"If-Modified-Since": modified}).status_code == 304
    assert portal.get("/katalog.ttl", headers={"If-None-Match": '"another"'}).status_code == 200
    assert portal.get("/katalog.rdf").headers["etag"] != tag


def test_pages_that_are_not_there(portal: httpx.Client) -> None:
    assert portal.get("/katalog.ttl?page=3").status_code == 404
    assert portal.get("/katalog.pdf").status_code == 404
    for wrong in ("0", "-1", "zwei", "1e3", ""):
        answer = portal.get("/katalog.ttl", params={"page": wrong})
        assert (answer.status_code, answer.json()["parameter"]) == (422, "page")


def test_pages_of_another_list_of_datasets_are_gone(portal: httpx.Client) -> None:
    """Whoever began before a source went would miss the first of the next page, and delete it."""
    assert portal.get("/katalog.ttl?page=2&stand=000000000000").status_code == 410


def test_a_dataset_and_a_service_by_their_iris(portal: httpx.Client) -> None:
    found = read(portal, f"{BASE}/katalog/quelle/quelle-007.ttl")
    dataset = URIRef(f"{BASE}/katalog/quelle/quelle-007")
    assert list(found.subjects(RDF.type, DCAT.Dataset)) == [dataset]
    assert str(found.value(dataset, DCTERMS.title)) == "Bildungsangebote: Quelle quelle-007"
    answer = portal.get("/katalog/dienst/sparql", headers={"Accept": "application/n-triples"})
    assert "DataService" in answer.text
    answer = portal.get("/katalog/quelle/quelle-007", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{BASE}/katalog#quelle-quelle-007")
    for path in ("/katalog/quelle/worms", "/katalog/quelle/nachbar/worms", "/katalog/dienst/x", "/katalog/x.ttl"):
        assert portal.get(path, headers={"Accept": "text/turtle"}).status_code == 404


def test_the_page_for_people(portal: httpx.Client) -> None:
    html = portal.get("/katalog", headers={"Accept": "text/html"}).text
    assert '<section id="quelle-quelle-059">' in html  # all of it, not a page of it
    assert f'href="{BASE}/dumps/katalog.csv.gz"' in html
    assert "CC BY 4.0" in html
    assert '<link rel="alternate" type="text/turtle" href="/kreis/katalog.ttl">' in html


def test_the_command_line_writes_the_same_every_time(demo_copy: Path) -> None:
    """Two processes, byte for byte."""
    first, second = demo_copy / "1.ttl", demo_copy / "2.ttl"
    for target in (first, second):
        done = bildungskatalog("export", "--dir", demo_copy, "--format", "dcat", "--out", target)
        assert done.returncode == 0, done.stderr
    assert first.read_bytes() == second.read_bytes()
    found = rdflib.Graph().parse(first)
    assert len(set(found.subjects(RDF.type, DCAT.Dataset))) == 16  # fifteen sources and the whole
