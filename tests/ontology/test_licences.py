"""Licences in many spellings, against the official list."""

from __future__ import annotations

from pathlib import Path

import pytest
import rdflib

from ontology.licences import is_open, licence_iri

LIST = "http://dcat-ap.de/def/licenses/"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("https://www.govdata.de/dl-de/by-2-0", "dl-by-de/2.0"),
        ("http://govdata.de/dl-de/by-2-0/", "dl-by-de/2.0"),
        ("dl-de/by-2-0", "dl-by-de/2.0"),
        ("DL-DE-BY-2.0", "dl-by-de/2.0"),
        ("dl-by-de/2.0", "dl-by-de/2.0"),
        ("Datenlizenz Deutschland – Namensnennung – Version 2.0", "dl-by-de/2.0"),
        ("https://www.govdata.de/dl-de/zero-2-0", "dl-zero-de/2.0"),
        ("Datenlizenz Deutschland Zero 2.0", "dl-zero-de/2.0"),
        ("CC0", "cc-zero"),
        ("CC0 1.0 Universal", "cc-zero"),
        ("CC0-1.0", "cc-zero"),
        ("https://creativecommons.org/publicdomain/zero/1.0/deed.de", "cc-zero"),
        ("CC BY 4.0", "cc-by/4.0"),
        ("CC-BY-4.0", "cc-by/4.0"),
        ("cc by v4", "cc-by/4.0"),
        ("https://creativecommons.org/licenses/by/4.0/", "cc-by/4.0"),
        ("http://www.creativecommons.org/licenses/by/4.0/legalcode.de", "cc-by/4.0"),
        ("http://publications.europa.eu/resource/authority/licence/CC_BY_4_0", "cc-by/4.0"),
        ("https://spdx.org/licenses/CC-BY-4.0.html", "cc-by/4.0"),
        ("Creative Commons Namensnennung 4.0 International (CC BY 4.0)", "cc-by/4.0"),
        ("CC BY", "cc-by"),
        ("https://creativecommons.org/licenses/by/3.0/de/", "cc-by-de/3.0"),
        ("CC BY-SA 4.0", "cc-by-sa/4.0"),
        ("Creative Commons - Namensnennung - Weitergabe unter gleichen Bedingungen 4.0 International", "cc-by-sa/4.0"),
        ("CC BY-SA 3.0", "cc-by-sa"),
        ("CC BY-NC 4.0", "cc-by-nc/4.0"),
        ("CC BY-NC-ND 4.0", "other-closed"),
        ("ODbL 1.0", "odbl"),
        ("https://opendatacommons.org/licenses/by/1-0/", "odby"),
        ("Alle Rechte vorbehalten", "other-closed"),
    ],
)
def test_spellings(text: str, code: str) -> None:
    assert licence_iri(text) == LIST + code
    assert licence_iri(f"  {text.upper() if not text.startswith('http') else text} ") == LIST + code


@pytest.mark.parametrize(
    "text", ["", "frei", "nicht CC BY 4.0", "siehe https://kvhs.example/agb", "CC", "4.0", "BY 4.0"]
)
def test_what_is_not_known_is_no_licence_and_not_open(text: str) -> None:
    assert licence_iri(text) is None
    assert not is_open(text)


def test_open_or_not() -> None:
    assert is_open("dl-de/by-2-0")
    assert is_open("CC BY-SA 4.0")
    assert not is_open("CC BY-NC 4.0")
    assert not is_open("https://creativecommons.org/licenses/by-nd/4.0/")
    assert not is_open("other-closed")


def test_the_official_list(shared: Path) -> None:
    """Every code and name of the list is found, and what it calls open is open."""
    graph = rdflib.Graph().parse(shared / "standards" / "vocab" / "dcat-ap-de-licenses-open.rdf")
    codes = {str(iri) for iri in graph.subjects(rdflib.RDF.type, rdflib.SKOS.Concept)}
    assert len(codes) == 34
    opened = rdflib.URIRef("http://govdata.de/mqa/#isOpenLicense")
    for code in codes:
        assert licence_iri(code) == code
        assert licence_iri(str(graph.value(rdflib.URIRef(code), rdflib.SKOS.prefLabel))) == code
        assert is_open(code) == (str(graph.value(rdflib.URIRef(code), opened)) == "true"), code
