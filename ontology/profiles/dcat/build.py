"""DCAT-AP.de 3.0 (https://www.dcat-ap.de/def/dcatde/3.0/spec/): from a description of the catalogue to triples without blank nodes."""

from __future__ import annotations

from collections.abc import Iterable

import pyoxigraph as ox

from ontology.licences import is_open, licence_iri
from ontology.profiles.dcat.model import Catalogue, Dataset, File
from ontology.profiles.dcat.parts import AUTHORITY, Parts
from ontology.profiles.dcat.statements import Service, Statements, language_text, prose, typed

__all__ = [
    "catalogue_statements",
    "catalogue_triples",
    "dataset_triples",
    "licence_of",
    "service_iri",
    "service_names",
    "service_triples",
]

_LICENCES = "http://dcat-ap.de/def/licenses/"
_IRREGULAR = AUTHORITY + "frequency/IRREG"  # nobody promises when a source delivers next


def catalogue_triples(catalogue: Catalogue) -> list[ox.Triple]:
    """The whole catalogue in one piece."""
    return catalogue_statements(catalogue, catalogue.datasets).sorted(catalogue.base)


def catalogue_statements(catalogue: Catalogue, datasets: Iterable[Dataset]) -> Statements:
    """The catalogue with these of its datasets, each with all that belongs to it, and with the services, which serve these."""
    made = _Description(catalogue)
    made.catalogue(tuple(datasets))
    return made.statements


def dataset_triples(catalogue: Catalogue, dataset: Dataset) -> list[ox.Triple]:
    """One dataset with its distributions."""
    made = _Description(catalogue)
    made.dataset(dataset)
    return made.statements.sorted(catalogue.base)


def service_triples(catalogue: Catalogue, name: str) -> list[ox.Triple]:
    """One service; none where there is no such name."""
    made = _Description(catalogue)
    for service in prose().service:
        if service.name == name:
            made.service(service, catalogue.datasets)
    return made.statements.sorted(catalogue.base)


def service_names() -> list[str]:
    """The names of the services, as in their IRIs."""
    return [service.name for service in prose().service]


def services_of(catalogue: Catalogue) -> list[tuple[str, str, str, str]]:
    """Name, title, description and address of each service."""
    return [(each.name, each.title, each.description, catalogue.base + each.endpoint) for each in prose().service]


def service_iri(base: str, name: str) -> str:
    """IRI of a dcat:DataService."""
    return f"{base}/katalog/dienst/{name}"


def licence_of(catalogue: Catalogue, dataset: Dataset | None) -> str:
    """The licence of a dataset, or of the catalogue, from the German list.

    Where the whole has none of its own, it is that of all sources, or "another open one" where these differ. What states no licence, or
    one that is not known, has the one under which nothing is allowed.
    """
    stated = catalogue.licence if dataset is None or dataset.source is None else dataset.licence
    known = licence_iri(stated or "")
    if known is None and (dataset is None or dataset.source is None):
        texts = [part.licence or "" for part in catalogue.datasets if part.source is not None]
        found = {licence_iri(text) for text in texts}
        if len(found) == 1:
            known = found.pop()
        elif all(is_open(text) for text in texts):
            known = _LICENCES + "other-open"
    return known or _LICENCES + "other-closed"


def _keywords(dataset: Dataset) -> list[str]:
    words = prose().keywords
    return [*words["always"], *(words["classes"][name] for name in dataset.classes if name in words["classes"])]


