"""The audit: do a catalogue's own offers have the shapes of ``ontology/shapes.ttl``? Judged by pyshacl, reported as linked data.

Up to `ALL_UP_TO` offers all are looked at. Of more, as many are drawn: those with the smallest SHA-256 of the snapshot's data run and the
offer's id, so the sample is another one with each change of the data, and the same for the same data.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from hashlib import sha256
from heapq import nsmallest
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import pyoxigraph as ox

from catalogue.snapshot import Snapshot, describe
from ontology.concepts import load_schemes
from ontology.iris import graph_of_source
from ontology.offer import Offer, iri_of
from ontology.rdf import offer_to_ntriples

if TYPE_CHECKING:
    from rdflib import Graph
    from rdflib.term import Node

__all__ = ["ALL_UP_TO", "Audit", "Finding", "audit", "findings", "report"]

ALL_UP_TO = 1000  # offers; about two seconds
_BATCH = 250  # offers judged together: pyshacl keeps everything in memory
_MOST_IN_REPORT = 1000  # findings
_SH = "http://www.w3.org/ns/shacl#"
_SHAPES = "https://w3id.org/bildungskatalog/shapes"
_PREFIXES = {
    "sh": _SH,
    "s": f"{_SHAPES}#",
    "dct": "http://purl.org/dc/terms/",
    "dqv": "http://www.w3.org/ns/dqv#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
}


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """What the audit found: of ``offers`` in the dumps ``checked`` were looked at, ``faulty`` of these have a violation.

    ``violations`` and ``warnings``: by German message, how many things (offers or their parts) it was found in.
    """

    offers: int
    checked: int
    faulty: int
    violations: dict[str, int]
    warnings: dict[str, int]


class Finding(NamedTuple):
    """A result of validation (sh:ValidationResult); terms as in N-Triples, ``path`` and ``value`` empty where there is none."""

    focus: str
    shape: str
    severity: str
    component: str
    path: str
    value: str
    message: str

    @property
    def is_violation(self) -> bool:
        """Whether it is more than a warning."""
        return self.severity == f"<{_SH}Violation>"


def audit(snapshot: Snapshot, base: str, passed_on: Collection[str]) -> tuple[Audit, bytes]:
    """Looks at the offers with these ids; returns what was found and the report as Turtle."""
    run = snapshot.state.data_run
    drawn = nsmallest(ALL_UP_TO, passed_on, key=lambda offer: sha256(f"{run} {offer}".encode()).digest())
    found: list[Finding] = []
    for start in range(0, len(drawn), _BATCH):
        found += findings(_statements(snapshot, base, drawn[start : start + _BATCH]))
    found = sorted(set(found))
    summary = Audit(
        offers=len(passed_on),
        checked=len(drawn),
        faulty=len({finding.focus.strip("<>").partition("#")[0] for finding in found if finding.is_violation}),
        violations=_by_message(finding for finding in found if finding.is_violation),
        warnings=_by_message(finding for finding in found if not finding.is_violation),
    )
    return summary, report(summary, found, f"{base}/dumps/audit.ttl", snapshot.state.data_time)


def _by_message(found: Iterable[Finding]) -> dict[str, int]:
    counts = Counter(finding.message for finding in found)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _statements(snapshot: Snapshot, base: str, ids: Iterable[str]) -> str:
    """N-Triples of these offers and their providers."""
    lines: set[str] = set()
    texts = []
    for offer_id in ids:
        offer = snapshot.ledger.offer(offer_id)
        assert offer is not None, offer_id
        texts.append(offer_to_ntriples(offer, base))
        lines.update(_about_provider(snapshot, offer, base))
    return "".join((*texts, *sorted(lines)))


def _about_provider(snapshot: Snapshot, offer: Offer, base: str) -> Iterator[str]:
    if offer.provider is not None:
        graph = ox.NamedNode(graph_of_source(base, offer.source))
        for quad in describe(snapshot.store, ox.NamedNode(iri_of(offer.provider, base)), graph):
            yield f"{quad.triple} .\n"


def findings(ntriples: str) -> list[Finding]:
    """What is wrong with these statements (2 ms for each offer)."""
    import pyshacl  # half a second, which nobody pays who asks no audit
    from rdflib import RDF, Graph
    from rdflib.namespace import SH

    data = Graph().parse(data=ntriples + _concepts(), format="nt")
    _, results, _ = pyshacl.validate(data, shacl_graph=_shapes(), inplace=True, inference="none")
    assert isinstance(results, Graph)

    def value(result: Node, predicate: Node) -> str:
        found = results.value(result, predicate)
        return "" if found is None else found.n3()

    return [
        Finding(
            focus=value(result, SH.focusNode),
            shape=value(result, SH.sourceShape),
            severity=value(result, SH.resultSeverity),
            component=value(result, SH.sourceConstraintComponent),
            path=value(result, SH.resultPath),
            value=value(result, SH.value),
            message=str(results.value(result, SH.resultMessage)),
        )
        for result in results.subjects(RDF.type, SH.ValidationResult)
    ]


def _concepts() -> str:
    kind = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type> <http://www.w3.org/2004/02/skos/core#Concept>"
    schemes = load_schemes().by_notation.values()
    return "".join(f"<{concept.iri}> {kind} .\n" for scheme in schemes for concept in scheme.concepts.values())


def _shapes() -> Graph:
    """The shapes, with each property shape aimed at the targets of the node shapes that have it.

    That says the same, and pyshacl judges a shape with targets once for all things, one within another once for each: ten times slower.
    """
    from rdflib import Graph
    from rdflib.namespace import SH

    shapes = Graph().parse(data=files("ontology").joinpath("shapes.ttl").read_bytes(), format="turtle")
    for node, _, prop in list(shapes.triples((None, SH.property, None))):
        for target in (SH.targetClass, SH.targetSubjectsOf):
            for aim in list(shapes.objects(node, target)):
                shapes.add((prop, target, aim))
    shapes.remove((None, SH.property, None))
    return shapes


def report(summary: Audit, found: list[Finding], address: str, moment: str) -> bytes:
    """The sh:ValidationReport at ``address`` as Turtle, its counts as dqv:QualityMeasurement; no blank nodes."""
    lines = [
        f"<#bericht> a sh:ValidationReport ; sh:conforms {'false' if found else 'true'} ; sh:shapesGraph <{_SHAPES}> ;",
        f'  dct:title "Prüfbericht zu den Angeboten"@de ; dct:created "{moment}"^^xsd:dateTime .',
    ]
    measured = {
        "angebote": (summary.offers, "Angebote in den Abzügen"),
        "geprueft": (summary.checked, "geprüfte Angebote; von mehr als 1000 eine Stichprobe"),
        "fehlerhaft": (summary.faulty, "geprüfte Angebote mit mindestens einem Verstoß"),
        "befunde": (len(found), f"Befunde, von denen höchstens {_MOST_IN_REPORT} im Bericht stehen"),
    }
    for name, (count, meaning) in measured.items():
        lines += [
            f'<#mass-{name}> a dqv:Metric ; skos:definition "{meaning}"@de ; dqv:expectedDataType xsd:integer .',
            f"<#{name}> a dqv:QualityMeasurement ; dqv:isMeasurementOf <#mass-{name}> ; dqv:value {count} .",
            f"<#bericht> dqv:hasQualityMeasurement <#{name}> .",
        ]
    for number, finding in enumerate(found[:_MOST_IN_REPORT], start=1):
        lines += [
            f"<#bericht> sh:result <#befund-{number}> .",
            f"<#befund-{number}> a sh:ValidationResult ; sh:focusNode {finding.focus} ; sh:sourceShape {finding.shape} ;",
            f"  sh:resultSeverity {finding.severity} ; sh:sourceConstraintComponent {finding.component} ;",
            *([f"  sh:resultPath {finding.path} ;"] if finding.path.startswith("<") else []),
            *([f"  sh:value {finding.value} ;"] if finding.value and not finding.value.startswith("_") else []),
            f"  sh:resultMessage {ox.Literal(finding.message, language='de')} .",
        ]
    prefixes = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in _PREFIXES.items())
    quads = list(ox.parse((prefixes + "\n".join(lines)).encode(), ox.RdfFormat.TURTLE, base_iri=address))
    written = ox.serialize(quads, format=ox.RdfFormat.TURTLE, prefixes=_PREFIXES)
    assert written is not None
    return written
