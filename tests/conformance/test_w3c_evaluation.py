"""Queries of the W3C test suites over HTTP, and beside it the engine alone: nothing fails because of what is around it.

Values are compared as the engine stores them (1.0 and 1.00 are the same decimal), but letter by letter where a format of results is tested.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pyoxigraph as ox
import pytest

from tests.conformance.manifest import Case, Suites
from tests.conformance.results import media_type_of, read_file, read_result, same

KNOWN = tomllib.loads(Path(__file__).with_name("w3c_evaluation.toml").read_text("utf-8"))
NOT_OURS = {"sparql11/entailment", "sparql11/syntax-fed"}  # reasoning and asking other services
VERSIONS = ("sparql10", "sparql11", "sparql12")
NOTHING = "urn:nothing"  # a graph without statements
OF_FORMATS = {"sparql11/csv-tsv-res", "sparql11/json-res"}
Answer = tuple[str, bytes]  # media type and content
Evaluate = Callable[[Case, str], Answer]  # the second: the media types that are accepted


class Refused(Exception):
    """An answer other than 200."""


class Outcome(NamedTuple):
    """Names of the tests that pass and of those that do not."""

    passed: set[str]
    failed: set[str]


@pytest.fixture(scope="module")
def suites(shared: Path) -> Suites:
    return Suites(shared / "standards" / "w3c-sparql")


@pytest.fixture(scope="module")
def over_http(endpoint: str, suites: Suites) -> Iterator[Evaluate]:
    """All data are there as named graphs; a request names those of its test."""
    with httpx.Client(base_url=endpoint, timeout=60) as client:
        there = ox.Store()
        cases = [case for version in VERSIONS for folder in suites.folders(version) for case in suites.cases(folder)]
        for iri in {iri for case in cases if case.is_evaluation for iri in (*case.data, *case.graphs)}:
            for quad in ox.parse(path=str(suites.path(iri)), base_iri=iri, rename_blank_nodes=True):
                named = isinstance(quad.graph_name, ox.NamedNode)  # one file is a whole dataset
                there.add(quad if named else ox.Quad(*quad.triple, ox.NamedNode(iri)))
        data = ox.serialize(there, format=ox.RdfFormat.N_QUADS)
        client.put("/setup", content=data, headers={"Content-Type": "application/n-quads"}).raise_for_status()

        def evaluate(case: Case, accept: str) -> Answer:
            headers = {"Content-Type": "application/sparql-query", "Accept": accept}
            graphs = {*case.graphs, *(graph.value for graph in loaded(suites, case).named_graphs())}
            dataset = {"default-graph-uri": case.data or NOTHING, "named-graph-uri": sorted(graphs)}
            params = {} if case.names_dataset else dataset
            answer = client.post("/sparql", params=params, content=case.text.encode(), headers=headers)
            if answer.status_code == 400:
                raise Refused(answer.json()["detail"])
            answer.raise_for_status()
            return answer.headers["content-type"].partition(";")[0], answer.content

        yield evaluate


@pytest.fixture(scope="module")
def bare(suites: Suites) -> Evaluate:
    def evaluate(case: Case, accept: str) -> Answer:
        try:
            answer = loaded(suites, case).query(case.text, base_iri=case.base)
            results, graph = (*accept.split(", "), "")[:2]
            if isinstance(answer, ox.QueryTriples):
                return graph, answer.serialize(format=ox.RdfFormat.from_media_type(graph)) or b""
            return results, answer.serialize(format=ox.QueryResultsFormat.from_media_type(results)) or b""
        except (SyntaxError, OSError, RuntimeError) as error:
            raise Refused(str(error)) from None

    return evaluate


def loaded(suites: Suites, case: Case) -> ox.Store:
    store = ox.Store()
    for iri in case.data:
        store.load(path=str(suites.path(iri)), base_iri=iri)
    for iri in case.graphs:
        store.load(path=str(suites.path(iri)), base_iri=iri, to_graph=ox.NamedNode(iri))
    return store


def passes(suites: Suites, case: Case, evaluate: Evaluate) -> bool:
    if case.is_syntax:
        try:
            evaluate(case, "application/sparql-results+json, text/turtle")
        except Refused as reason:
            unknown = "custom function" in str(reason)  # readable, but not to be evaluated
            return case.kind.startswith("Negative") or unknown
        return case.kind.startswith("Positive")
    assert case.result is not None
    path = suites.path(case.result)
    try:
        media_type, content = evaluate(case, media_type_of(path))
    except Refused:
        return False
    exact = case.name.partition("#")[0] in OF_FORMATS
    return same(read_file(path, case.result), read_result(content, media_type), lax=case.lax, exact=exact)


def outcome(suites: Suites, cases: list[Case], evaluate: Evaluate) -> Outcome:
    passed = {case.name for case in cases if passes(suites, case, evaluate)}
    return Outcome(passed, {case.name for case in cases} - passed)


def check(suites: Suites, folders: list[str], over_http: Evaluate, bare: Evaluate) -> tuple[int, int]:
    """How many tests of evaluation there are, and of syntax. What fails, fails in the engine too, and is listed with its reason."""
    cases = [case for folder in folders if folder not in NOT_OURS for case in suites.cases(folder)]
    evaluated, parsed = [case for case in cases if case.is_evaluation], [case for case in cases if case.is_syntax]
    of_product, of_engine = (outcome(suites, [*evaluated, *parsed], evaluate) for evaluate in (over_http, bare))

    def listed(table: str) -> set[str]:
        return {name for name in KNOWN[table] if name.partition("#")[0] in folders}

    assert of_engine.failed == listed("failing")
    assert of_product.failed - of_engine.failed == listed("refused")
    assert of_engine.failed <= of_product.failed
    return len(evaluated), len(parsed)


def test_formats_of_results_and_some_queries(suites: Suites, over_http: Evaluate, bare: Evaluate) -> None:
    folders = ["sparql11/bind", "sparql11/construct", "sparql11/csv-tsv-res", "sparql11/json-res"]
    assert check(suites, folders, over_http, bare) == (25, 2)


@pytest.mark.conformance
@pytest.mark.parametrize(
    ("version", "evaluated", "parsed"), [("sparql10", 283, 199), ("sparql11", 242, 111), ("sparql12", 63, 183)]
)
def test_all_queries(
    suites: Suites, over_http: Evaluate, bare: Evaluate, version: str, evaluated: int, parsed: int
) -> None:
    assert check(suites, suites.folders(version), over_http, bare) == (evaluated, parsed)


def test_the_engine_passes_224_of_242() -> None:
    """The bar that the product is measured by: SPARQL 1.1 without entailment; six of the eighteen others need a network."""
    failing = [name for name in KNOWN["failing"] if name.startswith("sparql11/")]
    assert len(failing) == 242 - 224
    assert len([name for name in failing if name.startswith("sparql11/service#")]) == 6


def test_the_documentation_names_what_does_not_pass() -> None:
    said = (Path(__file__).parents[2] / "docs" / "standards.md").read_text("utf-8")
    for name, reason in {**KNOWN["failing"], **KNOWN["refused"]}.items():
        (line,) = [line for line in said.splitlines() if f"`{name.partition('/')[2]}`" in line]
        assert reason in line
