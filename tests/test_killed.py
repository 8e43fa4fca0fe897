"""Killed at any moment, a run has either not happened or happened whole, and the next one works."""

from __future__ import annotations

import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from catalogue.snapshot import Snapshot
from tests.catalogue.test_feed import replayed
from tests.catalogues import Asker, new_catalogue
from tests.command import bildungskatalog

SEED = 20260105
KILLS = 30
QUESTION = "Deutsch lernen, mit Beratung in Alzey"

# Imports once, then becomes a run for every line of "moment TAB tables TAB folder" that it reads, and says the run's number and its end.
# A run kills itself right before the event of that name, or the last of several, see sys.addaudithook. So many tables are merged.
_PROGRAM = r"""
import os, re, signal, sys
import catalogue.run, search.engine, search.encoder.embedded, service.commands.ingest
from service.cli import main

service.commands.ingest.make_dumps_aside = lambda *_: None  # after the switch, see tests/catalogue/test_dumps.py

def run(moments, many, folder):
    def before(event, arguments):
        if moments[0].fullmatch(" ".join(map(str, (event, *arguments)))):
            if len(moments) == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            del moments[0]
    catalogue.run._MANY = many
    sys.argv = ["bildungskatalog", "ingest", "--dir", folder]
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.addaudithook(before)
    try:
        main()
    except SystemExit as end:
        os._exit(end.code)  # at a longer end libraries wait for threads that only the parent had

for line in sys.stdin:
    moment, many, folder = line.rstrip("\n").split("\t")
    number = os.fork()
    if number == 0:
        run([re.compile(part) for part in moment.split(" then ")], int(many), folder)
    print(number, flush=True)
    print(os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]), flush=True)
"""
_NEVER = "(?!)"


class State(NamedTuple):
    """What readers see; ``followed`` is what neighbours have who follow the feed from its start."""

    statements: frozenset[str]
    followed: frozenset[str]
    offers: dict[str, str]
    answer: dict[str, Any]


class Catalogue(NamedTuple):
    """A catalogue of two sources that are delivered in two versions, and what each of them looks like when taken over."""

    folder: Path
    states: dict[str, State]
    look: Callable[[], State]

    def deliver(self, version: str) -> None:
        shutil.copytree(self.folder / version, self.folder / "quellen", dirs_exist_ok=True)

    def visible(self) -> str:
        """The version that readers see; whole, or the test fails."""
        found = self.look()
        (version,) = [name for name, state in self.states.items() if state == found]
        return version


