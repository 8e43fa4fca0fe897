"""A row becomes an offer."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from ingest.dates import names_a_day, precedes, with_times
from ingest.lexicon import folded
from ingest.records import ReaderContext, Remark, Where, offer_id
from ingest.sources.table.fields import PARSERS, concept, words_of
from ingest.sources.table.headings import unit
from ingest.sources.table.mapping import SheetMapping
from ingest.sources.table.rows import RawRow, column_letter
from ingest.text import clean_line, clean_text
from ingest.values import Cell, Price, ValueRefused, as_text, parse_levels, parse_postal_code, separated
from ontology.offer import Instance, Kind, Offer, Place, Provider, Schedule, slug

__all__ = ["Columns", "Row", "RowRefused"]

_UNDATED = frozenset({Kind.SERVICE, Kind.PRESCHOOL, Kind.SCHOOL, Kind.LIBRARY})  # these have a place of their own
_CODE_AND_TOWN = re.compile(r"(?:D[\s-]*)?([0-9]{5})\s+(\D.*)")
_KEYWORD_LENGTH = 60
_MOST_TOLD = 1_000


class Columns(msgspec.Struct, frozen=True):
    """``names`` of all columns, positions of the columns of each field and of the key."""

    names: tuple[str, ...]
    fields: dict[str, tuple[int, ...]]
    key: tuple[int, ...]

    def label(self, index: int) -> str:
        """A column as people speak of it: "F (Preis)"."""
        name = self.names[index] if index < len(self.names) else ""
        return f"{column_letter(index)} ({name})" if name else column_letter(index)


class RowRefused(Exception):
    """A row cannot become an offer; the message is the German reason."""

    def __init__(self, where: Where, reason: str) -> None:
        super().__init__(reason)
        self.where = where


class Row:
    """One row while it is read: values are taken from it field by field, remarks gather in ``remarks``.

    ``told`` holds the unknown words of concept fields that the file's remarks have named already.
    """

    def __init__(
        self, raw: RawRow, columns: Columns, mapping: SheetMapping, where: Where, told: set[tuple[str, str]]
    ) -> None:
        self.raw = raw
        self.columns = columns
        self.mapping = mapping
        self.where = where
        self.told = told
        self.remarks: list[Remark] = []

    def identifier(self) -> str | None:
        """The source's own identifier; where it states none, its key."""
        return self._line("identifier") or self.key() or None

    def key(self) -> str:
        """The cells of the key's columns, joined by " | "; empty where all of them are."""
        parts = [clean_line(as_text(self.cell(index))) or "" for index in self.columns.key]
        return " | ".join(parts) if any(parts) else ""

    def offer(self, context: ReaderContext) -> Offer:
        """The row as an offer. Raises RowRefused."""
        name, key = self._line("name"), self.key()
        if name is None:
            self._refuse_empty(self.columns.fields.get("name", ()), "ohne Namen gibt es kein Angebot")
        if not key:
            self._refuse_empty(self.columns.key, "ohne Schlüssel gibt es kein Angebot")
        keywords = [word for text in self._texts("keywords") for word in separated(text)]
        concepts = {f: self._concepts(f, keywords) for f in ("topics", "phases", "audience", "funding", "time_model")}
        levels = self._levels(keywords)
        age_min, age_max = self._ages()
        kind = self._one("kind") or self.mapping.kind
        place = self._place(context)
        instance = self._instance(place if kind not in _UNDATED else None, concepts.pop("time_model"))
        return Offer(
            id=offer_id(context.source, key),
            source=context.source,
            identifier=self.identifier() or key,
            kind=kind,
            name=name or "",
            description="\n\n".join([*self._texts("subtitle"), *self._texts("description", clean_text)]) or None,
            provider=self._provider(),
            url=self._one("url"),
            keywords=tuple(keywords),
            topics=concepts["topics"],
            phases=concepts["phases"],
            audience=concepts["audience"],
            age_min=age_min,
            age_max=age_max,
            level=levels,
            in_language=self._union("in_language"),
            certificate=self._one("certificate"),
            credential=self._line("credential"),
            funding=concepts["funding"],
            childcare=self._one("childcare"),
            prerequisites="; ".join(self._texts("prerequisites")) or None,
            place=place if kind in _UNDATED else None,
            instances=() if instance == Instance() else (instance,),
        ).canonical()

    def cell(self, index: int) -> Cell:
        return self.raw.cells[index] if index < len(self.raw.cells) else None

    def at(self, index: int | None) -> Where:
        """The place of a cell; of the whole row for a constant."""
        return self.where if index is None else msgspec.structs.replace(self.where, column=self.columns.label(index))

    def _refuse_empty(self, indexes: tuple[int, ...], why: str) -> None:
        if len(indexes) == 1:
            raise RowRefused(self.at(indexes[0]), f"Die Zelle ist leer; {why}")
        names = ", ".join(map(self.columns.label, indexes))
        raise RowRefused(self.where, f"Die Zellen der Spalten {names} sind leer; {why}")

    def _stated(self, field: str, clean: Any = clean_line) -> Iterator[tuple[Cell, int | None]]:
        """The cells that say something for a field, looked up; the constant where none does."""
        indexes = self.columns.fields.get(field)
        if indexes is None and field not in self.mapping.constants:
            return
        look_up = self.mapping.values.get(field, {})
        empty = True
        for index in indexes or ():
            cell = self.cell(index)
            raw = cell
            if isinstance(cell, str):
                cell = clean(cell)
            if look_up and raw is not None:
                cell = look_up.get(folded(as_text(raw)), cell) or None
            if cell is not None:
                empty = False
                yield cell, index
        if empty and field in self.mapping.constants:
            yield self.mapping.constants[field], None

    def _texts(self, field: str, clean: Any = clean_line) -> list[str]:
        return [as_text(cell) for cell, _ in self._stated(field, clean)]

    def _line(self, field: str) -> str | None:
        return next(iter(self._texts(field)), None)

    def _parsed(self, field: str, *, strict: bool = False) -> Iterator[tuple[Any, int | None]]:
        """What the field's parser makes of each cell. A refused value is left out with a remark.

        ``strict``: a day that does not exist refuses the row; words in its place ("laufend") are left out like other values.
        """
        for cell, index in self._stated(field):
            try:
                yield PARSERS[field](cell), index
            except ValueRefused as refused:
                if strict and names_a_day(cell):
                    raise RowRefused(self.at(index), str(refused)) from None
                self._remark(index, f"{refused}; die Angabe wird nicht übernommen")

    def _one(self, field: str) -> Any:
        return next((value for value, _ in self._parsed(field)), None)

    def _union(self, field: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(item for value, _ in self._parsed(field) for item in value))

    def _remark(self, index: int | None, text: str) -> None:
        self.remarks.append(Remark(self.at(index), text))

    def _concepts(self, field: str, keywords: list[str]) -> tuple[str, ...]:
        """Notations for the words of a concept field; words that it does not know become keywords, so that they can be found."""
        look_up = self.mapping.values.get(field, {})
        found: list[str] = []
        for cell, index in self._stated(field):
            for word in words_of(field, as_text(cell), look_up):
                notation = concept(field, word, look_up)
                if notation is None and index is None:
                    notation = word  # a constant, which the mapping's check let pass
                if notation is None:
                    self._unknown(field, word, index, keywords)
                else:
                    found.extend(separated(notation))
        return tuple(found)

    def _unknown(self, field: str, word: str, index: int | None, keywords: list[str]) -> None:
        if len(word) <= _KEYWORD_LENGTH:
            keywords.append(word)
        if (field, word) not in self.told and len(self.told) < _MOST_TOLD:
            self.told.add((field, word))
            self._remark(
                index,
                f"„{word[:_KEYWORD_LENGTH]}“ ist nicht bekannt und wird hier und in weiteren Zeilen nur als Schlagwort geführt",
            )

    def _levels(self, keywords: list[str]) -> tuple[str, ...]:
        found: list[str] = []
        for cell, index in self._stated("level"):
            try:
                found.extend(parse_levels(cell))
            except ValueRefused:
                for word in separated(as_text(cell)):
                    self._unknown("level", word, index, keywords)
        return tuple(found)

    def _ages(self) -> tuple[int | None, int | None]:
        low, high = self._one("age") or (None, None)
        own_low, own_high = self._one("age_min"), self._one("age_max")
        low, high = low if own_low is None else own_low, high if own_high is None else own_high
        if low is not None and high is not None and low > high:
            self._remark(
                None, f"Das Mindestalter {low} liegt über dem Höchstalter {high}; beide werden nicht übernommen"
            )
            return None, None
        return low, high

    def _provider(self) -> Provider | None:
        name = self._line("provider")
        return None if name is None else Provider(id=slug(name), name=name, url=self._one("provider_url"))

    def _place(self, context: ReaderContext) -> Place | None:
        locality, code = self._line("locality"), None
        if locality and (match := _CODE_AND_TOWN.fullmatch(locality)):
            code, locality = match[1], match[2]
        land = context.land(locality) if context.land and locality else None
        for cell, index in self._stated("postal_code"):
            try:
                code = parse_postal_code(cell, land)
            except ValueRefused as refused:
                self._remark(index, f"{refused}; die Angabe wird nicht übernommen")
        latitude, longitude = self._one("latitude"), self._one("longitude")
        if (latitude is None) != (longitude is None):
            latitude = longitude = None
            self._remark(None, "Nur eine der beiden Koordinaten ist angegeben; sie wird nicht übernommen")
        place = Place(
            name=self._line("place_name"),
            street=" ".join([*self._texts("street")[:1], *self._texts("house_number")[:1]])
            if self._line("street")
            else None,
            postal_code=code,
            locality=locality,
            latitude=latitude,
            longitude=longitude,
            wheelchair=self._one("wheelchair"),
        )
        return None if place == Place() else place

    def _instance(self, place: Place | None, time_model: tuple[str, ...]) -> Instance:
        start, end, ends_at = self._dates()
        times = self._one("times") or (None, None)
        start_time, end_time = self._one("start_time") or times[0], self._one("end_time") or times[1]
        start, end = with_times(start, end, start_time, end_time)
        if start and end and precedes(end, start):
            raise RowRefused(self.at(ends_at), "Das Ende liegt vor dem Beginn")
        schedule = Schedule(
            weekdays=self._union("weekdays"), start_time=start_time, end_time=end_time, meetings=self._one("meetings")
        )
        price: Price = self._one("price") or Price()
        notes = list(dict.fromkeys(note for note in (price.note, *self._texts("price_note")) if note))
        return Instance(
            start=start,
            end=end,
            mode=self._one("mode"),
            time_model=time_model,
            schedule=None if schedule == Schedule() else schedule,
            workload=self._workload(),
            place=place,
            price=price.amount,
            price_note="; ".join(notes) or None,
            seats=self._one("seats"),
            seats_left=self._one("seats_left"),
        )

    def _dates(self) -> tuple[dt.date | None, dt.date | None, int | None]:
        """Start, end and the column that states the end; a date that cannot be refuses the row, words leave the offer undated."""
        start = end = ends_at = None
        for field in ("dates", "start"):
            for (first, last), index in self._parsed(field, strict=True):
                start = first
                end, ends_at = (last, index) if last else (end, ends_at)
        for end, ends_at in self._parsed("end", strict=True):  # noqa: B007 (a cell of its own goes before the end of a range)
            pass
        return start, end, ends_at

    def _workload(self) -> str | None:
        for cell, index in self._stated("workload"):
            text = as_text(cell)
            heading = unit(self.columns.names[index]) if index is not None else None
            return f"{text} {heading}" if heading and re.fullmatch(r"[0-9.,]+", text) else text
        return None
