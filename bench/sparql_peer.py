"""One peer of bench/sparql.py: ``python -m bench.sparql_peer rdflib|oxrdflib DUMP.nt QUERIES``, figures as lines of JSON.

A line has the milliseconds of each time that a kind of query was asked; none where the first one was given up.
"""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Sequence

import rdflib

__all__ = ["BOUND"]

BOUND = 60  # seconds for one kind of query
_ENOUGH = 5.0  # of them, where it is answered
_RUNS = 50


def main() -> None:
    """Answer the queries, kind by kind."""
    name, dump, asked = sys.argv[1:]
    graph = rdflib.Graph(store="Oxigraph" if name == "oxrdflib" else "default")
    graph.parse(dump, format="ox-nt")  # sooner than by rdflib's own parser
    signal.signal(signal.SIGALRM, _give_up)
    for kind, texts in json.loads(asked).items():
        print(json.dumps({kind: _measured(graph, texts)}), flush=True)


def _measured(graph: rdflib.Graph, texts: Sequence[str]) -> list[float]:
    spent: list[float] = []
    signal.alarm(BOUND)
    try:
        while len(spent) < _RUNS and sum(spent) < 1000 * _ENOUGH:
            began = time.perf_counter()
            answer = graph.query(texts[len(spent) % len(texts)])
            answer.serialize(format="json" if answer.type == "SELECT" else "turtle")
            spent.append(1000 * (time.perf_counter() - began))
    except TimeoutError:
        pass
    finally:
        signal.alarm(0)
    return spent


def _give_up(*_: object) -> None:
    raise TimeoutError


if __name__ == "__main__":
    main()
