"""What a neighbour may say of an offer, event by event: whatever it is, the next event is read."""

from __future__ import annotations

import datetime as dt

import pyoxigraph as ox
import pytest

from catalogue.ledger import Note
from ingest.neighbours.feed import Event
from ingest.neighbours.takeover import Change, changes_of

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
