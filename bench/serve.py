"""How soon and how fast questions are answered: cold starts, ``/api/search`` at 1 and 8 clients, memory.

    python -m bench.serve [--dir DIR] [--today YYYY-MM-DD] [--runs N] [--questions N]

DIR is a catalogue; without it the sample catalogue is built in a temporary folder. The peer is SQLite's FTS5 (bm25) over the same
texts, behind FastAPI and uvicorn as well: what a search by words alone would cost. Everything stays on the loopback interface. Processes
start cold, files do not: they were read before.
"""

from __future__ import annotations

import argparse
import datetime as dt
import http.client
import json
import os
import platform
import re
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from urllib.parse import urlencode

__all__ = ["Server", "ask_all", "machine", "served", "test_questions"]

_QUESTIONS = Path(__file__).parents[2] / "shared" / "eval" / "questions-dev.jsonl"
_COMMAND = str(Path(sys.executable).with_name("bildungskatalog"))
_COLD = "Weiterbildung abends in Alzey"
_PATIENCE = 60.0  # seconds
# -P: else bench/ingest.py would be taken for the package "ingest"
_ITSELF = [sys.executable, "-P", __file__]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measures the service.")
    parser.add_argument("--dir", type=Path, help="a catalogue; else the sample is built")
    parser.add_argument("--today", help="the day that questions are asked on")
    parser.add_argument("--runs", type=int, default=5, help="cold starts of each kind")
    parser.add_argument("--questions", type=int, default=400, help="asked of each server at each number of clients")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = wanted.dir or Path(temporary)
        if not (folder / "current").exists():
            print("building the sample catalogue …", flush=True)
            subprocess.run([*_ITSELF, "--build", str(folder)], check=True, stdout=subprocess.DEVNULL)
        status = subprocess.run(
            [_COMMAND, "status", "--dir", str(folder), "--json"], check=True, stdout=subprocess.PIPE
        )
        offers = json.loads(status.stdout)["offers"]
        print(
            f"{offers} offers; {machine()}; {time.strftime('%Y-%m-%d')}; load {os.getloadavg()[0]:.1f} at the start\n"
        )
        _print_cold(folder, wanted.runs)
        _print_warm(folder, wanted.today, wanted.questions)
        print(f"\nload {os.getloadavg()[0]:.1f} at the end")


def _print_cold(folder: Path, runs: int) -> None:
    print(f"{'cold start, median of ' + str(runs):50}{'wall s':>8}{'CPU s':>8}{'aim s':>8}")
    measured: dict[str, list[tuple[float, float]]] = {}
    commands = {
        "Python alone": [sys.executable, "-c", "pass"],
        "importing the command line": [sys.executable, "-c", "import service.cli"],
        "ask": [_COMMAND, "ask", "--dir", str(folder), _COLD],
    }
    for _ in range(runs):
        for label, command in commands.items():
            measured.setdefault(label, []).append(_command(command))
        measured.setdefault("serve, to the first answer", []).append(_first_answer(folder))
    for label, times in measured.items():
        wall, cpu = (statistics.median(column) for column in zip(*times, strict=True))
        aim = {"importing the command line": "0.30", "serve, to the first answer": "1.50"}.get(label, "")
        print(f"{label:50}{wall:8.2f}{cpu:8.2f}{aim:>8}")


def _print_warm(folder: Path, today: str | None, count: int) -> None:
    questions = list(islice(cycle(test_questions()), count))
    print(
        f"\n{f'{count} questions over HTTP':38}{'clients':>8}{'p50 ms':>8}{'p99 ms':>8}{'a second':>10}{'CPU ms each':>13}{'RSS MB':>8}"
    )
    found: dict[tuple[str, int], float] = {}
    for name in ("/api/search", "SQLite FTS5"):
        with served(folder, name) as server:
            ask_all(server, questions[:20], 2, today)
            for clients in (1, 8):
                before, began = server.cpu(), time.perf_counter()
                latencies = sorted(ask_all(server, questions, clients, today))
                wall, cpu = time.perf_counter() - began, server.cpu() - before
                found[name, clients] = p50 = statistics.median(latencies)
                p99 = latencies[min(len(latencies) - 1, round(0.99 * len(latencies)))]
                figures = f"{1000 * p50:8.1f}{1000 * p99:8.1f}{count / wall:10.0f}{1000 * cpu / count:13.1f}"
                print(f"{name:38}{clients:8}{figures}{server.megabytes():8.0f}", flush=True)
    for clients in (1, 8):
        ratio = found["/api/search", clients] / found["SQLite FTS5", clients]
        print(f"p50 of /api/search against SQLite FTS5, {clients} clients: {ratio:.1f} ×")


def test_questions() -> list[str]:
    """The development questions, or those of the sample catalogue where they are absent."""
    if _QUESTIONS.exists():
        return [json.loads(line)["text"] for line in _QUESTIONS.read_text(encoding="utf-8").splitlines()]
    from service.demo.build import QUESTIONS

    return list(QUESTIONS)


