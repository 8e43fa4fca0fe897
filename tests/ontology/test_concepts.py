"""The concept schemes: what they must hold, that they are sound SKOS, and how words become notations."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st
from rdflib.namespace import RDF, RDFS, SKOS

from ontology.concepts import NS, SCHEMES, TERMS, Schemes, fold, load_schemes

ONTOLOGY = files("ontology")
SCHEMA = rdflib.Namespace("http://schema.org/")
AUDIENCE = (
    "children youth parents families women men seniors migrants unemployed employees disabled apprentices students teachers "
    "volunteers single_parents"
)
NOTATIONS = {
    "phases": "early-childhood primary secondary orientation vocational higher-education continuing general-adult basic-education "
    "family integration later-life counselling",
    "audience": AUDIENCE,
    "mode": "online onsite blended",
    "time-model": "full_time part_time weekend block evening_school extra_occupational",
    "level": "A1 A2 B1 B2 C1 C2",
    "funding": "bildungsgutschein bildungsurlaub aufstiegs_bafoeg avgs bildung_und_teilhabe",
}


@pytest.fixture(scope="module")
def schemes() -> Schemes:
    return load_schemes()


@pytest.fixture(scope="module")
def graphs() -> dict[str, rdflib.Graph]:
    def parsed(name: str) -> rdflib.Graph:
        return rdflib.Graph().parse(
            data=ONTOLOGY.joinpath("schemes", f"{name}.ttl").read_text("utf-8"), format="turtle"
        )

    return {name: parsed(name) for name in SCHEMES}


@pytest.mark.parametrize("scheme", NOTATIONS)
def test_notations_and_their_order(schemes: Schemes, scheme: str) -> None:
    assert list(schemes[scheme].concepts) == NOTATIONS[scheme].split()


def test_topics_cover_the_chain(schemes: Schemes) -> None:
    topics = schemes["topics"].concepts
    assert len(topics) == 256
    assert sum(not c.broader for c in topics.values()) == 35
    assert all(re.fullmatch(r"[a-z]+(-[a-z]+)*", notation) for notation in topics)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_concepts_are_complete_and_distinct(schemes: Schemes, scheme: str) -> None:
    concepts = schemes[scheme].concepts.values()
    for concept in concepts:
        assert set(concept.labels) == {"de", "en"}
        assert concept.iri == f"https://w3id.org/bildungskatalog/{scheme}/{concept.notation}"
        assert concept.alt_labels, concept.notation
        assert fold(concept.labels["de"]) not in {fold(label) for label in concept.alt_labels}
        assert len({fold(label) for label in concept.alt_labels}) == len(concept.alt_labels)
        assert set(concept.broader) <= set(schemes[scheme].concepts)
    for lang in ("de", "en"):
        assert len({fold(concept.labels[lang]) for concept in concepts}) == len(concepts)
    if scheme != "topics":
        assert all(concept.definition for concept in concepts)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_german_labels_name_one_concept(schemes: Schemes, scheme: str) -> None:
    shared = {words: found for words, found in schemes[scheme].by_label.items() if len(found) > 1}
    assert shared == {}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_nothing_is_broader_than_itself(schemes: Schemes, scheme: str) -> None:
    for notation in schemes[scheme].concepts:
        assert notation not in schemes[scheme].descendants(notation)
        assert notation not in schemes[scheme].ancestors(notation)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_files_are_sound_skos_for_another_parser(
    graphs: dict[str, rdflib.Graph], schemes: Schemes, scheme: str
) -> None:
    graph, head = graphs[scheme], rdflib.URIRef(NS + scheme)
    concepts = set(graph.subjects(RDF.type, SKOS.Concept))
    assert set(graph.subjects(RDF.type, SKOS.ConceptScheme)) == {head}
    assert len(concepts) == len(schemes[scheme].concepts)
    assert set(graph.subjects(SKOS.inScheme, head)) == concepts
    tops = set(graph.objects(head, SKOS.hasTopConcept))
    assert tops == set(graph.subjects(SKOS.topConceptOf, head))
    assert tops == {concept for concept in concepts if not list(graph.objects(concept, SKOS.broader))}
    for concept in concepts:
        preferred = list(graph.objects(concept, SKOS.prefLabel))
        assert sorted(str(label.language) for label in preferred) == ["de", "en"]
        assert not set(preferred) & set(graph.objects(concept, SKOS.altLabel))
        (notation,) = graph.objects(concept, SKOS.notation)
        assert str(concept) == f"{NS}{scheme}/{notation}"


def test_labels_and_hierarchy(schemes: Schemes) -> None:
    topics = schemes["topics"]
    assert topics.label("sewing") == "Nähen und Schneidern"
    assert topics.label("sewing", "en") == "Sewing and tailoring"
    assert topics.label("sewing", "uk") == "Nähen und Schneidern"
    assert topics.label("unheard-of") == "unheard-of"
    assert topics.ancestors("spreadsheets") == ("office-software", "digital")
    assert topics.descendants("health-care")[-3:] == ("yoga", "qigong-taichi", "meditation")
    assert topics.descendants("yoga") == ()


def test_by_iri(schemes: Schemes) -> None:
    concept = schemes.by_iri("https://w3id.org/bildungskatalog/time-model/evening_school")
    assert concept is not None
    assert (concept.scheme, concept.notation) == ("time-model", "evening_school")
    assert schemes.by_iri("https://w3id.org/bildungskatalog/unheard-of/x") is None
    assert schemes.by_iri("https://example.org/level/A1") is None
    assert schemes["level"].by_iri("https://w3id.org/bildungskatalog/audience/women") is None


@pytest.mark.parametrize(
    ("scheme", "words", "notations"),
    [
        ("topics", "Nähen", ["sewing"]),
        ("topics", "KLEIDUNG SELBST MACHEN", ["sewing"]),
        ("topics", "Sewing and tailoring", ["sewing"]),
        ("topics", "Naehen", ["sewing"]),
        ("topics", "Tai-Chi", ["qigong-taichi"]),
        ("topics", "Nähen und Kochen", []),
        ("topics", "", []),
        ("funding", "Bildungsfreistellung", ["bildungsurlaub"]),
        ("funding", "Meister-BAföG", ["aufstiegs_bafoeg"]),
        ("audience", "Senior:innen", ["seniors"]),
        ("mode", "Präsenzkurs", ["onsite"]),
        ("level", "B1", []),  # a level is found by its notation, not by its label
    ],
)
def test_match(schemes: Schemes, scheme: str, words: str, notations: list[str]) -> None:
    assert schemes.match(scheme, words) == notations


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("  Straße & Wörter!", "strasse woerter"),
        ("Schüler*innen", "schuelerinnen"),
        ("Erzieher/-innen", "erzieherinnen"),
        ("Lehrer_in", "lehrerin"),
        ("Café Français", "cafe francais"),
        ("Kurs™", "kurstm"),
        ("Na\u0308hen", "naehen"),  # with a combining mark
        ("Wochen/Interesse", "wochen interesse"),
    ],
)
def test_fold(text: str, folded: str) -> None:
    assert fold(text) == folded


@given(st.text())
def test_fold_is_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)


def test_dvv_codes(schemes: Schemes) -> None:
    assert schemes.dvv_topics("4.06") == ("english",)
    assert schemes.dvv_topics("2.01") == ("literature", "stage")
    assert schemes.dvv_topics("3.99") == ("health-care",)
    assert schemes.dvv_topics("7.01") == ()
    assert schemes.dvv_topics("") == ()
    known = set(schemes["topics"].concepts)
    assert all(set(notations) <= known for notations in schemes.dvv.values())


def test_vocabulary_declares_the_terms_that_the_mapping_uses() -> None:
    graph = rdflib.Graph().parse(data=ONTOLOGY.joinpath("vocabulary.ttl").read_text("utf-8"), format="turtle")
    limits = set(graph.subjects(RDFS.domain, rdflib.URIRef("http://www.w3.org/ns/sparql-service-description#Service")))
    declared = {str(term).removeprefix(TERMS) for term in set(graph.subjects(RDF.type, RDF.Property)) - limits}
    mapping = "".join(path.read_text("utf-8") for path in ONTOLOGY.joinpath("rdf").glob("*.py"))
    used = set(re.findall(r'TERMS \+ "(\w+)"', mapping))
    assert declared == used
    for term in graph.subjects(RDF.type, RDF.Property):
        for text in (RDFS.label, RDFS.comment):
            assert sorted(str(label.language) for label in graph.objects(term, text)) == ["de", "en"]
        assert list(graph.objects(term, RDFS.range))
        assert list(graph.objects(term, RDFS.domain)) or list(graph.objects(term, SCHEMA.domainIncludes))
