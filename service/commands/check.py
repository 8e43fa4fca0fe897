"""``check``: what would become of a file. Changes nothing."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import typer

from catalogue.errors import CatalogueError
from ingest.enrich import Enricher
from ingest.pipeline import SourceReport, check_file
from ingest.records import ReaderContext
from ingest.sources import recognise
from ingest.sources.table.mapping import load_mapping
from ontology.concepts import load_schemes
from ontology.gazetteer import Gazetteer
from ontology.offer import WEEKDAYS, Instance, Offer
from service.commands.ingest import print_report
from service.commands.target import write_target
from service.wording import words

__all__ = ["run"]

_HEADINGS = (
    *("Kennung", "Titel", "Beschreibung", "Anbieter", "Webseite", "Schlagworte", "Beginn", "Ende", "Uhrzeit"),
    *("Lernform", "Veranstaltungsort", "Straße", "PLZ", "Ort", "Preis", "Preishinweis"),
    *("Wochentage", "Umfang", "Zeitmodell", "Zielgruppe", "Mindestalter", "Höchstalter", "Niveau", "Sprache"),
    *("Zertifikat", "Abschluss", "Förderung", "Voraussetzungen"),
)


def run(file: Path, source_format: str | None, mapping: Path | None, repaired: Path | None, as_json: bool) -> None:
    """Prints counts, refused records and remarks; exit status 1 when nothing could be taken over. Raises CatalogueError."""
    if repaired is not None and repaired.exists() and file.exists() and repaired.samefile(file):
        raise CatalogueError(f"{repaired} ist die Datei, die geprüft wird; sie wird nicht überschrieben.")
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
    buffer = io.BytesIO()
    book.save(buffer)
    write_target(path, buffer.getvalue())


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
        *(_weekdays(instance), instance.workload, *map(_listed, (instance.time_model, offer.audience))),
        *(offer.age_min, offer.age_max, _listed(offer.level), _listed(offer.in_language)),
        *({True: "ja", False: "nein", None: None}[offer.certificate], offer.credential),
        *(_listed(offer.funding), offer.prerequisites),
    )
    return list(values)


def _weekdays(instance: Instance) -> str | None:
    names = dict(zip(WEEKDAYS, words()["weekdays_short"], strict=True))
    return _listed([names[day] for day in instance.schedule.weekdays]) if instance.schedule else None


def _listed(values: Sequence[str]) -> str | None:
    return ", ".join(values) or None
