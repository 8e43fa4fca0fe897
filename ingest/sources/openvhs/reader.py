"""Open-vhs 1.2, the exchange format of the German Volkshochschulen (Deutscher Volkshochschul-Verband)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from ingest.records import Found, ReaderContext, Refused, Remark, SourceRefused, Where
from ingest.sources.openvhs.record import identifier_of, offer_of
from ingest.sources.openvhs.stream import RECORD, Element, Unreadable, elements
from ingest.sources.remarks import Remarks
from ingest.text import clean_line
from ingest.values import ValueRefused
from ontology.concepts import Schemes, load_schemes
from ontology.offer import Provider, slug

__all__ = ["read"]


def read(path: Path, context: ReaderContext) -> Iterator[Found | Refused | Remark]:
    """The courses of an Open-vhs file, streamed. A record is one ``veranstaltung``.

    Where the file breaks off or is no XML any more, what comes before is kept and every record that begins at the break or behind it is
    refused. Raises `SourceRefused` for a file with a document type declaration, of another kind, or broken before its first record.
    """
    provider: Provider | None = None
    unused: Counter[str] = Counter()
    number = 0
    schemes = load_schemes()
    for element in elements(path):
        if isinstance(element, Unreadable):
            if element.line == 0:
                yield Remark(Where(file=path.name), f"{element.complaint}. Danach kommt kein Datensatz mehr")
                continue
            number += 1
            yield Refused(_where(path, element.line, number), element.complaint, broken_off=True)
        elif element.name == RECORD:
            number += 1
            yield from _record(element, _where(path, element.line, number), context, provider, schemes)
            unused.update(set(element.unread()))
        else:
            if element.name == "export":
                provider = _provider(element)
            unused.update({f"{element.name}/{name}" for name in element.unread()})
    if not number:
        raise SourceRefused(Where(file=path.name), "Die Datei ist Open-vhs, enthält aber keine Veranstaltung")
    for name, count in sorted(unused.items()):
        text = f"wird nicht übernommen ({count} {'Datensatz' if count == 1 else 'Datensätze'})"
        yield Remark(Where(file=path.name, element=name), text)


def _where(path: Path, line: int, number: int) -> Where:
    return Where(file=path.name, row=line, element=f"{RECORD} {number}")


def _record(
    element: Element, where: Where, context: ReaderContext, provider: Provider | None, schemes: Schemes
) -> Iterator[Found | Refused | Remark]:
    if element.too_large:
        yield Refused(where, "Der Datensatz ist größer oder tiefer verschachtelt, als eine Veranstaltung sein kann")
        return
    remarks = Remarks(where)
    try:
        offer = offer_of(element, context.source, provider, schemes, remarks)
    except ValueRefused as refused:
        yield Refused(where, str(refused), identifier_of(element))
        return
    yield from remarks.found
    yield Found(offer, where)


def _provider(export: Element) -> Provider | None:
    export.texts("erstellungszeitpunkt")  # facts of a run stand in the ledger, not in the offer
    for creator in export.all("ersteller"):
        creator.texts("guid")
        for text in creator.texts("name"):
            if (name := clean_line(text)) is not None:
                return Provider(id=slug(name), name=name)
    return None
