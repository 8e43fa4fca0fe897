"""What following a neighbour costs by its feed of changes, beside fetching its whole dump each time.

    python -m bench.federation [CATALOGUE] [--offers N] [--runs N]

CATALOGUE is the folder of an indexed catalogue, out of whose offers the neighbour's N (100,000) are generated as in `bench.generator`;
without it the sample catalogue is built for that. Both ways have a follower each, which begins empty but knows the vectors of the
neighbour's texts: encoding is not measured. Bytes are those of the TCP connections, heads and requests included, counted by a proxy under
whose address the neighbour is known. Everything runs on one machine over the loopback interface.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import msgspec

from bench.generator import Known, generate, parents_of, put_all
from bench.serve import machine
from bench.wire import Wire, free_port
from catalogue.dumps import dumps_are_current
from catalogue.run import open_run
from catalogue.settings import read_settings
from catalogue.snapshot import Snapshot
from ingest.resolve.resolve import resolve
from ontology.concepts import load_schemes
from ontology.offer import Instance, Offer
from ontology.publication import ontology_ntriples
from search.encoder import Encoder, open_encoder
from search.encoder.cache import VectorCache
from search.index import update_index
from search.texts import meaning_text

_COMMAND = str(Path(sys.executable).with_name("bildungskatalog"))
_WAYS = {"feed": "feed", "dump": "dumps/katalog.nq.gz"}
_MANY = 100  # offers changed at once
_PATIENCE = 900.0  # seconds
_LOOK_EVERY = 0.05
_LETTERS = "abcdefghijk"
_SHARES = (0.1, 0.25, 0.5, 0.75, 1.0)  # of a synchronisation's time, where its memory is shown


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measures following a neighbour.")
    parser.add_argument("catalogue", nargs="?", type=Path, help="an indexed catalogue; else the sample is built")
    parser.add_argument("--offers", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=3, choices=range(1, 11), help="of each small figure")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, closing(Wire()) as wire:
        root, load = Path(temporary), os.getloadavg()[0]
        parents = wanted.catalogue
        if parents is None:
            parents = root / "sample"
            subprocess.run(
                [sys.executable, "-m", "bench.serve", "--build", str(parents)], check=True, stdout=subprocess.DEVNULL
            )
        there = _District(root / "there", wire.port)
        offers = _generated(there, parents, wanted.offers)
        followers = {way: _follower(root, there, way) for way in _WAYS}
        print(f"{wanted.offers} offers; {machine()}; {time.strftime('%Y-%m-%d')}; load {load:.1f} at the start\n")
        with there.served(wire.target):
            _print_first(there, followers, wire)
            _print_bytes(there, followers, wire, offers, wanted.runs)
        _print_delays(there, followers, wire, offers, wanted.runs)
        print(f"\nload {os.getloadavg()[0]:.1f} at the end")


def _print_first(there: _District, followers: dict[str, _District], wire: Wire) -> None:
    _wait_for(lambda: _status(f"{there.base}/dumps/katalog.nq.gz") == HTTPStatus.OK)
    print(f"{'first synchronisation':24}{'wall s':>8}{'CPU s':>8}{'offers/s':>10}{'MB':>8}{'encoded':>9}", end="")
    print(f"{'peak MB':>9}   memory in MB after {', '.join(f'{share:.0%}' for share in _SHARES)} of the time")
    speed = {}
    for way, follower in followers.items():
        known, before = follower.vectors(), wire.carried
        report, memory = _harvested(follower)
        taken = report["taken"]
        speed[way] = taken / report["wall"]
        figures = f"{report['wall']:8.1f}{report['cpu']:8.1f}{speed[way]:10.0f}{(wire.carried - before) / 1e6:8.1f}"
        course = ", ".join(f"{memory[round(share * (len(memory) - 1))]:.0f}" for share in _SHARES)
        print(f"{way:24}{figures}{follower.vectors() - known:9}{max(memory):9.0f}   {course}", flush=True)
    print(f"offers per second of the feed against the dump: {speed['feed'] / speed['dump']:.2f} ×\n")


def _print_bytes(
    there: _District, followers: dict[str, _District], wire: Wire, offers: Sequence[Offer], runs: int
) -> None:
    """After each change of the neighbour both follow it, and once more when there is nothing new."""
    found: dict[str, list[tuple[float, float]]] = {}

    def visit(way: str, label: str) -> None:
        before = wire.carried
        report, _ = _harvested(followers[way])
        found.setdefault(f"{way}: {label}", []).append((wire.carried - before, report["wall"]))

    many = f"{_MANY} offers changed"
    for number in range(runs):
        for count, label in ((1, "one offer changed"), (_MANY, many)):
            changed = [msgspec.structs.replace(offer, url=f"https://example.org/{number}") for offer in offers[:count]]
            if count > 1:
                changed = [msgspec.structs.replace(offer, url=f"{offer.url}/{count}") for offer in changed]
            there.write(changed)
            there.wait_until_served()
            visit("feed", label)
        _wait_for(lambda: _is_dumped(there))
        visit("dump", many)
        for way in followers:
            visit(way, "nothing new")
    print(f"{f'a visit, median of {runs}':32}{'bytes':>12}{'bytes/offer':>13}{'wall s':>8}")
    medians = {
        label: [statistics.median(column) for column in zip(*values, strict=True)] for label, values in found.items()
    }
    for label, (size, wall) in medians.items():
        share = f"{size / _MANY:13,.0f}" if many in label else f"{size:13,.0f}" if "one" in label else f"{'':13}"
        print(f"{label:32}{size:12,.0f}{share}{wall:8.2f}")
    ratio = medians[f"dump: {many}"][0] / medians[f"feed: {many}"][0]
    print(f"bytes of the dump against the feed, {many}: {ratio:,.0f} ×\n", flush=True)


def _print_delays(
    there: _District, followers: dict[str, _District], wire: Wire, offers: Sequence[Offer], runs: int
) -> None:
    """Seconds from the commit until the search of a follower finds a new word; both are served."""
    print(f"{f'delay, median of {runs}':32}{'s':>8}{'shortest':>10}{'longest':>10}")
    medians = {}
    for way, here in followers.items():
        with there.served(wire.target), here.served(here.port):
            delays = [
                _delay(there, here, offers[n], f"brumm{way}{letter}") for n, letter in enumerate(_LETTERS[: runs + 1])
            ]
        del delays[0]  # waited for the follower to begin
        medians[way] = statistics.median(delays)
        print(f"{way:32}{medians[way]:8.1f}{min(delays):10.1f}{max(delays):10.1f}", flush=True)
    print(f"delay of the dump against the feed: {medians['dump'] / medians['feed']:.1f} ×")


def _delay(there: _District, here: _District, offer: Offer, word: str) -> float:
    """Seconds from the commit of an offer with a new word until it is found; without a date, as past ones are not shown."""
    there.write([msgspec.structs.replace(offer, name=f"Kurs {word}", instances=(Instance(),))])
    began = time.perf_counter()
    _wait_for(lambda: here.finds(word))
    return time.perf_counter() - began


# --- the districts ------------------------------------------------------------------------------------------------------------------


class _District:
    """A catalogue that is known under ``port``."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder, self.port = folder, port
        self.base = f"http://127.0.0.1:{port}"
        (folder / "cache").mkdir(parents=True)
        self._settings = f'[catalogue]\nbase = "{self.base}"\n'
        (folder / "katalog.toml").write_text(self._settings, encoding="utf-8")

    def follow(self, neighbour: _District, way: str) -> None:
        """Follows this neighbour, and nobody else, with a look every second."""
        entry = f'\n[[neighbour]]\nname = "nachbar"\n{way} = "{neighbour.base}/{_WAYS[way]}"\nevery = 1.0\n'
        (self.folder / "katalog.toml").write_text(self._settings + entry, encoding="utf-8")

    def write(self, offers: Sequence[Offer], encoder: Encoder | None = None) -> None:
        """One run that delivers these of its own offers; the others stay."""
        schemes = load_schemes()
        with (
            open_run(self.folder, self.base, _PATIENCE) as run,
            VectorCache(self.folder / "cache" / "vectors.sqlite") as vectors,
        ):
            run.put_ontology(ontology_ntriples())
            put_all(run, offers)
            resolve(run, self.folder)
            update_index(
                run, encoder or open_encoder(), vectors, lambda scheme, notation: schemes[scheme].label(notation)
            )
            run.commit()

    @contextmanager
    def served(self, port: int) -> Iterator[None]:
        """Serves at ``port`` until the block ends."""
        process = subprocess.Popen([_COMMAND, "serve", "--dir", str(self.folder), "--port", str(port)])
        try:
            _wait_for(lambda: _status(f"http://127.0.0.1:{port}/gesund") == HTTPStatus.OK)
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(_PATIENCE)

    def wait_until_served(self) -> None:
        """Until questions are answered from the newest state."""
        with Snapshot.open(self.folder) as snapshot:
            number = snapshot.state.number
        _wait_for(lambda: _json(f"{self.base}/gesund").get("run") == number)

    def finds(self, word: str) -> bool:
        """Whether the search has an offer with this word in its name."""
        hits = _json(f"{self.base}/api/search?{urlencode({'q': word})}").get("hits", ())
        return any(word in json.dumps(hit) for hit in hits)

    def vectors(self) -> int:
        """How many vectors it knows."""
        with closing(sqlite3.connect(self.folder / "cache" / "vectors.sqlite")) as database:
            return int(database.execute("SELECT count(*) FROM vectors").fetchone()[0])


