"""Offers as a table: one row for each dated run of an offer, one without a run for an offer that has none.

| kept | left out |
|---|---|
| identifier, kind, name, description, licence, keywords, concepts, ages, languages, certificate, childcare, prerequisites | |
| the provider's name and IRI | its web address |
| the web address | that of the offer where a run has its own |
| of a run: dates, mode, time model, weekdays and times, workload, place, price, seats | its meetings one by one, their number |

A text that a spreadsheet would run as a formula is kept from it by an apostrophe before it, so the table is for people and their programs;
the RDF forms have every text unchanged. The columns are declared in ``csv.toml`` and described by `ontology.profiles.csvw`.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import msgspec

from ontology.iris import offer_iri, provider_iri
from ontology.offer import Instance, Offer, Place, Schedule

__all__ = ["Column", "columns", "header", "rows"]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NO_RUN = Instance(number="")


class Column(msgspec.Struct, frozen=True):
    """A column as ``csv.toml`` declares it."""

    name: str
    title: str
    datatype: str = "string"
    about: str | None = None
    property: str | None = None
    separator: str | None = None
    required: bool = False


@cache
def columns() -> tuple[Column, ...]:
    """The columns in their order."""
    data = tomllib.loads(files("ontology").joinpath("profiles", "csv.toml").read_text("utf-8"))
    return tuple(msgspec.convert(data["column"], list[Column]))


def header() -> str:
    """The first line, with its end."""
    return _lines([[column.name for column in columns()]])


def rows(offers: Iterable[Offer], base: str) -> str:
    """The lines of these offers, each with its end (RFC 4180)."""
    return _lines(_row(offer, run, base) for offer in offers for run in offer.instances or (_NO_RUN,))


def _lines(cells: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(cells)
    return text.getvalue()


def _row(offer: Offer, run: Instance, base: str) -> list[object]:
    iri, provider = offer_iri(base, offer.id), offer.provider
    place, schedule = run.place or offer.place or Place(), run.schedule or Schedule()
    values = (
        *(iri, offer.source, offer.identifier, offer.kind.value, offer.name, offer.description),
        *(provider and provider.name, run.url or offer.url, offer.keywords),
        *(run.start and run.start.isoformat(), run.end and run.end.isoformat(), run.mode and run.mode.value),
        *(place.locality, place.postal_code, place.street, place.ags, _amount(run), run.price_note),
        *(f"{iri}#termin-{run.number}" if run.number else None, provider and provider_iri(base, provider.id)),
        *(offer.topics, offer.phases, offer.audience, offer.level, offer.funding, offer.in_language),
        *(offer.age_min, offer.age_max, offer.certificate, offer.credential, offer.childcare, offer.prerequisites),
        *(run.time_model, schedule.weekdays, schedule.start_time, schedule.end_time, run.workload),
        *(run.seats, run.seats_left, place.name, place.latitude, place.longitude, place.wheelchair, offer.licence),
    )
    return [value if value is None else _cell(value) for value in values]  # most are None


def _amount(run: Instance) -> str | None:
    return None if run.price is None else f"{run.price:f}"


def _cell(value: object) -> object:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA) else value
    if isinstance(value, tuple):
        return _cell("; ".join(value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return value
