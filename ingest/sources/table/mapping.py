"""What the columns of a table mean: the mapping that a source declares in TOML.

::

    kind = "Course"                 # kind of every row without one of its own; Course where left out
    key = ["Kurs-Nr."]              # the columns that make an offer's key; the identifier's column where left out
    header_row = 2                  # searched for where left out
    [columns]                       # column = field, or a list of fields
    [ignore]                        # column = reason
    [values.FIELD]                  # cell = value, regardless of case; "" states nothing
    [constants]                     # field = value where a row states none
    [sheets."Name"]                 # the same for one sheet: its columns replace those above, the rest is added to them
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterator
from collections.abc import Mapping as AbstractMapping
from pathlib import Path
from typing import Any

import msgspec

from ingest.lexicon import folded
from ingest.records import SourceRefused, Where
from ingest.sources.table.fields import FIELDS, SEVERAL_COLUMNS, check_value
from ingest.sources.table.headings import is_personal
from ingest.values import Cell
from ontology.offer import Kind

__all__ = ["Mapping", "MappingRefused", "SheetMapping", "load_mapping"]

_KEYS = ("kind", "key", "header_row", "columns", "ignore", "values", "constants")


class MappingRefused(SourceRefused):
    """A mapping has mistakes; the sentence names all of them, ``mistakes`` one by one."""

    def __init__(self, where: Where, mistakes: tuple[str, ...]) -> None:
        super().__init__(where, "Die Zuordnung der Spalten enthält Fehler: " + "; ".join(mistakes))
        self.mistakes = mistakes


class SheetMapping(msgspec.Struct, frozen=True, kw_only=True):
    """The mapping of one sheet. ``columns``: heading to fields; ``values``: field to folded cell to value."""

    kind: Kind = Kind.COURSE
    key: tuple[str, ...] = ()
    header_row: int | None = None
    columns: dict[str, tuple[str, ...]] = {}
    ignore: dict[str, str] = {}
    values: dict[str, dict[str, str]] = {}
    constants: dict[str, Cell] = {}

    def key_columns(self) -> tuple[str, ...]:
        """The columns of the key; none where neither a key nor an identifier is declared."""
        return self.key or tuple(column for column, fields in self.columns.items() if "identifier" in fields)


class Mapping(msgspec.Struct, frozen=True, kw_only=True):
    """``default`` holds for every sheet that ``sheets`` does not name."""

    default: SheetMapping
    sheets: dict[str, SheetMapping] = {}

    def for_sheet(self, name: str | None) -> SheetMapping:
        return self.sheets.get(name or "", self.default)


def load_mapping(path: Path) -> Mapping:
    """Reads and checks a mapping. Raises MappingRefused with all mistakes at once."""
    where = Where(file=path.name)
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise MappingRefused(where, ("Die Datei gibt es nicht",)) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise MappingRefused(where, (f"Die Datei ist kein lesbares TOML ({error})",)) from None
    mistakes: list[str] = []
    sheets = data.pop("sheets", {})
    default = _sheet(data, "", mistakes, whole=not _is_table_of_tables(sheets))
    mapping = Mapping(default=default)
    if _is_table_of_tables(sheets):
        mapping = Mapping(
            default=default,
            sheets={n: _sheet(_merged(data, own), f"sheets.{n}.", mistakes) for n, own in sheets.items()},
        )
    elif sheets != {}:
        mistakes.append("„sheets“ muss Tabellen je Blatt enthalten")
    if mistakes:
        raise MappingRefused(where, tuple(dict.fromkeys(mistakes)))
    return mapping


def _is_table_of_tables(value: object) -> bool:
    return isinstance(value, dict) and bool(value) and all(isinstance(item, dict) for item in value.values())


def _merged(default: AbstractMapping[str, Any], own: AbstractMapping[str, Any]) -> dict[str, Any]:
    merged = {**default, **own}
    if "columns" in own and "key" not in own:
        merged.pop("key", None)
    for name in ("ignore", "constants", "values"):
        if isinstance(default.get(name), dict) and isinstance(own.get(name), dict):
            merged[name] = {**default[name], **own[name]}
    if isinstance(default.get("values"), dict) and isinstance(own.get("values"), dict):
        for field, table in own["values"].items():
            inherited = default["values"].get(field)
            if isinstance(inherited, dict) and isinstance(table, dict):
                merged["values"][field] = {**inherited, **table}
    if "header_row" not in own and "columns" in own:
        merged.pop("header_row", None)
    return merged


def _sheet(data: AbstractMapping[str, Any], at: str, mistakes: list[str], *, whole: bool = True) -> SheetMapping:
    """``whole``: a name and a key must be there; the part that all sheets share may leave them to the sheets."""
    mistakes.extend(f"„{at}{key}“ ist unbekannt{_meant(key, _KEYS)}" for key in data if key not in _KEYS)
    columns = dict(_columns(data.get("columns", {}), at, mistakes))
    ignore = dict(_texts(data.get("ignore", {}), f"{at}ignore", mistakes))
    values = data.get("values", {})
    constants = data.get("constants", {})
    sheet = SheetMapping(
        kind=_kind(data.get("kind", Kind.COURSE), at, mistakes),
        key=_key(data.get("key", []), at, mistakes),
        header_row=_header_row(data.get("header_row"), at, mistakes),
        columns=columns,
        ignore=ignore,
        values=dict(_values(values, at, mistakes)),
        constants=dict(_constants(constants, at, mistakes)),
    )
    mistakes.extend(
        f"„{column}“ steht in {at}columns und in {at}ignore" for column in columns if column in ignore and whole
    )
    mistakes.extend(_repeated_fields(columns, at))
    if whole or columns:
        if not any("name" in fields for fields in columns.values()) and "name" not in sheet.constants:
            mistakes.append(f"Keine Spalte in {at}columns ist dem Feld „name“ zugeordnet")
        if not sheet.key_columns():
            mistakes.append(
                f"Weder „{at}key“ noch eine Spalte für „identifier“ ist angegeben: Ohne Schlüssel gibt es keine beständigen Adressen"
            )
    return sheet


def _kind(value: object, at: str, mistakes: list[str]) -> Kind:
    if value in tuple(Kind):
        return Kind(str(value))
    mistakes.append(f"„{at}kind“ ist {value!r}; möglich sind {', '.join(Kind)}")
    return Kind.COURSE


def _key(value: object, at: str, mistakes: list[str]) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    mistakes.append(f"„{at}key“ muss eine Liste von Spalten sein")
    return ()


def _header_row(value: object, at: str, mistakes: list[str]) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 1):
        return value
    mistakes.append(f"„{at}header_row“ muss die Nummer einer Zeile sein, gezählt ab 1")
    return None


def _columns(value: object, at: str, mistakes: list[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    if not isinstance(value, dict):
        mistakes.append(f"„{at}columns“ muss eine Tabelle sein")
        return
    for column, target in value.items():
        fields = (target,) if isinstance(target, str) else tuple(target) if isinstance(target, list) else ()
        if not fields or not all(isinstance(field, str) for field in fields):
            mistakes.append(f"{at}columns.„{column}“ muss ein Feld oder eine Liste von Feldern nennen")
            continue
        mistakes.extend(
            f"{at}columns.„{column}“: „{f}“ ist kein Feld{_meant(f, FIELDS)}" for f in fields if f not in FIELDS
        )
        if is_personal(column):
            mistakes.append(
                f"{at}columns.„{column}“: Diese Spalte enthält personenbezogene Daten; sie gehört in {at}ignore"
            )
        yield column, fields


def _repeated_fields(columns: AbstractMapping[str, tuple[str, ...]], at: str) -> Iterator[str]:
    first: dict[str, str] = {}
    for column, fields in columns.items():
        for field in fields:
            if field in first and field not in SEVERAL_COLUMNS:
                yield f"Das Feld „{field}“ ist in {at}columns zwei Spalten zugeordnet („{first[field]}“ und „{column}“)"
            first.setdefault(field, column)


def _texts(value: object, at: str, mistakes: list[str]) -> Iterator[tuple[str, str]]:
    if not isinstance(value, dict):
        mistakes.append(f"„{at}“ muss eine Tabelle sein")
        return
    for key, text in value.items():
        if isinstance(text, str):
            yield key, text
        else:
            mistakes.append(f"{at}.„{key}“ muss ein Text sein")


def _values(value: object, at: str, mistakes: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    if not isinstance(value, dict):
        mistakes.append(f"„{at}values“ muss Tabellen je Feld enthalten")
        return
    for field, table in value.items():
        place = f"{at}values.{field}"
        if field not in FIELDS:
            mistakes.append(f"{place}: „{field}“ ist kein Feld{_meant(field, FIELDS)}")
            continue
        texts = dict(_texts(table, place, mistakes))
        mistakes.extend(
            f"{place}.„{k}“: {wrong}" for k, text in texts.items() if text and (wrong := check_value(field, text))
        )
        yield field, {folded(k): text for k, text in texts.items()}


def _constants(value: object, at: str, mistakes: list[str]) -> Iterator[tuple[str, Cell]]:
    if not isinstance(value, dict):
        mistakes.append(f"„{at}constants“ muss eine Tabelle sein")
        return
    for field, constant in value.items():
        place = f"{at}constants.{field}"
        if field not in FIELDS:
            mistakes.append(f"{place}: „{field}“ ist kein Feld{_meant(field, FIELDS)}")
        elif field == "identifier" or not isinstance(constant, str | int | float | bool):
            mistakes.append(f"{place} taugt nicht als Wert für jede Zeile")
        elif wrong := check_value(field, constant):
            mistakes.append(f"{place}: {wrong}")
        else:
            yield field, constant


def _meant(word: str, known: AbstractMapping[str, object] | frozenset[str] | tuple[str, ...]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (gemeint ist wohl „{close[0]}“)" if close else ""