def machine() -> str:
    """Processor and number of cores."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{names[0] if names else platform.processor()}, {len(os.sched_getaffinity(0))} cores"


# --- processes ----------------------------------------------------------------------------------------------------------------------


def _command(command: Sequence[str]) -> tuple[float, float]:
    """Wall and CPU seconds of a command."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return time.perf_counter() - began, used.ru_utime + used.ru_stime


class Server:
    """A server process on the loopback interface."""

    def __init__(self, folder: Path, name: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        ours = [_COMMAND, "serve", "--dir", str(folder), "--port", str(self.port)]
        peer = [*_ITSELF, "--peer", str(folder), str(self.port)]
        self.process = subprocess.Popen(ours if name == "/api/search" else peer)
        deadline = time.monotonic() + _PATIENCE
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{name} does not listen on port {self.port}")
            time.sleep(0.005)

    def _listens(self) -> bool:
        with socket.socket() as attempt:
            return attempt.connect_ex(("127.0.0.1", self.port)) == 0

    def get(self, question: str) -> str:
        """The body of ``/api/search`` for a question."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_PATIENCE)
        connection.request("GET", f"/api/search?{urlencode({'q': question})}")
        body = connection.getresponse().read().decode()
        connection.close()
        return body

    def cpu(self) -> float:
        """CPU seconds so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def megabytes(self) -> float:
        """Resident memory; mapped files count as far as they were read."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="utf-8")
        found = re.search(r"VmRSS:\s+(\d+)", status)
        return int(found[1]) / 1024 if found else 0.0


@contextmanager
def served(folder: Path, name: str) -> Iterator[Server]:
    """A server that is ended with the block."""
    server = Server(folder, name)
    try:
        yield server
    finally:
        server.process.send_signal(signal.SIGINT)
        server.process.wait(_PATIENCE)


def _first_answer(folder: Path) -> tuple[float, float]:
    began = time.perf_counter()
    with served(folder, "/api/search") as server:
        ask_all(server, [_COLD], 1, None)
        return time.perf_counter() - began, server.cpu()


def ask_all(server: Server, questions: Sequence[str], clients: int, today: str | None) -> list[float]:
    """Latencies in seconds; each client keeps its connection and asks one question after the other."""
    latencies: list[float] = []
    failures: list[str] = []

    def client(own: Sequence[str]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=_PATIENCE)
        for question in own:
            values = {"q": question} | ({"today": today} if today else {})
            began = time.perf_counter()
            connection.request("GET", f"/api/search?{urlencode(values)}")
            response = connection.getresponse()
            body = response.read()
            latencies.append(time.perf_counter() - began)
            if response.status != http.HTTPStatus.OK:
                failures.append(f"{response.status} {body[:200]!r}")
        connection.close()

    threads = [threading.Thread(target=client, args=(questions[number::clients],)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(f"{len(failures)} questions were not answered, the first: {failures[0]}")
    return latencies


# --- what runs in processes of its own ----------------------------------------------------------------------------------------------


def _build(folder: Path) -> None:
    from catalogue.settings import read_settings
    from service.demo.build import prepare
    from service.ingesting import Progress, jobs_of_settings, run_jobs

    prepare(folder, dt.date.today())
    settings = read_settings(folder)
    run_jobs(folder, settings, jobs_of_settings(folder, settings), Progress(lambda *_: None, lambda *_: None))


def _peer(folder: Path, port: int) -> None:
    """Answers with the twenty best by bm25, any word counts; the index is made in memory before the port is opened."""
    import uvicorn
    from fastapi import FastAPI

    from catalogue.snapshot import Snapshot
    from search.texts import body_words, title_words

    database = sqlite3.connect(":memory:", check_same_thread=False)
    database.execute(
        "CREATE VIRTUAL TABLE offer USING fts5 (title, body, id UNINDEXED, name UNINDEXED, provider UNINDEXED)"
    )
    with Snapshot.open(folder) as snapshot:
        rows = [
            (title_words(o), body_words(o), o.id, o.name, o.provider.name if o.provider else None)
            for _, o in snapshot.ledger.offers()
        ]
    database.executemany("INSERT INTO offer VALUES (?, ?, ?, ?, ?)", rows)
    app = FastAPI()

    @app.get("/api/search")
    async def search(q: str) -> dict[str, object]:
        query = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", q))
        select = "SELECT id, name, provider, bm25(offer, 3, 1) AS score FROM offer WHERE offer MATCH ? ORDER BY score LIMIT 20"
        found = database.execute(select, (query,)).fetchall()
        return {"hits": [dict(zip(("id", "name", "provider", "score"), row, strict=True)) for row in found]}

    uvicorn.run(app, host="127.0.0.1", port=port, access_log=False, log_level="warning")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--build"]:
        _build(Path(sys.argv[2]))
    elif sys.argv[1:2] == ["--peer"]:
        _peer(Path(sys.argv[2]), int(sys.argv[3]))
    else:
        main()
