"""What an object of schema.org says about an offer. Persons are never taken over."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from ingest.records import offer_id
from ingest.sources.remarks import Remarks
from ingest.sources.schemaorg.node import Node
from ingest.sources.schemaorg.place import place_of
from ingest.sources.schemaorg.runs import runs_of
from ingest.sources.schemaorg.words import words
from ingest.text import clean_line
from ingest.values import ValueRefused, parse_ages, parse_int, parse_languages, parse_levels, parse_url
from ontology.concepts import Schemes
from ontology.offer import Kind, Offer, Place, Provider, slug

__all__ = ["identifier_of", "kind_of", "offer_of"]

_RUNNING = (
    Kind.COURSE,
    Kind.PROGRAM,
    Kind.EVENT,
)  # these take place where their runs do; services and learning places have a place
_PROVIDERS = ("provider", "organizer", "offeredBy", "parentOrganization")
_TOPICS = (
    "keywords",
    "about",
    "teaches",
    "serviceType",
    "category",
    "courseCode",
    "alternateName",
    "occupationalCategory",
)


def kind_of(node: Node) -> Kind | None:
    """The kind of offer that the object is by its types."""
    return next((Kind(words()["kinds"][name]) for name in node.types if name in words()["kinds"]), None)


def identifier_of(node: Node) -> str | None:
    """The source's own key, unchanged: ``identifier``, else the object's IRI, else the address of its page."""
    for value in node.values("identifier"):
        text = next(iter(value.raw_texts("value")), value.id) if isinstance(value, Node) else str(value)
        if text is not None and text.strip():
            return text
    if node.id is not None and not node.id.startswith("_:") and node.id.strip():
        return node.id
    return next((text for text in node.raw_texts("url") if text.strip()), None)


def offer_of(node: Node, kind: Kind, source: str, schemes: Schemes, remarks: Remarks) -> Offer:
    """The offer that the object describes. Raises `ValueRefused` where it lacks a key or a name or is cancelled."""
    identifier = identifier_of(node)
    if identifier is None:
        raise ValueRefused("Die Kennung fehlt: weder identifier noch @id noch url ist angegeben")
    name = node.text("name")
    if name is None:
        raise ValueRefused("Der Name (name) fehlt")
    if (node.text("eventStatus") or "").endswith("EventCancelled"):
        raise ValueRefused("Die Veranstaltung ist abgesagt (eventStatus)")
    runs = node.nodes("hasCourseInstance")
    level, level_words = _levels(node)
    audience, audience_words, ages = _audience(node, schemes, remarks)
    keywords = (*_keywords(node, remarks), *level_words, *audience_words)
    credentials = node.texts("educationalCredentialAwarded")
    for credential in node.nodes("educationalCredentialAwarded"):
        credential.values("credentialCategory")
    return Offer(
        id=offer_id(source, identifier),
        source=source,
        identifier=identifier,
        kind=kind,
        name=name,
        description=node.long_text("description"),
        provider=_provider([node, *runs], remarks),
        url=remarks.value(parse_url, node.text("url"), "url"),
        keywords=tuple(word for word in keywords if word != name),
        topics=_own_concepts(node, "about", "topics", schemes),
        audience=(*audience, *_own_concepts(node, "audience", "audience", schemes)),
        age_min=ages[0],
        age_max=ages[1],
        level=level,
        in_language=_languages([node, *runs, *node.nodes("availableChannel")], remarks),
        certificate=True if credentials else None,
        credential=", ".join(dict.fromkeys(credentials)) or None,
        prerequisites="; ".join(dict.fromkeys(node.texts("coursePrerequisites") + node.texts("programPrerequisites")))
        or None,
        place=None if kind in _RUNNING else _own_place(node, remarks),
        instances=runs_of(node, remarks, schemes, located=kind in _RUNNING),
    ).canonical()


def _own_concepts(node: Node, name: str, scheme: str, schemes: Schemes) -> tuple[str, ...]:
    """Notations of the concepts of the catalogue's own schemes: what a catalogue like this one wrote."""
    concepts = (schemes[scheme].by_iri(value.id or "") for value in node.nodes(name))
    return tuple(concept.notation for concept in concepts if concept is not None)


def _own_place(node: Node, remarks: Remarks) -> Place | None:
    """Where a service or a learning place is: itself, its location, or the area that it serves."""
    if "address" in node or "geo" in node:
        place = place_of(node, remarks)
        if place is not None:  # its name is that of the offer
            return msgspec.structs.replace(place, name=None)
    values = [value for channel in node.nodes("availableChannel") for value in channel.values("serviceLocation")]
    for name in ("location", "areaServed"):
        values += node.values(name)
    for value in values:
        if (place := place_of(value, remarks)) is not None:
            return place
    return None


