"""One peer of bench/sparql.py: ``python -m bench.sparql_peer rdflib|oxrdflib DUMP.nt QUERIES``, figures as lines of JSON."""

from __future__ import annotations

import json
import sys
import time

import rdflib

__all__: list[str] = []

_ENOUGH = 5.0  # seconds for one kind of query
_RUNS = 50


def main() -> None:
    """Answer the queries, kind by kind."""
    name, dump, asked = sys.argv[1:]
    graph = rdflib.Graph(store="Oxigraph" if name == "oxrdflib" else "default")
    graph.parse(dump, format="ox-nt" if name == "oxrdflib" else "nt")
    for kind, texts in json.loads(asked).items():
        spent: list[float] = []
        while len(spent) < _RUNS and sum(spent) < 1000 * _ENOUGH:
            began = time.perf_counter()
            answer = graph.query(texts[len(spent) % len(texts)])
            answer.serialize(format="turtle" if answer.type == "DESCRIBE" else "json")
            spent.append(1000 * (time.perf_counter() - began))
        print(json.dumps({kind: spent}), flush=True)


if __name__ == "__main__":
    main()
