"""How fast everything is written to files, beside pyoxigraph's own dump of the same store.

    python -m bench.dumps CATALOGUE [--offers N] [--runs N]

CATALOGUE is the folder of an indexed catalogue, out of whose offers N (100,000) are generated as in `bench.generator`; with ``--offers 0``
its own are taken. Contenders take turns. Statements per second are those of the catalogue: our dumps write each of them three times and
the offers a fourth time as a table, count them, and compress everything once for the whole catalogue and for its sources. CPU seconds are
of all processes together, for machines that are not idle.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree

import pyoxigraph as ox

from catalogue.audit import audit
from catalogue.dumps.contents import write_contents
from catalogue.dumps.export import FORMATS, Format, export
from catalogue.settings import read_settings
from catalogue.snapshot import Snapshot

_BASE = "http://127.0.0.1:8000"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measures the dumps.")
    parser.add_argument("catalogue", type=Path)
    parser.add_argument("--offers", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = wanted.catalogue if wanted.offers == 0 else _generated(Path(scratch), wanted.catalogue, wanted.offers)
        _measure(folder, Path(scratch), wanted.runs)


def _generated(scratch: Path, parents: Path, count: int) -> Path:
    """A catalogue without an index, which no dump needs."""
    # here, as the processes that make the parts import this module too
    from bench.generator import generate, parents_of, put_all
    from catalogue.run import open_run
    from ontology.publication import ontology_ntriples

    folder = scratch / "katalog"
    folder.mkdir()
    offers = [offer for offer, _ in generate(parents_of(parents), count)]
    with open_run(folder, _BASE) as run:
        run.put_ontology(ontology_ntriples())
        put_all(run, offers)
        run.commit()
    sources = sorted({offer.source for offer in offers})
    (folder / "katalog.toml").write_text("".join(f'[[source]]\nname = "{name}"\n\n' for name in sources), "utf-8")
    return folder


def _measure(folder: Path, scratch: Path, runs: int) -> None:
    settings, load = read_settings(folder), os.getloadavg()[0]
    with Snapshot.open(folder) as snapshot:
        out = scratch / "dumps"

        def ours() -> None:
            out.mkdir()
            write_contents(out, snapshot, settings, None)

        def exported(form: Format) -> Callable[[], None]:
            def write() -> None:
                with (scratch / "export").open("wb") as file:
                    export(snapshot, settings, form, file)

            return write

        def peer() -> None:
            snapshot.store.dump(str(scratch / "export"), ox.RdfFormat.N_QUADS)

        contenders = {"all dumps, packed": ours, "pyoxigraph: N-Quads, not packed": peer}
        contenders |= {f"export: {form}, not packed": exported(form) for form in FORMATS}
        seconds: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
        for _ in range(runs):
            for name, work in contenders.items():
                rmtree(out, ignore_errors=True)
                start, cpu = time.perf_counter(), _cpu()
                work()
                seconds[name].append((time.perf_counter() - start, _cpu() - cpu))
        rmtree(out, ignore_errors=True)
        out.mkdir()
        datasets, written, ids = write_contents(out, snapshot, settings, None)
        start = time.perf_counter()
        found, _ = audit(snapshot, _BASE, ids)
        audited = time.perf_counter() - start
    statements, whole = datasets[0].statements, sum(file.bytes for file in written if file.source is None)
    print(f"{datasets[0].offers} offers, {statements} statements; {len(os.sched_getaffinity(0))} cores", end="; ")
    print(f"median of {runs}; load {load:.1f} to {os.getloadavg()[0]:.1f}\n")
    medians = {
        name: [statistics.median(column) for column in zip(*times, strict=True)] for name, times in seconds.items()
    }
    base = medians["pyoxigraph: N-Quads, not packed"]
    print(f"{'':36}{'wall s':>8}{'per s':>12}{'× peer':>8}{'CPU s':>8}{'per CPU s':>12}{'× peer':>8}")
    for name, values in medians.items():
        figures = (
            f"{value:8.1f}{statements / value:12,.0f}{peer / value:8.1f}"
            for value, peer in zip(values, base, strict=True)
        )
        print(f"{name:36}{''.join(figures)}")
    print(f"\nfiles of the whole catalogue: {whole / 1e6:.0f} MB; ", end="")
    print(f"audit of {found.checked} offers: {audited:.1f} s; ", end="")
    print(f"peak memory of this process {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


def _cpu() -> float:
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


if __name__ == "__main__":
    main()
