"""The interfaces, over real HTTP."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pyoxigraph as ox
import pytest

from ontology.rdf import offer_from_triples
from tests.asynchronous import run_async
from tests.service.conftest import BASE, OFFERS, an_offer, ingest, serving, wait_for

IRI = f"{BASE}/id/angebot/kvhs-A1"
PAGE = {"Accept": "text/html"}


@pytest.mark.parametrize("path", ["/id/angebot/kvhs-A1", "/id/anbieter/kvhs"])
def test_an_iri_leads_to_the_form_asked_for(client: httpx.Client, path: str) -> None:
    target = path.removeprefix("/id")
    for accept, suffix in [
        ("text/html", ""),
        ("*/*", ""),
        ("text/turtle", ".ttl"),
        ("application/ld+json", ".jsonld"),
        ("application/json", ".jsonld"),
        ("application/n-triples", ".nt"),
        ("application/rdf+xml", ".rdf"),
    ]:
        answer = client.get(path, headers={"Accept": accept})
        assert (answer.status_code, answer.headers["location"]) == (303, target + suffix)
        assert answer.headers["vary"] == "Accept"
        assert client.get(answer.headers["location"]).status_code == 200
    assert client.get(path, headers={"Accept": "image/png"}).status_code == 406
    assert client.get(path + "-gibtsnicht").status_code == 404


FORMS = {
    ".ttl": ("text/turtle", ox.RdfFormat.TURTLE),
    ".jsonld": ("application/ld+json", ox.RdfFormat.JSON_LD),
    ".nt": ("application/n-triples", ox.RdfFormat.N_TRIPLES),
    ".rdf": ("application/rdf+xml", ox.RdfFormat.RDF_XML),
}


@pytest.mark.parametrize("suffix", FORMS)
def test_every_data_twin_holds_the_whole_offer(client: httpx.Client, suffix: str) -> None:
    media, rdf_format = FORMS[suffix]
    by_suffix = client.get(f"/angebot/kvhs-A1{suffix}")
    by_accept = client.get("/angebot/kvhs-A1", headers={"Accept": media})
    assert by_suffix.content == by_accept.content
    assert by_suffix.headers["content-type"].startswith(media)
    triples = [quad.triple for quad in ox.parse(by_suffix.content, rdf_format, base_iri=BASE)]
    assert offer_from_triples(IRI, triples, "kvhs") == OFFERS[0]


def test_an_identifier_that_looks_like_a_suffix(client: httpx.Client) -> None:
    page = client.get("/angebot/kvhs-punkt.nt", headers=PAGE)
    assert page.headers["content-type"].startswith("text/html")
    assert client.get("/angebot/kvhs-punkt.nt.nt").headers["content-type"] == "application/n-triples"


def test_one_offer_as_json_ld(client: httpx.Client) -> None:
    answer = client.get("/api/offers/kvhs-A1")
    assert answer.headers["content-type"] == "application/ld+json"
    document = answer.json()
    assert (document["@id"], document["@type"], document["name"]) == (IRI, "Course", "Excel für den Beruf")
    assert document["provider"]["name"] == "KVHS Testingen"
    unknown = client.get("/api/offers/nix")
    assert (unknown.status_code, unknown.json()["status"]) == (404, 404)


@pytest.mark.parametrize("path", ["/angebot/kvhs-A1", "/angebot/kvhs-A1.ttl", "/anbieter/kvhs", "/sitemap.xml"])
def test_what_is_known_is_not_sent_again(client: httpx.Client, path: str) -> None:
    first = client.get(path, headers=PAGE)
    tag = first.headers["etag"]
    assert tag.startswith('"')
    again = client.get(path, headers={**PAGE, "If-None-Match": f'"anders", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(path, headers={**PAGE, "If-None-Match": '"anders"'}).status_code == 200


def test_forms_of_one_address_have_different_tags(client: httpx.Client) -> None:
    accepts = ("text/html", "text/turtle", "application/ld+json")
    tags = {client.get("/angebot/kvhs-A1", headers={"Accept": accept}).headers["etag"] for accept in accepts}
    assert len(tags) == 3


COUNT = "SELECT (count(*) AS ?n) { ?offer <http://schema.org/provider> ?provider }"


def test_sparql_by_all_three_ways(client: httpx.Client) -> None:
    answers = [
        client.get("/sparql", params={"query": COUNT}),
        client.post("/sparql", data={"query": COUNT}),
        client.post("/sparql", content=COUNT, headers={"Content-Type": "application/sparql-query"}),
    ]
    for answer in answers:
        assert answer.headers["content-type"] == "application/sparql-results+json"
        assert answer.json()["results"]["bindings"][0]["n"]["value"] == str(len(OFFERS))


def test_sparql_negotiates(client: httpx.Client) -> None:
    csv = client.get("/sparql", params={"query": COUNT}, headers={"Accept": "text/csv"})
    assert csv.text.split() == ["n", str(len(OFFERS))]
    graph = client.get("/sparql", params={"query": f"DESCRIBE <{IRI}>"}, headers={"Accept": "application/n-triples"})
    assert f"<{IRI}>" in graph.text


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("SELECT nonsense", 400),
        ("INSERT DATA { <a:b> <a:b> <a:b> }", 400),
        ("SELECT (count(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }", 503),
    ],
)
def test_sparql_says_what_is_wrong(client: httpx.Client, query: str, status: int) -> None:
    answer = client.get("/sparql", params={"query": query})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["detail"]
    assert ("retry-after" in answer.headers) == (status == 503)


def test_sparql_refuses_other_requests(client: httpx.Client) -> None:
    assert client.post("/sparql", content="x", headers={"Content-Type": "text/plain"}).status_code == 415
    two = client.get("/sparql", params=[("query", COUNT), ("query", COUNT)])
    assert two.status_code == 400
    assert client.put("/sparql", content="x").status_code == 405


@pytest.mark.parametrize("suffix", FORMS)
def test_sparql_describes_itself(client: httpx.Client, suffix: str) -> None:
    media, rdf_format = FORMS[suffix]
    description = client.get("/sparql", headers={"Accept": media})
    assert description.headers["content-type"].startswith(media)
    terms = {quad.predicate.value.rpartition("#")[2] for quad in ox.parse(description.content, rdf_format)}
    assert terms >= {"endpoint", "supportedLanguage", "resultFormat", "namedGraph"}


def test_browsers_get_a_form_for_queries(client: httpx.Client) -> None:
    assert client.get("/sparql", headers={"Accept": "*/*"}).headers["content-type"].startswith("text/turtle")
    assert "<textarea" in client.get("/sparql", headers=PAGE).text


def test_health(client: httpx.Client) -> None:
    health = client.get("/gesund")
    assert (health.status_code, health.json()["offers"], health.json()["run"]) == (200, len(OFFERS), 1)


def test_the_description_names_every_parameter(client: httpx.Client) -> None:
    operation = client.get("/openapi.json").json()["paths"]["/api/search"]["get"]
    described = {parameter["name"]: parameter for parameter in operation["parameters"]}
    assert described.keys() >= {"q", "limit", "place", "radius_km", "not.daytime", "age_min", "collapse", "phase"}
    assert described["daytime"]["schema"]["items"]["enum"] == ["morning", "afternoon", "evening"]
    assert described["place"]["description"] == "name of a municipality, or its 8-digit AGS"
    assert {(parameter["in"], parameter["required"]) for parameter in described.values()} == {("query", False)}
    assert "not.daytime" in client.get("/docs").text


def test_head_is_get_without_a_body(client: httpx.Client) -> None:
    head, get = client.head("/angebot/kvhs-A1.ttl"), client.get("/angebot/kvhs-A1.ttl")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["etag"] == get.headers["etag"]


def test_every_answer_carries_the_headers_that_protect(client: httpx.Client) -> None:
    for path in ("/", "/suche?q=Yoga", "/angebot/kvhs-A1", "/api/search", "/gibtsnicht", "/docs"):
        answer = client.get(path, headers=PAGE)
        assert "script-src" not in answer.headers["content-security-policy"]  # default-src 'none' covers it
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in answer.headers


def test_errors_are_pages_for_people_and_documents_for_programs(client: httpx.Client) -> None:
    page = client.get("/angebot/nix", headers=PAGE)
    assert page.status_code == 404
    assert "Diese Seite gibt es nicht" in page.text
    assert (
        client.get("/angebot/nix", headers={"Accept": "application/json"}).headers["content-type"]
        == "application/problem+json"
    )
    assert client.get("/suche?radius_km=weit", headers=PAGE).status_code == 422
    assert client.get("/suche?utm_source=x&place=&q=Yoga", headers=PAGE).status_code == 200


def test_hostile_requests_are_answered(client: httpx.Client) -> None:
    for question in (
        "'; DROP TABLE offer; --",
        "😀" * 500,
        "\x00\x07\x1b",
        "a" * 2000,
        "{{ 7*7 }}",
        "<script>alert(1)</script>",
    ):
        page = client.get("/suche", params={"q": question}, headers=PAGE)
        assert page.status_code == 200, question
        assert "<script>alert" not in page.text
    for path in (
        "/angebot/%00",
        "/angebot/..%2f..%2fetc%2fpasswd",
        "/static/x/..%2fapp.py",
        "/id/anbieter/%3Cx%3E",
        "/anbieter/%22%3E",
    ):
        assert client.get(path, headers=PAGE).status_code == 404, path


def test_a_new_state_is_served_without_a_restart(small_catalogue: Path, tmp_path: Path) -> None:
    folder = tmp_path / "katalog"
    shutil.copytree(small_catalogue, folder)
    new = an_offer("neu", "Brotbacken")
    with serving(folder) as url, httpx.Client(base_url=url) as client:
        before = {path: client.get(path).headers["etag"] for path in ("/angebot/kvhs-A1.ttl", "/sitemap.xml")}
        ingest(folder, *OFFERS, new)
        wait_for(lambda: client.get("/gesund").json()["run"] == 2)
        assert client.get("/angebot/kvhs-neu", headers=PAGE).status_code == 200
        assert client.get("/sitemap.xml").headers["etag"] != before["/sitemap.xml"]
        assert client.get("/angebot/kvhs-A1.ttl").headers["etag"] == before["/angebot/kvhs-A1.ttl"]  # another one came
        count = client.get("/sparql", params={"query": COUNT})
        assert count.json()["results"]["bindings"][0]["n"]["value"] == str(len(OFFERS) + 1)
        ingest(folder, *OFFERS, new)  # nothing changed: what clients keep stays good
        tag = client.get("/angebot/kvhs-A1.ttl").headers["etag"]
        wait_for(lambda: client.get("/gesund").json()["run"] == 3)
        assert client.get("/angebot/kvhs-A1.ttl").headers["etag"] == tag


def test_an_empty_catalogue_says_that_it_is_not_ready(tmp_path: Path) -> None:
    (tmp_path / "katalog.toml").write_text("", encoding="utf-8")
    with serving(tmp_path) as url, httpx.Client(base_url=url) as client:
        health = client.get("/gesund")
        assert (health.status_code, "noch leer" in health.json()["detail"]) == (503, True)
        page = client.get("/", headers=PAGE)
        assert (page.status_code, page.headers["retry-after"]) == (503, "10")
        assert "Im Moment geht es nicht" in page.text
        ingest(tmp_path, OFFERS[0])
        wait_for(lambda: client.get("/gesund").status_code == 200)


def test_too_many_questions_are_turned_away(live: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate alone: as many as fit are served, the next one is told when to come again."""
    import asyncio

    from service.middleware import Gate
    from service.problems import Unavailable

    async def crowd() -> list[str]:
        gate, leave = Gate(at_once=1, waiting=1), asyncio.Event()

        async def ask() -> str:
            try:
                async with gate.enter():
                    await leave.wait()
            except Unavailable as error:
                return error.headers["Retry-After"]
            return "served"

        asked = [asyncio.create_task(ask()) for _ in range(3)]
        await asyncio.sleep(0)
        leave.set()
        return await asyncio.gather(*asked)

    assert run_async(crowd()) == ["served", "served", "2"]


