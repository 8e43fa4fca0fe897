"""What several things of a DCAT-AP.de catalogue name: publishers, the contact, the area, periods, standards, pages."""

from __future__ import annotations

import pyoxigraph as ox

from ontology.offer import slug
from ontology.profiles.dcat.model import Catalogue, Dataset
from ontology.profiles.dcat.statements import Statements, language_text, prose, typed

__all__ = ["AUTHORITY", "Parts"]

AUTHORITY = "http://publications.europa.eu/resource/authority/"
_GEOCODING = "http://dcat-ap.de/def/politicalGeocoding/"


class Parts:
    """Each method says what it is about into `statements`, once however often it is called, and gives its IRI."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.statements = Statements()
        self.of = catalogue
        self.iri = catalogue.base + "/katalog"
        self.concept = self.statements.concept
        self.language = self.concept(AUTHORITY + "language/" + prose().languages.get(catalogue.language[:2], "DEU"))

    def publisher(self, name: str) -> str:
        """A foaf:Agent. The catalogue's own is a local authority; of others that is not known."""
        own = name == self.of.publisher
        iri = f"{self.iri}#herausgeber" if own else f"{self.iri}#herausgeber-{slug(name)}"
        self.statements.say(iri, a=("foaf:Agent", "foaf:Organization"), foaf_name=self.text(name))
        if own:
            kind = self.concept("http://purl.org/adms/publishertype/LocalAuthority")
            self.statements.say(iri, foaf_homepage=self.page(self.of.base + "/"), dct_type=kind)
        return iri

    def contact(self) -> str:
        """The vcard of the office."""
        iri, homepage = f"{self.iri}#kontakt", self.of.base + "/"
        stated = self.of.contact or homepage
        by_mail = stated.startswith("mailto:")
        self.statements.say(
            iri,
            a=("vcard:Kind", "vcard:Organization"),
            vcard_fn=self.text(self.of.publisher),
            vcard_hasEmail=stated if by_mail else None,
            vcard_hasURL=homepage if by_mail else stated,
        )
        return iri

    def area(self) -> str:
        """The dct:Location: the district by its official key, else Germany."""
        area = self.of.area
        if area is None:
            iri = AUTHORITY + "country/DEU"
            self.statements.say(iri, a="dct:Location", skos_prefLabel=language_text("Deutschland"))
            return iri
        iri = f"{_GEOCODING}districtKey/{area.ags}"
        west, south, east, north = area.box
        corners = ((west, south), (east, south), (east, north), (west, north), (west, south))
        box = typed(f"POLYGON(({','.join(f'{x} {y}' for x, y in corners)}))", "geo:wktLiteral")
        # No locn:geometry: the shapes want a node there, on which CKAN's reader breaks off.
        self.statements.say(
            iri,
            a="dct:Location",
            skos_prefLabel=language_text(area.label),
            dcat_bbox=box,
            dcat_centroid=typed(f"POINT({area.longitude} {area.latitude})", "geo:wktLiteral"),
        )
        return iri

    def level(self) -> str:
        """How far the data reach."""
        return self.concept(_GEOCODING + "Level/" + ("federal" if self.of.area is None else "administrativeDistrict"))

    def period(self, of: str, dataset: Dataset) -> str | None:
        """The dct:PeriodOfTime of a dataset of this IRI; None where no offer has a date."""
        if dataset.first_day is None or dataset.last_day is None:
            return None
        iri = f"{of}#zeitraum"
        self.statements.say(
            iri,
            a="dct:PeriodOfTime",
            dcat_startDate=typed(dataset.first_day, "xsd:date"),
            dcat_endDate=typed(dataset.last_day, "xsd:date"),
        )
        return iri

    def standard(self, iri: str) -> str:
        """A dct:Standard."""
        title = next(standard["title"] for standard in prose().standard if standard["iri"] == iri)
        self.statements.say(iri, a="dct:Standard", dct_title=language_text(title, "en"))
        return iri

    def page(self, address: str) -> str:
        """A page for people."""
        self.statements.say(address, a="foaf:Document")
        return address

    def text(self, text: str) -> ox.Literal:
        """A text in the language of the catalogue."""
        return language_text(text, self.of.language)
