"""How a run's statements come into the RDF dataset, and its tables are merged."""

from __future__ import annotations

import logging
import resource
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue import run as run_module
from catalogue.dataset import Dataset
from catalogue.errors import CatalogueBusy
from catalogue.files import sync_tree
from catalogue.ledger import Counts
from catalogue.lock import writer_lock
from catalogue.run import open_run
from catalogue.snapshot import Snapshot
from ontology.offer import Offer
from tests.catalogue.test_run import BASE, ingest, offer, statements
from tests.ontology.offers import offers

MOMENTS = ["copy_snapshot", "sync_tree", "sync_folder", "replace_file"]


def merge(folder: Path) -> None:
    """What a run does last."""
    with pytest.MonkeyPatch.context() as patch, writer_lock(folder):
        patch.setattr(run_module, "_MANY", 1)
        run_module._merge_tables(folder)


def snapshots(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "snapshots").iterdir())


def test_what_replaces_itself_in_another_form_is_still_there(tmp_path: Path) -> None:
    own = Dataset(tmp_path / "rdf")
    price = '"12.50"^^<http://www.w3.org/2001/XMLSchema#decimal>'  # which the store has as 12.5
    for name in ("Brot", "Brot und Kuchen"):
        spool = own.spool()
        spool.write_text(f'<urn:a> <urn:name> "{name}" .\n<urn:a> <urn:price> {price} .\n', encoding="utf-8")
        own.replace(ox.NamedNode("urn:graph"), ["urn:a"], spool)
        own.open()
    assert {(quad.predicate.value, quad.object.value) for quad in own.open()} == {
        ("urn:name", "Brot und Kuchen"),
        ("urn:price", "12.5"),
    }
    own.close()


def test_what_one_graph_says_does_not_change_with_another(tmp_path: Path) -> None:
    def deliver(graph: str, *lines: str) -> None:
        spool = own.spool()
        spool.write_text("".join(f"{line} .\n" for line in lines), encoding="utf-8")
        own.replace(ox.NamedNode(graph), ["urn:a"], spool)
        own.open()

    own = Dataset(tmp_path / "rdf")
    deliver("urn:theirs", "<urn:a> <urn:provider> <urn:a#p>")  # a link that the other graph does not have
    deliver("urn:ours", '<urn:a> <urn:name> "Brot"', '<urn:a#p> <urn:name> "VHS"')
    deliver("urn:ours", '<urn:a> <urn:name> "Brote"')
    found = {quad.object.value for quad in own.open().quads_for_pattern(None, None, None, ox.NamedNode("urn:ours"))}
    assert found == {"Brote", "VHS"}
    own.close()


def _state(drawn: list[Offer | None]) -> list[Offer]:
    named = ((str(key), one) for key, one in enumerate(drawn) if one is not None)
    return [msgspec.structs.replace(one, id=f"kvhs-{key}", source="kvhs", identifier=key) for key, one in named]


@st.composite
def histories(draw: st.DrawFn) -> list[list[Offer]]:
    """What a source delivers in three runs: of each of three numbers one of three offers, two of which differ little, or none."""
    first, second = draw(offers), draw(offers)
    like = msgspec.structs.replace(second, name=first.name, instances=first.instances, place=first.place)
    one = st.none() | st.sampled_from([first, second, like])
    return [_state(draw(st.lists(one, min_size=3, max_size=3))) for _ in range(3)]


@settings(max_examples=10, deadline=None)
@given(histories())
def test_after_changes_the_dataset_is_as_if_written_anew(history: list[list[Offer]]) -> None:
    with tempfile.TemporaryDirectory() as changed, tempfile.TemporaryDirectory() as anew:
        for state in history:
            ingest(Path(changed), *state)
        ingest(Path(anew), *history[-1])
        expected = statements(Path(anew))
        assert statements(Path(changed)) == expected
        merge(Path(changed))
        assert statements(Path(changed)) == expected


def test_a_folder_is_synced_while_files_come_and_go(tmp_path: Path) -> None:
    ended = threading.Event()

    def churn() -> None:
        while not ended.is_set():
            paths = [tmp_path / f"{number}.sst" for number in range(50)]
            for path in paths:
                path.touch()
            for path in paths:
                path.unlink()

    thread = threading.Thread(target=churn)
    thread.start()
    try:
        for _ in range(200):
            sync_tree(tmp_path)
    finally:
        ended.set()
        thread.join()


