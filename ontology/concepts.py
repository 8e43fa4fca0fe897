"""The concept schemes: phases, target groups, learning form, time model, language level, funding and topics, read from SKOS.

One Turtle file per scheme in ``ontology/schemes``; a concept's IRI is ``{NS}{scheme}/{notation}``. Offers hold notations. The order
of the concepts in a file is their order everywhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from importlib.resources import files

import msgspec
import pyoxigraph as ox

from ontology.iris import CONCEPTS as NS
from ontology.iris import TERMS

__all__ = ["NS", "SCHEMES", "TERMS", "Concept", "ConceptScheme", "Schemes", "fold", "load_schemes"]

SCHEMES = ("phases", "audience", "mode", "time-model", "level", "funding", "topics")

_SKOS = "http://www.w3.org/2004/02/skos/core#"
# "Senior:innen" is read as "Seniorinnen"; the mark first, as the expression is looked for by it
_GENDER_MARK = re.compile(r"[:*_·/](?<=[^\W\d_].)(?:(?<=/)-)?(?=in(nen)?\b)")
_WORD = re.compile(r"[^\W_]+")


class Concept(msgspec.Struct, frozen=True, kw_only=True):
    """One concept. ``labels`` maps a language to its preferred label, ``alt_labels`` are everyday names in German."""

    iri: str
    scheme: str
    notation: str
    labels: Mapping[str, str]
    alt_labels: tuple[str, ...] = ()
    broader: tuple[str, ...] = ()
    definition: str | None = None


class ConceptScheme(msgspec.Struct, frozen=True, kw_only=True):
    """A scheme and its concepts by notation, in the order of the file."""

    notation: str
    labels: Mapping[str, str]
    concepts: Mapping[str, Concept]
    narrower: Mapping[str, tuple[str, ...]]
    by_label: Mapping[str, tuple[str, ...]]

    def by_notation(self, notation: str) -> Concept | None:
        """The concept with this notation."""
        return self.concepts.get(notation)

    def by_iri(self, iri: str) -> Concept | None:
        """The concept with this IRI."""
        prefix = f"{NS}{self.notation}/"
        return self.concepts.get(iri[len(prefix) :]) if iri.startswith(prefix) else None

    def label(self, notation: str, lang: str = "de") -> str:
        """The preferred label in ``lang``, else in German; the notation itself where the concept is unknown."""
        concept = self.concepts.get(notation)
        return notation if concept is None else concept.labels.get(lang, concept.labels["de"])

    def descendants(self, notation: str) -> tuple[str, ...]:
        """All narrower notations, near ones first, without the concept itself."""
        found = list(self.narrower.get(notation, ()))
        for child in found:  # grows while it is read
            found.extend(n for n in self.narrower.get(child, ()) if n not in found)
        return tuple(found)

    def ancestors(self, notation: str) -> tuple[str, ...]:
        """All broader notations, near ones first, without the concept itself."""
        found = list(self.concepts[notation].broader)
        for parent in found:  # grows while it is read
            found.extend(n for n in self.concepts[parent].broader if n not in found)
        return tuple(found)


class Schemes(msgspec.Struct, frozen=True, kw_only=True):
    """All schemes by their notation, and the topics of the ``dvv_kategorie`` codes."""

    by_notation: Mapping[str, ConceptScheme]
    dvv: Mapping[str, tuple[str, ...]]

    def __getitem__(self, scheme: str) -> ConceptScheme:
        return self.by_notation[scheme]

    def by_iri(self, iri: str) -> Concept | None:
        """The concept with this IRI, whatever its scheme."""
        scheme = self.by_notation.get(iri[len(NS) :].partition("/")[0]) if iri.startswith(NS) else None
        return None if scheme is None else scheme.by_iri(iri)

    def match(self, scheme: str, words: str) -> list[str]:
        """Notations of the concepts of which ``words`` is a preferred or alternative label, spelling apart (see `fold`)."""
        return list(self.by_notation[scheme].by_label.get(fold(words), ()))

    def dvv_topics(self, code: str) -> tuple[str, ...]:
        """Topics of a ``dvv_kategorie`` code of Open-vhs such as "4.06"; those of its main code where the sub-code is unknown."""
        return self.dvv.get(code) or self.dvv.get(code.partition(".")[0], ())


def fold(text: str) -> str:
    """``text`` reduced to what matters when labels are compared.

    Lower case, ä as ae, ß as ss, no other accents, gender marks read through ("Senior*innen" is "seniorinnen"), one space for
    everything that is neither letter nor digit.
    """
    plain = _GENDER_MARK.sub("", unicodedata.normalize("NFKC", text).casefold())
    if not plain.isascii():
        plain = plain.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    if not plain.isascii():
        plain = "".join([c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c)]).casefold()
    return " ".join(_WORD.findall(plain))


def load_schemes() -> Schemes:
    """Reads all schemes; takes about 30 ms, so call it once and pass the result on."""
    dvv = msgspec.toml.decode(_read("dvv.toml"), type=dict[str, tuple[str, ...]])
    return Schemes(by_notation={name: _load(name) for name in SCHEMES}, dvv=dvv)


def _read(name: str) -> bytes:
    return files("ontology").joinpath("schemes", name).read_bytes()


def _load(name: str) -> ConceptScheme:
    scheme_iri, prefix = NS + name, f"{NS}{name}/"
    literals: dict[str, dict[str, list[ox.Literal]]] = {}  # subject → property → literals
    broader: dict[str, list[str]] = {}
    for quad in ox.parse(_read(f"{name}.ttl"), ox.RdfFormat.TURTLE):
        subject, term = quad.subject.value, quad.predicate.value
        if not term.startswith(_SKOS):
            continue
        if isinstance(quad.object, ox.Literal):
            literals.setdefault(subject, {}).setdefault(term[len(_SKOS) :], []).append(quad.object)
        elif term == _SKOS + "broader":
            broader.setdefault(subject, []).append(quad.object.value[len(prefix) :])
    head = literals.pop(scheme_iri)
    concepts = {
        about["notation"][0].value: Concept(
            iri=iri,
            scheme=name,
            notation=about["notation"][0].value,
            labels=_by_language(about["prefLabel"]),
            alt_labels=tuple(label.value for label in about.get("altLabel", ())),
            broader=tuple(broader.get(iri, ())),
            definition=next((text.value for text in about.get("definition", ())), None),
        )
        for iri, about in literals.items()
    }
    return ConceptScheme(
        notation=name,
        labels=_by_language(head["prefLabel"]),
        concepts=concepts,
        narrower=_group((parent, c.notation) for c in concepts.values() for parent in c.broader),
        by_label=_group(
            (fold(label), c.notation) for c in concepts.values() for label in (*c.labels.values(), *c.alt_labels)
        ),
    )


def _by_language(labels: Iterable[ox.Literal]) -> dict[str, str]:
    return {label.language or "": label.value for label in labels}


def _group(pairs: Iterable[tuple[str, str]]) -> dict[str, tuple[str, ...]]:
    grouped: dict[str, tuple[str, ...]] = {}
    for key, value in pairs:
        if value not in grouped.get(key, ()):
            grouped[key] = (*grouped.get(key, ()), value)
    return grouped
