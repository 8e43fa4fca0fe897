"""What a neighbour may say of an offer, event by event: whatever it is, the next event is read."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyoxigraph as ox
import pytest

from catalogue.ledger import Note
from catalogue.run import open_run
from catalogue.settings import Neighbour
from ingest.neighbours.feed import Event
from ingest.neighbours.scope import Scope
from ingest.neighbours.takeover import Change, changes_of, take_over
from ontology.concepts import load_schemes
from ontology.gazetteer import Gazetteer
from ontology.offer import Kind, Offer, id_at_neighbour

BASE = "http://dort.example"
IRI = f"{BASE}/id/angebot/1"
RUN = f"<{IRI}> s:hasCourseInstance <#termin-1> . <#termin-1> "
HEAD = f'PREFIX s: <http://schema.org/> PREFIX xsd: <http://www.w3.org/2001/XMLSchema#> <{IRI}> a s:Course ; s:name "Chor" . '


def told(statements: str, about: str = IRI) -> Change | Note:
    quads = list(ox.parse(HEAD + statements, ox.RdfFormat.TURTLE, base_iri=IRI))
    event = Event(iri=f"{BASE}/feed/ereignis/1", kind="Update", object=about, position=1, quads=quads)
    (change,) = changes_of([event], "nachbar/dort", BASE)
    return change


@pytest.mark.parametrize(
    "statements",
    [
        RUN + "s:offers <#preis> . <#preis> s:price 'umsonst' .",
        RUN + "s:offers <#preis> . <#preis> s:price '1E+999999999' .",
        RUN + "s:offers <#preis> . <#preis> s:price 'NaN' .",
        RUN + "s:courseSchedule <#plan> . <#plan> s:byDay <https://schema.org/Someday> .",
        RUN + "s:maximumAttendeeCapacity 999999999999999999999999 .",
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
    found = told(statements)
    assert isinstance(found, Note)
    assert found.refused
    assert found.text.startswith(("Es nennt ", "Ein Wert darin ist nicht lesbar"))


def test_names_that_are_none() -> None:
    for about in (f"{BASE}/a b", f"{BASE}/a> <x:y> <x:z> .\n<http://own.example/x", f"{BASE}/{'x' * 5000}"):
        found = told("", about)
        assert isinstance(found, Note)
        assert "taugt nicht als Name" in found.text


def test_times_of_others_become_local_times() -> None:
    found = told(RUN + "s:startDate '2026-07-01T16:00:00Z'^^xsd:dateTime .")
    assert isinstance(found, Change)
    assert found.offer is not None
    assert found.offer.instances[0].start == dt.datetime(2026, 7, 1, 18)


def test_two_things_of_one_name_and_things_of_ours(tmp_path: Path) -> None:
    schemes, gazetteer = load_schemes(), Gazetteer.load()
    scope = Scope(Neighbour(name="dort", feed=f"{BASE}/feed"), None, schemes, gazetteer)

    def of(iri: str) -> Change:
        offer = Offer(
            id=id_at_neighbour("nachbar/dort", iri),
            source="nachbar/dort",
            identifier="1",
            kind=Kind.COURSE,
            name="Chor",
            iri=iri,
        )
        return Change(iri=iri, place=iri, offer=offer)

    changes = [of(IRI), of(IRI), of(f"{BASE}/sub/id/angebot/1"), of(f"{BASE}/hier/id/angebot/1")]
    with open_run(tmp_path, f"{BASE}/hier") as run, run.source("nachbar/dort", partial=True) as writer:
        counts = take_over(writer, changes, scope)
        assert (counts.taken, counts.refused) == (1, 2)
        same_name, ours = (note.text for note in run.ledger.notes("nachbar/dort"))
    assert same_name == f"Es hieße hier wie {IRI}"
    assert "zu diesem Katalog hier" in ours
