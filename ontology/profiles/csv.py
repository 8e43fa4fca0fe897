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

import datetime as dt
import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import msgspec

from ontology.iris import offer_iri, provider_iri
from ontology.offer import Instance, Offer, Place, Provider, Schedule

__all__ = ["Column", "columns", "header", "rows"]

_FORMULA = "=+-@\t\r"
_TRUTH = {None: "", True: "true", False: "false"}
_NO_RUN, _NO_TIMES, _NOWHERE, _NOBODY = Instance(number=""), Schedule(), Place(), Provider(id="", name="")


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
    return _line(column.name for column in columns())


def rows(offers: Iterable[Offer], base: str) -> str:
    """The lines of these offers, each with its end (RFC 4180)."""
    return "".join([_row(offer, run, base) for offer in offers for run in offer.instances or (_NO_RUN,)])


def _line(cells: Iterable[str]) -> str:
    return ",".join(cells) + "\r\n"


def _row(offer: Offer, run: Instance, base: str) -> str:
    iri, provider = offer_iri(base, offer.id), offer.provider or _NOBODY
    place, schedule = run.place or offer.place or _NOWHERE, run.schedule or _NO_TIMES
    return _line(
        (
            *(iri, _text(offer.source), _text(offer.identifier), offer.kind, _text(offer.name)),
            *(_text(offer.description), _text(provider.name), _text(run.url or offer.url), _texts(offer.keywords)),
            *(_moment(run.start), _moment(run.end), run.mode or "", _text(place.locality), _text(place.postal_code)),
            *(_text(place.street), _text(place.ags), "" if run.price is None else f"{run.price:f}"),
            *(_text(run.price_note), f"{iri}#termin-{run.number}" if run.number else ""),
            *(provider_iri(base, provider.id) if provider.id else "", _texts(offer.topics), _texts(offer.phases)),
            *(_texts(offer.audience), _texts(offer.level), _texts(offer.funding), _texts(offer.in_language)),
            *(_value(offer.age_min), _value(offer.age_max), _TRUTH[offer.certificate], _text(offer.credential)),
            *(_TRUTH[offer.childcare], _text(offer.prerequisites), _texts(run.time_model), _texts(schedule.weekdays)),
            *(_value(schedule.start_time), _value(schedule.end_time), _text(run.workload), _value(run.seats)),
            *(_value(run.seats_left), _text(place.name), _value(place.latitude), _value(place.longitude)),
            *(_TRUTH[place.wheelchair], _text(offer.licence)),
        )
    )


def _text(value: str | None) -> str:
    """A cell for what people wrote."""
    if not value:
        return ""
    if value[0] in _FORMULA:
        value = f"'{value}"
    if "," in value or '"' in value or "\n" in value or "\r" in value:  # a third of the time of the module csv
        return '"' + value.replace('"', '""') + '"'
    return value


def _texts(values: tuple[str, ...]) -> str:
    return _text("; ".join(values)) if values else ""


def _value(value: float | dt.time | None) -> str:
    return "" if value is None else str(value)


def _moment(value: dt.date | None) -> str:
    return "" if value is None else value.isoformat()
