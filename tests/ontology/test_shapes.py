"""The shapes accept what the mapping writes and find what is wrong, each thing by its name."""

from __future__ import annotations

from collections import Counter
from importlib.resources import files
from pathlib import Path

import pyoxigraph as ox
import pyshacl
import pytest
from hypothesis import HealthCheck, given, settings
from rdflib import Graph

from catalogue.audit import Audit, Finding, findings, report
from catalogue.dumps import read_dumps, read_manifest
from ontology.iris import SCHEMA, TERMS
from ontology.offer import Offer
from ontology.rdf import offer_to_ntriples, provider_to_ntriples
from tests.ontology.offers import offers

BASE = "http://127.0.0.1:8000"
OFFER = f"{BASE}/id/angebot/kvhs-1"
XSD = "http://www.w3.org/2001/XMLSchema#"
SHAPES = "https://w3id.org/bildungskatalog/shapes#"
GOOD = f"""
@prefix schema: <{SCHEMA}> .
@prefix bk: <{TERMS}> .
@prefix xsd: <{XSD}> .
@prefix topics: <https://w3id.org/bildungskatalog/topics/> .
@prefix phases: <https://w3id.org/bildungskatalog/phases/> .
@base <{OFFER}> .
<> a schema:Course ; schema:identifier "1" ; schema:name "Brot backen" ; schema:provider <{BASE}/id/anbieter/kvhs> ;
  schema:about topics:crafts ; bk:phase phases:general-adult ; schema:inLanguage "de" ; schema:typicalAgeRange "6-10" ;
  schema:url <https://kvhs.example/1> ; schema:description "Mit Sauerteig." ; schema:hasCourseInstance <#termin-1> .
<#termin-1> a schema:CourseInstance ; schema:startDate "2026-04-13T18:30:00"^^xsd:dateTime ;
  schema:endDate "2026-04-20T20:00:00"^^xsd:dateTime ; schema:offers <#termin-1-preis> ; schema:location <#termin-1-ort> ;
  schema:maximumAttendeeCapacity 12 .
<#termin-1-preis> a schema:Offer ; schema:price 45.50 ; schema:priceCurrency "EUR" .
<#termin-1-ort> a schema:Place ; bk:municipalityKey "07331003" ; schema:latitude "49.7"^^xsd:double .
<{BASE}/id/anbieter/kvhs> a schema:Organization ; schema:name "KVHS" .
"""


def ntriples(turtle: str) -> str:
    return "".join(f"{quad.triple} .\n" for quad in ox.parse(turtle.encode(), ox.RdfFormat.TURTLE))


def names(found: list[Finding]) -> list[str]:
    return sorted(finding.shape.strip("<>").removeprefix(SHAPES) for finding in found)


def test_a_good_offer_conforms() -> None:
    assert findings(ntriples(GOOD)) == []


@pytest.mark.parametrize(
    ("right", "wrong", "shape"),
    [
        ('schema:name "Brot backen" ;', "", "name"),
        ('schema:name "Brot backen" ;', 'schema:name "Brot backen" , "Kuchen backen" ;', "name"),
        ('schema:name "Brot backen" ;', 'schema:name " " ;', "name"),
        ('schema:identifier "1" ;', "", "identifier"),
        ("a schema:Course ;", "a schema:Course , schema:School ;", "kind"),
        ("topics:crafts", "topics:gibtsnicht", "topic"),
        ("topics:crafts", "phases:general-adult", "topic"),
        ("bk:phase phases:general-adult ;", "", "phaseStated"),
        (f"schema:provider <{BASE}/id/anbieter/kvhs> ;", "", "providerStated"),
        (' a schema:Organization ; schema:name "KVHS" .', " a schema:Organization .", "providerName"),
        (' ; schema:name "KVHS" .', ' ; schema:name "KVHS" ; schema:email "eva@kvhs.example" .', "email"),
        (' ; schema:name "KVHS" .', ' ; schema:name "KVHS" ; schema:telephone "06731 1" .', "telephone"),
        ('"Mit Sauerteig."', '"Fragen an eva@kvhs.example"', "noMail"),
        ('"de"', '"deutsch!"', "language"),
        ('"6-10"', '"Kinder"', "ages"),
        ("<https://kvhs.example/1>", '"kvhs.example"^^xsd:anyURI', "url"),
        ("2026-04-20T20", "2026-04-12T20", "Order"),
        ('"2026-04-20T20:00:00"^^xsd:dateTime', '"bald"', "end"),
        ("45.50", "-1.0", "amount"),
        ("45.50", '"45 Euro"', "amount"),
        ('"EUR"', '"USD"', "currency"),
        ('"07331003"', '"7331003"', "municipality"),
        ('"49.7"', '"97.4"', "latitude"),
        ("schema:maximumAttendeeCapacity 12", "schema:maximumAttendeeCapacity -1", "seats"),
    ],
)
def test_what_is_wrong_is_found_and_nothing_else(right: str, wrong: str, shape: str) -> None:
    assert GOOD.count(right) == 1
    found = findings(ntriples(GOOD.replace(right, wrong)))
    assert shape in names(found)
    # a wrong end has no order with the start either
    assert set(names(found)) - {"Order", "amount"} <= {shape}
    assert all(finding.message.endswith(".") for finding in found)


