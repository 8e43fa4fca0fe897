"""Three districts follow each other in a triangle while everything goes wrong; at rest each must have exactly what the others have.

One seed: 1,000 random creates, updates and deletes over three catalogues, in runs of a random size, with the clock set back and forth, runs
and servers killed by SIGKILL, connections cut, answers late, pages lost. Then the proxies behave, and every catalogue must hold its own
offers and those of its neighbours, nothing twice, nothing lost, nothing that was deleted. From a seed everything but time follows::

    python -m tests.conformance.convergence --seeds 200 [--first 0] [--changes 1000]
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec

from catalogue.errors import CatalogueEmpty
from catalogue.ledger import Counts
from catalogue.run import open_run
from catalogue.settings import read_settings
from catalogue.snapshot import Snapshot
from ontology.concepts import load_schemes
from ontology.offer import Instance, Kind, Offer, Provider, offer_from_json, offer_to_json
from ontology.publication import ontology_ntriples
from service.ingesting import write_index
from service.progress import no_progress
from tests.command import PROGRAM

__all__ = ["Triangle", "converges"]

NAMES = ("anna", "bert", "carl")
TITLES = ("Töpfern", "Excel", "Yoga", "Spanisch", "Erste Hilfe", "Chor", "Nähen", "Löten", "Imkern", "Schach")
PROVIDERS = (None, *(Provider(id=f"p{number}", name=f"Volkshochschule {number}") for number in range(3)))
KEYS = 60  # keys of one district, so that most of a thousand changes are updates and deletes
SETTLED = 300.0  # seconds until all must be at rest
_SCHEMES = load_schemes()
_ONTOLOGY = ontology_ntriples()


class Unruly:
    """A proxy on loopback in front of one server that cuts, delays and loses, until it is told to behave."""

    def __init__(self, port: int, target: int, seed: int) -> None:
        self._target = target
        self._chance = random.Random(seed)
        self.behaves = False
        self._socket = socket.create_server(("127.0.0.1", port))
        self._open = True
        threading.Thread(target=self._listen, daemon=True).start()

    def close(self) -> None:
        self._open = False
        self._socket.close()

    def _listen(self) -> None:
        while self._open:
            with contextlib.suppress(OSError):
                connection, _ = self._socket.accept()
                threading.Thread(target=self._carry, args=(connection, self._chance.random()), daemon=True).start()

    def _carry(self, connection: socket.socket, fate: float) -> None:
        with connection, contextlib.suppress(OSError):
            if not self.behaves and fate < 0.08:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 404 Lost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            if not self.behaves and fate < 0.14:
                connection.recv(65536)
                connection.sendall(
                    b"HTTP/1.1 503 Later\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                )
                return
            if not self.behaves and fate < 0.2:
                time.sleep(0.3)
            most = 0 if self.behaves or fate > 0.35 else int(20_000 * fate)
            with socket.create_connection(("127.0.0.1", self._target), timeout=20) as server:
                back = threading.Thread(target=_pour, args=(server, connection, most), daemon=True)
                back.start()
                _pour(connection, server, 0)
                back.join()


def _pour(source: socket.socket, target: socket.socket, most: int) -> None:
    """Carries bytes until the source ends, or cuts both off after ``most`` of them."""
    carried = 0
    with contextlib.suppress(OSError):
        while part := source.recv(65536):
            carried += len(part)
            if most and carried > most:
                target.sendall(part[: len(part) // 2])
                break
            target.sendall(part)
    for end in (source, target):
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


class District:
    """One catalogue with its server and the proxy under whose address the others know it."""

    def __init__(self, name: str, root: Path, vectors: Path) -> None:
        self.name = name
        self.folder = root / name
        self.public, self._port = _free_port(), _free_port()
        self.base = f"http://127.0.0.1:{self.public}"
        (self.folder / "cache").mkdir(parents=True)
        shutil.copyfile(vectors, self.folder / "cache" / "vectors.sqlite")
        self._server: subprocess.Popen[bytes] | None = None
        self.proxy: Unruly | None = None

    def settle_in(self, others: list[District], seed: int) -> None:
        """Writes the settings and opens the proxy."""
        lines = [f'[catalogue]\nbase = "{self.base}"\n\n[[source]]\nname = "kvhs"\n']
        lines += [
            f'[[neighbour]]\nname = "{other.name}"\nfeed = "{other.base}/feed"\nevery = 1.0\n' for other in others
        ]
        (self.folder / "katalog.toml").write_text("\n".join(lines), encoding="utf-8")
        self.proxy = Unruly(self.public, self._port, seed)

    def serve(self) -> None:
        with (self.folder / "serve.log").open("ab") as log:  # also of those before it
            self._server = subprocess.Popen(
                [PROGRAM, "serve", "--dir", self.folder, "--port", str(self._port)],
                stdout=log,
                stderr=log,
                env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            )

    def is_up(self) -> bool:
        with contextlib.suppress(OSError):
            return urllib.request.urlopen(f"http://127.0.0.1:{self._port}/gesund", timeout=5).status == 200
        return False

    def kill(self) -> None:
        if self._server is not None:
            self._server.send_signal(signal.SIGKILL)
            self._server.wait()

    def last_words(self) -> str:
        """What its server complained of, and what became of its visits."""
        complaints = (self.folder / "serve.log").read_text(errors="replace")[-2000:]
        visits = self.folder / "neighbours.json"
        return f"{self.name}: {complaints} {visits.read_text() if visits.exists() else 'never visited anyone'}"

    def statements(self, graph: str) -> list[str]:
        """Those of one named graph, sorted; a statement that is there twice would show."""
        try:
            with Snapshot.open(self.folder) as snapshot:
                found = snapshot.store.quads_for_pattern(None, None, None, None)
                return sorted(
                    str(quad.triple) for quad in found if str(quad.graph_name) == f"<{self.base}/graph/{graph}>"
                )
        except CatalogueEmpty:
            return []

    def own(self) -> dict[str, Offer]:
        try:
            with Snapshot.open(self.folder) as snapshot:
                return {offer.id: offer for _, offer in snapshot.ledger.offers() if offer.source == "kvhs"}
        except CatalogueEmpty:
            return {}

    def entries(self) -> int:
        """Rows of the ledger: what the search knows."""
        with Snapshot.open(self.folder) as snapshot:
            return snapshot.ledger.count()


class Triangle:
    """Three districts that follow each other."""

    def __init__(self, root: Path, vectors: Path, seed: int) -> None:
        self._chance = random.Random(seed)
        self.districts = [District(name, root, vectors) for name in NAMES]
        for number, district in enumerate(self.districts):
            others = [other for other in self.districts if other is not district]
            district.settle_in(others, seed * 10 + number)

    def run(self, changes: int) -> None:
        """All changes, with accidents."""
        chance = self._chance
        for district in self.districts:
            _deliver(district.folder, {"kvhs-0": _offer("kvhs-0", chance)}, dt.datetime.now(dt.UTC))
            district.serve()  # which ends at once where no run has happened yet: so the first is not killed
        left = changes
        while left > 0:
            district = chance.choice(self.districts)
            many = min(left, chance.choice((1, 2, 5, 20, 60, 120)))
            left -= many
            self._change(district, many)
            if chance.random() < 0.08:
                victim = chance.choice(self.districts)
                victim.kill()
                victim.serve()

    def _change(self, district: District, many: int) -> None:
        """``many`` random changes in one run, which is killed at times: then it happened or it did not."""
        chance = self._chance
        offers = district.own()
        for _ in range(many):
            key = f"kvhs-{chance.randrange(KEYS)}"
            if key in offers and chance.random() < 0.35:
                del offers[key]
            else:
                offers[key] = _offer(key, chance)
        clock = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=chance.randint(-7200, 600))
        if chance.random() < 0.1:
            self._killed(district, offers, clock, chance.uniform(0.5, 4.0))
        else:
            _deliver(district.folder, offers, clock)
            assert district.own() == offers, f"{district.name} does not have what was written"

    @staticmethod
    def _killed(district: District, offers: dict[str, Offer], clock: dt.datetime, seconds: float) -> None:
        """The same run in a process that is killed after so many seconds, if it still lives."""
        order = msgspec.msgpack.encode([offer_to_json(offer) for offer in offers.values()])
        where = [str(district.folder), clock.isoformat()]
        with subprocess.Popen(
            [sys.executable, "-m", __spec__.name, "--write", *where], stdin=subprocess.PIPE
        ) as process:
            with contextlib.suppress(subprocess.TimeoutExpired, BrokenPipeError):
                process.communicate(order, seconds)
            process.kill()

    def rest(self) -> list[str]:
        """Waits until nothing differs any more; what still does at the end."""
        for district in self.districts:
            assert district.proxy is not None
            district.proxy.behaves = True
        end = time.monotonic() + SETTLED
        while (wrong := self.differences()) and time.monotonic() < end:
            time.sleep(0.5)
        return wrong + [district.last_words() for district in self.districts if wrong]

    def differences(self) -> list[str]:
        """Sentences on every catalogue that has not exactly its own offers and those of the others."""
        wrong = []
        for district in self.districts:
            expected = len(district.own())
            for other in self.districts:
                if other is district:
                    continue
                there, here = other.statements("quelle/kvhs"), district.statements(f"nachbar/{other.name}")
                expected += len(other.own())
                if there != here:
                    lost, extra = set(there) - set(here), set(here) - set(there)
                    wrong.append(
                        f"{district.name} of {other.name}: {len(lost)} lost, {len(extra)} too many, {sorted(extra)[:3]}"
                    )
            if district.entries() != expected:
                wrong.append(f"{district.name} has {district.entries()} offers in its ledger instead of {expected}")
        return wrong

    def close(self) -> None:
        for district in self.districts:
            district.kill()
            if district.proxy is not None:
                district.proxy.close()


def _deliver(folder: Path, offers: dict[str, Offer], clock: dt.datetime) -> None:
    """One run that delivers these offers of a catalogue's own, as an ingest would, but at another time."""
    settings = read_settings(folder)
    with open_run(folder, settings.catalogue.base, 60.0, lambda: clock) as run:
        run.put_ontology(_ONTOLOGY)
        with run.source("kvhs") as source:
            taken = sum(source.put(offer) for offer in offers.values())
            source.finish(Counts(len(offers), taken, len(offers) - taken, 0, source.missing()), [])
        write_index(run, folder, settings, _SCHEMES, no_progress())
        run.commit()