def _keywords(node: Node, remarks: Remarks) -> list[str]:
    """Keywords and topics; a single text is a list with commas, items of a list keep theirs."""
    found: list[str] = []
    for name in _TOPICS:
        texts = node.texts(name)
        if (
            name == "keywords"
            and len(texts) == 1
            and isinstance(next(iter(node.values(name))), str)
            and not node.is_list(name)
        ):
            texts = [line for part in re.split(r"[,;]", texts[0]) if (line := clean_line(part)) is not None]
        for text in texts:
            if text.startswith("{") and text.endswith("}"):
                remarks.add(
                    f"{name}: „{text[:60]}“ ist ein Datenrest und kein Schlagwort; die Angabe wird nicht übernommen"
                )
            elif "://" not in text:
                found.append(text)
    return found


def _levels(node: Node) -> tuple[tuple[str, ...], list[str]]:
    """Levels of the Common European Framework, and what else stands there as words."""
    levels: list[str] = []
    others = []
    for text in node.texts("educationalLevel"):
        try:
            levels += parse_levels(text)
        except ValueRefused:
            others.append(text)
    return tuple(levels), others


def _audience(
    node: Node, schemes: Schemes, remarks: Remarks
) -> tuple[tuple[str, ...], list[str], tuple[int | None, int | None]]:
    """Well-known target groups, the others as words, and the ages."""
    notations: list[str] = []
    others: list[str] = []
    ages: tuple[int | None, int | None] = remarks.value(_ages, node.text("typicalAgeRange"), "typicalAgeRange") or (
        None,
        None,
    )
    for value in node.values("audience"):
        parts = (
            [value]
            if not isinstance(value, Node)
            else [text for name in ("audienceType", "educationalRole", "name") for text in value.texts(name)]
        )
        for part in parts:
            text = clean_line(str(part)) or ""
            known = words()["audience"].get(text.lower(), schemes.match("audience", text))
            notations += known
            if text and not known and text.lower() not in words()["audience"]:
                others.append(text)
        if isinstance(value, Node):
            notations += [
                words()["gender"][gender]
                for raw in value.texts("suggestedGender")
                if (gender := raw.rpartition("/")[2].lower()) in words()["gender"]
            ]
            low, high = ages
            ages = (
                _age(value, ("suggestedMinAge", "requiredMinAge"), remarks) if low is None else low,
                _age(value, ("suggestedMaxAge", "requiredMaxAge"), remarks) if high is None else high,
            )
    return tuple(notations), others, ages


def _ages(text: str) -> tuple[int | None, int | None]:
    """schema.org writes "7-9" and "11-"; German words are read too."""
    if match := re.fullmatch(r"([0-9]{1,3})\s*[-–]", text):
        return int(match[1]), None
    if match := re.fullmatch(r"[-–]\s*([0-9]{1,3})", text):
        return None, int(match[1])
    return parse_ages(text)


def _age(audience: Node, names: tuple[str, ...], remarks: Remarks) -> int | None:
    return next((remarks.value(parse_int, text, name) for name in names for text in audience.texts(name)), None)


def _languages(nodes: list[Node], remarks: Remarks) -> tuple[str, ...]:
    found: list[str] = []
    for node in nodes:
        for name in ("inLanguage", "availableLanguage"):
            for text in node.texts(name):
                known = words()["languages"].get(text.lower())
                found += [known] if known else remarks.value(parse_languages, text, name) or ()
    return tuple(found)


def _provider(nodes: list[Node], remarks: Remarks) -> Provider | None:
    """The organisation that offers it; a person is never taken over."""
    for node in nodes:
        for name in _PROVIDERS:
            for value in node.values(name):
                if isinstance(value, Node) and value.is_a("Person"):
                    remarks.add(f"{name}: Der Anbieter ist eine Person; Personen werden nicht übernommen")
                elif (provider := _organization(value, remarks)) is not None:
                    return provider
    return None


def _organization(value: Any, remarks: Remarks) -> Provider | None:
    if not isinstance(value, Node):
        name = clean_line(str(value))
        return None if name is None or "://" in name else Provider(id=slug(name), name=name)
    name = value.text("name", "legalName")
    if name is None:
        return None
    return Provider(id=slug(name), name=name, url=remarks.value(parse_url, value.text("url"), "url"))
