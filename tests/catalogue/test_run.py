"""A run is seen whole or not at all, and reading the same again changes nothing."""

from __future__ import annotations

import datetime as dt
import fcntl
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pyoxigraph as ox
import pytest

from catalogue import dataset
from catalogue import snapshot as snapshot_module
from catalogue.errors import CatalogueBusy, CatalogueEmpty, CatalogueError, CatalogueOutdated
from catalogue.ledger import Bookmark, Counts, Note
from catalogue.neighbours import Check, note_check, read_checks
from catalogue.run import Run, open_run
from catalogue.snapshot import Snapshot
from ontology import passing_on
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


CLOSED = msgspec.structs.replace(offer("A"), licence="Alle Rechte vorbehalten")


@pytest.mark.parametrize("few", [0, 1 << 20])  # bytes: in bulk; one by one
def test_statements_reach_the_dataset_when_it_is_read_or_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(dataset, "_FEW", few)

    def deliver(run: Run, source: str, name: str) -> None:
        with run.source(source) as writer:
            writer.put(msgspec.structs.replace(offer("A", name), id=source, source=source))
            writer.finish(Counts(1, 1), ())

    def names(store: ox.Store) -> set[str]:
        found = store.quads_for_pattern(None, ox.NamedNode("http://schema.org/name"), None)
        return {quad.object.value for quad in found if "Brot" in quad.object.value}

    with open_run(tmp_path, BASE) as run:
        deliver(run, "eins", "Brot")
        deliver(run, "zwei", "Brote")
        run.commit()
    with open_run(tmp_path, BASE) as run:
        deliver(run, "eins", "Roggenbrot und Brot")
        assert names(run.store) == {"Roggenbrot und Brot", "Brote"}
        deliver(run, "zwei", "Brotzeit")
        run.commit()
    with Snapshot.open(tmp_path) as snapshot:
        assert names(snapshot.store) == {"Roggenbrot und Brot", "Brotzeit"}
        assert len(snapshot.store) == 2 * (11 + 2)
        assert not list(snapshot.path.glob("*.nt"))


def test_a_run_without_news_leaves_the_dataset_as_it_is(tmp_path: Path) -> None:
    ingest(tmp_path, offer("A"))
    with Snapshot.open(tmp_path) as before:
        ingest(tmp_path, offer("A"))
        with Snapshot.open(tmp_path) as after:
            names = [sorted(path.name for path in snapshot.rdf_path.iterdir()) for snapshot in (before, after)]
    assert set(names[1]) == set(names[0]) - {"LOG"}  # RocksDB was not even opened, which would begin a new one


def test_the_store_tells_little_of_an_offer_whose_licence_is_not_open(tmp_path: Path) -> None:
    ingest(tmp_path, offer("A"))
    whole = statements(tmp_path)
    assert ingest(tmp_path, CLOSED) == [True]
    told = statements(tmp_path)
    assert len(told) == 5 + 1 + 1 + 2  # of the offer as before, its licence; of the run its type; the provider's
    assert not any("Alzey" in statement for statement in told)
    with Snapshot.open(tmp_path) as snapshot:
        assert snapshot.ledger.offer("kvhs-A") == CLOSED
    assert ingest(tmp_path, CLOSED) == [False]
    assert ingest(tmp_path, offer("A")) == [True]
    assert statements(tmp_path) == whole


def test_a_licence_that_comes_to_count_as_open_opens_its_offers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(tmp_path, CLOSED)
    monkeypatch.setattr(passing_on, "is_open", lambda _: True)  # as in a later edition of the list
    assert ingest(tmp_path, CLOSED) == [True]
    assert any("Alzey" in statement for statement in statements(tmp_path))


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


def open_files(folder: Path) -> list[str]:
    """Files below a folder, removed ones among them, that this process has open."""
    found = []
    for descriptor in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # that of the listing itself
            found.append(str(descriptor.readlink()))
    return sorted(name for name in found if name.startswith(str(folder)))


