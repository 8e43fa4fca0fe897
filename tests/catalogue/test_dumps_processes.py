"""Dumps are made by processes that may be killed, several at once, and leave none behind."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path

import pyoxigraph as ox
import pytest

from catalogue.dumps import dumps_are_current, read_dumps, read_manifest
from catalogue.dumps.parts import Batch, Providers
from catalogue.dumps.workers import WorkerLost, made_parts
from catalogue.settings import read_settings
from catalogue.snapshot import visible_snapshot
from ontology.offer import Kind, Offer
from tests.catalogue.dumped import (
    BASE,
    COUNSEL,
    COURSE,
    KVHS,
    deliver,
    dump,
    statements,
    unpacked,
)

# Makes the dumps and kills itself right before the event that matches.
_KILLED = r"""
import os, re, signal, sys
from pathlib import Path
from catalogue.dumps import make_dumps
from catalogue.settings import read_settings
moment, folder = re.compile(sys.argv[1]), Path(sys.argv[2])
settings = read_settings(folder)
def before(event, arguments):
    if moment.fullmatch(" ".join(map(str, (event, *arguments)))):
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(before)
make_dumps(folder, settings)
"""


@pytest.mark.parametrize(
    ("moment", "new"),
    [
        (r"open \S+\.neu/katalog\.ttl\.gz .*", False),
        (r"open \S+\.neu/quelle-kvhs\.csv\.gz .*", False),
        (r"open \S+\.neu/audit\.ttl .*", False),
        (r"open \S+\.neu/manifest\.json\.neu w.*", False),
        (r"os\.rename \S+\.neu \S+/\d{6}-\w+ .*", False),
        (r"open \S+/current\.neu w.*", False),
        (r"os\.rename \S+/current\.neu .*", False),
        (r"open \S+/dumps/000003-\w+/manifest\.json r .*", True),
    ],
)
def test_killed_at_any_moment_the_old_dumps_are_there_or_the_new(tmp_path: Path, moment: str, new: bool) -> None:
    deliver(tmp_path, COUNSEL)
    deliver(tmp_path, COURSE)
    dump(tmp_path)
    deliver(tmp_path, COURSE, COUNSEL)
    done = subprocess.run([sys.executable, "-c", _KILLED, moment, tmp_path], check=False)
    assert done.returncode == -signal.SIGKILL
    manifest = read_manifest(tmp_path)
    assert manifest is not None
    assert manifest.whole.offers == (2 if new else 1)
    for file in manifest.files:
        found = read_dumps(tmp_path)
        assert found is not None
        assert sha256((found[0] / file.name).read_bytes()).hexdigest() == file.sha256
    assert dump(tmp_path).whole.offers == 2
    assert len([path for path in (tmp_path / "dumps").iterdir() if path.is_dir()]) == 2


def test_two_processes_at_once_do_no_harm(tmp_path: Path) -> None:
    deliver(tmp_path, COURSE, COUNSEL)
    command = [sys.executable, "-m", "catalogue.dumps", str(tmp_path)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert sorted(out for out, _ in said) == ["", "1 2\n2 2\n"]  # one made them, the other found them made
    assert dumps_are_current(tmp_path, read_settings(tmp_path))


def test_what_goes_wrong_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "katalog.toml").write_text("", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "catalogue.dumps", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"Der Katalog {tmp_path} ist noch leer.")


def many(count: int) -> list[Offer]:
    return [
        Offer(id=f"kvhs-{n}", source="kvhs", identifier=str(n), kind=Kind.COURSE, name=f"Kurs {n}", provider=KVHS)
        for n in range(count)
    ]


def test_many_offers_are_written_by_several_processes_that_end(tmp_path: Path) -> None:
    deliver(tmp_path, *many(2600))
    before = children()
    manifest = dump(tmp_path)
    assert (manifest.whole.offers, manifest.whole.statements) == (2600, 2600 * 4 + 3)
    assert len(statements(unpacked(tmp_path, "katalog.ttl.gz"), ox.RdfFormat.TURTLE)) == 2600 * 4 + 3
    table = unpacked(tmp_path, "katalog.csv.gz").decode().splitlines()
    assert [line.split(",")[2] for line in table[1:]] == [
        str(n) for n in range(2600)
    ]  # whoever made a part of it, in order
    assert (manifest.audit.offers, manifest.audit.checked) == (2600, 1000)
    assert children() - before == set()


def children() -> set[str]:
    """Processes of this one, the watcher of multiprocessing apart, which ends with it."""
    text = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="ascii")
    found: set[str] = set()
    for number in text.split():
        command = Path(f"/proc/{number}/cmdline").read_bytes()
        if b"resource_tracker" not in command:
            found.add(number)
    return found


def test_killed_it_leaves_no_process_behind(tmp_path: Path) -> None:
    deliver(tmp_path, *many(2600))
    command = [sys.executable, "-m", "catalogue.dumps", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "500 2600\n"  # so its workers are there
        text = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
        workers = [Path("/proc") / number for number in text.split()]
        process.kill()
    assert len(workers) >= 2
    end = time.monotonic() + 30
    while any(_lives(worker) for worker in workers):
        assert time.monotonic() < end, "they go on without anybody to work for"
    assert not (tmp_path / "dumps/current").exists()


def _lives(process: Path) -> bool:
    """Whether it runs; one that ended and that nobody has asked about does not."""
    try:
        return (process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_worker_that_is_killed_ends_it_with_a_sentence(tmp_path: Path) -> None:
    deliver(tmp_path, COURSE)
    snapshot = visible_snapshot(tmp_path)
    assert snapshot is not None
    batches = [Batch("kvhs", tuple(range(start, start + 500)), None) for start in range(0, 3000, 500)]
    before = children()

    def kill_one() -> dict[str, Providers]:
        multiprocessing.active_children()[0].kill()
        return {}

    with pytest.raises(WorkerLost, match="Ein Prozess, der die Abzüge schreibt, endete vorzeitig"):
        list(made_parts(snapshot / "ledger.sqlite", BASE, batches, kill_one))
    assert children() - before == set()
