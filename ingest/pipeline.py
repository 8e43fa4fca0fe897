"""From a source's files to a written source: read, complete, check, take over; every record is accounted for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from catalogue.ledger import Counts, Note
from catalogue.run import SourceWriter
from ingest.contacts import without_contacts
from ingest.records import Found, ReaderContext, Refused, Remark, SourceRefused, offer_id
from ingest.sources import reader_of
from ontology.offer import Offer

__all__ = ["FileReport", "SourceReport", "check_file", "ingest_source"]

Enrich = Callable[[Offer], Offer]
Progress = Callable[[int], None]


class FileReport(msgspec.Struct, kw_only=True):
    """What became of one file's records: read = taken + unchanged + refused."""

    file: str
    taken: int = 0
    unchanged: int = 0
    refused: int = 0

    @property
    def read(self) -> int:
        """All records of the file."""
        return self.taken + self.unchanged + self.refused


class SourceReport(msgspec.Struct, kw_only=True):
    """What became of a source: its files, its notes, and why it was left as it was, if so."""

    source: str
    files: list[FileReport] = msgspec.field(default_factory=list)
    notes: list[Note] = msgspec.field(default_factory=list)
    withdrawn: int = 0
    failure: str | None = None

    def counts(self) -> Counts:
        """The sum over the files."""
        return Counts(
            read=sum(file.read for file in self.files),
            taken=sum(file.taken for file in self.files),
            unchanged=sum(file.unchanged for file in self.files),
            refused=sum(file.refused for file in self.files),
            withdrawn=self.withdrawn,
        )

    def refuse(self, file: FileReport, place: object, reason: str) -> None:
        """Counts and notes one refused record."""
        file.refused += 1
        self.notes.append(Note(True, str(place), reason))


def ingest_source(
    writer: SourceWriter,
    files: Iterable[tuple[Path, str]],
    context: ReaderContext,
    enrich: Enrich,
    expect: int = 0,
    progress: Progress | None = None,
    licence: str | None = None,
) -> SourceReport:
    """Reads ``files`` (path and format) into the source of ``writer`` and ends the writer. ``licence`` is that of the source, which holds
    for every offer that does not state its own.

    Where a file cannot be read at all, or fewer than ``expect`` offers are delivered, the source is left as it was: a broken export
    must not empty the catalogue. The report then has a ``failure``.
    """
    report = SourceReport(source=context.source)

    def complete(offer: Offer) -> Offer:
        return enrich(msgspec.structs.replace(offer, licence=offer.licence or licence))

    try:
        for path, source_format in files:
            _take_over(writer, report, _records(path, source_format, context, progress), path, complete)
    except SourceRefused as refused:
        report.failure = f"{refused}."
    if report.failure is None and writer.delivered() < expect:
        report.failure = (
            f"Die Quelle „{context.source}“ liefert nur {writer.delivered()} Angebote, erwartet werden mindestens {expect}. "
            "Es bleibt beim vorigen Stand."
        )
    if report.failure is not None:
        _take_back(report)
        writer.abandon(report.counts(), report.notes, report.failure)
    else:
        report.withdrawn = writer.missing()
        writer.finish(report.counts(), report.notes)
    return report


def _records(
    path: Path, source_format: str, context: ReaderContext, progress: Progress | None
) -> Iterator[Found | Refused | Remark]:
    for number, record in enumerate(reader_of(source_format)(path, context), start=1):
        yield record
        if progress is not None and number % 100 == 0:
            progress(100)


def _take_over(
    writer: SourceWriter | _Trial,
    report: SourceReport,
    records: Iterator[Found | Refused | Remark],
    path: Path,
    enrich: Enrich,
) -> None:
    file = FileReport(file=path.name)
    report.files.append(file)
    for record in records:
        if isinstance(record, Remark):
            report.notes.append(Note(False, str(record.where), record.text))
        elif isinstance(record, Refused):
            report.refuse(file, record.where, record.reason + _kept(writer, record))
        elif (owner := writer.owner(record.offer.id)) is not None:
            report.refuse(file, record.where, _doubled(record.offer, owner, writer.name))
        else:
            offer, left_out = without_contacts(record.offer)
            report.notes.extend(Note(False, str(record.where), text) for text in left_out)
            if writer.put(enrich(offer).canonical()):
                file.taken += 1
            else:
                file.unchanged += 1


def _kept(writer: SourceWriter | _Trial, refused: Refused) -> str:
    """What was taken over in an earlier run stays while its record is refused: delivered badly is not withdrawn."""
    if refused.broken_off:
        writer.keep_all()
    elif refused.identifier is not None and writer.keep(offer_id(writer.name, refused.identifier)):
        return "; es bleibt beim vorigen Stand"
    return ""


def _doubled(offer: Offer, owner: str, source: str) -> str:
    if owner == source:
        return f"Der Schlüssel „{offer.identifier}“ kommt in diesem Lauf schon vor; nur der erste Datensatz gilt"
    return f"Den Schlüssel „{offer.id}“ benutzt schon die Quelle „{owner}“"


def _take_back(report: SourceReport) -> None:
    """Nothing was taken over after all: such records count as refused, with the failure as their reason."""
    for file in report.files:
        file.refused += file.taken + file.unchanged
        file.taken = file.unchanged = 0


class _Trial:
    """Takes offers like a `SourceWriter`, but only remembers them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.offers: dict[str, Offer] = {}

    def owner(self, offer_id: str) -> str | None:
        return self.name if offer_id in self.offers else None

    def keep(self, _: str) -> bool:
        return False

    def keep_all(self) -> None: ...

    def put(self, offer: Offer) -> bool:
        self.offers[offer.id] = offer
        return True


def check_file(
    path: Path, source_format: str, context: ReaderContext, enrich: Enrich
) -> tuple[SourceReport, list[Offer]]:
    """What ingesting this file would take over and what not; changes nothing. Raises SourceRefused."""
    report, trial = SourceReport(source=context.source), _Trial(context.source)
    _take_over(trial, report, _records(path, source_format, context, None), path, enrich)
    return report, list(trial.offers.values())