def test_a_reader_overtaken_by_two_runs_reads_the_newest_and_lets_the_removed_one_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest(tmp_path, offer("A", "eins"))

    def overtaken(descriptor: int, operation: int) -> None:
        monkeypatch.undo()
        ingest(tmp_path, offer("A", "zwei"))
        ingest(tmp_path, offer("A", "drei"))
        assert open_files(tmp_path) == [f"{tmp_path}/snapshots/000001/snapshot.json (deleted)"]
        fcntl.flock(descriptor, operation)

    monkeypatch.setattr(snapshot_module, "fcntl", SimpleNamespace(flock=overtaken, LOCK_SH=fcntl.LOCK_SH))
    with Snapshot.open(tmp_path) as snapshot:
        assert snapshot.path.name == "000003"
        assert {Path(name).parent.name for name in open_files(tmp_path)} == {"000003"}
    assert open_files(tmp_path) == []


def test_a_snapshot_that_cannot_be_read_is_not_held(tmp_path: Path) -> None:
    ingest(tmp_path, offer("A"))
    (tmp_path / "snapshots/000001/ledger.sqlite").unlink()
    with pytest.raises(sqlite3.OperationalError):
        Snapshot.open(tmp_path)
    assert open_files(tmp_path) == []


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


def test_where_all_is_kept_only_what_is_delivered_changes(tmp_path: Path) -> None:
    ingest(tmp_path, offer("A"), offer("B"), offer("C"))
    with open_run(tmp_path, BASE) as run:
        with run.source("kvhs") as source:
            assert not source.put(offer("A"))
            source.keep_all()
            assert source.put(offer("B", provider="b"))
            assert source.put(offer("D"))
            assert source.missing() == 0
            source.finish(Counts(3, 2, 1, 0, 0), [])
        run.commit()
    with Snapshot.open(tmp_path) as snapshot:
        found = [(row, o.identifier, o.provider and o.provider.id) for row, o in snapshot.ledger.offers()]
    assert [(row, identifier) for row, identifier, _ in found] == [(0, "A"), (1, "B"), (2, "C"), (3, "D")]
    assert len({provider for _, _, provider in found}) == 2


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


def test_what_is_said_of_a_provider_is_part_of_its_offers(tmp_path: Path) -> None:
    ingest(tmp_path, offer("A"), offer("B", provider="andere"))
    renamed = msgspec.structs.replace(offer("A"), provider=Provider(id="kvhs", name="Kreisvolkshochschule"))
    assert ingest(tmp_path, renamed, offer("B", provider="andere")) == [True, False]
    with Snapshot.open(tmp_path) as snapshot:
        assert snapshot.ledger.offer("kvhs-A") == renamed
    assert sum("Kreisvolkshochschule" in line for line in statements(tmp_path)) == 1


def test_a_provider_described_in_two_ways_is_the_same_everywhere(tmp_path: Path) -> None:
    shorter = msgspec.structs.replace(
        offer("B"), provider=Provider(id="kvhs", name="kvhs", url="https://kvhs.example/")
    )
    ingest(tmp_path, offer("A"), shorter)
    assert ingest(tmp_path, offer("A"), shorter) == [False, False]
    with Snapshot.open(tmp_path) as snapshot:
        assert {o.provider for _, o in snapshot.ledger.offers()} == {Provider(id="kvhs", name="KVHS")}
        assert len(snapshot.describe(f"{BASE}/id/anbieter/kvhs")) == 2


def of_neighbour(key: str, name: str = "Töpfern", provider: str = "vhs", base: str = "https://worms.example") -> Offer:
    return Offer(
        id=f"worms~{key}",
        iri=f"{base}/id/angebot/{key}",
        source="nachbar/worms",
        identifier=key,
        kind=Kind.COURSE,
        name=name,
        provider=Provider(id=f"worms~{provider}", name=provider.upper(), iri=f"{base}/id/anbieter/{provider}"),
    ).canonical()


def follow(folder: Path, *offers: Offer, withdrawn: tuple[str, ...] = (), position: int = 0) -> list[bool]:
    with open_run(folder, BASE) as run:
        with run.source("nachbar/worms", partial=True) as source:
            changed = [*(source.put(o) for o in offers), *(source.withdraw(offer_id) for offer_id in withdrawn)]
            source.finish(Counts(len(offers), sum(changed), 0, 0, source.missing()), [])
        run.ledger.put_bookmark(Bookmark("worms", position, '{"etag":"a"}', run.moment))
        run.commit()
    return changed


