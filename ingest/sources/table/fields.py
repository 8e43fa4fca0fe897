"""The fields that a column can be mapped to, and how the text of each is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from ingest.dates import parse_dates, parse_moment, parse_time, parse_times, parse_weekdays
from ingest.lexicon import folded, lexicon
from ingest.values import (
    Cell,
    ValueRefused,
    as_text,
    parse_ages,
    parse_bool,
    parse_coordinate,
    parse_int,
    parse_languages,
    parse_levels,
    parse_mode,
    parse_postal_code,
    parse_price,
    parse_url,
    quoted,
    separated,
)
from ontology.concepts import load_schemes
from ontology.offer import Kind

__all__ = ["CONCEPTS", "FIELDS", "LINES", "PARSERS", "SEVERAL_COLUMNS", "check_value", "concept", "words_of"]

LINES = frozenset(
    {
        "identifier",
        "name",
        "subtitle",
        "provider",
        "credential",
        "prerequisites",
        "place_name",
        "street",
        "house_number",
        "locality",
    }
    | {"workload", "price_note"}
)
CONCEPTS = frozenset({"topics", "phases", "audience", "funding", "time_model"})
SEVERAL_COLUMNS = CONCEPTS | {
    "description",
    "keywords",
    "prerequisites",
    "price_note",
    "weekdays",
    "level",
    "in_language",
}

_WORD_ALSO = re.compile(r"\s+(?:und|sowie|oder|&)\s+|\s*\+\s*")
_NOTATION = re.compile(r"[A-Za-z0-9._-]+")


def _kind(cell: Cell) -> Kind:
    text = as_text(cell).strip()
    kinds = {kind.lower(): kind for kind in Kind}
    words: dict[str, str] = lexicon()["notations"]["kind"]
    kind = kinds.get(text.lower()) or kinds.get(words.get(folded(text), "").lower())
    if kind is None:
        raise ValueRefused(f"{quoted(cell)} ist keine bekannte Art von Angebot ({', '.join(Kind)})")
    return kind


def _age_min(cell: Cell) -> int | None:
    return parse_ages(cell)[0]


def _age_max(cell: Cell) -> int | None:
    return parse_ages(cell)[1]


def _latitude(cell: Cell) -> float:
    return parse_coordinate(cell, 90)


def _longitude(cell: Cell) -> float:
    return parse_coordinate(cell, 180)


PARSERS: dict[str, Callable[[Cell], Any]] = {
    "kind": _kind,
    "provider_url": parse_url,
    "url": parse_url,
    "age": parse_ages,
    "age_min": _age_min,
    "age_max": _age_max,
    "level": parse_levels,
    "in_language": parse_languages,
    "certificate": parse_bool,
    "childcare": parse_bool,
    "wheelchair": parse_bool,
    "postal_code": parse_postal_code,
    "latitude": _latitude,
    "longitude": _longitude,
    "start": parse_dates,
    "end": parse_moment,
    "dates": parse_dates,
    "times": parse_times,
    "start_time": parse_time,
    "end_time": parse_time,
    "weekdays": parse_weekdays,
    "meetings": parse_int,
    "seats": parse_int,
    "seats_left": parse_int,
    "mode": parse_mode,
    "price": parse_price,
}
FIELDS = LINES | CONCEPTS | PARSERS.keys() | {"description", "keywords"}


def concept(field: str, word: str, look_up: dict[str, str]) -> str | None:
    """The notation for a word, "" where the look-up says that it states nothing, None where it is unknown.

    ``look_up`` is the mapping's, with folded keys; it goes before the lexicon, and what it gives is a notation or a word of the lexicon.
    """
    known: dict[str, str] = lexicon()["notations"].get(field, {})
    if (given := look_up.get(folded(word))) is not None:
        return known.get(folded(given), given)
    if (own := known.get(folded(word))) is not None:
        return own
    return word if word in _notations(field) or any(word in separated(value) for value in look_up.values()) else None


@cache
def _notations(field: str) -> frozenset[str]:
    """What a catalogue like this one writes into its tables."""
    return frozenset(load_schemes()[field.replace("_", "-")].concepts)


def check_value(field: str, value: Cell) -> str | None:
    """What is wrong with a value that a mapping states for a field, a German sentence, or None."""
    if field in CONCEPTS:
        known: dict[str, str] = lexicon()["notations"].get(field, {})
        words = separated(as_text(value))
        wrong = [word for word in words if folded(word) not in known and (known or not _NOTATION.fullmatch(word))]
        return f"{quoted(wrong[0])} ist nicht bekannt" if wrong else None
    try:
        if field in PARSERS:
            PARSERS[field](value)
    except ValueRefused as refused:
        return str(refused)
    return None


def words_of(field: str, text: str, look_up: dict[str, str]) -> Iterator[str]:
    """The text whole where it is known, else its parts; "und" parts only what is known part by part."""
    if concept(field, text, look_up) is not None:
        yield text
        return
    for part in separated(text):
        pieces = [piece for piece in _WORD_ALSO.split(part) if piece]
        known = concept(field, part, look_up) is None and any(
            concept(field, piece, look_up) is not None for piece in pieces
        )
        yield from pieces if known else [part]
