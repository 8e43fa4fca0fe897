"""The SPARQL protocol as clients of all kinds speak it; the W3C's own tests of it are in tests/conformance."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import httpx
import pyoxigraph as ox
import pytest

from ontology.iris import TERMS
from tests.service.conftest import BASE, OFFERS

SD = "http://www.w3.org/ns/sparql-service-description#"
JSON, XML = "application/sparql-results+json", "application/sparql-results+xml"
CSV, TSV = "text/csv; charset=utf-8", "text/tab-separated-values; charset=utf-8"
TURTLE = "text/turtle; charset=utf-8"
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
JAVA = "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"
SELECT = "SELECT ?o { ?s <http://schema.org/identifier> ?o }"
CONSTRUCT = "CONSTRUCT WHERE { ?s <http://schema.org/identifier> ?o }"
FORM, DIRECT = "application/x-www-form-urlencoded", "application/sparql-query"


@pytest.mark.parametrize(
    ("accept", "results", "graph"),
    [
        (None, JSON, TURTLE),
        ("", JSON, TURTLE),
        ("*/*", JSON, TURTLE),
        ("application/*", JSON, "application/n-triples"),
        ("text/*", CSV, TURTLE),
        ("application/sparql-results+json", JSON, 406),
        ("application/sparql-results+xml", XML, 406),
        ("application/json", "application/json", "application/json"),
        ("application/xml", "application/xml", 406),
        ("text/csv", CSV, 406),
        ("text/tab-separated-values", TSV, 406),
        ("text/turtle", 406, TURTLE),
        ("application/n-triples", 406, "application/n-triples"),
        ("application/ld+json", 406, "application/ld+json"),
        ("application/rdf+xml", 406, "application/rdf+xml"),
        ("TEXT/Turtle;charset=utf-8", 406, TURTLE),
        ('application/ld+json;profile="http://www.w3.org/ns/json-ld#compacted"', 406, "application/ld+json"),
        ("text/csv;q=0.5, application/sparql-results+xml;q=0.6", XML, 406),
        ("text/csv;q=0.5, */*;q=0.1", CSV, TURTLE),
        ("application/sparql-results+json;q=0, */*", "application/json", TURTLE),
        ("text/csv;q=0, text/*", TSV, TURTLE),
        ("text/csv;q=2, application/sparql-results+xml;q=0.9", CSV, 406),
        ("text/csv;q=viel", JSON, TURTLE),  # a range that cannot be read says nothing
        ("text/csv;q=nan, application/sparql-results+xml;q=0.1", XML, 406),
        ("nonsense", JSON, TURTLE),
        (",;,/", JSON, TURTLE),
        (FIREFOX, "application/xml", TURTLE),
        (JAVA, JSON, TURTLE),
        (
            "application/n-quads,application/trig;q=0.95,application/ld+json;q=0.9,text/turtle;q=0.6",
            406,
            "application/ld+json",
        ),
        ("image/png", 406, 406),
        ("*/*;q=0", 406, 406),
        ("text/turtle;q=0.0, text/csv;q=0.000", 406, 406),
    ],
)
def test_every_accept(client: httpx.Client, accept: str | None, results: str | int, graph: str | int) -> None:
    for query, wanted in ((SELECT, results), (CONSTRUCT, graph)):
        request = client.build_request("GET", "/sparql", params={"query": query})
        del request.headers["accept"]
        if accept is not None:
            request.headers["Accept"] = accept
        answer = client.send(request)
        assert answer.headers["vary"] == "Accept"
        if isinstance(wanted, int):
            assert answer.status_code == wanted
            assert (
                "application/sparql-results+json" in answer.json()["detail"]
                or "Art von Abfrage" in answer.json()["detail"]
            )
        else:
            assert (answer.status_code, answer.headers["content-type"]) == (200, wanted)


def test_several_accept_headers_are_one(client: httpx.Client) -> None:
    headers = [("Accept", "image/png"), ("Accept", "text/csv;q=0.2, text/tab-separated-values")]
    assert client.get("/sparql", params={"query": SELECT}, headers=headers).headers["content-type"] == TSV


def test_a_form_may_say_what_is_accepted_where_it_is_a_media_type(client: httpx.Client) -> None:
    asked = {"query": SELECT, "format": "text/csv"}
    assert client.get("/sparql", params=asked, headers={"Accept": "text/html"}).headers["content-type"] == CSV
    asked = {"query": SELECT, "format": "xml", "output": "xml"}  # as SPARQLWrapper does, beside its header
    assert client.get("/sparql", params=asked, headers={"Accept": XML}).headers["content-type"] == XML


def chunks(size: int) -> Iterator[bytes]:
    for _ in range(size // 10_000):
        yield b"#" * 10_000


@pytest.mark.parametrize(
    ("target", "headers", "content", "status"),
    [
        ("?query=", {}, None, 400),
        ("?query=ASK%7B%7D&query=ASK%7B%7D", {}, None, 400),
        ("?default-graph-uri=http%3A%2F%2Fe%2F", {}, None, 400),
        ("?query=ASK%20%7B%7D&default-graph-uri=not%20an%20iri", {}, None, 400),
        ("?update=CLEAR%20ALL", {}, None, 400),
        ("?query=ASK%20%7B%7D&using-graph-uri=http%3A%2F%2Fe%2F", {}, None, 400),
        ("?query=ASK%20%7B", {}, None, 400),
        ("?query=ASK%20%7B%20%3Fs%20%3Fp%20%22%FF%22%20%7D", {}, None, 400),
        ("?query=ASK%7B%7D" + "&a=b" * 1000, {}, None, 400),
        ("", {"Content-Type": FORM}, b"", 400),
        ("", {"Content-Type": FORM}, b"query=ASK%7B%7D&query=ASK%7B%7D", 400),
        ("?query=ASK%7B%7D", {"Content-Type": FORM}, b"query=ASK%7B%7D", 400),
        ("?query=ASK%7B%7D", {"Content-Type": DIRECT}, b"ASK {}", 400),
        ("", {"Content-Type": FORM}, b"update=CLEAR+ALL", 400),
        ("", {"Content-Type": FORM}, b"query=%E4", 400),
        ("", {"Content-Type": FORM}, "query=ASK { ?s ?p 'ä' }".encode("latin-1"), 400),
        ("", {"Content-Type": DIRECT}, b"", 400),
        ("", {"Content-Type": DIRECT}, "ASK { ?s ?p 'ä' }".encode("utf-16"), 400),
        ("", {"Content-Type": DIRECT}, b"ASK {} #" + b"x" * 100_000, 400),
        ("", {"Content-Type": DIRECT}, b"ASK {} #" + b"x" * 1_000_000, 413),
        ("", {"Content-Type": FORM}, b"query=" + b"x" * 10_000_000, 413),
        ("", {"Content-Type": DIRECT}, 1_010_000, 413),
        ("", {}, b"query=ASK%7B%7D", 415),
        ("", {"Content-Type": "text/plain"}, b"ASK {}", 415),
        ("", {"Content-Type": "application/sparql-update"}, b"CLEAR ALL", 415),
        ("", {"Content-Type": "multipart/form-data; boundary=x"}, b"--x--", 415),
        ("", {"Content-Type": f"{FORM}; charset=ISO-8859-1"}, b"query=ASK%7B%7D", 415),
        ("", {"Content-Type": f"{DIRECT}; charset=UTF-16"}, "ASK {}".encode("utf-16"), 415),
        ("", {"Content-Type": DIRECT, "Content-Encoding": "gzip"}, gzip.compress(b"ASK {}", mtime=0), 415),
    ],
)
def test_what_is_wrong_is_said(
    client: httpx.Client, target: str, headers: dict[str, str], content: bytes | int | None, status: int
) -> None:
    method = "GET" if content is None else "POST"
    body = chunks(content) if isinstance(content, int) else content
    answer = client.request(method, f"/sparql{target}", headers=headers, content=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["detail"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert (answer.headers.get("accept-post") == f"{FORM}, {DIRECT}") == (status == 415)


@pytest.mark.parametrize(
    ("target", "headers", "content"),
    [
        ("?query=ASK%20%7B%20%3Fs%20%3Fp%20'Bildungsberatung'%20%7D", {}, None),
        ("?query=ASK+%7B+?s+?p+'Excel+f%C3%BCr+den+Beruf'+%7D", {}, None),
        ("?query=ASK%7B?s%20?p%20'Excel%20f\\u00fcr%20den%20Beruf'%7D", {}, None),
        ("?unknown=1&query=ASK%7B%7D", {}, None),
        ("", {"Content-Type": FORM}, "query=ASK+{+?s+?p+'Excel+für+den+Beruf'+}".encode()),
        ("", {"Content-Type": f"{FORM};charset=utf-8"}, b"query=ASK+%7B%7D"),
        ("", {"Content-Type": DIRECT}, "ASK { ?s ?p 'Excel für den Beruf' }".encode()),
        ("", {"Content-Type": 'Application/SPARQL-Query; charset="UTF-8"'}, b"ASK {}"),
    ],
)
def test_what_is_right_is_answered(
    client: httpx.Client, target: str, headers: dict[str, str], content: bytes | None
) -> None:
    answer = client.request("GET" if content is None else "POST", f"/sparql{target}", headers=headers, content=content)
    assert (answer.status_code, answer.json()["boolean"]) == (200, True)


@pytest.mark.parametrize("content_type", [None, FORM, DIRECT])
def test_the_dataset_may_stand_in_the_address(client: httpx.Client, content_type: str | None) -> None:
    query = "SELECT (COUNT(*) AS ?n) { ?s <http://schema.org/identifier> ?o }"

    def count(graph: str) -> str:
        dataset = {"default-graph-uri": graph}
        if content_type is None:
            answer = client.get("/sparql", params={"query": query, **dataset})
        elif content_type == FORM:
            answer = client.post("/sparql", params=dataset, data={"query": query})
        else:
            answer = client.post("/sparql", params=dataset, content=query, headers={"Content-Type": DIRECT})
        return str(answer.json()["results"]["bindings"][0]["n"]["value"])

    assert count(f"{BASE}/graph/quelle/kvhs") == str(len(OFFERS))
    assert count(f"{BASE}/graph/ontologie") == "0"


def test_relative_iris_are_those_of_the_catalogue(client: httpx.Client) -> None:
    query = "SELECT ?key (STR(<>) AS ?here) { <id/angebot/kvhs-A1> <http://schema.org/identifier> ?key }"
    (row,) = client.get("/sparql", params={"query": query}).json()["results"]["bindings"]
    assert (row["key"]["value"], row["here"]["value"]) == ("A1", f"{BASE}/sparql")


def test_head_is_get_without_a_body(client: httpx.Client) -> None:
    for params in ({"query": SELECT}, {}):
        head, get = client.head("/sparql", params=params), client.get("/sparql", params=params)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("content-type", "vary", "access-control-allow-origin"):
            assert head.headers[name] == get.headers[name]


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
def test_other_methods_are_told_the_right_ones(client: httpx.Client, method: str) -> None:
    answer = client.request(method, "/sparql", params={"query": "ASK {}"})
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST, OPTIONS")
    assert answer.headers["access-control-allow-origin"] == "*"


def test_scripts_of_other_sites_may_ask(client: httpx.Client) -> None:
    asked = {
        "Origin": "https://a.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    answer = client.options("/sparql", headers=asked)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == "GET, HEAD, POST, OPTIONS"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "POST" in answer.headers["access-control-allow-methods"].split(", ")
    assert "Content-Type" in answer.headers["access-control-allow-headers"].split(", ")


def description(client: httpx.Client, accept: str) -> set[ox.Triple]:
    answer = client.get("/sparql", headers={"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == accept
    rdf_format = ox.RdfFormat.from_media_type(accept)
    assert rdf_format is not None
    return {quad.triple for quad in ox.parse(answer.content, rdf_format)}


def test_the_description_names_formats_graphs_and_limits(client: httpx.Client) -> None:
    found = description(client, "application/n-triples")
    service = ox.NamedNode(f"{BASE}/sparql")

    def said(subject: ox.NamedNode, term: str) -> set[str]:
        return {triple.object.value for triple in found if (triple.subject, triple.predicate.value) == (subject, term)}

    assert said(service, SD + "endpoint") == {f"{BASE}/sparql"}
    assert said(service, SD + "feature") == {SD + "UnionDefaultGraph"}
    names = {iri.rpartition("/")[2] for iri in said(service, SD + "resultFormat")}
    assert names >= {"SPARQL_Results_JSON", "SPARQL_Results_CSV", "Turtle", "RDF_XML"}
    assert len(names) == 8
    assert said(service, TERMS + "maxSeconds") == {"3.0"}  # of the settings
    assert said(service, TERMS + "maxAnswerRows") == {"1000000"}
    assert said(service, TERMS + "maxAnswerBytes") == {"50000000"}
    assert said(service, TERMS + "maxQueryCharacters") == {"100000"}
    assert said(service, TERMS + "maxRequestBytes") == {"1000000"}
    (dataset,) = said(service, SD + "defaultDataset")
    graphs = {ox.NamedNode(iri) for iri in said(ox.NamedNode(dataset), SD + "namedGraph")}
    assert {name for graph in graphs for name in said(graph, SD + "name")} == {
        f"{BASE}/graph/ontologie",
        f"{BASE}/graph/quelle/kvhs",
    }
    for accept in ("text/turtle", "application/ld+json", "application/rdf+xml"):
        assert description(client, accept) == found
    as_json = client.get("/sparql", headers={"Accept": "application/json"})
    assert as_json.headers["content-type"] == "application/ld+json"
    assert client.get("/sparql", headers={"Accept": "text/csv"}).status_code == 406


def test_the_interface_describes_both_ways(client: httpx.Client) -> None:
    assert set(client.get("/openapi.json").json()["paths"]["/sparql"]) == {"get", "post"}