def test_of_a_neighbour_only_what_changed_is_delivered(tmp_path: Path) -> None:
    ingest(tmp_path, offer("A"))
    own = statements(tmp_path)
    follow(tmp_path, of_neighbour("1"), of_neighbour("2", provider="haus"), of_neighbour("3"), position=3)
    # per offer: type, identifier, name, provider; per provider: type, name
    assert len(statements(tmp_path) - own) == 3 * 4 + 2 * 2
    assert follow(tmp_path, of_neighbour("1"), position=4) == [False]
    changed = follow(tmp_path, of_neighbour("1", "Drehen"), withdrawn=("worms~2", "worms~9"), position=6)
    assert changed == [True, True, False]
    theirs = statements(tmp_path) - own
    assert len(theirs) == 2 * 4 + 2
    assert all("<http://127.0.0.1:8000/graph/nachbar/worms>" in line for line in theirs)
    assert own <= statements(tmp_path)
    with Snapshot.open(tmp_path) as snapshot:
        assert sorted(o.id for _, o in snapshot.ledger.offers()) == ["kvhs-A", "worms~1", "worms~3"]
        assert snapshot.ledger.bookmarks() == [snapshot.ledger.bookmark("worms")]
        assert snapshot.ledger.bookmarks()[0].position == 6
        assert snapshot.ledger.last_runs()[1].counts.withdrawn == 1


def test_of_what_a_neighbour_says_of_a_provider_the_last_word_counts(tmp_path: Path) -> None:
    provider = Provider(id="worms~vhs", name="VHS in Worms", iri="https://worms.example/id/anbieter/vhs")
    follow(tmp_path, of_neighbour("1"), msgspec.structs.replace(of_neighbour("2"), provider=provider))
    with Snapshot.open(tmp_path) as snapshot:
        names = [str(q.object) for q in snapshot.describe("https://worms.example/id/anbieter/vhs")]
        assert '"VHS in Worms"' in names
        assert '"VHS"' not in names


def test_a_provider_that_is_called_like_a_part_of_an_offer_is_none(tmp_path: Path) -> None:
    first, second = of_neighbour("1"), of_neighbour("2")
    called = f"{first.iri}#anbieter"

    def of_house(offer: Offer, name: str = "Haus") -> Offer:
        return msgspec.structs.replace(offer, provider=Provider(id="worms~haus", name=name, iri=called))

    def said_of_house() -> set[str]:
        with Snapshot.open(tmp_path) as snapshot:
            found = snapshot.store.quads_for_pattern(ox.NamedNode(called), None, None)
            return {quad.object.value.rpartition("/")[2] for quad in found}

    follow(tmp_path, of_house(first), of_house(second))
    assert said_of_house() == {"Organization", "Haus"}
    follow(tmp_path, of_house(msgspec.structs.replace(first, name="Drehen")))
    assert said_of_house() == {"Organization", "Haus"}
    assert len(statements(tmp_path)) == 2 * 4 + 2
    follow(tmp_path, of_house(second, "Werkstatt"))
    assert said_of_house() == {"Organization", "Werkstatt"}
    follow(tmp_path, withdrawn=("worms~1",))
    assert said_of_house() == {"Organization", "Werkstatt"}
    follow(tmp_path, withdrawn=("worms~2",))
    assert statements(tmp_path) == set()


def test_a_neighbour_that_moves_leaves_nothing_at_its_old_address(tmp_path: Path) -> None:
    follow(tmp_path, of_neighbour("1"))
    follow(tmp_path, of_neighbour("1", base="https://neu.example"))
    assert len(statements(tmp_path)) == 4 + 2
    assert not any("worms.example" in line for line in statements(tmp_path))


