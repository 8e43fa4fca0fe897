"""The description of the table of offers: CSV on the Web (https://www.w3.org/TR/tabular-metadata/)."""

from __future__ import annotations

import msgspec

from ontology.dataset import DatasetHead
from ontology.iris import SCHEMA, TERMS
from ontology.profiles.csv import Column, columns

__all__ = ["table_description"]

_NAMESPACES = {"schema": SCHEMA, "bk": TERMS}
_SUBJECTS = {"offer": "{+iri}", "run": "{+termin}"}
_MOMENT = {
    "base": "string",
    "format": r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2})?",
}  # CSVW has no "date or date with time"


def table_description(url: str, about: DatasetHead) -> bytes:
    """The metadata document of a table that `ontology.profiles.csv` wrote; ``url`` is relative to the document."""
    licence = about.licence
    is_address = licence is not None and licence.startswith(("http://", "https://"))
    document = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": "de"}],
        "url": url,
        "dc:title": about.title,
        **({} if about.publisher is None else {"dc:publisher": about.publisher}),
        **({} if licence is None else {"dc:license": {"@id": licence} if is_address else licence}),
        "dc:modified": {"@value": about.modified, "@type": "xsd:dateTime"},
        "dialect": {"encoding": "utf-8", "header": True, "lineTerminators": ["\r\n"]},
        "tableSchema": {"columns": [_column(column) for column in columns()]},
    }
    return msgspec.json.format(msgspec.json.encode(document), indent=1) + b"\n"


def _column(column: Column) -> dict[str, object]:
    said: dict[str, object] = {
        "name": column.name,
        "titles": column.name,
        "dc:description": column.title,
        "datatype": _MOMENT if column.datatype == "moment" else column.datatype,
    }
    if column.required:
        said["required"] = True
    if column.separator is not None:
        said["separator"] = column.separator
    if column.about is None or column.property is None:
        return said | {"suppressOutput": True}
    prefix, _, name = column.property.partition(":")
    said |= {"aboutUrl": _SUBJECTS[column.about], "propertyUrl": _NAMESPACES[prefix] + name}
    if column.datatype == "anyURI":
        said["valueUrl"] = f"{{+{column.name}}}"
    return said