class _Description(Parts):
    """Says everything about one catalogue into one set of statements."""

    def catalogue(self, datasets: tuple[Dataset, ...]) -> None:
        """The dcat:Catalog."""
        catalogue, say, themes = self.of, self.statements.say, AUTHORITY + "data-theme"
        say(
            self.iri,
            a="dcat:Catalog",
            dct_title=self.text(catalogue.title),
            dct_description=self.text(prose().texts["catalogue"].format(publisher=catalogue.publisher)),
            dct_identifier=ox.Literal(self.iri),
            dct_publisher=self.publisher(catalogue.publisher),
            dct_language=self.language,
            dct_license=self.concept(licence_of(catalogue, None)),
            dct_accessRights=self.concept(AUTHORITY + "access-right/PUBLIC"),
            dct_issued=typed(catalogue.whole.issued, "xsd:dateTime"),
            dct_modified=typed(catalogue.whole.modified, "xsd:dateTime"),
            dct_spatial=self.area(),
            dcat_themeTaxonomy=themes,
            dcat_contactPoint=self.contact(),
            foaf_homepage=self.page(catalogue.base + "/"),
            dcat_dataset=[catalogue.base + dataset.path for dataset in datasets],
            dcat_service=[service_iri(catalogue.base, service.name) for service in prose().service],
        )
        scheme = next(scheme for scheme in prose().scheme if scheme["iri"] == themes)
        say(themes, a="skos:ConceptScheme", dct_title=language_text(scheme["title"], "en"))
        for dataset in datasets:
            self.dataset(dataset)
        for service in prose().service:
            self.service(service, datasets)

    def dataset(self, dataset: Dataset) -> None:
        """A dcat:Dataset with its distributions."""
        catalogue, base, texts = self.of, self.of.base, prose().texts
        iri = base + dataset.path
        kind = "whole" if dataset.source is None else "source"
        publisher = dataset.publisher or catalogue.publisher
        standards = [standard["iri"] for standard in prose().standard if "dataset" in standard.get("of", "")]
        self.statements.say(
            iri,
            a="dcat:Dataset",
            dct_title=self.text(texts[f"{kind}_title"].format(title=dataset.title)),
            dct_description=self.text(texts[kind].format(title=dataset.title, publisher=publisher)),
            dct_identifier=ox.Literal(iri),
            dct_publisher=self.publisher(publisher),
            dct_language=self.language,
            dct_accessRights=self.concept(AUTHORITY + "access-right/PUBLIC"),
            dct_accrualPeriodicity=self.concept(_IRREGULAR),
            dct_conformsTo=[self.standard(standard) for standard in standards],
            dct_issued=typed(dataset.issued, "xsd:dateTime"),
            dct_modified=typed(dataset.modified, "xsd:dateTime"),
            dct_spatial=self.area(),
            dct_temporal=self.period(iri, dataset),
            dcat_contactPoint=self.contact(),
            dcat_keyword=[self.text(keyword) for keyword in _keywords(dataset)],
            dcat_landingPage=self.page(f"{base}/katalog#{dataset.anchor}"),
            dcat_theme=self.concept(AUTHORITY + "data-theme/EDUC"),
            dcatap_availability=self.concept(AUTHORITY + "planned-availability/AVAILABLE"),
            dcatde_politicalGeocodingLevelURI=self.level(),
            dcatde_contributorID=None if catalogue.contributor is None else self.concept(catalogue.contributor),
            dcat_distribution=self._distributions(iri, dataset),
            adms_sample=self._sample(iri, dataset),
        )
        if dataset.source is None:
            parts = [base + part.path for part in catalogue.datasets[1:]]
            self.statements.say(iri, dct_hasPart=parts)
        else:
            self.statements.say(iri, dct_isPartOf=base + catalogue.whole.path)

    def service(self, service: Service, datasets: Iterable[Dataset]) -> None:
        """A dcat:DataService for these datasets."""
        catalogue, base = self.of, self.of.base
        iri = service_iri(base, service.name)
        self.statements.say(
            iri,
            a="dcat:DataService",
            dct_title=self.text(service.title),
            dct_description=self.text(service.description),
            dct_identifier=ox.Literal(iri),
            dct_publisher=self.publisher(catalogue.publisher),
            dct_language=self.language,
            dct_license=self.concept(licence_of(catalogue, None)),
            dct_accessRights=self.concept(AUTHORITY + "access-right/PUBLIC"),
            dct_conformsTo=[self.standard(standard) for standard in service.conforms_to],
            dcat_contactPoint=self.contact(),
            dcat_endpointURL=base + service.endpoint,
            dcat_endpointDescription=base + service.endpoint_description,
            dcat_servesDataset=[base + dataset.path for dataset in datasets],
            dcat_theme=self.concept(AUTHORITY + "data-theme/EDUC"),
            dcatap_availability=self.concept(AUTHORITY + "planned-availability/AVAILABLE"),
        )

    def _distributions(self, of: str, dataset: Dataset) -> list[str]:
        """Its files; the services that give it as well have everything."""
        services = prose().service if dataset.source is None else ()
        served = [(service, service.distribution) for service in services if service.distribution]
        return [
            *(self._file(of, dataset, file) for file in dataset.files),
            *(self._endpoint(of, dataset, service, file_type) for service, file_type in served),
        ]

    def _file(self, of: str, dataset: Dataset, file: File) -> str:
        form, texts = prose().formats[file.media_type], prose().texts
        iri, checksum = f"{of}#{file.name}", f"{of}#{file.name}-sha256"
        title = texts["packed" if file.compressed else "unpacked"].format(format=form["label"])
        self._distribution(iri, dataset, title, form["file_type"])
        algorithm = "http://spdx.org/rdf/terms#checksumAlgorithm_sha256"
        self.statements.say(
            iri,
            dcat_accessURL=file.address,
            dcat_downloadURL=file.address,
            dcat_mediaType=self.statements.media_type(file.media_type),
            dcat_compressFormat=self.statements.media_type("application/gzip") if file.compressed else None,
            dcat_byteSize=typed(str(file.bytes), "xsd:nonNegativeInteger"),
            spdx_checksum=checksum,
            foaf_page=None if file.described_by is None else self.page(file.described_by),
        )
        self.statements.say(
            checksum,
            a="spdx:Checksum",
            spdx_algorithm=algorithm,
            spdx_checksumValue=typed(file.sha256, "xsd:hexBinary"),
        )
        self.statements.say(algorithm, a="spdx:ChecksumAlgorithm")
        return iri

    def _endpoint(self, of: str, dataset: Dataset, service: Service, file_type: str) -> str:
        iri, base = f"{of}#{service.name}", self.of.base
        self._distribution(iri, dataset, service.title, file_type)
        self.statements.say(
            iri, dcat_accessURL=base + service.endpoint, dcat_accessService=service_iri(base, service.name)
        )
        return iri

    def _sample(self, of: str, dataset: Dataset) -> str | None:
        if dataset.example is None:
            return None
        iri = f"{of}#beispiel"
        self._distribution(iri, dataset, prose().texts["sample"], "RDF_TURTLE")
        self.statements.say(
            iri, dcat_accessURL=dataset.example, dcat_mediaType=self.statements.media_type("text/turtle")
        )
        return iri

    def _distribution(self, iri: str, dataset: Dataset, title: str, file_type: str) -> None:
        catalogue, texts = self.of, prose().texts
        licence = licence_of(catalogue, dataset)
        said = texts["distribution" if dataset.source is None else "distribution_of_source"]
        description = said.format(format=title, title=dataset.title)
        if licence == _LICENCES + "other-closed":
            description = f"{description} {texts['licence_unknown']}"
        self.statements.say(
            iri,
            a="dcat:Distribution",
            dct_title=self.text(title),
            dct_description=self.text(description),
            dct_format=self.concept(AUTHORITY + "file-type/" + file_type),
            dct_issued=typed(dataset.issued, "xsd:dateTime"),
            dct_modified=typed(dataset.modified, "xsd:dateTime"),
            dct_language=self.language,
            dct_license=self.concept(licence),
            dcatde_licenseAttributionByText=self.text(self._attribution(dataset)),
            dcatap_availability=self.concept(AUTHORITY + "planned-availability/AVAILABLE"),
        )

    def _attribution(self, dataset: Dataset) -> str:
        """Who has to be named: of the whole, whoever answers for a part of it."""
        own = self.of.publisher
        if dataset.source is not None:
            return dataset.publisher or own
        return ", ".join(dict.fromkeys([own, *(part.publisher or own for part in self.of.datasets[1:])]))
