"""DCAT-AP.de: what is said of a catalogue that is small enough to read, without a server."""

from __future__ import annotations

from collections.abc import Sequence

import pyoxigraph as ox
import rdflib
from rdflib import DCAT, DCTERMS, FOAF, RDF, Literal, URIRef

from ontology.profiles.dcat import (
    Area,
    Catalogue,
    Dataset,
    File,
    catalogue_triples,
    dataset_triples,
    page_address,
    page_count,
    page_triples,
    prefixes,
    service_triples,
)

BASE = "https://bildung.example/kreis"
EU = "http://publications.europa.eu/resource/authority/"
LICENCES = "http://dcat-ap.de/def/licenses/"
DCATDE = rdflib.Namespace("http://dcat-ap.de/def/dcatde/")
DCATAP = rdflib.Namespace("http://data.europa.eu/r5r/")
HYDRA = rdflib.Namespace("http://www.w3.org/ns/hydra/core#")
VCARD = rdflib.Namespace("http://www.w3.org/2006/vcard/ns#")
SPDX = rdflib.Namespace("http://spdx.org/rdf/terms#")
WKT = URIRef("http://www.opengis.net/ont/geosparql#wktLiteral")
SHA = "91e6dc7866974ec6e089dd8d862a47a0139fb7538efc73189d161cc57a98bc5a"


def a_file(name: str, media_type: str, described_by: str | None = None) -> File:
    return File(
        name=name,
        address=f"{BASE}/dumps/{name}",
        media_type=media_type,
        compressed=True,
        bytes=1234,
        sha256=SHA,
        described_by=described_by,
    )


def a_dataset(source: str | None, **more: object) -> Dataset:
    values: dict[str, object] = {
        "title": "Volkshochschule" if source else "Bildung im Kreis",
        "publisher": "VHS Alzey" if source else None,
        "licence": "CC BY 4.0" if source else None,
        "issued": "2026-01-05T10:00:00+00:00",
        "modified": "2026-02-05T10:00:00+00:00",
        "first_day": "2026-01-15",
        "last_day": "2026-08-01",
        "offers": 7,
        "classes": ("Course", "Service"),
        "example": f"{BASE}/id/angebot/vhs-1",
        "files": (
            a_file("katalog.ttl.gz", "text/turtle"),
            a_file("katalog.csv.gz", "text/csv", f"{BASE}/dumps/katalog.csv-metadata.json"),
        ),
    }
    return Dataset(source=source, **(values | more))  # type: ignore[arg-type]


def a_catalogue(*sources: Dataset, **more: object) -> Catalogue:
    values: dict[str, object] = {
        "base": BASE,
        "title": "Bildung im Kreis",
        "publisher": "Bildungsbüro",
        "contact": "mailto:bildung@kreis.example",
        "licence": None,
        "contributor": "http://dcat-ap.de/def/contributors/landRheinlandPfalz",
        "language": "de",
        "area": Area(
            ags="07331",
            label="Landkreis Alzey-Worms",
            latitude=49.75,
            longitude=8.14,
            box=(7.89, 49.55, 8.49, 49.93),
        ),
        "datasets": (a_dataset(None), *sources),
    }
    return Catalogue(**(values | more))  # type: ignore[arg-type]


def graph_of(triples: Sequence[ox.Triple]) -> rdflib.Graph:
    written = ox.serialize(triples, format=ox.RdfFormat.N_TRIPLES)
    return rdflib.Graph().parse(data=bytes(written), format="nt")  # type: ignore[arg-type]


