"""The service as its own process, somebody who asks it small things all the time, and what it holds."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import httpx

from tests.catalogue.stores import workers_of
from tests.command import PROGRAM
from tests.service.conftest import wait_for

__all__ = ["READY", "Holding", "HostileQuery", "Prober", "Served", "hostile_queries", "served"]

_AT_ONCE = httpx.Limits(max_connections=200)
READY = 4  # processes: two for long queries by default, two for quick ones


class HostileQuery(NamedTuple):
    """``allowed``: statuses."""

    name: str
    text: str
    allowed: frozenset[int]
    is_slow: bool


def hostile_queries(listener: str) -> list[HostileQuery]:
    """Those of the file beside this one; ``listener`` is a host and port."""
    entries = tomllib.loads(Path(__file__).with_name("hostile_queries.toml").read_text(encoding="utf-8"))
    return [
        HostileQuery(
            name,
            _written_out(entry["query"]).replace("LISTENER", listener),
            frozenset(entry.get("allowed", (200, 400, 413, 503))),
            entry.get("slow", False),
        )
        for name, entry in entries.items()
    ]


def _written_out(text: str) -> str:
    return re.sub(r"⟦(.+?)×(\d+)⟧", lambda match: match[1] * int(match[2]), text, flags=re.DOTALL)


class Holding(NamedTuple):
    """What the service and its workers hold: processes, open files, megabytes of memory."""

    workers: int
    files: int
    megabytes: float


class Served(NamedTuple):
    """A running ``serve``."""

    url: str
    pid: int

    def client(self, number: int = 1) -> httpx.Client:
        """A client with an address of its own (as a proxy on this host tells it)."""
        headers = {"X-Forwarded-For": f"192.0.2.{number}"}
        # without verify each one would read all certificates there are, which costs more than what is measured
        return httpx.Client(base_url=self.url, headers=headers, timeout=60, verify=False, limits=_AT_ONCE)

    def holding(self) -> Holding:
        status = Path(f"/proc/{self.pid}/status").read_text()
        kilobytes = re.search(r"VmRSS:\s+(\d+)", status)
        assert kilobytes is not None
        files = len(list(Path(f"/proc/{self.pid}/fd").iterdir()))
        return Holding(len(workers_of(self.pid)), files, int(kilobytes[1]) / 1000)

    def settled(self, before: Holding) -> Holding:
        """What it holds when all workers are ready and all connections are closed again."""
        wait_for(lambda: (held := self.holding()).workers == READY and held.files <= before.files, 60)
        return self.holding()


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    """``serve`` over the folder, ready, with its workers."""
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port = trial.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [PROGRAM, "serve", "--dir", str(folder), "--port", str(port)], stderr=subprocess.PIPE, text=True
    )
    try:
        wait_for(lambda: process.poll() is not None or _answers(url), 60)
        found = Served(url, process.pid)
        wait_for(lambda: found.holding().workers == READY, 60)
        with found.client() as client:
            for _ in range(20):
                client.get("/api/search", params={"q": "Yoga"})
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert "Traceback" not in said, said
    assert "ERROR" not in said, said


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/gesund").status_code == 200
    except httpx.TransportError:
        return False


class Prober(threading.Thread):
    """Asks ``ASK {}`` and a question by turns, in the block of a with statement. All of it must be answered."""

    def __init__(self, served: Served, number: int = 99) -> None:
        super().__init__()
        self._served = served
        self._number = number
        self._end = threading.Event()
        self.milliseconds: dict[str, list[float]] = {"ASK {}": [], "question": []}
        self.failures: list[str] = []

    def run(self) -> None:
        asked = {
            "ASK {}": ("/sparql", {"query": "ASK {}"}),
            "question": ("/api/search", {"q": "Yoga abends in Alzey"}),
        }
        with self._served.client(self._number) as client:
            while not self._end.wait(0.02):
                for name, (path, parameters) in asked.items():
                    begin = time.perf_counter()
                    try:
                        answer = client.get(path, params=parameters)
                    except httpx.TransportError as error:
                        self.failures.append(f"{name}: {error!r}")
                        continue
                    self.milliseconds[name].append(1000 * (time.perf_counter() - begin))
                    if answer.status_code != 200:
                        self.failures.append(f"{name}: {answer.status_code} {answer.text}")

    def p99(self, name: str) -> float:
        """In milliseconds."""
        spent = sorted(self.milliseconds[name])
        return spent[min(len(spent) - 1, round(0.99 * len(spent)))]

    def __enter__(self) -> Prober:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self.join()
        load = os.getloadavg()[0]
        for name, spent in self.milliseconds.items():
            print(
                f"{name}: {len(spent)} times, p99 {self.p99(name):.0f} ms, longest {max(spent):.0f} ms, load {load:.1f}"
            )
