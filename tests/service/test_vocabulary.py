"""The vocabulary, the concept schemes and the JSON-LD context, over real HTTP."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pyoxigraph as ox
import pytest
import rdflib
from rdflib.compare import isomorphic

from catalogue.snapshot import Snapshot
from ontology.concepts import SCHEMES, load_schemes
from service.vocabulary import Vocabulary
from tests.service.conftest import OFFERS

NS = "https://w3id.org/bildungskatalog/"
PAGE = {"Accept": "text/html"}
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # rdflib's reader of JSON-LD
FORMS = {
    ".ttl": ("text/turtle", "turtle"),
    ".jsonld": ("application/ld+json", "json-ld"),
    ".nt": ("application/n-triples", "nt"),
    ".rdf": ("application/rdf+xml", "xml"),
}
SKOS = rdflib.SKOS


@pytest.mark.parametrize("suffix", FORMS)
@pytest.mark.parametrize("path", ["/ns", *(f"/ns/{name}" for name in SCHEMES)])
def test_a_document_holds_its_file(client: httpx.Client, path: str, suffix: str) -> None:
    media, name = FORMS[suffix]
    answer = client.get(path + suffix)
    assert answer.headers["content-type"].startswith(media)
    file = "vocabulary.ttl" if path == "/ns" else f"schemes/{path.removeprefix('/ns/')}.ttl"
    expected = rdflib.Graph().parse(data=files("ontology").joinpath(*file.split("/")).read_bytes(), format="turtle")
    assert isomorphic(rdflib.Graph().parse(data=answer.content, format=name), expected)
    if path == "/ns":
        assert client.get(path, headers={"Accept": media}).content == answer.content


@pytest.mark.parametrize("path", ["/ns/topics", "/ns/topics/german", "/ns/level/A1"])
def test_a_thing_leads_to_the_form_asked_for(client: httpx.Client, path: str) -> None:
    for accept, suffix in [
        *((media, suffix) for suffix, (media, _) in FORMS.items()),
        ("text/html", ".html"),
        ("*/*", ".html"),
    ]:
        answer = client.get(path, headers={"Accept": accept})
        assert (answer.status_code, answer.headers["location"], answer.headers["vary"]) == (
            303,
            path + suffix,
            "Accept",
        )
        found = client.get(answer.headers["location"])
        assert found.status_code == 200
        assert client.get(path + suffix, headers={"If-None-Match": found.headers["etag"]}).status_code == 304
    assert client.get(path, headers={"Accept": "image/png"}).status_code == 406
    assert f'<{NS}{path.removeprefix("/ns/")}>; rel="cite-as"' in client.get(f"{path}.ttl").headers["link"]


@pytest.mark.parametrize(
    "path", ["/ns/nix", "/ns/nix/german", "/ns/topics/nix", "/ns/topics.png", "/ns.html", "/ns/topics/german.x"]
)
def test_what_there_is_not(client: httpx.Client, path: str) -> None:
    assert client.get(path, headers=PAGE).status_code == 404


def test_a_concept_has_all_its_labels(client: httpx.Client) -> None:
    for scheme in load_schemes().by_notation.values():
        for concept in list(scheme.concepts.values())[::5]:
            path = f"/ns/{scheme.notation}/{concept.notation}"
            graph = rdflib.Graph().parse(data=client.get(f"{path}.nt").content, format="nt")
            labels = {
                str(label.language): str(label) for label in graph.objects(rdflib.URIRef(concept.iri), SKOS.prefLabel)
            }
            assert labels == concept.labels
            assert {"de", "en"} <= set(labels)


def test_a_concept_knows_its_neighbours(client: httpx.Client) -> None:
    graph = rdflib.Graph().parse(data=client.get("/ns/topics/german.ttl").content, format="turtle")
    german, topics = rdflib.URIRef(f"{NS}topics/german"), rdflib.URIRef(f"{NS}topics/languages")
    assert list(graph.objects(german, SKOS.broader)) == [topics]
    assert rdflib.URIRef(f"{NS}topics/vocational-german") in set(graph.objects(german, SKOS.narrower))
    assert rdflib.Literal("Sprachen", "de") in set(graph.objects(topics, SKOS.prefLabel))
    page = client.get("/ns/topics/german.html").text
    for said in ("Deutsch lernen", "German as a foreign language", "Deutsch als Zweitsprache", "Sprachen"):
        assert said in page
    assert 'href="/ns/topics/vocational-german.html"' in page


def test_the_page_of_the_vocabulary_says_what_its_file_says(client: httpx.Client) -> None:
    answer = client.get("/ns", headers=PAGE)
    assert answer.headers["content-type"].startswith("text/html")
    for term in Vocabulary().terms:
        assert f'id="{term.name}"' in answer.text  # where the IRI's fragment leads
        assert term.labels["de"][0] in answer.text
        assert term.labels["en"][0] in answer.text
    assert "amtliche Schlüssel (AGS)" in answer.text
    assert "schema:Place" in answer.text
    assert "xsd:boolean" in answer.text
    assert all(f"/ns/{name}.html" in answer.text for name in SCHEMES)


def test_the_page_of_a_scheme_is_a_tree(client: httpx.Client) -> None:
    page = client.get("/ns/topics.html").text
    assert page.count('href="/ns/topics/') == 256
    inner = page.split('href="/ns/topics/german.html"')[1].split("</ul>")[0]
    assert "<ul>" in inner
    assert "/ns/topics/dialect.html" in inner


# --- the JSON-LD context ----------------------------------------------------------------------------------------------------------------


def expanded(document: dict[str, Any]) -> rdflib.Graph:
    return rdflib.Graph().parse(data=json.dumps(document), format="json-ld")


def test_the_context_can_stand_in_place_of_an_offers_own(
    client: httpx.Client, demo: Path, demo_client: httpx.Client
) -> None:
    """Two readers of JSON-LD: what the context file makes of an offer's tree is what Turtle says, triple for triple."""
    context = client.get("/ns/context.jsonld").json()["@context"]
    with Snapshot.open(demo) as snapshot:
        ids = sorted(offer for offer, _ in snapshot.ledger.offer_ids())
        for each, catalogue in [
            *((offer, demo_client) for offer in ids[::4]),
            *((offer.id, client) for offer in OFFERS),
        ]:
            turtle = catalogue.get(f"/angebot/{each}.ttl").content
            document = {**catalogue.get(f"/angebot/{each}.jsonld").json(), "@context": context}
            assert isomorphic(expanded(document), rdflib.Graph().parse(data=turtle, format="turtle")), each
            read = {quad.triple for quad in ox.parse(json.dumps(document).encode(), ox.RdfFormat.JSON_LD)}
            assert read == {quad.triple for quad in ox.parse(turtle, ox.RdfFormat.TURTLE)}, each


