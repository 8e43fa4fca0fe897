"""How fast single offers are dereferenced by a real ``serve``, over connections that are kept: Turtle, JSON-LD, 303 and 304.

    python -m bench.http [--dir DIR] [--seconds N] [--connections N]

DIR is a catalogue; without it the sample catalogue is built in a temporary folder. Every answer is made anew, and up to 20,000 offers
are asked for in turn. Beside it run the same service without the application in front of the framework, and rdflib in this process,
without HTTP, which finds the same statements in memory and writes them as Turtle: by its interface, following the parts of an offer, and
by a DESCRIBE query, which finds only the offer's own. The client is a process of its own that writes and reads bytes; its share of a core
is shown, for it takes it from the server where both cores are busy. The dumps are made before, else the service would make them
meanwhile. Needs the extra ``bench``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import selectors
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.serve import machine

if TYPE_CHECKING:
    import rdflib

__all__ = ["cpu_of", "main"]

_COMMAND = str(Path(sys.executable).with_name("bildungskatalog"))
_OFFERS = 20_000  # asked for in turn
_MOST_IN_RDFLIB = 2_500_000  # statements, some 3 GB; of larger catalogues it gets a part
_HEAD = "HTTP/1.1\r\nHost: 127.0.0.1\r\n"
_KINDS = {
    "Turtle": f"GET /angebot/ID.ttl {_HEAD}Accept: */*\r\n\r\n",
    "JSON-LD": f"GET /angebot/ID.jsonld {_HEAD}Accept: */*\r\n\r\n",
    "303": f"GET /id/angebot/ID {_HEAD}Accept: text/turtle\r\n\r\n",
    "304": f"GET /angebot/ID {_HEAD}Accept: text/turtle\r\nIf-None-Match: *\r\n\r\n",
}
_PATIENCE = 120.0


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measures dereferencing.")
    parser.add_argument("--dir", type=Path, help="a catalogue; else the sample is built")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--connections", type=int, default=16)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = wanted.dir or Path(temporary)
        if not (folder / "current").exists():
            print("building the sample catalogue …", flush=True)
            itself = [sys.executable, "-P", str(Path(__file__).with_name("serve.py")), "--build", str(folder)]
            subprocess.run(itself, check=True, stdout=subprocess.DEVNULL)
        subprocess.run([sys.executable, "-m", "catalogue.dumps", str(folder)], check=True, stdout=subprocess.DEVNULL)
        ids, count = _ids(folder)
        print(
            f"{count} offers, {len(ids)} of them asked for; {machine()}; load {os.getloadavg()[0]:.1f} at the start\n"
        )
        print(f"{'':46}{'a second':>9}{'p50 ms':>9}{'p99 ms':>9}{'CPU ms each':>13}{'client':>8}")
        best, least = 0.0, float("inf")
        for label, command, kinds in (
            ("serve", [_COMMAND, "serve", "--dir", str(folder)], tuple(_KINDS)),
            ("serve --workers 2", [_COMMAND, "serve", "--dir", str(folder), "--workers", "2"], ("Turtle",)),
            ("the framework alone", [sys.executable, "-m", "bench.http", "--framework", str(folder)], ("Turtle",)),
        ):
            with _served(command) as (port, process):
                for kind in kinds:
                    requests = [_KINDS[kind].replace("ID", each) for each in ids]
                    _load(port, requests, 1.0, wanted.connections)  # warm
                    before = cpu_of(process)
                    found = _load(port, requests, wanted.seconds, wanted.connections)
                    each = (cpu_of(process) - before) / found["answers"]
                    if kind == "Turtle":
                        best, least = max(best, found["answers"] / found["took"]), min(least, each)
                    figures = f"{found['answers'] / found['took']:9.0f}{found['p50']:9.2f}{found['p99']:9.2f}"
                    shares = f"{1000 * each:13.3f}{found['cpu'] / found['took']:8.0%}"
                    print(f"{f'{label}, {kind}':46}{figures}{shares}", flush=True)
        for label, rate, milliseconds, each in _rdflib(folder, ids, wanted.seconds):
            ratios = f"  we: {best / rate:.0f} × as many, {each / least:.0f} × less CPU"
            print(f"{label:46}{rate:9.0f}{milliseconds:9.2f}{'':9}{1000 * each:13.3f}{ratios}", flush=True)
        print(f"\nload {os.getloadavg()[0]:.1f} at the end")


def _ids(folder: Path) -> tuple[list[str], int]:
    from catalogue.snapshot import Snapshot

    with Snapshot.open(folder) as snapshot:
        ids = [offer for offer, _ in snapshot.ledger.offer_ids()]
    return random.Random(1).sample(ids, min(_OFFERS, len(ids))), len(ids)


# --- rdflib ---------------------------------------------------------------------------------------------------------------------------


def _rdflib(folder: Path, ids: Sequence[str], seconds: float) -> Iterator[tuple[str, float, float, float]]:
    """Label, offers a second, median milliseconds and CPU seconds of each."""
    import rdflib

    graph, wanted, loaded = _loaded(folder, ids)
    for label, describe in (("by its interface", _by_interface), ("DESCRIBE", _by_query)):
        times: list[float] = []
        cpu = time.process_time()
        for iri in wanted:
            began = time.perf_counter()
            describe(graph, rdflib.URIRef(iri))
            times.append(time.perf_counter() - began)
            if sum(times) > seconds:
                break
        each = (time.process_time() - cpu) / len(times)
        yield f"rdflib, {label}, {loaded}", len(times) / sum(times), 1000 * statistics.median(times), each


def _loaded(folder: Path, ids: Sequence[str]) -> tuple[rdflib.Graph, list[str], str]:
    """All statements of the catalogue, or those about the wanted offers; the IRIs of these; and which it is."""
    import rdflib

    from catalogue.snapshot import Snapshot
    from ontology.iris import SCHEMA, TERMS, offer_iri

    graph = rdflib.Graph()
    with Snapshot.open(folder) as snapshot:
        wanted = [offer_iri(snapshot.state.base, each) for each in ids]
        whole = len(snapshot.store) <= _MOST_IN_RDFLIB
        quads = snapshot.store if whole else (quad for iri in wanted for quad in snapshot.describe(iri))
        graph.parse(data="".join(f"{quad.triple} .\n" for quad in quads), format="ox-nt")  # sooner than its own
    graph.bind("schema", SCHEMA)
    graph.bind("bk", TERMS)
    return graph, wanted, "all in memory" if whole else "a part in memory"


def _by_interface(graph: rdflib.Graph, iri: rdflib.URIRef) -> None:
    import rdflib

    found = rdflib.Graph(namespace_manager=graph.namespace_manager)
    parts: list[Any] = [iri, *graph.objects(iri, rdflib.URIRef("http://schema.org/provider"))]
    for part in parts:  # grows while it is read
        for triple in graph.triples((part, None, None)):
            found.add(triple)
            if str(triple[2]).startswith(f"{iri}#"):
                parts.append(triple[2])
    found.serialize(format="turtle")


def _by_query(graph: rdflib.Graph, iri: rdflib.URIRef) -> None:
    graph.query(f"DESCRIBE <{iri}>").serialize(format="turtle")


# --- processes ------------------------------------------------------------------------------------------------------------------------


@contextmanager
def _served(command: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Port and process id of a server that is ended with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    process = subprocess.Popen([*command, "--port", str(port)])
    try:
        deadline = time.monotonic() + _PATIENCE
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"no answer from {' '.join(command)}")
            time.sleep(0.05)
        yield port, process.pid
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(_PATIENCE)


def cpu_of(process: int) -> float:
    """CPU seconds so far of a process and those that it started, ended ones included."""
    parents: dict[int, tuple[int, float]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # gone meanwhile
            fields = path.read_text(encoding="utf-8").rpartition(")")[2].split()
            spent = sum(map(int, fields[11:15]))  # its own and those of children that it waited for
            parents[int(path.parent.name)] = (int(fields[1]), spent / os.sysconf("SC_CLK_TCK"))
    family = [process]
    for member in family:  # grows while it is read
        family += [child for child, (parent, _) in parents.items() if parent == member]
    return sum(parents[member][1] for member in family if member in parents)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(b"GET /gesund HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            return connection.recv(100).startswith(b"HTTP/1.1 200")
    except OSError:
        return False


def _load(port: int, requests: Sequence[str], seconds: float, connections: int) -> dict[str, float]:
    client = [sys.executable, "-m", "bench.http", "--client", str(port), str(seconds), str(connections)]
    done = subprocess.run(client, input=json.dumps(list(requests)), text=True, stdout=subprocess.PIPE, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _client(port: int, seconds: float, connections: int) -> None:
    """Asks over every connection, one request after the other; writes the figures to standard output."""
    requests = [each.encode() for each in json.load(sys.stdin)]
    selector = selectors.DefaultSelector()
    began: dict[socket.socket, float] = {}
    sent = 0
    for _ in range(connections):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ)
        began[connection] = time.perf_counter()
        connection.sendall(requests[sent % len(requests)])
        sent += 1
    times: list[float] = []
    start, cpu = time.perf_counter(), time.process_time()
    while (now := time.perf_counter()) < start + seconds:
        for key, _ in selector.select(timeout=1):
            answered: Any = key.fileobj
            _read_answer(answered)
            times.append(time.perf_counter() - began[answered])
            began[answered] = time.perf_counter()
            answered.sendall(requests[sent % len(requests)])
            sent += 1
    took = now - start
    ordered = sorted(times)
    figures = {
        "answers": len(times),
        "took": took,
        "p50": 1000 * statistics.median(ordered),
        "p99": 1000 * ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))],
        "cpu": time.process_time() - cpu,
    }
    json.dump(figures, sys.stdout)


def _read_answer(connection: socket.socket) -> None:
    data = connection.recv(1 << 16)
    if data[9:12] not in (b"200", b"303", b"304"):
        raise RuntimeError(repr(data[:200]))
    while (end := data.find(b"\r\n\r\n")) < 0:
        data += connection.recv(1 << 16)
    if data[9:12] == b"304":
        return
    at = data.index(b"content-length: ") + len(b"content-length: ")
    whole = end + 4 + int(data[at : data.index(b"\r", at)])
    while len(data) < whole:
        data += connection.recv(1 << 16)


def _framework(folder: Path, port: int) -> None:
    """The service as it would be without the application in front."""
    import uvicorn

    from service.app import create_app
    from service.connections import Connection
    from service.dereference import Dereference

    app = create_app(folder)
    app.user_middleware = [each for each in app.user_middleware if each.cls is not Dereference]  # type: ignore[comparison-overlap]
    uvicorn.run(app, host="127.0.0.1", port=port, http=Connection, access_log=False, log_level="warning")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--client"]:
        _client(int(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4]))
    elif sys.argv[1:2] == ["--framework"]:
        _framework(Path(sys.argv[2]), int(sys.argv[4]))
    else:
        main()
