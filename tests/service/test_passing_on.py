"""An own offer whose licence is not open: people see all of it, everything that is made to be used again says where it is and no more."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import pyoxigraph as ox
import pytest

from ontology.offer import Offer
from tests.service.conftest import BASE, OFFERS, SETTINGS, ingest, serving, wait_for

EXCEL = OFFERS[0]
CLOSED = msgspec.structs.replace(EXCEL, licence="Alle Rechte vorbehalten")
SCHEMA = "http://schema.org/"
IRI = f"<{BASE}/id/angebot/kvhs-A1>"
TOLD = {
    f"{IRI} <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <{SCHEMA}Course>",
    f'{IRI} <{SCHEMA}identifier> "A1"',
    f'{IRI} <{SCHEMA}name> "Excel für den Beruf"',
    f"{IRI} <{SCHEMA}url> <https://kvhs.example/kurs/A1>",
    f"{IRI} <{SCHEMA}provider> <{BASE}/id/anbieter/kvhs>",
    f'{IRI} <{SCHEMA}license> "Alle Rechte vorbehalten"',
    f"{IRI} <{SCHEMA}hasCourseInstance> <{BASE}/id/angebot/kvhs-A1#termin-1>",
    f"{IRI} <{SCHEMA}hasCourseInstance> <{BASE}/id/angebot/kvhs-A1#termin-2>",
}


@pytest.fixture(scope="module")
def closed(small_catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """The small catalogue, with a licence of its own for one course."""
    folder = tmp_path_factory.mktemp("closed") / "katalog"
    folder.mkdir()
    (folder / "katalog.toml").write_text(SETTINGS, encoding="utf-8")
    shutil.copyfile(small_catalogue / "vectors.sqlite", folder / "vectors.sqlite")
    ingest(folder, CLOSED, *OFFERS[1:])
    with serving(folder) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client


def told_of(offer: Offer, text: str) -> set[str]:
    quads = ox.parse(text, ox.RdfFormat.N_TRIPLES)
    return {str(quad.triple) for quad in quads if str(quad.subject) == f"<{BASE}/id/angebot/{offer.id}>"}


def test_people_see_all_of_it(closed: httpx.Client) -> None:
    page = closed.get("/angebot/kvhs-A1", headers={"Accept": "text/html"}).text
    visible = page.partition("<body>")[2]
    for text in ("Tabellen, Formeln und Diagramme", "Theodor-Heuss-Ring 2", "45", "Lizenz: Alle Rechte vorbehalten"):
        assert text in visible
    assert "Die Lizenz erlaubt nicht, dieses Angebot weiterzugeben." in visible
    assert "weiterzugeben" not in closed.get("/angebot/kvhs-A2", headers={"Accept": "text/html"}).text
    assert "Theodor-Heuss-Ring" in closed.get("/angebot/kvhs-A1.ics").text
    assert closed.get("/api/search", params={"q": "Excel", "price_max": "50"}).json()["hits"][0]["name"] == EXCEL.name


def test_queries_and_data_tell_where_it_is(closed: httpx.Client) -> None:
    assert told_of(CLOSED, closed.get("/angebot/kvhs-A1.nt").text) == TOLD
    asked = {"query": f"CONSTRUCT {{ {IRI} ?p ?o }} WHERE {{ {IRI} ?p ?o }}"}
    answer = closed.get("/sparql", params=asked, headers={"Accept": "application/n-triples"})
    assert told_of(CLOSED, answer.text) == TOLD


@pytest.mark.parametrize(
    "path",
    [
        "/angebot/kvhs-A1.ttl",
        "/angebot/kvhs-A1.jsonld",
        "/angebot/kvhs-A1.rdf",
        "/api/offers/kvhs-A1",
        "/suche.atom?q=Excel",
        "/sparql?query=SELECT+*+{?s+?p+?o}",
    ],
)
def test_its_words_place_and_price_are_in_no_form_of_the_data(closed: httpx.Client, path: str) -> None:
    text = closed.get(path, headers={"Accept": "*/*"}).text
    assert "Excel für den Beruf" in text
    for value in ("Formeln", "ermäßigt", "2099-04-20T18:30"):  # the last: when a meeting begins
        assert value not in text


def test_the_markup_of_its_page_says_no_more(closed: httpx.Client) -> None:
    page = closed.get("/angebot/kvhs-A1", headers={"Accept": "text/html"}).text
    markup = page.partition('<script type="application/ld+json">')[2].partition("</script>")[0]
    found = msgspec.json.decode(markup)
    assert (found["name"], found["sameAs"]) == ("Excel für den Beruf", "https://kvhs.example/kurs/A1")
    assert {"description", "offers", "about"}.isdisjoint(found)


def test_it_is_in_no_dump_no_feed_and_no_list_of_courses(closed: httpx.Client) -> None:
    wait_for(lambda: closed.get("/dumps").status_code == 200, 60)
    page = re.search(r"<[^>]*(/feed/[^/>]+/[^/>]+)>", closed.get("/feed.nq").text)
    assert page is not None
    for path in ("/dumps/katalog.nq", "/dumps/katalog.csv", "/moochub", f"{page[1]}.nq"):
        text = closed.get(path).text
        assert "kvhs-A1" not in text
        assert "kvhs-A2" in text
