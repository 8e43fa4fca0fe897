"""Judgements in real runs: what changed is compared anew, people win, taking back undoes, and what is the same is published."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pyoxigraph as ox
import pytest

from catalogue.errors import CatalogueError
from catalogue.ledger import Counts
from catalogue.run import Run, open_run
from catalogue.snapshot import Snapshot
from ingest.resolve.people import FILE_NAME
from ingest.resolve.resolve import Resolved, resolve
from ontology.offer import Instance, Kind, Offer, Place, Provider

BASE = "http://127.0.0.1:8000"
SAME_AS = "http://www.w3.org/2002/07/owl#sameAs"
KVHS = Provider(id="kvhs", name="Kreisvolkshochschule Alzey-Worms")
WORMS = Place(locality="Worms", ags="07319000")
HEADER = "one\tother\tjudgement\tby\tat\n"


def course(source: str, key: str, name: str, day: int = 1, provider: Provider = KVHS) -> Offer:
    start = dt.date(2026, 3, day)
    return Offer(
        id=f"{source}-{key}",
        source=source,
        identifier=key,
        kind=Kind.COURSE,
        name=name,
        provider=provider,
        instances=(Instance(start=start, place=WORMS),),
    ).canonical()


OFFERS = (
    course("a", "1", "Töpfern am Abend"),
    course("b", "7", "Toepfern am Abend", 20),
    course("a", "2", "Spanisch A1"),
    course("a", "3", "Spanisch A2"),
    course("b", "8", "Spanisch A1.", 9),
    course("a", "4", "Rhetorik für Frauen"),
    course("a", "5", "Rhetorik für Frauen in Führungsrollen"),
)


def run(folder: Path, *offers: Offer) -> Resolved:
    with running_with(folder, *offers) as running:
        found = resolve(running, folder)
        running.commit()
    return found


@contextmanager
def running_with(folder: Path, *offers: Offer) -> Iterator[Run]:
    """A run that has read these offers of the sources a and b."""
    with open_run(folder, BASE) as running:
        for source in ("a", "b"):
            with running.source(source) as writer:
                own = [offer for offer in offers if offer.source == source]
                for offer in own:
                    writer.put(offer)
                writer.finish(Counts(len(own)), [])
        yield running


def groups(folder: Path) -> set[frozenset[str]]:
    """The groups of more than one, as ids."""
    with Snapshot.open(folder) as snapshot:
        ids = {row: offer.id for row, offer in snapshot.ledger.offers()}
        members: dict[int, set[str]] = {}
        for row, number in zip(*snapshot.judgements.groups(), strict=True):
            members.setdefault(number, set()).add(ids[row])
    return {frozenset(found) for found in members.values() if len(found) > 1}


def judged(folder: Path) -> set[tuple[frozenset[str], str, float | None]]:
    with Snapshot.open(folder) as snapshot:
        ids = {row: offer.id for row, offer in snapshot.ledger.offers()}
        found = [*snapshot.judgements.deciding(), *snapshot.judgements.unsure(1000)]
        return {(frozenset((ids[j.one], ids[j.other])), j.outcome, j.score) for j in found}


def published(folder: Path) -> set[tuple[str, str]]:
    with Snapshot.open(folder) as snapshot:
        quads = list(snapshot.store.quads_for_pattern(None, None, None, None))
    assert all(quad.predicate.value == SAME_AS for quad in quads if quad.graph_name.value == f"{BASE}/graph/urteile")
    return {
        (quad.subject.value.rpartition("/")[2], quad.object.value.rpartition("/")[2])
        for quad in quads
        if quad.predicate.value == SAME_AS
    }


def state(folder: Path) -> tuple[int, str]:
    with Snapshot.open(folder) as snapshot:
        return snapshot.state.data_run, snapshot.state.data_time


def write(folder: Path, *lines: Iterable[str]) -> None:
    (folder / FILE_NAME).write_text(HEADER + "".join("\t".join(line) + "\n" for line in lines), encoding="utf-8")


POTS, SPANISH = frozenset(("a-1", "b-7")), frozenset(("a-2", "b-8"))


def test_what_is_the_same_is_found_and_published(tmp_path: Path) -> None:
    run(tmp_path, *OFFERS)
    assert groups(tmp_path) == {POTS, SPANISH}
    assert published(tmp_path) == {("a-1", "b-7"), ("a-2", "b-8")}


def test_an_unsure_pair_waits_for_a_person_and_says_why(tmp_path: Path) -> None:
    run(tmp_path, *OFFERS)
    with Snapshot.open(tmp_path) as snapshot:
        (pair,) = snapshot.judgements.unsure(10)
        assert snapshot.judgements.count_unsure() == 1
        names = {snapshot.ledger.offers_at([row])[row].name for row in (pair.one, pair.other)}
    assert names == {"Rhetorik für Frauen", "Rhetorik für Frauen in Führungsrollen"}
    assert set(pair.features) == {"title", "more"}


def test_reading_the_same_again_compares_nothing_and_changes_nothing(tmp_path: Path) -> None:
    assert run(tmp_path, *OFFERS).compared > 0
    before = state(tmp_path)
    assert run(tmp_path, *OFFERS) == Resolved()
    assert state(tmp_path) == before


def test_after_a_run_that_judged_nothing_all_is_judged_anew(tmp_path: Path) -> None:
    run(tmp_path, *OFFERS)
    with running_with(tmp_path, *OFFERS[2:], course("a", "9", "Rhetorik für Frauen")) as running:
        running.commit()
    run(tmp_path, *OFFERS[1:], course("a", "9", "Rhetorik für Frauen"))
    assert groups(tmp_path) == {SPANISH, frozenset(("a-4", "a-9"))}
    assert run(tmp_path, *OFFERS[1:], course("a", "9", "Rhetorik für Frauen")) == Resolved()


def test_a_person_joins_and_parts_and_taking_the_line_away_undoes_it(tmp_path: Path) -> None:
    run(tmp_path, *OFFERS)
    machine = judged(tmp_path)
    write(tmp_path, ("a-1", "b-7", "different", "Anna", "2026-01-05"), ("a-4", "a-5", "same", "Anna", "2026-01-05"))
    assert run(tmp_path, *OFFERS).compared == 0
    assert groups(tmp_path) == {SPANISH, frozenset(("a-4", "a-5"))}
    assert published(tmp_path) == {("a-2", "b-8")}
    with Snapshot.open(tmp_path) as snapshot:
        assert snapshot.judgements.count_unsure() == 0
        assert [(j.person, j.outcome) for j in snapshot.judgements.of_people()] == [
            ("Anna", "different"),
            ("Anna", "same"),
        ]
    (tmp_path / FILE_NAME).unlink()
    run(tmp_path, *OFFERS)
    assert groups(tmp_path) == {POTS, SPANISH}
    assert published(tmp_path) == {("a-1", "b-7"), ("a-2", "b-8")}
    assert judged(tmp_path) == machine


def test_the_last_line_about_a_pair_counts_in_whatever_order_it_names_the_two(tmp_path: Path) -> None:
    write(
        tmp_path,
        ("a-1", "b-7", "different", "Anna", ""),
        ("b-7", "a-1", "same", "Ben", ""),
        ("a-1", "weg", "same", "Ben", ""),
    )
    run(tmp_path, *OFFERS)
    assert POTS in groups(tmp_path)


def test_a_wrong_line_is_named(tmp_path: Path) -> None:
    write(tmp_path, ("a-1", "b-7", "gleich", "Anna", ""))
    with pytest.raises(CatalogueError, match=r"urteile\.tsv, Zeile 2: „gleich“ ist kein Urteil"):
        run(tmp_path, *OFFERS)
    write(tmp_path, ("a-1", "b-7", "same"))
    with pytest.raises(CatalogueError, match="Zeile 2: Erwartet werden 5 Felder"):
        run(tmp_path, *OFFERS)


def test_a_neighbours_offer_is_linked_by_the_iri_that_its_catalogue_gave_it(tmp_path: Path) -> None:
    there = "https://bildung.dort.example/id/angebot/x-7"
    pots = course("b", "7", "Toepfern am Abend")
    theirs = msgspec.structs.replace(pots, id="dort~x-7", source="nachbar/dort", iri=there)
    run(tmp_path, *OFFERS[:1])
    with open_run(tmp_path, BASE) as running:
        with running.source("nachbar/dort", partial=True) as writer:
            writer.put(theirs)
            writer.finish(Counts(1), [])
        resolve(running, tmp_path)
        running.commit()
    assert groups(tmp_path) == {frozenset(("a-1", "dort~x-7"))}
    with Snapshot.open(tmp_path) as snapshot:
        (link,) = snapshot.store.quads_for_pattern(None, ox.NamedNode(SAME_AS), None, None)
    assert (link.subject.value, link.object.value) == (f"{BASE}/id/angebot/a-1", there)


def test_only_what_changed_is_compared(tmp_path: Path) -> None:
    full = run(tmp_path, *OFFERS).compared
    renamed = course("a", "1", "Malen am Abend")
    assert 0 < run(tmp_path, renamed, *OFFERS[1:]).compared < full
    assert groups(tmp_path) == {SPANISH}
    run(tmp_path, *OFFERS)
    assert groups(tmp_path) == {POTS, SPANISH}
    run(tmp_path, *OFFERS[1:])
    assert published(tmp_path) == {("a-2", "b-8")}


@pytest.mark.parametrize("seed", range(5))
def test_step_by_step_ends_as_all_at_once(tmp_path: Path, seed: int) -> None:
    """However offers came, went and changed, judgements and groups are those of the offers that are there."""
    chance = random.Random(seed)
    topics = ("Töpfern", "Yoga", "Spanisch A1", "Spanisch A2", "Excel Grundkurs", "Excel Aufbaukurs")
    every = [course(chance.choice("ab"), f"{n:02}", f"{topics[n % 6]} Kurs {n % 4}", 1 + n % 28) for n in range(60)]
    for _ in range(4):
        some = [offer for offer in every if chance.random() < 0.7]
        chance.shuffle(some)
        run(
            tmp_path / "steps",
            *(course(o.source, o.identifier, chance.choice(topics)) if chance.random() < 0.3 else o for o in some),
        )
    run(tmp_path / "steps", *every)
    chance.shuffle(every)
    run(tmp_path / "once", *every)
    assert groups(tmp_path / "steps") == groups(tmp_path / "once")
    assert judged(tmp_path / "steps") == judged(tmp_path / "once")
    assert published(tmp_path / "steps") == published(tmp_path / "once")
