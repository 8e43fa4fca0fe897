"""The settings of a catalogue: ``katalog.toml``, checked on start with all its errors at once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from msgspec.structs import fields
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from catalogue.errors import CatalogueError
from catalogue.files import replace_file
from ontology.iris import is_own
from ontology.offer import Offer

__all__ = ["Neighbour", "Settings", "SettingsRefused", "Source", "enter_source", "new_source", "read_settings"]

_ADDRESS = r"https?://[A-Za-z0-9.:-]+(/[A-Za-z0-9._~-]+)*"
Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s<>\"{}|\\^`]+$", max_length=2000)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]


class SettingsRefused(CatalogueError):
    """``katalog.toml`` is missing or wrong; the message lists every error with its place."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class General(_Table):
    """``[catalogue]``: ``base`` is the public address without a slash at its end; ``district`` the 5-digit key of the Landkreis.

    ``contact`` is a web or ``mailto:`` address of an office, ``licence`` that of the catalogue as a whole and of sources without one,
    ``contributor`` the contributorID that GovData gave.
    """

    title: str = "Bildungskatalog"
    base: str = "http://127.0.0.1:8000"
    publisher: str | None = None
    contact: Annotated[str, StringConstraints(pattern=r"^(https?://|mailto:)[^\s<>\"{}|\\^`]+$")] | None = None
    licence: str | None = None
    contributor: Address | None = None
    district: Annotated[str, StringConstraints(pattern=r"^\d{5}$")] | None = None
    language: str = "de"

    @property
    def publisher_or_title(self) -> str:
        """Who is named as publisher where somebody has to be: the catalogue itself where none is stated."""
        return self.publisher or self.title

    @field_validator("base")
    @classmethod
    def _address(cls, value: str) -> str:
        if not re.fullmatch(_ADDRESS, value):
            raise ValueError("expected a web address such as https://bildung.example.de, without a slash at its end")
        return value


class Search(_Table):
    """``[search]``: the model is ``e5-small-q4`` (embedded), the name of a sentence-transformers model, or its folder."""

    model: str = "e5-small-q4"


class Sparql(_Table):
    """``[sparql]``: limits of the public endpoint."""

    workers: Annotated[int, Field(ge=1, le=64)] = 2
    seconds: Annotated[float, Field(gt=0, le=600)] = 10.0


class Source(_Table):
    """``[[source]]``: one own source. ``expect`` is the number of offers below which a run of it is refused as incomplete."""

    name: Name
    title: str | None = None
    format: str | None = None
    files: tuple[str, ...] = ()
    mapping: str | None = None
    publisher: str | None = None
    licence: str | None = None
    expect: Annotated[int, Field(ge=0)] = 0


class Neighbour(_Table):
    """``[[neighbour]]``: a catalogue that is followed, by exactly one of ``feed``, ``dump`` and ``sitemap``.

    Taken over is what passes all filters that are set: ``districts`` (beginnings of municipality keys), ``radius_km`` around the border
    of the own district, ``topics`` (notations of that concept scheme, with everything below them). ``without`` names fields of an offer
    that are never taken over. ``every`` is the time between two looks, in seconds.
    """

    name: Name
    title: str | None = None
    feed: Address | None = None
    dump: Address | None = None
    sitemap: Address | None = None
    districts: tuple[Annotated[str, StringConstraints(pattern=r"^\d{2,8}$")], ...] = ()
    radius_km: Annotated[float, Field(ge=0, le=500)] | None = None
    topics: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    every: Annotated[float, Field(ge=1, le=604_800)] = 300.0

    @field_validator("without")
    @classmethod
    def _optional_fields(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        optional = {field.name for field in fields(Offer) if not field.required} - {"iri", "licence"}
        wrong = sorted(set(names) - optional)
        if wrong:
            raise ValueError(f"no such field: {', '.join(wrong)}; there are {', '.join(sorted(optional))}")
        return names

    @model_validator(mode="after")
    def _one_way(self) -> Neighbour:
        if sum(address is not None for address in (self.feed, self.dump, self.sitemap)) != 1:
            raise ValueError("exactly one of feed, dump and sitemap is needed")
        return self

    @property
    def address(self) -> str:
        """Where it is followed."""
        return self.feed or self.dump or self.sitemap or ""


class Settings(_Table):
    """The whole file."""

    catalogue: General = General()
    search: Search = Search()
    sparql: Sparql = Sparql()
    source: tuple[Source, ...] = ()
    neighbour: tuple[Neighbour, ...] = ()

    @field_validator("source", "neighbour")
    @classmethod
    def _unique(cls, sources: tuple[Source | Neighbour, ...]) -> tuple[Source | Neighbour, ...]:
        names = [source.name for source in sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"the same name twice: {', '.join(twice)}")
        return sources

    def source_named(self, name: str) -> Source | None:
        """The source of that name, if the file has it."""
        return next((source for source in self.source if source.name == name), None)

    def licence_of(self, source: str) -> str | None:
        """The licence of the offers of a source that state none; None for a neighbour's, of which only what it says itself counts."""
        if not is_own(source):
            return None
        declared = self.source_named(source)
        return (declared.licence if declared else None) or self.catalogue.licence


def read_settings(folder: Path) -> Settings:
    """Reads ``katalog.toml`` of the folder. Raises SettingsRefused."""
    path = folder / "katalog.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsRefused(
            f"In {folder} liegt kein Katalog (katalog.toml fehlt). Neu anlegen: bildungskatalog init {folder}"
        ) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsRefused(f"{path} ist nicht lesbar: {error}") from None
    try:
        return Settings.model_validate(data)
    except ValidationError as error:
        raise SettingsRefused("\n".join((f"{path} enthält Fehler:", *_sentences(error)))) from None


def _sentences(error: ValidationError) -> Iterator[str]:
    for item in error.errors():
        place = ".".join(str(part + 1) if isinstance(part, int) else part for part in item["loc"])
        yield f"  {place}: {item['msg']}"


def new_source(name: str, source_format: str) -> Source:
    """A source with defaults. Raises SettingsRefused where the name is none."""
    try:
        return Source(name=name, title=name, format=source_format)
    except ValidationError:
        raise SettingsRefused(
            f"„{name}“ taugt nicht als Name einer Quelle: nur Kleinbuchstaben, Ziffern und Bindestriche."
        ) from None


def enter_source(folder: Path, source: Source) -> None:
    """Appends a new source to ``katalog.toml``."""
    path = folder / "katalog.toml"
    entry = f'\n[[source]]\nname = "{source.name}"\ntitle = "{source.title}"\nformat = "{source.format}"\n'
    replace_file(path, (path.read_text(encoding="utf-8").rstrip("\n") + "\n" + entry).encode())