def test_many_small_tables_are_merged_behind_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def tables(name: str) -> int:
        return len(list((tmp_path / "snapshots" / name / "rdf").glob("*.sst")))

    ingest(tmp_path, offer("A", "eins"))
    monkeypatch.setattr(run_module, "_MANY", 1)
    with open_run(tmp_path, BASE) as run:
        with run.source("kvhs") as source:
            source.put(offer("A", "zwei"))
            source.finish(Counts(1, 1), ())
        run.commit()
        with Snapshot.open(tmp_path) as visible:  # whoever waits for the run has it
            assert visible.path.name == "000002"
        unmerged = statements(tmp_path)
    monkeypatch.undo()
    with Snapshot.open(tmp_path) as merged:
        assert (merged.path.name, merged.state) == ("000002-1", visible.state)
    assert tables("000002-1") <= tables("000002")  # RocksDB may have merged some of them itself
    assert statements(tmp_path) == unmerged
    ingest(tmp_path, offer("A", "drei"))
    with Snapshot.open(tmp_path) as after:
        assert (after.path.name, after.state.number) == ("000003", 3)
    assert snapshots(tmp_path) == ["000002-1", "000003"]


def test_what_is_served_stays_while_tables_are_merged(tmp_path: Path) -> None:
    ingest(tmp_path, offer("A", "eins"))
    with Snapshot.open(tmp_path) as served:
        for name in ("zwei", "drei"):
            ingest(tmp_path, offer("A", name))
            merge(tmp_path)
        assert snapshots(tmp_path) == ["000001", "000003", "000003-1"]
        assert any("eins" in str(quad) for quad in served.store)
    ingest(tmp_path, offer("A", "vier"))
    assert snapshots(tmp_path) == ["000003-1", "000004"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_while_tables_are_merged_all_can_read_and_nobody_else_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    ingest(tmp_path, offer("A"))
    expected = statements(tmp_path)
    real: Callable[..., None] = getattr(run_module, moment)
    seen = []

    def looked_at(*arguments: object) -> None:
        for step in (lambda: None, lambda: real(*arguments)):
            step()
            with Snapshot.open(tmp_path) as snapshot:
                seen.append(snapshot.path.name)
            assert statements(tmp_path) == expected
            with pytest.raises(CatalogueBusy, match="wird gerade geschrieben, von Prozess"), open_run(tmp_path, BASE):
                pass

    monkeypatch.setattr(run_module, moment, looked_at)
    merge(tmp_path)
    assert seen == ["000001", "000001-1" if moment == "replace_file" else "000001"]
    assert snapshots(tmp_path) == ["000001", "000001-1"]


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file grows beyond ``size`` bytes, as if the disk were full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def after_two_runs(folder: Path) -> set[str]:
    """The statements then."""
    ingest(folder, offer("A", "eins"))
    ingest(folder, offer("A", "zwei"))
    return statements(folder)


@pytest.mark.parametrize("moment", MOMENTS)
def test_where_the_disk_is_full_the_run_counts_but_is_not_merged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, moment: str
) -> None:
    expected = after_two_runs(tmp_path)
    real: Callable[..., None] = getattr(run_module, moment)

    def full(*arguments: object) -> None:
        if moment == "copy_snapshot":
            with files_of_at_most(1000):
                real(*arguments)
        else:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(run_module, moment, full)
    with caplog.at_level(logging.WARNING):
        merge(tmp_path)
    assert "Der Lauf gilt; nur die Tabellen" in caplog.text
    monkeypatch.undo()
    assert statements(tmp_path) == expected
    assert snapshots(tmp_path) == ["000001", "000002"]
    ingest(tmp_path, offer("A", "drei"))
    assert snapshots(tmp_path) == ["000002", "000003"]


@pytest.mark.parametrize("size", [0, 100])
def test_tables_for_which_there_is_no_room_are_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, size: int
) -> None:
    expected = after_two_runs(tmp_path)

    def optimize(dataset: Dataset) -> ox.Store:
        store = opened(dataset)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        return store

    opened = Dataset.open
    monkeypatch.setattr(Dataset, "open", optimize)
    with files_of_at_most(resource.RLIM_INFINITY), caplog.at_level(logging.WARNING):
        merge(tmp_path)
    assert "Der Lauf gilt; nur die Tabellen" in caplog.text
    assert statements(tmp_path) == expected
    assert snapshots(tmp_path) == ["000001", "000002"]


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_merging_that_is_cut_off_leaves_the_run_visible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def cut_off(*_: object) -> None:
        raise SystemExit

    ingest(tmp_path, offer("A"))
    with monkeypatch.context() as merging, suppress(SystemExit), open_run(tmp_path, BASE) as run:
        run.discard()  # what is left is the merging
        merging.setattr(run_module, "_MANY", 1)
        merging.setattr(run_module, moment, cut_off)
    with Snapshot.open(tmp_path) as snapshot:
        assert snapshot.path.name == "000001"
        assert len(snapshot.store) == 11 + 2
    ingest(tmp_path, offer("A", "zwei"))
    assert snapshots(tmp_path) == ["000001", "000002"]