def test_a_dataset_says_all_that_is_mandatory_and_recommended() -> None:
    catalogue = a_catalogue(a_dataset("vhs"))
    found = graph_of(dataset_triples(catalogue, catalogue.datasets[1]))
    dataset = URIRef(f"{BASE}/katalog/quelle/vhs")

    def one(subject: URIRef, predicate: URIRef) -> object:
        (value,) = found.objects(subject, predicate)
        return value.toPython() if isinstance(value, Literal) else str(value)

    assert list(found.subjects(RDF.type, DCAT.Dataset)) == [dataset]
    assert one(dataset, DCTERMS.title) == "Bildungsangebote: Volkshochschule"
    assert str(one(dataset, DCTERMS.description)).startswith("Die Bildungsangebote der Quelle „Volkshochschule“")
    assert one(dataset, DCTERMS.identifier) == str(dataset)
    assert one(dataset, DCTERMS.publisher) == f"{BASE}/katalog#herausgeber-VHS-Alzey-6be6d169"
    assert one(dataset, DCAT.theme) == EU + "data-theme/EDUC"
    assert {str(word) for word in found.objects(dataset, DCAT.keyword)} == {
        *("Bildung", "Bildungsangebote", "Weiterbildung", "Kurse", "Beratung"),
    }
    assert one(dataset, DCTERMS.language) == EU + "language/DEU"
    assert one(dataset, DCTERMS.accessRights) == EU + "access-right/PUBLIC"
    assert one(dataset, DCTERMS.accrualPeriodicity) == EU + "frequency/IRREG"
    assert {str(standard) for standard in found.objects(dataset, DCTERMS.conformsTo)} == {
        "https://schema.org/",
        "https://w3id.org/bildungskatalog/ns",
    }
    assert str(found.value(dataset, DCTERMS.issued)) == "2026-01-05T10:00:00+00:00"
    assert str(found.value(dataset, DCTERMS.modified)) == "2026-02-05T10:00:00+00:00"
    assert one(dataset, DCAT.landingPage) == f"{BASE}/katalog#quelle-vhs"
    assert one(dataset, DCATAP.availability) == EU + "planned-availability/AVAILABLE"
    level = "http://dcat-ap.de/def/politicalGeocoding/Level/administrativeDistrict"
    assert one(dataset, DCATDE.politicalGeocodingLevelURI) == level
    assert one(dataset, DCATDE.contributorID) == "http://dcat-ap.de/def/contributors/landRheinlandPfalz"
    assert one(dataset, DCTERMS.isPartOf) == f"{BASE}/katalog/gesamt"

    period = URIRef(str(one(dataset, DCTERMS.temporal)))
    assert str(found.value(period, DCAT.startDate)) == "2026-01-15"
    assert str(found.value(period, DCAT.endDate)) == "2026-08-01"

    area = URIRef(str(one(dataset, DCTERMS.spatial)))
    assert str(area) == "http://dcat-ap.de/def/politicalGeocoding/districtKey/07331"
    box = "POLYGON((7.89 49.55,8.49 49.55,8.49 49.93,7.89 49.93,7.89 49.55))"
    assert found.value(area, DCAT.bbox) == Literal(box, datatype=WKT)
    assert found.value(area, DCAT.centroid) == Literal("POINT(8.14 49.75)", datatype=WKT)

    contact = URIRef(str(one(dataset, DCAT.contactPoint)))
    assert (contact, RDF.type, VCARD.Organization) in found
    assert one(contact, VCARD.hasEmail) == "mailto:bildung@kreis.example"

    distribution = URIRef(f"{dataset}#katalog.ttl.gz")
    assert distribution in set(found.objects(dataset, DCAT.distribution))
    assert one(distribution, DCAT.accessURL) == f"{BASE}/dumps/katalog.ttl.gz"
    assert one(distribution, DCTERMS.license) == LICENCES + "cc-by/4.0"
    assert one(distribution, DCATDE.licenseAttributionByText) == "VHS Alzey"
    assert one(distribution, DCTERMS.format) == EU + "file-type/RDF_TURTLE"
    assert one(distribution, DCAT.mediaType) == "http://www.iana.org/assignments/media-types/text/turtle"
    assert one(distribution, DCAT.compressFormat) == "http://www.iana.org/assignments/media-types/application/gzip"
    assert one(distribution, DCAT.byteSize) == 1234
    checksum = URIRef(str(one(distribution, SPDX.checksum)))
    assert str(found.value(checksum, SPDX.checksumValue)) == SHA
    assert one(checksum, SPDX.algorithm) == str(SPDX.checksumAlgorithm_sha256)
    table = URIRef(f"{dataset}#katalog.csv.gz")
    assert one(table, FOAF.page) == f"{BASE}/dumps/katalog.csv-metadata.json"


def test_there_is_no_blank_node() -> None:
    triples = catalogue_triples(a_catalogue(a_dataset("vhs"), a_dataset("kita", first_day=None, last_day=None)))
    assert len(triples) > 200
    assert {type(term) for triple in triples for term in (triple.subject, triple.object)} == {ox.NamedNode, ox.Literal}


def test_the_whole_has_parts_and_a_sparql_endpoint() -> None:
    found = graph_of(catalogue_triples(a_catalogue(a_dataset("vhs"), a_dataset("kita"))))
    whole = URIRef(f"{BASE}/katalog/gesamt")
    parts = {URIRef(f"{BASE}/katalog/quelle/vhs"), URIRef(f"{BASE}/katalog/quelle/kita")}
    assert set(found.objects(whole, DCTERMS.hasPart)) == parts
    assert set(found.objects(URIRef(f"{BASE}/katalog"), DCAT.dataset)) == {whole, *parts}
    endpoint = URIRef(f"{whole}#sparql")
    assert endpoint in set(found.objects(whole, DCAT.distribution))
    service = URIRef(f"{BASE}/katalog/dienst/sparql")
    assert found.value(endpoint, DCAT.accessService) == service
    assert set(found.objects(service, DCAT.servesDataset)) == {whole, *parts}
    assert found.value(service, DCAT.endpointURL) == URIRef(f"{BASE}/sparql")
    feed = URIRef(f"{BASE}/katalog/dienst/feed")
    assert set(found.objects(URIRef(f"{BASE}/katalog"), DCAT.service)) == {
        service,
        feed,
        URIRef(f"{BASE}/katalog/dienst/suche"),
    }
    assert found.value(feed, DCAT.endpointURL) == URIRef(f"{BASE}/feed")
    assert set(found.objects(feed, DCAT.servesDataset)) == {whole, *parts}
    assert URIRef("https://w3id.org/ldes/specification") in found.objects(feed, DCTERMS.conformsTo)
    assert URIRef("https://w3id.org/tree/specification") in found.objects(feed, DCTERMS.conformsTo)
    search = graph_of(service_triples(a_catalogue(), "suche"))
    assert search.value(URIRef(f"{BASE}/katalog/dienst/suche"), DCAT.endpointDescription) == URIRef(
        f"{BASE}/openapi.json"
    )