def test_with_the_context_an_offer_can_be_written_plainly(client: httpx.Client) -> None:
    graph = expanded(
        {
            "@context": client.get("/ns/context.jsonld").json()["@context"],
            "@id": "https://x.example/1",
            "@type": "Course",
            "name": "Yoga",
            "about": "bkc:topics/sport",
            "bk:phase": "bkc:phases/general-adult",
            "bk:certificate": True,
            "hasCourseInstance": {
                "@id": "https://x.example/1#a",
                "offers": {"@id": "https://x.example/1#p", "price": "4.50"},
            },
        }
    )
    course = rdflib.URIRef("https://x.example/1")
    assert graph.value(course, rdflib.URIRef("http://schema.org/about")) == rdflib.URIRef(f"{NS}topics/sport")
    assert graph.value(course, rdflib.URIRef(f"{NS}ns#phase")) == rdflib.URIRef(f"{NS}phases/general-adult")
    price = graph.value(rdflib.URIRef("https://x.example/1#p"), rdflib.URIRef("http://schema.org/price"))
    assert price == rdflib.Literal("4.50", datatype=rdflib.XSD.decimal)


def test_the_context_knows_every_term_of_the_vocabulary(client: httpx.Client) -> None:
    context = client.get("/ns/context.jsonld").json()["@context"]
    ranges = {term.name: term.ranges[0][0] for term in Vocabulary().terms}
    for name, kind in ranges.items():
        if kind != "xsd:string":
            assert context[f"bk:{name}"] == {"@type": "@id" if kind == "skos:Concept" else kind}
