"""Clients of others ask the served sample catalogue by SPARQL. What they must find can be read in service/demo/tables."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from xml.dom.minidom import Document

import pytest
from rdflib import RDF, Graph, Literal, URIRef
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import CSV, GET, JSON, JSONLD, N3, POST, POSTDIRECTLY, RDFXML, TSV, TURTLE, URLENCODED, XML
from SPARQLWrapper import SPARQLWrapper as Wrapper
from SPARQLWrapper.SPARQLExceptions import QueryBadFormed

pytestmark = pytest.mark.conformance
BASE = "http://127.0.0.1:8000"
SCHEMA = "http://schema.org/"
SENIORS = f"{BASE}/graph/quelle/seniorenbuero-alzey"
MEMORY = f"{BASE}/id/angebot/seniorenbuero-alzey-S-03"
# musikschule-und-sport.csv; the markup in the name of T-1 is a provider's mistake that is not taken over
CLUB = {
    "T-1": "Kinderturnen Purzelbaum",
    "T-4": "Offene Fahrradwerkstatt und Radfahrschule",
    "T-2": "Reha-Sport Rücken und Gelenke",
    "T-3": "Yoga nach Feierabend",
}
NAMES = list(CLUB.values())
STATEMENTS = {
    (f"{BASE}/id/angebot/musikschule-und-sport-{number}", f"{SCHEMA}name", name) for number, name in CLUB.items()
}
PREFIXES = f"PREFIX schema: <{SCHEMA}> PREFIX bk: <https://w3id.org/bildungskatalog/ns#> "
OF_CLUB = '{ ?offer schema:provider/schema:name "TSV Selzperle" ; schema:name ?name }'
SELECT = f"{PREFIXES} SELECT ?name {OF_CLUB} ORDER BY ?name"
CONSTRUCT = f"{PREFIXES} CONSTRUCT {{ ?offer schema:name ?name }} WHERE {OF_CLUB}"
COURSES = f"{PREFIXES} SELECT (COUNT(*) AS ?count) {{ ?offer a schema:Course }}"
ASK_YES, ASK_NO = f"{PREFIXES} ASK {OF_CLUB}", f'{PREFIXES} ASK {{ ?offer schema:name "Höhlentauchen" }}'


@pytest.fixture
def sparql(district: str) -> str:
    return f"{district}/sparql"


def wrapper(sparql: str, query: str, form: str, method: str = GET, request: str = URLENCODED) -> Wrapper:
    found = Wrapper(sparql, returnFormat=form)
    found.setMethod(method)
    found.setRequestMethod(request)
    found.setQuery(query)
    return found


def values(answer: object) -> list[str]:
    """The names in what SPARQLWrapper makes of each form of rows."""
    if isinstance(answer, dict):
        return [row["name"]["value"] for row in answer["results"]["bindings"]]
    if isinstance(answer, Document):
        return [node.firstChild.data for node in answer.getElementsByTagName("literal")]
    assert isinstance(answer, bytes)
    return [line.strip('"') for line in answer.decode().splitlines()[1:]]


def statements(graph: Graph) -> set[tuple[str, str, str]]:
    return {(str(subject), str(predicate), str(value)) for subject, predicate, value in graph}


@pytest.mark.parametrize("form", [JSON, XML, CSV, TSV])
@pytest.mark.parametrize(("method", "request_method"), [(GET, URLENCODED), (POST, URLENCODED), (POST, POSTDIRECTLY)])
def test_sparqlwrapper_reads_rows(sparql: str, method: str, request_method: str, form: str) -> None:
    assert values(wrapper(sparql, SELECT, form, method, request_method).queryAndConvert()) == NAMES


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")  # of SPARQLWrapper itself
@pytest.mark.parametrize("form", [TURTLE, N3, RDFXML, JSONLD])
def test_sparqlwrapper_reads_graphs(sparql: str, form: str) -> None:
    answer = wrapper(sparql, CONSTRUCT, form).queryAndConvert()
    assert statements(Graph().parse(answer, format="turtle") if isinstance(answer, bytes) else answer) == STATEMENTS


def test_sparqlwrapper_asks_names_graphs_and_is_told_what_is_wrong(sparql: str) -> None:
    assert wrapper(sparql, ASK_YES, JSON).queryAndConvert()["boolean"] is True
    assert wrapper(sparql, ASK_NO, JSON).queryAndConvert()["boolean"] is False
    of_seniors = wrapper(sparql, COURSES, JSON)
    of_seniors.addDefaultGraph(SENIORS)
    assert of_seniors.queryAndConvert()["results"]["bindings"][0]["count"]["value"] == "11"  # S-01 to S-11
    with pytest.raises(QueryBadFormed, match="error at 1:11"):
        wrapper(sparql, "SELECT * {", JSON).query()
    with pytest.raises(QueryBadFormed, match="nur lesende Abfragen"):
        wrapper(sparql, "DELETE WHERE { ?s ?p ?o }", JSON, POST).query()


@pytest.mark.parametrize("form", ["xml", "json", "csv", "tsv"])
@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib_reads_rows(sparql: str, method: str, form: str) -> None:
    rows = Graph(SPARQLStore(sparql, method=method, returnFormat=form)).query(SELECT)
    assert [str(row.name) for row in rows] == NAMES


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib_has_it_as_a_graph(sparql: str, method: str) -> None:
    store = SPARQLStore(sparql, method=method)
    graph = Graph(store)
    assert statements(graph.query(CONSTRUCT).graph) == STATEMENTS
    assert bool(graph.query(ASK_YES)) is True
    assert bool(graph.query(ASK_NO)) is False
    assert graph.value(URIRef(MEMORY), URIRef(f"{SCHEMA}name")) == Literal("Gedächtnistraining mit Pfiff")
    about = {str(topic).rpartition("/")[2] for topic in graph.objects(URIRef(MEMORY), URIRef(f"{SCHEMA}about"))}
    assert about == {"dementia", "games"}
    of_seniors = Graph(store, identifier=URIRef(SENIORS))
    assert len(set(of_seniors.subjects(RDF.type, URIRef(f"{SCHEMA}Course")))) == 11


def test_oxigraph_asks_with_service_from_another_process(sparql: str) -> None:
    script = Path(__file__).with_name("oxigraph_service.py")
    assert run(sys.executable, script, sparql, "TSV Selzperle").splitlines() == NAMES


@pytest.mark.parametrize("method", [[], ["--get"]])
def test_fetch_sparql_endpoint(sparql: str, node_clients: Path, method: list[str]) -> None:
    def ask(query: str) -> str:
        return run(node_clients / "fetch-sparql-endpoint", "--endpoint", sparql, *method, "--query", query)

    assert [json.loads(line)["name"] for line in ask(SELECT).splitlines()] == [f'"{name}"' for name in NAMES]
    assert statements(Graph().parse(data=ask(CONSTRUCT), format="nt")) == STATEMENTS
    assert (ask(ASK_YES).strip(), ask(ASK_NO).strip()) == ("true", "false")


def test_comunica_finds_out_by_itself_what_the_endpoint_is(sparql: str, node_clients: Path) -> None:
    assert comunica(node_clients, SELECT, sparql) == NAMES
    graph = run(node_clients / "comunica-sparql", sparql, CONSTRUCT, "-t", "application/n-triples")
    assert statements(Graph().parse(data=graph, format="nt")) == STATEMENTS


def test_comunica_reads_the_document_behind_an_iri(district: str, node_clients: Path) -> None:
    query = f"{PREFIXES} SELECT ?name {{ <{MEMORY}> schema:name ?name }}"
    assert comunica(node_clients, query, MEMORY.replace(BASE, district)) == ["Gedächtnistraining mit Pfiff"]


def test_comunica_joins_two_districts(sparql: str, neighbour: str, node_clients: Path) -> None:
    both = (f"sparql@{sparql}", f"sparql@{neighbour}/sparql")
    yoga = f'{PREFIXES} SELECT ?name {{ ?offer schema:name ?name FILTER STRSTARTS(?name, "Yoga") }} ORDER BY ?name'
    assert comunica(node_clients, yoga, *both) == [
        "Yoga am Morgen",  # the neighbour's
        "Yoga für den Rücken",
        "Yoga in der Mittagspause – live online",
        "Yoga nach Feierabend",
    ]
    # which phase the neighbour's counselling belongs to only the neighbour knows
    same_phase = (
        f"{PREFIXES} SELECT ?name {{ <https://nachbar.example/id/angebot/kvhs-C1> bk:phase ?phase ."
        ' ?offer bk:phase ?phase ; schema:name ?name FILTER STRSTARTS(?name, "Bildungsberatung") } ORDER BY ?name'
    )
    assert comunica(node_clients, same_phase, *both) == ["Bildungsberatung", "Bildungsberatung im Kreishaus"]


def comunica(programs: Path, query: str, *sources: str) -> list[str]:
    """The names that it finds."""
    found = json.loads(run(programs / "comunica-sparql", *sources, query))
    return [row["name"].strip('"') for row in found]


def run(*command: str | Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout
