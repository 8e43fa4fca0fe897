"""What a foreign query costs through HTTP and a worker, beside pyoxigraph in this process, rdflib, and rdflib over pyoxigraph (oxrdflib).

    python -m bench.sparql [--dir DIR] [--real CATALOGUE] [--offers N] [--runs N] [--peers rdflib,oxrdflib]

The catalogue of N offers is generated from a real one (bench/generator.py) and kept in DIR; one that is there already is taken as it is.
The bare call and the one through HTTP take turns, for no machine is equally fast from one minute to the next. CPU time through HTTP is that
of the service and its workers.
Peers hold all statements in memory (rdflib some 3 GB at 100,000 offers), each in a process of its own; a kind of query that takes longer
than a minute there is given up. Needs the extra ``bench``.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pyoxigraph as ox

from bench.generator import build, parents_of
from bench.http import cpu_of
from bench.serve import machine, served
from bench.sparql_peer import BOUND
from catalogue.snapshot import Snapshot
from search.encoder import open_encoder

_S = "PREFIX schema: <http://schema.org/> "
_HEAVY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i }"
_QUERIES = {
    "dereference by pattern": "SELECT ?p ?o { <OFFER> ?p ?o }",
    "dereference by DESCRIBE": "DESCRIBE <OFFER>",
    "by provider": _S + "SELECT ?offer ?name { ?offer schema:provider <PROVIDER> ; schema:name ?name }",
    "filter and sort": _S
    + "SELECT ?offer ?price { ?offer schema:offers/schema:price ?price FILTER(?price < 20) } ORDER BY ?price LIMIT 20",
    "aggregation": _S
    + "SELECT ?provider (COUNT(?offer) AS ?n) { ?offer schema:provider ?provider } GROUP BY ?provider",
}
_PATIENCE = 600.0  # seconds for all that a peer does
_SHOWN = 50  # offers and providers asked for
_IN_A_TURN = 20  # queries
_ENOUGH = 5000.0  # milliseconds of one kind of query


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measures the SPARQL endpoint.")
    parser.add_argument("--real", type=Path, help="an indexed catalogue of real offers")
    parser.add_argument("--dir", type=Path, help="where the generated catalogue is kept")
    parser.add_argument("--offers", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=200, help="of a query that takes little; others fewer")
    parser.add_argument("--peers", default="rdflib,oxrdflib")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = wanted.dir or Path(temporary) / "katalog"
        if not (folder / "current").exists():
            if wanted.real is None:
                parser.error(f"{folder} is no catalogue, and without --real there is nothing to make one of")
            print(f"generating {wanted.offers} offers …", flush=True)
            folder.mkdir(parents=True, exist_ok=True)
            build(folder, parents_of(wanted.real), wanted.offers, open_encoder())
        # else the service would make them meanwhile
        subprocess.run([sys.executable, "-m", "catalogue.dumps", str(folder)], check=True, stdout=subprocess.DEVNULL)
        with Snapshot.open(folder) as snapshot:
            print(
                f"{len(snapshot.store)} statements; {machine()}; load {os.getloadavg()[0]:.1f} at the start\n",
                flush=True,
            )
            asked = _asked(snapshot.store)
            dump = Path(temporary) / "all.nt"
            ox.serialize((quad.triple for quad in snapshot.store), str(dump), format=ox.RdfFormat.N_TRIPLES)
            ours = _service(folder, asked, wanted.runs, _bare(snapshot.store))
        for name in filter(None, wanted.peers.split(",")):
            _print_peer(name, _asked_of_peer(name, dump, asked), ours)
        print(f"\nload {os.getloadavg()[0]:.1f} at the end")


def _asked(store: ox.Store) -> dict[str, list[str]]:
    """By kind of query, its texts: for many offers and providers, so that nothing remembered helps."""
    provider = ox.NamedNode("http://schema.org/provider")
    quads = list(store.quads_for_pattern(None, provider, None))
    chosen = random.Random(1).sample(quads, min(_SHOWN, len(quads)))
    return {
        name: list(
            dict.fromkeys(
                text.replace("<OFFER>", str(quad.subject)).replace("<PROVIDER>", str(quad.object)) for quad in chosen
            )
        )
        for name, text in _QUERIES.items()
    }


def _measured(ask: Callable[[str], object], texts: Iterable[str]) -> list[float]:
    """Milliseconds of each."""
    spent: list[float] = []
    for text in texts:
        began = time.perf_counter()
        ask(text)
        spent.append(1000 * (time.perf_counter() - began))
    return spent


def _bare(store: ox.Store) -> Callable[[str], object]:
    def ask(text: str) -> object:
        answer: Any = store.query(text, use_default_graph_as_union=True)
        is_graph = isinstance(answer, ox.QueryTriples)
        return answer.serialize(format=ox.RdfFormat.TURTLE if is_graph else ox.QueryResultsFormat.JSON)

    return ask


def _service(
    folder: Path, asked: dict[str, list[str]], runs: int, bare: Callable[[str], object]
) -> dict[str, list[float]]:
    """The same through HTTP and a worker beside it, and how a heavy query and a kill are felt."""
    print(f"{'':34}{'p50 ms':>12}{'':9}{'CPU ms each':>14}")
    print(f"{'':34}{'bare':>9}{'HTTP':>9}{'bare':>9}{'HTTP':>9}  goal for p50: 1.3 x bare + 2")
    ours = {}
    with served(folder, "/api/search") as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)

        def get(path: str) -> None:
            _get(connection, path)

        def ask(text: str) -> None:
            _get(connection, f"/sparql?{urlencode({'query': text})}")

        for name, texts in asked.items():
            ours[name] = _in_turns(name, bare, ask, texts, runs, server.process.pid)
        iris = [text.partition("<")[2].partition(">")[0] for text in asked["dereference by pattern"]]
        paths = [f"/angebot/{iri.rpartition('/')[2]}.ttl" for iri in iris]
        _print_percentiles("GET /angebot/ID.ttl", _measured(get, islice(cycle(paths), 1000)))
        stuck = threading.Thread(target=_ask_once, args=(server.port, _HEAVY))
        stuck.start()
        time.sleep(0.5)
        _print_percentiles("  while a heavy query runs", _measured(get, islice(cycle(paths), 1000)))
        _print_percentiles("ASK {} while a heavy query runs", _measured(ask, ["ASK {}"] * 500))
        stuck.join()
        connection.close()  # the server has perhaps done so meanwhile
        print(f"{'kill all, to the next answer':34}{_kill_and_ask(server.process.pid, ask):9.2f} ms")
    return ours


def _in_turns(
    name: str,
    bare: Callable[[str], object],
    ask: Callable[[str], object],
    texts: Sequence[str],
    runs: int,
    server: int,
) -> list[float]:
    """Milliseconds of each run through HTTP; prints them beside those of the bare call."""
    here: list[float] = []
    there: list[float] = []
    bare(texts[0])
    ask(texts[0])
    cpu = [0.0, 0.0]
    in_turn = cycle(texts)
    while len(here) < runs and sum(here) < _ENOUGH:
        chosen = list(islice(in_turn, _IN_A_TURN))
        began = time.process_time()
        here += _measured(bare, chosen)
        cpu[0] += time.process_time() - began
        used = cpu_of(server)
        there += _measured(ask, chosen)
        cpu[1] += cpu_of(server) - used
    middle = statistics.median(here)
    wall = f"{middle:9.2f}{statistics.median(there):9.2f}"
    each = f"{1000 * cpu[0] / len(here):9.2f}{1000 * cpu[1] / len(there):9.2f}"
    print(f"{name:34}{wall}{each}  {1.3 * middle + 2:.2f}", flush=True)
    return there


def _get(connection: http.client.HTTPConnection, path: str) -> None:
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    if answer.status != http.HTTPStatus.OK:
        raise RuntimeError(f"{path}: {answer.status}")


def _print_percentiles(label: str, spent: Sequence[float]) -> None:
    ordered = sorted(spent)
    print(
        f"{label:34}p50 {statistics.median(spent):.2f} ms, p99 {ordered[int(0.99 * (len(ordered) - 1))]:.2f} ms",
        flush=True,
    )


def _ask_once(port: int, text: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", f"/sparql?{urlencode({'query': text})}")
    connection.getresponse().read()


def _kill_and_ask(server: int, ask: Callable[[str], object]) -> float:
    """Milliseconds until a query is answered after all workers were killed."""
    children = Path(f"/proc/{server}/task/{server}/children").read_text(encoding="ascii").split()
    began = time.perf_counter()
    for child in children:
        os.kill(int(child), signal.SIGKILL)
    answered = False
    while not answered:
        with suppress(RuntimeError):  # 503, where the killed ones are still taken for alive
            ask("ASK {}")
            answered = True
    return 1000 * (time.perf_counter() - began)


def _asked_of_peer(name: str, dump: Path, asked: dict[str, list[str]]) -> dict[str, list[float]]:
    """What it said until it ended, or was ended; no times for what it gave up."""
    command = [sys.executable, "-m", "bench.sparql_peer", name, str(dump), json.dumps(asked)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    found: dict[str, list[float]] = {}
    assert process.stdout is not None
    watch = threading.Timer(_PATIENCE, process.kill)
    watch.start()
    for line in process.stdout:
        found |= json.loads(line)
    watch.cancel()
    process.wait()
    return found


def _print_peer(name: str, theirs: dict[str, list[float]], ours: dict[str, list[float]]) -> None:
    print(f"\n{name:34}{'p50 ms':>9}  times ours")
    for query, spent in ours.items():
        here, found = statistics.median(spent), theirs.get(query)
        if found:
            there = statistics.median(found)
            print(f"{query:34}{there:9.2f}  {there / here:.1f}")
        elif found is not None:
            print(f"{query:34}{f'> {1000 * BOUND}':>9}  > {1000 * BOUND / here:.1f}")
        else:
            print(f"{query:34}{'ended':>9}")


if __name__ == "__main__":
    main()