def test_questions_are_not_written_down(small_catalogue: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with serving(small_catalogue) as url, httpx.Client(base_url=url) as client:
        client.get("/suche", params={"q": "Schuldnerberatung"}, headers=PAGE)
        client.get("/api/search", params={"q": "Schuldnerberatung", "limit": "viele"})
    said = capfd.readouterr()
    assert "Schuldnerberatung" not in said.out + said.err


def test_many_at_once_get_the_right_answer(client: httpx.Client) -> None:
    wrong: list[str] = []

    def ask(path: str, expected: str) -> None:
        texts = [client.get(path, headers=PAGE).text for _ in range(5)]
        wrong.extend(path for text in texts if expected not in text)

    paths = {"/angebot/kvhs-A1": "Excel für den Beruf", "/angebot/kvhs-A2": "Yoga am Morgen", "/anbieter/kvhs": "KVHS"}
    threads = [threading.Thread(target=ask, args=pair) for pair in paths.items() for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_the_embedded_data_of_a_page_can_be_read_and_cannot_break_out(client: httpx.Client) -> None:
    html = client.get("/angebot/kvhs-B1", headers=PAGE).text
    embedded = html.split('<script type="application/ld+json">')[1].split("</script>")[0]
    assert json.loads(embedded)["description"] == "Ton formen </script><b>fett</b> ]]> --> und brennen."
    assert html.count("<script") == 1
    assert "javascript:" not in html.replace(embedded, "")
    assert msgspec.json.decode(embedded.encode())["@context"] == "https://schema.org"
