"""What a neighbour may say of an offer, event by event: whatever it is, the next event is read."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import NamedTuple

import pyoxigraph as ox
import pytest

from catalogue.ledger import Note
from catalogue.run import open_run
from catalogue.settings import Neighbour
from ingest.neighbours.page import Event
from ingest.neighbours.scope import Scope
from ingest.neighbours.takeover import Change, change_of_event, take_over
from ontology.concepts import load_schemes
from ontology.gazetteer import Gazetteer
from ontology.offer import Kind, Offer, id_at_neighbour

BASE = "http://dort.example"
IRI = f"{BASE}/id/angebot/1"
RUN = f"<{IRI}> s:hasCourseInstance <#termin-1> . <#termin-1> "
HEAD = f'PREFIX s: <http://schema.org/> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> <{IRI}> a s:Course ; s:name "Chor" . '


def told(statements: str, about: str = IRI, head: str = HEAD, base: str = BASE) -> Change | Note:
    quads = list(ox.parse(head + statements, ox.RdfFormat.TURTLE, base_iri=IRI))
    event = Event(iri=f"{BASE}/feed/ereignis/1", kind="Update", object=about, position=1, quads=quads)
    return change_of_event(event, "nachbar/dort", base)


def refusal(statements: str, head: str = HEAD) -> str:
    found = told(statements, head=head)
    assert isinstance(found, Change)
    assert found.offer is None  # what was known of it is out of date
    assert found.refused is not None
    return found.refused


@pytest.mark.parametrize(
    "statements",
    [
        RUN + "s:offers <#preis> . <#preis> s:price 'umsonst' .",
        RUN + "s:offers <#preis> . <#preis> s:price '1E+999999999' .",
        RUN + "s:offers <#preis> . <#preis> s:price 'NaN' .",
        RUN + "s:courseSchedule <#plan> . <#plan> s:byDay <https://schema.org/Someday> .",
        RUN + "s:maximumAttendeeCapacity 999999999999999999999999 .",
        RUN + "s:courseSchedule <#plan> . <#plan> s:repeatCount 999999999999999999999999 .",
        RUN + f"s:courseWorkload '{'x' * 2001}' .",
        f"<{IRI}> s:keywords {', '.join(map(str, range(201)))} .",
        f"<{IRI}> s:provider <{BASE}/p> . <{BASE}/p> s:name '{'x' * 601}' .",
        RUN + "s:startDate '0001-01-01T00:00:00+14:00'^^xsd:dateTime .",
        RUN + "s:startDate '9999-12-31'^^xsd:date .",
        f"<{IRI}> s:hasCourseInstance <http://elsewhere.example/a#b> .",
        f"<{IRI}> s:hasCourseInstance <#termin-1>, <http://elsewhere.example/#termin-1> .",
        f"<{IRI}> s:typicalAgeRange '99999-' .",
        f"<{IRI}> s:location <#ort> . <#ort> s:latitude 'nan' .",
        f"<{IRI}> s:location <#ort> . <#ort> <https://w3id.org/bildungskatalog/ns#municipalityKey> 'Worms' .",
    ],
)
def test_a_value_that_cannot_be_is_refused_with_a_sentence(statements: str) -> None:
    assert refusal(statements).startswith(("Es nennt ", "Ein Wert darin ist nicht lesbar"))


def test_names_that_are_none() -> None:
    for about in (f"{BASE}/a b", f"{BASE}/a> <x:y> <x:z> .\n<http://own.example/x", f"{BASE}/{'x' * 5000}"):
        found = told("", about)
        assert isinstance(found, Note)
        assert "taugt nicht als Name" in found.text


def test_a_name_is_something_that_can_be_read() -> None:
    for name in ("x" * 601, " ", "\u200b\u202e"):
        assert refusal("", HEAD.replace("Chor", name)).startswith("Es nennt ")


def test_what_nobody_sees_is_left_out_and_all_else_stays() -> None:
    head = HEAD.replace("Chor", "Kurs\u202e nettug\u200b\u0007 <b> für يوغا 👩\u200d🏫")
    found = told(f"<{IRI}> s:provider <{BASE}/p> . <{BASE}/p> s:name 'V\u2066HS\u00ad' .", head=head)
    assert isinstance(found, Change)
    assert found.offer is not None
    assert found.offer.provider is not None
    assert (found.offer.name, found.offer.provider.name) == ("Kurs nettug <b> für يوغا 👩\u200d🏫", "VHS")


def test_a_thing_that_all_runs_share_does_not_grow_with_them() -> None:
    """A page of a few kilobytes could fill the memory."""
    runs = "".join(
        f"<{IRI}> s:hasCourseInstance <#termin-{n}> . <#termin-{n}> s:location <#ort> . " for n in range(400)
    )
    assert refusal(f"{runs} <#ort> s:name '{'x' * 210_000}' .") == "Das Angebot ist größer als 200 kB"
    many = "".join(f"<{IRI}> s:hasCourseInstance <#termin-{n}> . " for n in range(501))
    assert refusal(many) == "Es nennt mehr als 500 Termine"
    statements = "".join(f"<{IRI}> <x:{n}> <x:y> . " for n in range(20_000))
    assert refusal(statements) == "Das Angebot ist größer als 200 kB"


@pytest.mark.parametrize(
    "about",
    [
        "http://dort.example/kreis/../anderer/id/angebot/1",
        "http://dort.example/kreis/%2e%2E/anderer/id/angebot/1",
        "http://dort.example/kreis/./../anderer/1",
        "http://dort.example.evil.example/kreis/1",
        "http://dort.example/kreisverwaltung/1",
        "http://dort.example:8080/kreis/1",
        "https://dort.example/kreis/1",
        "http://evil@dort.example/kreis/1",
        "javascript:http://dort.example/kreis/1",
        "urn:x",
    ],
)
def test_what_is_elsewhere_is_so_however_it_is_written(about: str) -> None:
    found = told("", about, base="http://dort.example/kreis")
    assert isinstance(found, Note)
    assert "gehört nur" in found.text


@pytest.mark.parametrize(
    "about",
    ["http://dort.example/kreis/1", "http://DORT.example:80/kreis/a/../1", "http://dort.example/%6Breis/ä%20b?c=d"],
)
def test_what_is_there_is_so_however_it_is_written(about: str) -> None:
    found = told("", about, base="http://dort.example/kreis")
    assert isinstance(found, Change)


def test_times_of_others_become_local_times() -> None:
    found = told(RUN + "s:startDate '2026-07-01T16:00:00Z'^^xsd:dateTime .")
    assert isinstance(found, Change)
    assert found.offer is not None
    assert found.offer.instances[0].start == dt.datetime(2026, 7, 1, 18)


def test_things_of_ours(tmp_path: Path) -> None:
    ours = f"{BASE}/hier/id/angebot/1"
    hidden = f"{BASE}/x/../%68ier/id/angebot/2"
    changes = [_course(IRI), _course(IRI), _course(ours), _course(hidden)]
    with open_run(tmp_path, f"{BASE}/hier") as run, run.source("nachbar/dort", partial=True) as writer:
        counts = take_over(writer, changes, _scope())
        assert (counts.taken, counts.refused) == (1, 2)
        assert all("zu diesem Katalog hier" in note.text for note in run.ledger.notes("nachbar/dort"))


ONE, OTHER = "http://dort.example/id/angebot/x", "http://dort.example/a/id/angebot/x"


@pytest.mark.parametrize("visits", [[[ONE, OTHER]], [[ONE], [OTHER]], [[OTHER], [ONE]], [[OTHER, ONE], [ONE]]])
def test_two_things_with_one_last_segment_keep_an_offer_each(tmp_path: Path, visits: list[list[str]]) -> None:
    for visit in visits:
        there = taken_over(tmp_path, *map(_course, visit))
        assert there.notes == []
    held = {iri: offer_id for offer_id, iri in there.offers.items()}
    assert held.keys() == {ONE, OTHER}
    assert held[ONE] == "dort~x"
    assert re.fullmatch("dort~x~[0-9a-f]{32}", held[OTHER])
    assert taken_over(tmp_path, Change(iri=ONE)).offers == {held[OTHER]: OTHER}


class Taken(NamedTuple):
    """Read, taken, unchanged, refused, withdrawn; places and texts of the notes; IRIs by id of what is there."""

    counts: tuple[int, ...]
    notes: list[tuple[str, str]]
    offers: dict[str, str | None]


def taken_over(folder: Path, *changes: Change | Note) -> Taken:
    with open_run(folder, "http://hier.example") as run:
        ledger = run.ledger
        with run.source("nachbar/dort", partial=True) as writer:
            counts = take_over(writer, changes, _scope(), ledger.notes("nachbar/dort"))
        notes = [(note.place, note.text) for note in ledger.notes("nachbar/dort")]
        offers = {offer.id: offer.iri for _, offer in ledger.offers()}
        run.commit()
    return Taken(tuple(counts), notes, offers)


def test_an_offer_that_moved_within_one_visit(tmp_path: Path) -> None:
    moved = f"{BASE}/neu/id/angebot/1"
    assert taken_over(tmp_path, _course(IRI)).offers == {"dort~1": IRI}
    assert list(taken_over(tmp_path, Change(iri=IRI), _course(moved)).offers.values()) == [moved]


def test_what_is_refused_is_gone_and_stays_in_the_notes_until_it_is_told_of_again(tmp_path: Path) -> None:
    second = f"{BASE}/id/angebot/2"
    there = {"dort~1": IRI, "dort~2": second}
    assert taken_over(tmp_path, _course(IRI), _course(second)) == ((2, 2, 0, 0, 0), [], there)
    refused = Change(iri=IRI, refused="Es nennt einen Preis, der keiner ist")
    gone = (IRI, "Es nennt einen Preis, der keiner ist; die frühere Fassung ist zurückgezogen")
    assert taken_over(tmp_path, refused) == ((1, 0, 0, 1, 1), [gone], {"dort~2": second})
    assert taken_over(tmp_path, Change(iri=second)) == ((0, 0, 0, 0, 1), [gone], {})
    assert taken_over(tmp_path, _course(IRI)) == ((1, 1, 0, 0, 0), [], {"dort~1": IRI})


def _scope() -> Scope:
    return Scope(Neighbour(name="dort", feed=f"{BASE}/feed"), None, load_schemes(), Gazetteer.load())


def _course(iri: str) -> Change:
    offer_id = id_at_neighbour("nachbar/dort", iri)
    offer = Offer(id=offer_id, source="nachbar/dort", identifier="1", kind=Kind.COURSE, name="Chor", iri=iri)
    return Change(iri=iri, offer=offer)