def _generated(district: _District, parents: Path, count: int) -> list[Offer]:
    known, offers = Known(open_encoder()), []
    for offer, vector in generate(parents_of(parents), count):
        known.learn(meaning_text(offer), vector)
        offers.append(offer)
    district.write(offers, known)
    return offers[:_MANY]


def _follower(root: Path, there: _District, way: str) -> _District:
    here = _District(root / way, free_port())
    shutil.copyfile(there.folder / "cache" / "vectors.sqlite", here.folder / "cache" / "vectors.sqlite")
    here.follow(there, way)
    return here


def _is_dumped(district: _District) -> bool:
    return dumps_are_current(district.folder, read_settings(district.folder))


def _harvested(follower: _District) -> tuple[dict[str, Any], list[float]]:
    """What a visit in a process of its own says, and the memory (MB) of it and its own processes, sampled while it lasts."""
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.federation", "--harvest", str(follower.folder)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()  # all is imported
    memory = [_megabytes(process.pid)]
    while process.poll() is None:
        memory.append(_megabytes(process.pid) or memory[-1])  # one that has just ended has none
        time.sleep(_LOOK_EVERY)
    report: dict[str, Any] = json.loads(process.stdout.read())
    process.stdout.close()
    if report["trouble"]:
        raise RuntimeError(report["trouble"])
    return report, memory


