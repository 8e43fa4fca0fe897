"""Rows are counted in every format, whatever their values look like."""

from __future__ import annotations

from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.query import QueryTooLarge, negotiate
from catalogue.query.formats import GRAPHS, RESULTS
from catalogue.query.output import Output, TooLargeError
from catalogue.query.pool import Query, QueryPool
from tests.asynchronous import run_async

HOSTILE = ('},{"', "</result><result>", 'a\nb"\n"', "{},{}", "\r\n,", "")
VALUES = st.one_of(st.sampled_from(HOSTILE), st.text(alphabet='{},"\\\n\r\t<>result ', max_size=20))


@pytest.mark.parametrize("media_type", RESULTS)
@settings(max_examples=30, deadline=None)
@given(values=st.lists(VALUES, min_size=1, max_size=8), cut=st.integers(1, 9))
def test_as_many_rows_as_there_may_be(media_type: str, values: list[str], cut: int) -> None:
    terms = " ".join(str(ox.Literal(value)) for value in values)
    found = ox.Store().query(f"SELECT ?x (1 AS ?one) {{ VALUES ?x {{ {terms} }} }}")
    results_format = ox.QueryResultsFormat.from_media_type(media_type)
    assert isinstance(found, ox.QuerySolutions)
    assert results_format is not None
    body = found.serialize(format=results_format) or b""

    def write(max_rows: int) -> Output:
        output = Output(media_type, len(body), max_rows)
        for start in range(0, len(body), cut):
            output.write(body[start : start + cut])
        return output

    assert b"".join(write(len(values)).chunks) == body
    with pytest.raises(TooLargeError):
        write(len(values) - 1)


@pytest.mark.parametrize("media_type", [*RESULTS, *GRAPHS])
def test_a_larger_answer_is_refused(tmp_path: Path, media_type: str) -> None:
    store = ox.Store(str(tmp_path / "rdf"))
    node, graph = ox.NamedNode("http://e/"), ox.NamedNode("http://e/graph")
    store.extend(ox.Quad(node, node, ox.Literal(number), graph) for number in range(12))
    store.flush()
    del store
    is_graph = media_type in GRAPHS and media_type not in RESULTS
    text = "CONSTRUCT WHERE { ?s ?p ?o } LIMIT %d" if is_graph else "SELECT * { ?s ?p ?o } LIMIT %d"

    async def ask() -> None:
        async with QueryPool(tmp_path / "rdf", max_rows=10) as pool:
            assert (await pool.evaluate(Query(text % 10, negotiate(media_type)))).body
            with pytest.raises(QueryTooLarge, match="mehr als 10 Zeilen"):
                await pool.evaluate(Query(text % 11, negotiate(media_type)))

    run_async(ask())
