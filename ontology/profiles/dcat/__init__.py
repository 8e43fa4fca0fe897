"""DCAT-AP.de 3.0: the catalogue for open-data portals.

| of the catalogue | in DCAT-AP.de |
|---|---|
| the catalogue | dcat:Catalog |
| an own source; all of them | dcat:Dataset; one more with dct:hasPart (a dcat:DatasetSeries may have no files, and portals read it least) |
| a file of the dumps | dcat:Distribution |
| SPARQL, search, the feed of changes | dcat:DataService |
| licence as a source says it | the licence of the German list; "other-closed" where it is not stated or unknown |
| district | dct:spatial with the official key and a box around its municipalities |
| first and last date of offers | dct:temporal; nothing where no offer has a date |
| single offers, neighbours, runs and what they refused | not said: DCAT knows only whole datasets, and neighbours publish their own |
"""

from __future__ import annotations

from ontology.profiles.dcat.build import (
    catalogue_triples,
    dataset_triples,
    licence_of,
    service_names,
    service_triples,
    services_of,
)
from ontology.profiles.dcat.model import Area, Catalogue, Dataset, File
from ontology.profiles.dcat.paging import page_address, page_count, page_triples
from ontology.profiles.dcat.statements import format_label, prefixes

__all__ = [
    "Area",
    "Catalogue",
    "Dataset",
    "File",
    "catalogue_triples",
    "dataset_triples",
    "format_label",
    "licence_of",
    "page_address",
    "page_count",
    "page_triples",
    "prefixes",
    "service_names",
    "service_triples",
    "services_of",
]
