"""Licences: from what a source says to the list that DCAT-AP.de prescribes (http://dcat-ap.de/def/licenses/, edition of 15 July 2020)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib.resources import files

import msgspec

__all__ = ["is_open", "licence_iri", "licence_name"]

_BEFORE_HOST = re.compile(r"^https?://(www\.)?")
_AFTER_NAME = re.compile(r"/(deed|legalcode)([._-][a-z]{2})*$|\.(html?|rdf|pdf|php|txt|xml|jsonld)$|/$")
_VERSION = re.compile(r"(?<![\da-uw-z])(\d{1,2})[._-](\d{1,2})(?!\d)|\bv(?=\d)")
_NOT_A_WORD = re.compile(r"[^\w.]+|_+|\.(?!\d)")

Words = frozenset[str]


class _Licence(msgspec.Struct, frozen=True):
    iri: str
    open: bool
    name: str


class _Tables(msgspec.Struct, frozen=True):
    addresses: Mapping[str, str]
    signs: Mapping[str, str]
    without_meaning: Words


def licence_iri(text: str) -> str | None:
    """The IRI of the licence that ``text`` (an address, a name or a code in any spelling) names; None where it is none that is known.

    >>> licence_iri("https://creativecommons.org/licenses/by-sa/4.0/deed.de"), licence_iri("dl-de/by-2-0")
    ('http://dcat-ap.de/def/licenses/cc-by-sa/4.0', 'http://dcat-ap.de/def/licenses/dl-by-de/2.0')
    """
    found = _licence(text)
    return None if found is None else found.iri


def is_open(text: str) -> bool:
    """Whether the licence that ``text`` names lets everybody use and pass on the data, for any purpose; unknown ones do not."""
    found = _licence(text)
    return found is not None and found.open


def licence_name(text: str) -> str:
    """What people call the licence that ``text`` names; the text itself where it is none that is known."""
    found = _licence(text)
    return text if found is None else found.name


@lru_cache(1000)  # the offers of a source state few
def _licence(text: str) -> _Licence | None:
    tables, known = _licences()
    return known.get(_words(text, tables))


def _words(text: str, tables: _Tables) -> Words:
    """What is left of a spelling when nothing counts that does not tell licences apart."""
    text = _BEFORE_HOST.sub("", " ".join(text.lower().split()))
    for beginning, said in tables.addresses.items():
        if text.startswith(beginning):
            text = said + text.removeprefix(beginning)
            break
    for _ in range(2):  # a slash, and what stands before it
        text = _AFTER_NAME.sub("", text)
    text = _VERSION.sub(_short_version, text)
    text = f" {' '.join(_NOT_A_WORD.sub(' ', text).split())} "
    for phrase in sorted(tables.signs, key=len, reverse=True):
        text = text.replace(f" {phrase} ", f" {tables.signs[phrase]} ")
    return frozenset(text.split()) - tables.without_meaning


def _short_version(match: re.Match[str]) -> str:
    major, minor = match[1], match[2]
    if major is None:
        return ""
    return f" {int(major)} " if int(minor) == 0 else f" {int(major)}.{int(minor)} "


@cache
def _licences() -> tuple[_Tables, dict[Words, _Licence]]:
    data = tomllib.loads(files("ontology").joinpath("licences.toml").read_text("utf-8"))
    tables = _Tables(data["addresses"], data["signs"], frozenset(data["without_meaning"]))
    known: dict[Words, _Licence] = {}
    for entry in data["licence"]:
        licence = _Licence(data["base"] + entry["code"], entry["open"], entry["names"][0])
        for name in (licence.iri, *entry["names"]):
            known[_words(name, tables)] = licence
    return tables, known