def _megabytes(pid: int) -> float:
    """Resident memory of a process and those that it started, without the files that they have mapped."""
    size = 0.0
    with suppress(OSError):
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
        size = sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("RssAnon")) / 1024
        for task in Path(f"/proc/{pid}/task").iterdir():
            size += sum(_megabytes(int(child)) for child in (task / "children").read_text().split())
    return size


# --- asking and waiting -------------------------------------------------------------------------------------------------------------


def _status(url: str) -> int:
    try:
        with urlopen(url, timeout=_PATIENCE) as answer:
            return int(answer.status)
    except URLError as error:
        return int(getattr(error, "code", 0))
    except OSError:
        return 0


def _json(url: str) -> dict[str, Any]:
    with urlopen(url, timeout=_PATIENCE) as answer:
        found: dict[str, Any] = json.loads(answer.read())
    return found


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(_LOOK_EVERY)


# --- what runs in a process of its own ----------------------------------------------------------------------------------------------


def _harvest(folder: Path) -> None:
    from service.harvesting import Harvester
    from service.progress import no_progress

    settings = read_settings(folder)
    harvester = Harvester(folder, settings, no_progress())
    print(flush=True)
    began, cpu = time.perf_counter(), _cpu()
    report = harvester.harvest(settings.neighbour[0])
    figures = {"wall": time.perf_counter() - began, "cpu": _cpu() - cpu, "trouble": report.trouble}
    print(json.dumps(figures | report.counts._asdict()))


def _cpu() -> float:
    """Seconds of this process and of those that it started and that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--harvest"]:
        _harvest(Path(sys.argv[2]))
    else:
        main()
