"""A run is seen whole or not at all, and reading the same again changes nothing."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from catalogue.errors import CatalogueBusy, CatalogueEmpty, CatalogueError
from catalogue.ledger import Counts, Note
from catalogue.run import open_run
from catalogue.snapshot import Snapshot
from ontology.offer import Instance, Kind, Offer, Place, Provider

BASE = "http://127.0.0.1:8000"


def offer(key: str, name: str = "Brot backen", provider: str = "kvhs") -> Offer:
    return Offer(
        id=f"kvhs-{key}",
        source="kvhs",
        identifier=key,
        kind=Kind.COURSE,
        name=name,
        provider=Provider(id=provider, name=provider.upper()),
        instances=(Instance(place=Place(locality="Alzey")),),
    ).canonical()


def ingest(folder: Path, *offers: Offer, notes: tuple[Note, ...] = ()) -> list[bool]:
    with open_run(folder, BASE) as run:
        with run.source("kvhs") as source:
            taken = [source.put(o) for o in offers]
            counts = Counts(len(offers), sum(taken), len(offers) - sum(taken), 0, source.missing())
            source.finish(counts, notes)
        run.commit()
    return taken


def statements(folder: Path) -> set[str]:
    with Snapshot.open(folder) as snapshot:
        return {str(quad) for quad in snapshot.store}


def test_an_empty_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(CatalogueEmpty, match="noch leer"):
        Snapshot.open(tmp_path)


def test_first_run_second_run_change_and_withdrawal(tmp_path: Path) -> None:
    assert ingest(tmp_path, offer("A"), offer("B")) == [True, True]
    first = statements(tmp_path)
    # per offer: type, identifier, name, provider, run | type, location | type, address | type, locality = 11; provider: type, name
    assert len(first) == 2 * 11 + 2
    assert ingest(tmp_path, offer("A"), offer("B")) == [False, False]
    assert statements(tmp_path) == first
    with Snapshot.open(tmp_path) as snapshot:
        assert (snapshot.state.number, snapshot.state.data_run) == (2, 1)

    assert ingest(tmp_path, offer("A", "Brot und Kuchen", provider="neu")) == [True]
    assert len(statements(tmp_path)) == 11 + 2
    with Snapshot.open(tmp_path) as snapshot:
        assert snapshot.ledger.count() == 1
        found = snapshot.ledger.offer("kvhs-A")
        assert found is not None
        assert found.name == "Brot und Kuchen"
        assert snapshot.ledger.offer("kvhs-B") is None
        assert snapshot.ledger.last_runs()[0].counts == Counts(1, 1, 0, 0, 1)


def test_a_run_without_commit_was_never_there(tmp_path: Path) -> None:
    ingest(tmp_path, offer("A"))
    before = statements(tmp_path)
    with open_run(tmp_path, BASE) as run, run.source("kvhs") as source:
        source.put(offer("B"))
    assert statements(tmp_path) == before
    assert [p.name for p in (tmp_path / "snapshots").iterdir()] == ["000001"]


def test_a_second_writer_is_told_who_writes(tmp_path: Path) -> None:
    with (
        open_run(tmp_path, BASE),
        pytest.raises(CatalogueBusy, match=r"geschrieben, von Prozess \d+ seit"),
        open_run(tmp_path, BASE),
    ):
        pass


def test_a_reader_keeps_its_snapshot(tmp_path: Path) -> None:
    ingest(tmp_path, offer("A"))
    with Snapshot.open(tmp_path) as old:
        for name in ("eins", "zwei", "drei"):
            ingest(tmp_path, offer("A", name))
        found = old.ledger.offer("kvhs-A")
        assert found is not None
        assert found.name == "Brot backen"
        assert len(old.describe(f"{BASE}/id/angebot/kvhs-A")) == 11
    ingest(tmp_path, offer("A", "vier"))
    assert sorted(p.name for p in (tmp_path / "snapshots").iterdir()) == ["000004", "000005"]


def test_rows_of_withdrawn_offers_are_used_again(tmp_path: Path) -> None:
    ingest(tmp_path, offer("A"), offer("B"), offer("C"))
    ingest(tmp_path, offer("A"), offer("C"))
    ingest(tmp_path, offer("A"), offer("C"), offer("D"))
    with Snapshot.open(tmp_path) as snapshot:
        assert {row: o.identifier for row, o in snapshot.ledger.offers()} == {0: "A", 1: "D", 2: "C"}


def test_an_id_belongs_to_one_source(tmp_path: Path) -> None:
    ingest(tmp_path, offer("A"))
    with open_run(tmp_path, BASE) as run, run.source("andere") as other:
        assert other.owner("kvhs-A") == "kvhs"
        assert other.owner("kvhs-Z") is None
    with open_run(tmp_path, BASE) as run, run.source("kvhs") as same:
        assert same.owner("kvhs-A") is None
        same.put(msgspec.structs.replace(offer("A"), name="Neu"))
        assert same.owner("kvhs-A") == "kvhs"


def test_an_abandoned_source_stays_as_it_was_beside_one_that_is_taken_over(tmp_path: Path) -> None:
    ingest(tmp_path, offer("A"), offer("B"))
    before = statements(tmp_path)
    with open_run(tmp_path, BASE) as run:
        with run.source("kvhs") as broken:
            broken.put(offer("A", "Neu"))
            broken.put(offer("C"))
            broken.abandon(Counts(2, 0, 0, 2, 0), [Note(True, "kurse.xml", "abgebrochen")], "zu wenige")
        with run.source("andere") as other:
            fine = msgspec.structs.replace(offer("Z", provider="p"), id="andere-Z", source="andere")
            other.put(fine)
            other.finish(Counts(1, 1, 0, 0, 0), [])
        run.commit()
    assert len(statements(tmp_path) - before) == 11 + 2
    assert before <= statements(tmp_path)
    with Snapshot.open(tmp_path) as snapshot:
        assert [o.id for _, o in snapshot.ledger.offers()] == ["kvhs-A", "kvhs-B", "andere-Z"]
        assert [run.failure for run in snapshot.ledger.last_runs()] == [None, "zu wenige"]
        assert snapshot.ledger.notes("kvhs") == [Note(True, "kurse.xml", "abgebrochen")]


def test_what_is_kept_is_not_withdrawn(tmp_path: Path) -> None:
    ingest(tmp_path, offer("A"), offer("B", provider="b"), offer("C"))
    with open_run(tmp_path, BASE) as run:
        with run.source("kvhs") as source:
            source.put(offer("A"))
            assert source.keep("kvhs-B")
            assert not source.keep("kvhs-Z")
            assert source.missing() == 1
            source.finish(Counts(2, 0, 1, 1, 1), [])
        run.commit()
    with Snapshot.open(tmp_path) as snapshot:
        assert [o.identifier for _, o in snapshot.ledger.offers()] == ["A", "B"]
    assert len(statements(tmp_path)) == 2 * 11 + 2 * 2


def test_a_snapshot_whose_removal_was_interrupted_is_removed(tmp_path: Path) -> None:
    for name in ("eins", "zwei"):
        ingest(tmp_path, offer("A", name))
    (tmp_path / "snapshots/000001/snapshot.json").unlink()
    ingest(tmp_path, offer("A", "drei"))
    assert sorted(p.name for p in (tmp_path / "snapshots").iterdir()) == ["000002", "000003"]


def test_the_store_keeps_no_diary_of_earlier_runs(tmp_path: Path) -> None:
    for name in ("eins", "zwei", "drei"):
        ingest(tmp_path, offer("A", name))
    assert [path.name for path in (tmp_path / "snapshots/000003/rdf").glob("LOG*")] == ["LOG"]


def test_another_base_is_refused(tmp_path: Path) -> None:
    ingest(tmp_path, offer("A"))
    with (
        pytest.raises(CatalogueError, match="beginnen mit http://"),
        open_run(tmp_path, "https://bildung.example"),
    ):
        pass
    (tmp_path / "current").unlink()
    with open_run(tmp_path, "https://bildung.example") as run:
        assert run.number == 1
