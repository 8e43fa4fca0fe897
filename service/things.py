"""What is said over HTTP about an offer or a provider: the forms, the statements, the links and the headers.

Knows no framework: `service.dereference` and the routes answer with the same functions.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import NamedTuple
from urllib.parse import quote

import msgspec
import pyoxigraph as ox

from catalogue.settings import Settings
from ontology.iris import NEIGHBOUR, SCHEMA, dataset_iri, graph_of_source, is_own, provider_iri
from ontology.licences import licence_iri
from ontology.offer import Offer, iri_of
from ontology.passing_on import part_to_pass_on
from ontology.profiles.addresses import web_address
from ontology.rdf import offer_statements
from service.answers import Answer, Asked, chosen, document, link
from service.border import shown
from service.follower import Served
from service.jsonld import PREFIXES, as_tree
from service.negotiation import DATA_FORMS, HTML, JSON, JSON_LD, DataForm, form_of_media, split_suffix
from service.problems import NotFound

__all__ = [
    "ANBIETER",
    "ANGEBOT",
    "Site",
    "Thing",
    "answer_about",
    "data_answer",
    "find_thing",
    "links_of",
    "see_other",
    "write",
]

ANGEBOT, ANBIETER = "angebot", "anbieter"  # as in the addresses
_PROVIDER_ID = re.compile(r"[A-Za-z0-9._~-]+")


class Site(NamedTuple):
    """Where the catalogue is: its settings, and the path below which it is served."""

    settings: Settings
    root: str

    @property
    def base(self) -> str:
        """The public address."""
        return self.settings.catalogue.base


class Thing(NamedTuple):
    """An offer or a provider. ``changed_at``: ISO time; ``licence`` and ``collection`` are addresses, ``offer`` None for a provider."""

    kind: str
    segment: str
    iri: str
    schema_class: str
    changed_at: str
    licence: str | None
    collection: str | None
    offer: Offer | None


def answer_about(site: Site, served: Served, kind: str, segment: str, asked: Asked) -> Answer | Thing:
    """The data at ``/{kind}/{segment}``; the thing itself where its page is wanted. Raises NotFound, NotAcceptable."""
    thing, form = find_thing(site, served, kind, segment), None
    if thing is None:
        stem, form = split_suffix(segment)
        thing = None if form is None else find_thing(site, served, kind, stem)
    if thing is None:
        raise NotFound(f"There is nothing about “{segment}” here.")
    page = f"{site.root}/{kind}/{quote(thing.segment)}"
    if form is not None:
        return data_answer(site, served, thing, form, asked, {})
    form = form_of_media(_wanted(asked, page))
    if form is None:
        return thing
    return data_answer(
        site, served, thing, form, asked, {"Vary": "Accept", "Content-Location": f"{page}.{form.suffix}"}
    )


def see_other(site: Site, served: Served, kind: str, segment: str, asked: Asked) -> Answer:
    """The thing itself cannot be sent: 303 to what is said about it. Raises NotFound, NotAcceptable."""
    if find_thing(site, served, kind, segment) is None:
        raise NotFound(f"There is no “{segment}” here.")
    page = f"{site.root}/{kind}/{quote(segment)}"
    form = form_of_media(_wanted(asked, page))
    location = page if form is None else f"{page}.{form.suffix}"
    return Answer(303, {"Location": location, "Vary": "Accept", "Cache-Control": "no-cache"})


def _wanted(asked: Asked, page: str) -> str:
    suffixes = {form.media: f"{page}.{form.suffix}" for form in DATA_FORMS}
    return chosen(asked, {HTML: page, **suffixes, JSON: suffixes[JSON_LD]})


def find_thing(site: Site, served: Served, kind: str, segment: str) -> Thing | None:
    """The offer or the provider of that id."""
    return _offer(site, served, segment) if kind == ANGEBOT else _provider(site, served, segment)


def _offer(site: Site, served: Served, segment: str) -> Thing | None:
    found = served.snapshot.ledger.dated_offer(segment)
    if found is None:
        return None
    offer, changed_at = shown(found[0]), found[1]
    own = is_own(offer.source)
    return Thing(
        kind=ANGEBOT,
        segment=segment,
        iri=iri_of(offer, site.base),
        schema_class=offer.kind,
        changed_at=changed_at,
        licence=_licence(site, offer),
        collection=dataset_iri(site.base, offer.source) if own else None,
        offer=offer,
    )


def _licence(site: Site, offer: Offer) -> str | None:
    """The address of the licence: the offer's own, else of its source, else of the catalogue; of a neighbour's only its own."""
    said = offer.licence or site.settings.licence_of(offer.source)
    return None if said is None else web_address(said) or licence_iri(said)


def _provider(site: Site, served: Served, segment: str) -> Thing | None:
    """None for what cannot be the end of an IRI of ours."""
    iri = _iri_of_provider(site.base, served, segment) if _PROVIDER_ID.fullmatch(segment) else None
    graphs = set() if iri is None else {quad.graph_name for quad in served.snapshot.describe(iri)}
    if iri is None or not graphs:
        return None
    dates = served.snapshot.ledger.source_dates().items()
    changes = [found.modified for source, found in dates if ox.NamedNode(graph_of_source(site.base, source)) in graphs]
    return Thing(
        kind=ANBIETER,
        segment=segment,
        iri=iri,
        schema_class="Organization",
        changed_at=max(changes, default=served.snapshot.state.data_time),
        licence=None,  # of which of its sources?
        collection=dataset_iri(site.base, None),
        offer=None,
    )


def _iri_of_provider(base: str, served: Served, segment: str) -> str | None:
    """A provider of ours has our IRI, one of a neighbour that of its own catalogue."""
    neighbour, foreign, _ = segment.partition("~")
    if foreign:
        return served.snapshot.ledger.provider_iri(NEIGHBOUR + neighbour, segment)
    return provider_iri(base, segment)


def data_answer(site: Site, served: Served, thing: Thing, form: DataForm, asked: Asked, more: dict[str, str]) -> Answer:
    """The statements in the wanted form, or 304; ``more`` are further headers."""
    body = write(thing.iri, _statements(site, served, thing), form)
    headers = {"Link": links_of(site, thing, form), **more}
    return document(body, form.content_type, asked, headers, thing.changed_at)


def _statements(site: Site, served: Served, thing: Thing) -> str:
    """N-Triples text about an offer and its provider, or about a provider, each subject's together.

    An offer's are made of its row in the ledger by the mapping that made those of the store: a quarter of the time of reading them there,
    term by term. Like those they say no more than may be passed on.
    """
    if thing.offer is None:
        return served.about_provider(thing.iri)
    told = part_to_pass_on(thing.offer, site.settings.licence_of(thing.offer.source))
    by_subject: dict[str, list[str]] = {}
    for statement in offer_statements(told, site.base):
        by_subject.setdefault(statement[0], []).append(" ".join(statement))
    text = " .\n".join([*chain.from_iterable(by_subject.values()), ""])
    provider = thing.offer.provider
    return text if provider is None else text + served.about_provider(iri_of(provider, site.base))


def write(iri: str, statements: str, form: DataForm) -> bytes:
    """N-Triples text in a form; as JSON-LD a tree with ``iri`` at its root."""
    data = statements.encode()
    if form.rdf_format == ox.RdfFormat.N_TRIPLES:
        return data
    quads = ox.parse(data, ox.RdfFormat.N_TRIPLES, lenient=True)  # our own text, which nobody need doubt
    if form.rdf_format == ox.RdfFormat.JSON_LD:
        return msgspec.json.format(msgspec.json.encode(as_tree(iri, quads)), indent=1)
    written = ox.serialize(quads, format=form.rdf_format, prefixes=PREFIXES)
    assert written is not None  # as it would be for a file
    return written


def links_of(site: Site, thing: Thing, form: DataForm | None) -> str:
    """The header Link of a thing's page (``form`` None) or of its data: https://signposting.org/FAIR/, level 1."""
    page = f"{site.root}/{thing.kind}/{quote(thing.segment)}"
    twins = [(f"{page}.{other.suffix}", other.media) for other in DATA_FORMS if other is not form]
    # signposting names classes with https, unlike our data
    found = [link(thing.iri, "cite-as"), link(f"https://schema.org/{thing.schema_class}", "type")]
    found += [link(address, "alternate", media) for address, media in twins]
    if form is None:
        found.append(link("https://schema.org/AboutPage", "type"))
        found += [f'{link(address, "describedby", media)}; profile="{SCHEMA}"' for address, media in twins]
    else:
        found += [link(page, "alternate", HTML), link(page, "describes", HTML), link(SCHEMA, "profile")]
        found.append(link(f"{site.root}/.well-known/void", "describedby"))
    if thing.licence is not None:
        found.append(link(thing.licence, "license"))
    if thing.collection is not None:
        found.append(link(thing.collection, "collection"))
    return ", ".join(found)