def test_a_full_synchronisation_removes_what_is_gone(tmp_path: Path) -> None:
    follow(tmp_path, of_neighbour("1"), of_neighbour("2"))
    with open_run(tmp_path, BASE) as run:
        with run.source("nachbar/worms") as source:
            source.put(of_neighbour("2"))
            source.finish(Counts(1, 0, 1, 0, source.missing()), [])
        run.commit()
    assert len(statements(tmp_path)) == 4 + 2
    with Snapshot.open(tmp_path) as snapshot:
        assert snapshot.ledger.offer("worms~1") is None


def test_a_look_that_finds_nothing_new_makes_no_snapshot(tmp_path: Path) -> None:
    follow(tmp_path, of_neighbour("1"))
    note_check(tmp_path, "worms", Check(at="2026-01-05T10:00:00+00:00"))
    note_check(tmp_path, "lampertheim", Check(at="2026-01-05T10:00:01+00:00", trouble="Nicht erreichbar."))
    assert read_checks(tmp_path)["lampertheim"].trouble == "Nicht erreichbar."
    assert read_checks(tmp_path)["worms"] == Check(at="2026-01-05T10:00:00+00:00")
    assert (tmp_path / "current").read_text() == "000001"


def test_a_clock_set_back_does_not_set_back_what_is_served(tmp_path: Path) -> None:
    times = []
    for hour, name in ((12, "eins"), (3, "zwei"), (13, "drei")):
        now = dt.datetime(2026, 1, 5, hour, tzinfo=dt.UTC)
        with open_run(tmp_path, BASE, clock=lambda now=now: now) as run:
            with run.source("kvhs") as source:
                source.put(offer("A", name))
                source.finish(Counts(), [])
            run.commit()
        with Snapshot.open(tmp_path) as snapshot:
            times.append(snapshot.state.data_time[11:16])
    assert times == ["12:00", "12:00", "13:00"]


FORMAT_1 = """
CREATE TABLE old (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, source TEXT NOT NULL, hash BLOB NOT NULL, json BLOB NOT NULL,
    changed_run INTEGER NOT NULL, changed_at TEXT NOT NULL);
INSERT INTO old SELECT row, id, source, hash, json, changed_run, changed_at FROM offer;
DROP TABLE offer;
ALTER TABLE old RENAME TO offer;
CREATE INDEX offer_source ON offer (source);
ALTER TABLE provider DROP COLUMN iri;
DROP TABLE neighbour;
DROP TABLE published;
DROP TABLE source;
"""


def make_old(folder: Path) -> None:
    """Rewrites the visible snapshot as the first version of the program wrote it."""
    path = folder / "snapshots" / (folder / "current").read_text()
    with closing(sqlite3.connect(path / "ledger.sqlite")) as db:
        db.executescript(FORMAT_1)
    state = msgspec.json.decode((path / "snapshot.json").read_bytes())
    del state["format"]
    (path / "snapshot.json").write_bytes(msgspec.json.encode(state))


def test_a_catalogue_of_an_older_version_is_brought_up_to_date_by_the_next_run(tmp_path: Path) -> None:
    ingest(tmp_path, offer("A"), offer("B"))
    before = statements(tmp_path)
    make_old(tmp_path)
    with pytest.raises(CatalogueOutdated, match="Auf den neuen Stand bringen: bildungskatalog ingest"):
        Snapshot.open(tmp_path)
    assert ingest(tmp_path, offer("A"), offer("B")) == [False, False]
    assert statements(tmp_path) == before
    with Snapshot.open(tmp_path) as snapshot:
        assert [o.id for _, o in snapshot.ledger.offers()] == ["kvhs-A", "kvhs-B"]
        assert list(snapshot.ledger.source_dates()) == ["kvhs"]
        assert snapshot.ledger.bookmarks() == []
        assert snapshot.ledger.last_runs()[0].counts == Counts(2, 0, 2, 0, 0)


def test_a_catalogue_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    ingest(tmp_path, offer("A"))
    path = tmp_path / "snapshots/000001/snapshot.json"
    path.write_bytes(path.read_bytes().replace(b'"format":2', b'"format":3'))
    with pytest.raises(CatalogueOutdated, match="neuere Fassung"):
        Snapshot.open(tmp_path)
    with pytest.raises(CatalogueOutdated, match="neuere Fassung"), open_run(tmp_path, BASE):
        pass
