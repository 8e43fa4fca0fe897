"""``check``: what would become of a file. Changes nothing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import typer

from ingest.enrich import Enricher
from ingest.pipeline import SourceReport, check_file
from ingest.records import ReaderContext
from ingest.sources import recognise
from ingest.sources.table.mapping import load_mapping
from ontology.concepts import load_schemes
from ontology.gazetteer import Gazetteer
from ontology.offer import Instance, Offer
from service.commands.ingest import print_report

__all__ = ["run"]

_HEADINGS = (
    *("Kennung", "Titel", "Beschreibung", "Anbieter", "Webseite", "Schlagworte", "Beginn", "Ende", "Uhrzeit"),
    *("Lernform", "Veranstaltungsort", "Straße", "PLZ", "Ort", "Preis", "Preishinweis"),
)


def run(file: Path, source_format: str | None, mapping: Path | None, repaired: Path | None, as_json: bool) -> None:
    """Prints counts, refused records and remarks; exit status 1 when nothing could be taken over."""
    source_format = source_format or recognise(file)
    context = ReaderContext(source="pruefung", mapping=None if mapping is None else load_mapping(mapping))
    enricher = Enricher(load_schemes(), Gazetteer.load())
    report, offers = check_file(file, source_format, context, enricher)
    if repaired is not None:
        _write_table(offers, repaired)
    if as_json:
        print(json.dumps(_as_json(report, source_format), ensure_ascii=False, indent=1))
    else:
        print_report([report], "bildungskatalog check --json")
        if repaired is not None:
            print(f"Was übernommen würde, steht in {repaired}.")
    if not offers:
        raise typer.Exit(1)


def _as_json(report: SourceReport, source_format: str) -> dict[str, object]:
    counts = report.counts()
    return {
        "file": report.files[0].file,
        "format": source_format,
        "read": counts.read,
        "taken": counts.taken,
        "refused": counts.refused,
        "notes": [note._asdict() for note in report.notes],
    }


def _write_table(offers: Sequence[Offer], path: Path) -> None:
    """One row for each date of each offer, under headings that need no mapping."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Angebote")
    sheet.append(_HEADINGS)
    for offer in offers:
        for instance in offer.instances or (Instance(),):
            sheet.append(_row(offer, instance))
    book.save(path)


def _row(offer: Offer, instance: Instance) -> list[object]:
    place = instance.place or offer.place
    price = "kostenlos" if instance.price == 0 else instance.price
    start, end = instance.start, instance.end
    times = [f"{moment:%H:%M}" for moment in (start, end) if hasattr(moment, "hour")]
    values = (
        *(offer.identifier, offer.name, offer.description, offer.provider.name if offer.provider else None),
        *(instance.url or offer.url, "; ".join(offer.keywords)),
        *(f"{start:%d.%m.%Y}" if start else None, f"{end:%d.%m.%Y}" if end else None, "–".join(times)),
        instance.mode,
        *((place.name, place.street, place.postal_code, place.locality) if place else (None,) * 4),
        *(price, instance.price_note),
    )
    return list(values)
