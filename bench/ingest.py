"""How fast offers come in, without encoding, beside rdflib adding the same statements and parsing the same file.

    python -m bench.ingest [OFFERS.jsonld] [--runs N]

Every figure is the median of N runs (3), each in a process of its own; contenders take turns, so that all meet the same load.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_OFFERS = Path(__file__).parents[2] / "shared" / "eval" / "offers.jsonld"
_BASE = "https://katalog.example"
_SOURCE = "bench"
_STAGES = ("opening", "reading", "enrichment", "mapping and ledger", "bulk load", "commit")

Figures = dict[str, Any]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measures ingest.")
    parser.add_argument("offers", nargs="?", type=Path, default=_OFFERS)
    parser.add_argument("--runs", type=int, default=3)
    wanted = parser.parse_args()
    if not wanted.offers.exists():
        print(f"{wanted.offers} is not here: nothing is measured.")
        return
    load = os.getloadavg()[0]
    found: dict[str, list[Figures]] = {}
    with tempfile.TemporaryDirectory() as folder:
        statements = Path(folder, "statements.nt")
        for _ in range(wanted.runs):
            for name, path in (
                ("ours", wanted.offers),
                ("bulk load", statements),
                ("rdflib", statements),
                ("rdflib JSON-LD", wanted.offers),
            ):
                found.setdefault(name, []).append(_measured(name, path, statements))
    medians = {name: _median(runs) for name, runs in found.items()}
    ours = medians["ours"]
    print(
        f"{ours['offers']:.0f} offers of {wanted.offers.name} ({wanted.offers.stat().st_size / 1e6:.1f} MB), ", end=""
    )
    print(f"{ours['statements']:.0f} statements")
    print(
        f"{_machine()}; {time.strftime('%Y-%m-%d')}; median of {wanted.runs}; load {load:.1f} to {os.getloadavg()[0]:.1f}\n"
    )
    _print_times(medians)
    _print_ratios(medians)


def _print_times(medians: dict[str, Figures]) -> None:
    ours, offers, statements = medians["ours"], medians["ours"]["offers"], medians["ours"]["statements"]
    peer = medians["rdflib"]
    print(f"{'':50}{'wall s':>8}{'CPU s':>8}{'offers/s':>10}{'statements/s':>14}{'peak MB':>9}")
    for label, times, megabytes in (
        ("ingest, first run", ours["first"], ours["first_mb"]),
        *((f"  {stage}", ours[stage], None) for stage in _STAGES),
        ("ingest, second run (nothing changed)", ours["second"], ours["second_mb"]),
        ("index without encoding (words, columns, vectors)", ours["index"], ours["index_mb"]),
        ("bulk load of the N-Triples, on disk", medians["bulk load"]["load"], medians["bulk load"]["mb"]),
        ("rdflib: parse the N-Triples and add, in memory", peer["parse"], peer["mb"]),
        ("rdflib: add alone, in memory", peer["add"], None),
        (
            "rdflib: parse the JSON-LD and add, in memory",
            medians["rdflib JSON-LD"]["parse"],
            medians["rdflib JSON-LD"]["mb"],
        ),
    ):
        wall, cpu = times
        rates = (
            f"{offers / wall:10.0f}{statements / wall:14.0f}"
            if "N-Triples" not in label and "alone" not in label
            else f"{'':10}{statements / wall:14.0f}"
        )
        print(f"{label:50}{wall:8.2f}{cpu:8.2f}{rates}{f'{megabytes:9.0f}' if megabytes else ''}")


def _print_ratios(medians: dict[str, Figures]) -> None:
    def ratio(peer: Sequence[float], own: Sequence[float]) -> str:
        return f"{peer[0] / own[0]:.1f} × by wall time, {peer[1] / own[1]:.1f} × by CPU time"

    ours, bulk, peer = medians["ours"], medians["bulk load"]["load"], medians["rdflib"]
    print(f"\nbulk load against rdflib's parse and add: {ratio(peer['parse'], bulk)}")
    print(f"bulk load against rdflib's add alone:     {ratio(peer['add'], bulk)}")
    print(f"whole ingest against rdflib's JSON-LD:    {ratio(medians['rdflib JSON-LD']['parse'], ours['first'])}")
    print("\non disk: " + ", ".join(f"{name} {size / 1e6:.1f} MB" for name, size in ours["sizes"].items()))


def _machine() -> str:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return f"{names[0] if names else platform.processor()}, {len(os.sched_getaffinity(0))} cores"


def _median(runs: Sequence[Figures]) -> Figures:
    """Figure by figure; of a pair of wall and CPU time each for itself."""

    def middle(values: Sequence[Any]) -> Any:
        if isinstance(values[0], dict):
            return {key: middle([value[key] for value in values]) for key in values[0]}
        if isinstance(values[0], list):
            return [statistics.median(column) for column in zip(*values, strict=True)]
        return statistics.median(values)

    found: Figures = middle(runs)
    return found


def _measured(name: str, path: Path, statements: Path) -> Figures:
    # -P: else this file would be taken for the package "ingest"
    command = [sys.executable, "-P", __file__, "--one", name, str(path), str(statements)]
    figures: Figures = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.splitlines()[-1])
    return figures


# --- in the process of one contender ------------------------------------------------------------------------------------------------


class _Clock:
    """Wall and CPU seconds of all threads of this process, by stage."""

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = {}

    @contextlib.contextmanager
    def stage(self, name: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        try:
            yield
        finally:
            spent = self.spent.setdefault(name, [0.0, 0.0])
            spent[0] += time.perf_counter() - wall
            spent[1] += time.process_time() - cpu


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _ours(path: Path, statements: Path) -> Figures:
    """Twice the run of `service.ingesting`, with an encoder that does nothing."""
    from catalogue.snapshot import Snapshot

    with tempfile.TemporaryDirectory() as folder:
        first, second, index = _Clock(), _Clock(), _Clock()
        counts = _run(path, Path(folder), first)
        first_mb = _megabytes()
        again = _run(path, Path(folder), second)
        second_mb = _megabytes()
        assert again.unchanged == counts.taken, again
        _index(Path(folder), index)
        with Snapshot.open(Path(folder)) as snapshot:
            written = _dump(snapshot, statements)
            sizes = {
                name: _size(snapshot.path, name)
                for name in ("rdf", "ledger.sqlite", "words.npz", "columns.npz", "vectors.faiss")
            }
    whole = first.spent.pop("whole")
    staged = [sum(times[part] for times in first.spent.values()) for part in (0, 1)]
    first.spent["reading"] = [whole[part] - staged[part] for part in (0, 1)]
    return first.spent | {
        "first": whole,
        "first_mb": first_mb,
        "second": second.spent["whole"],
        "second_mb": second_mb,
        "index": index.spent["index"],
        "index_mb": _megabytes(),
        "offers": counts.taken,
        "statements": written,
        "sizes": sizes,
    }


def _run(path: Path, folder: Path, clock: _Clock) -> Any:
    from catalogue.ledger import Counts, Note
    from catalogue.run import SourceWriter, open_run
    from ingest.enrich import Enricher
    from ingest.pipeline import ingest_source
    from ingest.records import ReaderContext
    from ontology.concepts import load_schemes
    from ontology.gazetteer import Gazetteer
    from ontology.offer import Offer
    from ontology.publication import ontology_ntriples

    class Timed(SourceWriter):
        """Says how long writing takes."""

        def put(self, offer: Offer) -> bool:
            with clock.stage("mapping and ledger"):
                return super().put(offer)

        def finish(self, counts: Counts, notes: Sequence[Note]) -> None:
            with clock.stage("bulk load"):
                super().finish(counts, notes)

    with clock.stage("whole"):
        with clock.stage("opening"):
            enricher = Enricher(load_schemes(), Gazetteer.load())

        def enrich(offer: Offer) -> Offer:
            with clock.stage("enrichment"):
                return enricher(offer)

        with open_run(folder, _BASE) as run:
            with clock.stage("opening"):
                run.put_ontology(ontology_ntriples())
            with Timed(run, _SOURCE) as writer:
                report = ingest_source(writer, [(path, "schemaorg")], ReaderContext(source=_SOURCE), enrich)
            with clock.stage("commit"):
                run.commit()
    return report.counts()


class _Idle:
    """An encoder that costs nothing, with vectors of the usual length."""

    name = "idle"
    dimension = 384

    def encode_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import numpy as np

        return np.random.default_rng(0).standard_normal((len(texts), self.dimension), np.float32)

    encode_offers = encode_questions


def _index(folder: Path, clock: _Clock) -> None:
    from catalogue.run import open_run
    from ontology.concepts import load_schemes
    from search.encoder.cache import VectorCache
    from search.index import update_index

    schemes = load_schemes()
    with open_run(folder, _BASE) as run, VectorCache(folder / "vectors.sqlite") as cache:
        with clock.stage("index"):
            update_index(run, _Idle(), cache, lambda scheme, notation: schemes[scheme].label(notation))
        run.commit()


def _dump(snapshot: Any, target: Path) -> int:
    import pyoxigraph as ox

    from ontology.iris import graph_of_source

    graph = ox.NamedNode(graph_of_source(_BASE, _SOURCE))
    snapshot.store.dump(str(target), ox.RdfFormat.N_TRIPLES, from_graph=graph)
    return target.read_bytes().count(b"\n")


def _size(folder: Path, name: str) -> int:
    path = folder / name
    return sum(file.stat().st_size for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())


def _bulk_load(path: Path, _: Path) -> Figures:
    import pyoxigraph as ox

    clock = _Clock()
    with tempfile.TemporaryDirectory() as folder:
        store = ox.Store(folder)
        with clock.stage("load"):
            store.bulk_load(path=str(path), format=ox.RdfFormat.N_TRIPLES, to_graph=ox.NamedNode(_BASE))
            store.flush()
    return clock.spent | {"mb": _megabytes()}


def _rdflib(path: Path, _: Path) -> Figures:
    import rdflib

    logging.disable()
    clock, parsed, added = _Clock(), rdflib.Graph(), rdflib.Graph()
    with clock.stage("parse"):
        parsed.parse(path, format="nt")
    megabytes = _megabytes()
    triples = list(parsed)
    with clock.stage("add"):
        for triple in triples:
            added.add(triple)
    assert len(added) == len(parsed)
    return clock.spent | {"mb": megabytes}


def _rdflib_jsonld(path: Path, _: Path) -> Figures:
    """As harvesters do, but without fetching the context: all names are taken as schema.org's."""
    import rdflib

    logging.disable()
    document = json.loads(path.read_bytes())
    text = json.dumps(document | {"@context": {"@vocab": "http://schema.org/"}})
    del document
    clock = _Clock()
    with clock.stage("parse"):
        rdflib.Graph().parse(data=text, format="json-ld")
    return clock.spent | {"mb": _megabytes()}


_CONTENDERS: dict[str, Callable[[Path, Path], Figures]] = {
    "ours": _ours,
    "bulk load": _bulk_load,
    "rdflib": _rdflib,
    "rdflib JSON-LD": _rdflib_jsonld,
}

if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(_CONTENDERS[sys.argv[2]](Path(sys.argv[3]), Path(sys.argv[4]))))
    else:
        main()
