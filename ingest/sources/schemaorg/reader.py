"""schema.org as JSON-LD: files, and web pages that carry it. Contexts are never fetched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ingest.records import Found, ReaderContext, Refused, Remark, SourceRefused, Where
from ingest.sources.remarks import Remarks
from ingest.sources.schemaorg.document import Broken, Document, documents
from ingest.sources.schemaorg.graph import index_of, items
from ingest.sources.schemaorg.node import Node, bare_reference
from ingest.sources.schemaorg.record import identifier_of, kind_of, offer_of
from ingest.sources.schemaorg.terms import ContextUnknown, Terms
from ingest.sources.schemaorg.words import words
from ingest.values import ValueRefused
from ontology.concepts import Schemes, load_schemes

__all__ = ["read"]


def read(path: Path, context: ReaderContext) -> Iterator[Found | Refused | Remark]:
    """The offers of a JSON-LD file. A record is an object that stands for itself: in the graph, in a list, or the only one.

    Organisations, places, persons and parts of a web page are no records; whatever else is no offer is refused. Raises `SourceRefused`
    for a file that is no JSON-LD of schema.org, and for one without a record.
    """
    reading = _Reading(path, context, load_schemes())
    for document in documents(path):
        if isinstance(document, Broken):
            yield reading.refused(document.complaint, document.script)
            continue
        yield from reading.document(document)
    if not reading.number:
        raise SourceRefused(Where(file=path.name), "Die Datei enthält keinen Datensatz")
    yield from reading.left_over()


class _Reading:
    """The state of reading one file."""

    def __init__(self, path: Path, context: ReaderContext, schemes: Schemes) -> None:
        self.number = 0
        self._foreign = 0  # of these, the objects under an unknown context
        self._file = path.name
        self._source = context.source
        self._schemes = schemes
        self._unused: Counter[str] = Counter()
        self._parts: Counter[str] = Counter()
        self._remote: set[str] = set()

    def refused(self, reason: str, script: int | None, identifier: str | None = None) -> Refused:
        self.number += 1
        return Refused(self._where(script), reason, identifier)

    def document(self, document: Document) -> Iterator[Found | Refused | Remark]:
        index, referred = index_of(document.value)
        only_unknown: ContextUnknown | None = None
        for value, terms in items(document.value):
            if isinstance(terms, Terms):
                self._remote.update(terms.remote)
                yield from self._item(value, terms, index, referred, document.script)
                continue
            if not self.number:
                only_unknown = terms
            if value is not document.value or document.script is not None:
                yield self._unknown(value, terms, document.script)
                self._foreign += 1
        if document.script is None and only_unknown is not None and self.number == self._foreign:
            raise SourceRefused(Where(file=self._file), str(only_unknown))

    def _unknown(self, value: dict[str, Any], complaint: ContextUnknown, script: int | None) -> Refused:
        """Without a context only a key can be made out; where there is none, it may have been any offer of the source."""
        self.number += 1
        identifier = identifier_of(Node(value, Terms.of("https://schema.org"), {}))
        nameless = identifier is None or "@graph" in value
        return Refused(self._where(script), str(complaint), identifier, broken_off=nameless)

    def left_over(self) -> Iterator[Remark]:
        """What was read past, once for the file."""
        for context in sorted(self._remote):
            yield Remark(
                Where(file=self._file, element="@context"),
                f"„{context[:100]}“ wird nicht geladen; was nur dort erklärt ist, bleibt unbekannt",
            )
        for kind, count in sorted(self._parts.items()):
            yield Remark(
                Where(file=self._file, element=kind),
                f"ist für sich kein Angebot ({count} {'Eintrag' if count == 1 else 'Einträge'})",
            )
        for name, count in sorted(self._unused.items()):
            text = f"wird nicht übernommen ({count} {'Datensatz' if count == 1 else 'Datensätze'})"
            yield Remark(Where(file=self._file, element=name), text)

    def _item(
        self, value: Any, terms: Terms, index: Mapping[str, dict[str, Any]], referred: set[str], script: int | None
    ) -> Iterator[Found | Refused | Remark]:
        if not isinstance(value, dict):
            yield self.refused("Der Eintrag ist kein Objekt, sondern ein einzelner Wert", script)
            return
        reference = bare_reference(value)
        if reference is not None and reference in index:
            return  # the object itself stands elsewhere in the document
        try:
            node = Node(value, terms, index)
            kind = kind_of(node)
            if self._is_part(node, kind, referred):
                self._parts[node.kind] += 1
                return
            if kind is None:
                yield self.refused(_not_an_offer(node), script, identifier_of(node))
                return
            remarks = Remarks(self._where(script, self.number + 1))
            offer = offer_of(node, kind, self._source, self._schemes, remarks)
        except ValueRefused as refused:
            yield self.refused(str(refused), script, identifier_of(node))
            return
        except RecursionError:
            yield self.refused("Der Datensatz ist so tief verschachtelt, dass er nicht gelesen wird", script)
            return
        self.number += 1
        self._unused.update(set(node.unread()))
        yield from remarks.found
        yield Found(offer, remarks.where)

    def _is_part(self, node: Node, kind: object, referred: set[str]) -> bool:
        parts = words()["parts"]
        if kind is None and any(name in parts["never"] for name in node.types):
            return True
        return node.id in referred and (kind is None or kind in parts["kinds"])

    def _where(self, script: int | None, number: int | None = None) -> Where:
        number = self.number if number is None else number
        return Where(file=self._file, element=str(number) if script is None else f"{number} (Skript {script})")


def _not_an_offer(node: Node) -> str:
    if node.types:
        return f"Die Art „{node.kind[:60]}“ ist keine Art von Angebot"
    return "Die Art (@type) fehlt" if node.kind == "…" else f"Die Art „{node.kind[:100]}“ ist keine von schema.org"