def _offer(key: str, chance: random.Random) -> Offer:
    return Offer(
        id=key,
        source="kvhs",
        identifier=key.removeprefix("kvhs-"),
        kind=Kind.COURSE,
        name=chance.choice(TITLES),
        description=chance.choice((None, "Für alle.", "Mit Prüfung.")),
        provider=chance.choice(PROVIDERS),
        instances=tuple(
            Instance(number=str(number), start=dt.date(2099, 1, 1) + dt.timedelta(days=chance.randrange(90)))
            for number in range(1, chance.randint(1, 3))
        ),
    ).canonical()


def _free_port() -> int:
    """Below those that outgoing connections get: one of them may hold the port of a server that is just being started again."""
    while True:
        port = random.randrange(10_000, 30_000)
        with socket.socket() as trial, contextlib.suppress(OSError):
            trial.bind(("127.0.0.1", port))
            return port


def converges(seed: int, changes: int, root: Path, vectors: Path) -> list[str]:
    """What differs at rest; empty when all is well."""
    triangle = Triangle(root, vectors, seed)
    try:
        triangle.run(changes)
        return triangle.rest()
    finally:
        triangle.close()


@contextlib.contextmanager
def prepared_vectors() -> Iterator[Path]:
    """A cache with the vectors of every text that an offer of `_offer` can have."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "katalog.toml").write_text('[catalogue]\nbase = "http://127.0.0.1:9"\n', encoding="utf-8")
        keys = [f"kvhs-{number}" for number in range(400)]
        offers = {key: _offer(key, random.Random(key)) for key in keys}
        _deliver(Path(folder), offers, dt.datetime.now(dt.UTC))
        yield Path(folder) / "cache" / "vectors.sqlite"


def _write(folder: str, clock: str) -> None:
    """One run of a district from standard input, in a process that may be killed."""
    orders = [offer_from_json(order) for order in msgspec.msgpack.decode(sys.stdin.buffer.read(), type=list[bytes])]
    _deliver(Path(folder), {offer.id: offer for offer in orders}, dt.datetime.fromisoformat(clock))


def main() -> None:
    """Prints one line a seed; exit status 1 with the seed that failed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=200)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--changes", type=int, default=1000)
    parser.add_argument("--write", nargs=2)
    arguments = parser.parse_args()
    if arguments.write:
        _write(*arguments.write)
        return
    with prepared_vectors() as vectors:
        for seed in range(arguments.first, arguments.first + arguments.seeds):
            begun = time.monotonic()
            with tempfile.TemporaryDirectory() as root:
                wrong = converges(seed, arguments.changes, Path(root), vectors)
            print(f"seed {seed}: {wrong if wrong else 'converged'} after {time.monotonic() - begun:.0f} s", flush=True)
            if wrong:
                sys.exit(1)


if __name__ == "__main__":
    main()