def test_a_day_and_a_time_of_day_have_no_order() -> None:
    mixed = GOOD.replace('"2026-04-20T20:00:00"^^xsd:dateTime', '"2026-04-13"^^xsd:date')
    assert findings(ntriples(mixed)) == []


def test_property_by_property_is_found_what_the_shapes_say() -> None:
    """The audit judges the shapes in another arrangement, for speed: the results are those of the file as it is."""
    broken = GOOD.replace("45.50", "-1.0").replace('"de"', '"deutsch!"').replace('; schema:name "KVHS"', "")
    text = ntriples(broken)
    concepts = "".join(
        f"<https://w3id.org/bildungskatalog/{name}> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
        "<http://www.w3.org/2004/02/skos/core#Concept> .\n"
        for name in ("topics/crafts", "phases/general-adult")
    )
    shapes = Graph().parse(data=files("ontology").joinpath("shapes.ttl").read_bytes(), format="turtle")
    _, _, said = pyshacl.validate(Graph().parse(data=text + concepts, format="nt"), shacl_graph=shapes)
    assert said.count("Constraint Violation in") == len(findings(text)) == 3


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(offers)
def test_no_offer_that_the_model_allows_has_a_wrong_type_or_scheme(offer: Offer) -> None:
    text = offer_to_ntriples(offer, BASE)
    text += "" if offer.provider is None else provider_to_ntriples(offer.provider, BASE)
    found = set(names(findings(text)))
    assert not found & {
        "kind",
        "start",
        "end",
        "amount",
        "currency",
        "day",
        "from",
        "until",
        "certificate",
        "wheelchair",
    }


def test_the_sample_has_no_violation(demo: Path) -> None:
    manifest = read_manifest(demo)
    assert manifest is not None
    assert (manifest.audit.checked, manifest.audit.violations) == (239, {})
    phase = "Es ist nicht bekannt, zu welcher Phase der Bildungskette das Angebot gehört."
    assert set(manifest.audit.warnings) == {phase}


def test_the_report_is_linked_data(demo: Path) -> None:
    found = read_dumps(demo)
    assert found is not None
    folder, manifest = found
    quads = list(ox.parse(path=str(folder / "audit.ttl"), format=ox.RdfFormat.TURTLE))
    assert not [
        quad for quad in quads if isinstance(quad.subject, ox.BlankNode) or isinstance(quad.object, ox.BlankNode)
    ]
    kinds = Counter(str(quad.object) for quad in quads if quad.predicate.value.endswith("#type"))
    shacl = "http://www.w3.org/ns/shacl#"
    assert kinds[f"<{shacl}ValidationReport>"] == 1
    assert kinds[f"<{shacl}ValidationResult>"] == sum(manifest.audit.warnings.values())


def test_a_report_of_nothing_conforms_and_a_long_one_is_cut() -> None:
    summary = Audit(offers=2, checked=2, faulty=0, violations={}, warnings={})
    assert b"conforms> true" in _as_ntriples(
        report(summary, [], f"{BASE}/dumps/audit.ttl", "2026-01-05T10:00:00+00:00")
    )
    many = [
        Finding(
            f"<{OFFER}-{n}>",
            f"<{SHAPES}name>",
            "<http://www.w3.org/ns/shacl#Violation>",
            f"<{SHAPES}x>",
            "",
            '"a\\"b"',
            "Nein.",
        )
        for n in range(1200)
    ]
    text = _as_ntriples(report(summary, many, f"{BASE}/dumps/audit.ttl", "2026-01-05T10:00:00+00:00"))
    assert text.count(b"shacl#result> ") == 1000
    assert b'"1200"' in text


def _as_ntriples(turtle: bytes) -> bytes:
    text = "".join(f"{quad.triple} .\n" for quad in ox.parse(turtle, ox.RdfFormat.TURTLE))
    return (
        text.replace('conforms> "', "conforms> ").replace('"^^<http://www.w3.org/2001/XMLSchema#boolean>', "").encode()
    )