def test_licences_of_whole_and_parts() -> None:
    def whole(catalogue: Catalogue) -> str:
        found = graph_of(catalogue_triples(catalogue))
        return str(found.value(URIRef(f"{BASE}/katalog/gesamt#katalog.ttl.gz"), DCTERMS.license))

    assert whole(a_catalogue(a_dataset("a"), a_dataset("b"))) == LICENCES + "cc-by/4.0"
    assert whole(a_catalogue(a_dataset("a"), a_dataset("b", licence="dl-de/by-2-0"))) == LICENCES + "other-open"
    assert whole(a_catalogue(a_dataset("a"), a_dataset("b", licence=None))) == LICENCES + "other-closed"
    assert whole(a_catalogue(a_dataset("a"), licence="CC0")) == LICENCES + "cc-zero"
    named = graph_of(catalogue_triples(a_catalogue(a_dataset("a"), a_dataset("b", publisher=None))))
    attribution = named.value(URIRef(f"{BASE}/katalog/gesamt#katalog.ttl.gz"), DCATDE.licenseAttributionByText)
    assert str(attribution) == "Bildungsbüro, VHS Alzey"


def test_what_is_not_known_is_not_said() -> None:
    bare = a_catalogue(
        a_dataset("kita", first_day=None, last_day=None, example=None), contact=None, contributor=None, area=None
    )
    found = graph_of(dataset_triples(bare, bare.datasets[1]))
    dataset = URIRef(f"{BASE}/katalog/quelle/kita")
    assert found.value(dataset, DCTERMS.temporal) is None
    assert found.value(dataset, DCATDE.contributorID) is None
    assert found.value(dataset, DCTERMS.spatial) == URIRef(EU + "country/DEU")
    contact = found.value(dataset, DCAT.contactPoint)
    assert found.value(contact, VCARD.hasURL) == URIRef(f"{BASE}/")
    assert found.value(contact, VCARD.hasEmail) is None


def test_small_catalogues_are_one_page() -> None:
    catalogue = a_catalogue(a_dataset("vhs"))
    assert page_count(catalogue) == 1
    found = graph_of(page_triples(catalogue, 1, "rdf"))
    page = URIRef(f"{BASE}/katalog.rdf")
    assert found.value(page, HYDRA.totalItems) == Literal(2)
    assert found.value(page, HYDRA.last) == page
    assert found.value(page, HYDRA.next) is None
    assert found.value(page, HYDRA.nextPage) is None


def test_pages_in_both_styles() -> None:
    catalogue = a_catalogue(*(a_dataset(f"vhs-{number}") for number in range(100)))
    assert page_count(catalogue) == 3  # the whole and a hundred, fifty a page
    pages = [graph_of(page_triples(catalogue, number, "ttl")) for number in (1, 2, 3)]
    second = page_address(catalogue, 2, "ttl")
    assert second.startswith(f"{BASE}/katalog.ttl?page=2&stand=")
    first = URIRef(f"{BASE}/katalog.ttl")
    assert pages[0].value(first, HYDRA.next) == URIRef(second)
    assert pages[0].value(first, HYDRA.nextPage) == Literal(second)
    assert pages[0].value(first, HYDRA.itemsPerPage) == Literal(50)
    assert pages[0].value(first, HYDRA.totalItems) == Literal(101)
    assert {str(o) for o in pages[1].objects(URIRef(second), HYDRA.firstPage)} == {str(first)}
    assert list(pages[2].objects(None, HYDRA.next)) == list(pages[2].objects(None, HYDRA.nextPage)) == []
    seen = [str(dataset) for page in pages for dataset in page.subjects(RDF.type, DCAT.Dataset)]
    assert len(seen) == len(set(seen)) == 101
    for page in pages:  # nothing of a dataset is on another page than the dataset
        named = set(page.objects(None, DCAT.distribution))
        assert {each for each in named if (each, DCTERMS.license, None) in page} == named
    assert page_address(a_catalogue(a_dataset("vhs")), 2, "ttl") != second  # another list of datasets


def test_the_same_is_written_the_same() -> None:
    def written() -> bytes:
        catalogue = a_catalogue(a_dataset("vhs"), a_dataset("kita"))
        found = ox.serialize(page_triples(catalogue, 1, "ttl"), format=ox.RdfFormat.TURTLE, prefixes=prefixes())
        return bytes(found)  # type: ignore[arg-type]

    assert written() == written()