class Runs:
    """Starts runs and tells how they end: an exit status, or minus the signal."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._in, self._out, self._folder = process.stdin, process.stdout, folder

    def __call__(self, moment: str = _NEVER, kill_after: float | None = None, many: int = 60) -> int:
        """One run to its end, which comes after so many seconds at the latest, or right before ``moment``. ``many``: tables to merge."""
        self._in.write(f"{moment}\t{many}\t{self._folder}\n")
        self._in.flush()
        number = int(self._out.readline())
        if kill_after is not None and not select.select([self._out], [], [], kill_after)[0]:
            os.kill(number, signal.SIGKILL)  # not waited for yet by its parent, so the number is its own
        return int(self._out.readline())


@pytest.fixture(scope="module")
def run(catalogue: Catalogue) -> Iterator[Runs]:
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Runs(process, catalogue.folder)


@pytest.fixture(scope="module")
def catalogue(demo: Path, ask: Asker, tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    mapping = demo / "zuordnung/beratung-im-landkreis.toml"
    kurse = {"name": "vhs-worms", "files": ["quellen/kurse.xml"]}
    beratung = {"name": "beratung-im-landkreis", "files": ["quellen/beratung.csv"], "mapping": mapping}
    folder = new_catalogue(tmp_path_factory.mktemp("killed") / "katalog", demo, [kurse, beratung])
    for version in ("alt", "neu", "quellen"):
        (folder / version).mkdir()
    courses = (demo / "quellen/vhs-worms.xml").read_text(encoding="utf-8")
    table = (demo / "quellen/beratung-im-landkreis.csv").read_text(encoding="utf-8")
    (folder / "alt/kurse.xml").write_text(courses, encoding="utf-8")
    (folder / "alt/beratung.csv").write_text(table, encoding="utf-8")
    # the new version: one course less, every other course at another price; all counselling moved to Worms but one line, which is gone
    shorter = re.sub(r"<veranstaltung>.*?</veranstaltung>", "", courses, count=1, flags=re.DOTALL)
    (folder / "neu/kurse.xml").write_text(re.sub(r"<betrag>\d", "<betrag>7", shorter), encoding="utf-8")
    (folder / "neu/beratung.csv").write_text(
        "".join(table.replace("55232;Alzey", "67547;Worms").splitlines(keepends=True)[:-1]), encoding="utf-8"
    )

    def look() -> State:
        with Snapshot.open(folder) as snapshot:
            statements = frozenset(str(quad) for quad in snapshot.store)
            followed = frozenset(replayed(snapshot.feed))
            offers = {offer.id: repr(offer) for _, offer in snapshot.ledger.offers()}
        return State(statements, followed, offers, ask(folder, QUESTION))

    catalogue = Catalogue(folder, {}, look)
    for version in ("alt", "neu", "alt"):
        catalogue.deliver(version)
        done = bildungskatalog("ingest", "--dir", folder)
        assert done.returncode == 0, done.stderr
        catalogue.states[version] = look()
    old, new = catalogue.states["alt"], catalogue.states["neu"]
    assert (len(old.offers), len(new.offers)) == (25 + 13, 24 + 12)
    assert len(old.statements ^ new.statements) > 100
    assert len(old.followed ^ new.followed) > 100
    assert old.answer != new.answer
    return catalogue


def other(version: str) -> str:
    return "neu" if version == "alt" else "alt"


def remains(folder: Path) -> list[str]:
    """Snapshots beside the visible one and the one before it, and files that were being written."""
    names = sorted(path.name for path in (folder / "snapshots").iterdir())
    current = (folder / "current").read_text()
    number = int(current.partition("-")[0])  # behind which merged tables leave a mark
    return [
        name for name in names if name not in (current, f"{number:06d}", f"{number - 1:06d}", f"{number - 1:06d}-1")
    ]


MOMENTS = {
    "while copying": (r"os\.link \S+\.sst .*", False),
    "before the ledger is opened": (r"sqlite3\.connect \S+\.neu/ledger\.sqlite", False),
    "before the first source": (r"open \S+/spool-1\.nt .*", False),
    "after the statements of a source": (r"os\.remove \S+/spool-1\.nt .*", False),
    "before the vectors": (r"sqlite3\.connect \S+/vectors\.sqlite", False),
    "before the vectors are in place": (r"os\.rename \S+/(?:vectors\.neu|changes-neu\.npz) .*", False),
    "before the columns are in place": (r"os\.rename \S+/neu\.npz .*", False),
    "before the newest page of the feed": (r"open \S+\.neu/feed/neu\.trig w.*", False),
    "before the feed knows its position": (r"open \S+\.neu/feed/feed\.json w.*", False),
    "before it is described": (r"open \S+\.neu/snapshot\.json w.*", False),
    "before it is synced": (r"os\.scandir \S+\.neu/rdf", False),
    "before it gets its name": (r"os\.rename \S+/\d{6}\.neu .*", False),
    "before the pointer is written": (r"open \S+/current\.neu .*", False),
    "before the pointer is switched": (r"os\.rename \S+/current\.neu .*", False),
    "right after the switch": (r"open \S+/katalog None .*", True),
    "before the old snapshot is removed": (r"shutil\.rmtree \S+/snapshots/\d{6} .*", True),
    "while the old snapshot is removed": (r"os\.remove snapshot\.json .*", True),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_a_certain_moment(catalogue: Catalogue, run: Runs, moment: str) -> None:
    pattern, happened = MOMENTS[moment]
    before = catalogue.visible()
    catalogue.deliver(other(before))
    assert run(pattern) == -signal.SIGKILL
    assert catalogue.visible() == (other(before) if happened else before)
    wanted = before if happened else other(before)
    catalogue.deliver(wanted)
    assert run() == 0
    assert catalogue.visible() == wanted
    assert remains(catalogue.folder) == []


MERGING = {
    "while it is copied": r"os\.link \S+\.sst \S+-1\.neu/.*",
    "when they are merged": r"os\.scandir \S+-1\.neu/rdf",
    "before the copy gets its name": r"os\.rename \S+/\d{6}-1\.neu .*",
    "before the pointer is written": r"os\.rename \S+-1\.neu .* then open \S+/current\.neu .*",
    "before the pointer is switched": r"os\.rename \S+-1\.neu .* then os\.rename \S+/current\.neu .*",
    "before the old snapshot is removed": r"os\.rename \S+-1\.neu .* then shutil\.rmtree \S+/snapshots/\d{6}(-1)? .*",
    "while the old snapshot is removed": r"os\.rename \S+-1\.neu .* then os\.remove snapshot\.json .*",
}


@pytest.mark.parametrize("moment", MERGING)
def test_killed_twice_while_tables_are_merged(catalogue: Catalogue, run: Runs, moment: str) -> None:
    before = catalogue.visible()
    for wanted in (other(before), before):
        catalogue.deliver(wanted)
        assert run(MERGING[moment], many=1) == -signal.SIGKILL
        assert catalogue.visible() == wanted
    catalogue.deliver(other(before))
    assert run(many=1) == 0
    assert (catalogue.folder / "current").read_text().endswith("-1")
    assert catalogue.visible() == other(before)
    assert remains(catalogue.folder) == []


def test_killed_at_thirty_random_points(catalogue: Catalogue, run: Runs) -> None:
    points = random.Random(SEED)
    catalogue.deliver(other(catalogue.visible()))
    started = time.monotonic()
    assert run(many=1) == 0
    duration = time.monotonic() - started
    seen: list[tuple[float, str]] = []
    while len(seen) < KILLS:
        before = catalogue.visible()
        catalogue.deliver(other(before))
        share = points.random()
        end = run(kill_after=share * duration, many=1)
        after = catalogue.visible()  # fails unless it is one of the two, whole
        if end == -signal.SIGKILL:
            seen.append((round(share, 2), "vorher" if after == before else "nachher"))
            assert len(remains(catalogue.folder)) <= 2  # one unfinished, one that was about to be removed
        else:  # it was quicker than that
            assert (end, after) == (0, other(before))
    print(f"seed {SEED}, run of {duration:.2f} s, killed at these shares of it: {seen}")
    wanted = other(catalogue.visible())
    catalogue.deliver(wanted)
    assert run() == 0
    assert catalogue.visible() == wanted
    assert remains(catalogue.folder) == []
