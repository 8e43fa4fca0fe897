"""Names of things: namespaces, and the IRIs that a catalogue with a given base gives to its offers, providers and graphs."""

from __future__ import annotations

__all__ = [
    "CONCEPTS",
    "NEIGHBOUR",
    "RDF_TYPE",
    "SCHEMA",
    "TERMS",
    "XSD",
    "dataset_iri",
    "graph_of_judgements",
    "graph_of_ontology",
    "graph_of_source",
    "is_own",
    "offer_iri",
    "provider_iri",
    "segment",
]

SCHEMA = "http://schema.org/"  # what the official JSON-LD context yields; https is read as the same
CONCEPTS = "https://w3id.org/bildungskatalog/"
TERMS = CONCEPTS + "ns#"
RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
XSD = "http://www.w3.org/2001/XMLSchema#"
NEIGHBOUR = "nachbar/"  # before the name of a neighbour wherever names of sources stand; no own source can be called so


def offer_iri(base: str, offer_id: str) -> str:
    """IRI of an offer, for example ``http://127.0.0.1:8000/id/angebot/kvhs-A101``."""
    return f"{base}/id/angebot/{offer_id}"


def provider_iri(base: str, provider_id: str) -> str:
    """IRI of a provider."""
    return f"{base}/id/anbieter/{provider_id}"


def dataset_iri(base: str, source: str | None) -> str:
    """IRI of a dataset: the offers of an own source, or of all of them (None)."""
    return f"{base}/katalog/{'gesamt' if source is None else f'quelle/{source}'}"


def graph_of_source(base: str, source: str) -> str:
    """Named graph of an own source, or of a neighbour."""
    return f"{base}/graph/{'quelle/' if is_own(source) else ''}{source}"


def is_own(source: str) -> bool:
    """Whether a source is the catalogue's own; what neighbours deliver is shown, but never passed on."""
    return not source.startswith(NEIGHBOUR)


def graph_of_ontology(base: str) -> str:
    """Named graph of the vocabulary and the concept schemes."""
    return f"{base}/graph/ontologie"


def graph_of_judgements(base: str) -> str:
    """Named graph of what is said about offers being the same."""
    return f"{base}/graph/urteile"


def segment(iri: str) -> str:
    """The last path segment of an IRI, without its fragment: the id of an offer or a provider."""
    return iri.partition("#")[0].rpartition("/")[2]
