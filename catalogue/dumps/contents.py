"""What is in a set of dumps: the files of the whole catalogue and of each of its own sources.

| file | what |
|---|---|
| ``katalog.nq.gz`` | every source in its graph, and the vocabularies in theirs |
| ``katalog.ttl.gz``, ``katalog.jsonld.gz`` | every source; JSON-LD has the graphs, Turtle has none |
| ``katalog.csv.gz`` | one row for each dated run of each offer |
| ``quelle-{source}.ttl.gz``, ``quelle-{source}.csv.gz`` | one source; N-Quads of it would differ by one name, so there are none |
| ``….csv-metadata.json`` | the columns of a table (CSV on the Web) |

Statements are those of the mapping, offer by offer, so that things stay together and compress well; SPARQL gives the same values, with
numbers written as the store writes them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
import pyoxigraph as ox

from catalogue.dumps.manifest import Dataset, DumpFile
from catalogue.dumps.own import about_providers, base_of, batches_of, own_dates, providers_of
from catalogue.dumps.packing import GzipWriter, pack
from catalogue.dumps.parts import Counts, Part, Providers, counts_of, forms_of
from catalogue.dumps.workers import made_parts
from catalogue.ledger import SourceDates
from catalogue.snapshot import Snapshot
from ontology.iris import graph_of_ontology, graph_of_source
from ontology.profiles.csv import header
from ontology.profiles.csvw import table_description
from ontology.rdf import Statement
from ontology.rdf.forms import TURTLE_HEADER, written

if TYPE_CHECKING:
    from catalogue.settings import Settings

__all__ = ["Progress", "write_contents", "write_plain"]

_MEDIA = {
    "nq": "application/n-quads",
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "csv": "text/csv",
    "json": "application/csvm+json",
}
Progress = Callable[[int, int], None]


class _Tally(msgspec.Struct):
    """What a dataset holds, added up part by part."""

    counts: Counts = msgspec.field(default_factory=Counts)
    offers: int = 0
    withheld: int = 0
    rows: int = 0
    example: str | None = None
    days: list[str] = msgspec.field(default_factory=list)

    def add(self, part: Part) -> None:
        """Adds a part."""
        self.counts.add(part.counts)
        self.offers += len(part.ids)
        self.withheld += part.withheld
        self.rows += part.table_rows
        self.example = self.example or part.example
        days = [*self.days, part.first_day, part.last_day]
        stated = [day for day in days if day is not None]
        self.days = [min(stated), max(stated)] if stated else []


class _Forms:
    """The files of one dataset while they are written, by suffix."""

    def __init__(self, folder: Path, stem: str, suffixes: tuple[str, ...]) -> None:
        self._folder, self._stem = folder, stem
        self.files = {suffix: GzipWriter(folder / f"{stem}.{suffix}.gz") for suffix in suffixes}
        self.files["ttl"].add(pack(TURTLE_HEADER))
        self.files["csv"].add(pack(header().encode()))

    def finish(self, source: str | None, statements: dict[str, int], rows: int) -> Iterator[DumpFile]:
        """Ends the files."""
        for suffix, file in self.files.items():
            digest = file.close()
            yield DumpFile(
                name=f"{self._stem}.{suffix}.gz",
                source=source,
                media_type=_MEDIA[suffix],
                compressed=True,
                bytes=file.bytes,
                unpacked=file.unpacked,
                sha256=digest,
                statements=statements.get(suffix),
                rows=rows if suffix == "csv" else None,
                described_by=f"{self._stem}.csv-metadata.json" if suffix == "csv" else None,
            )

    def remove(self) -> None:
        """Ends the files and removes them."""
        for suffix, file in self.files.items():
            file.close()
            (self._folder / f"{self._stem}.{suffix}.gz").unlink()


def write_contents(
    folder: Path, snapshot: Snapshot, settings: Settings, progress: Progress | None
) -> tuple[list[Dataset], list[DumpFile], list[str]]:
    """Writes all files but the report of the audit into an empty folder, and says what is in them and whose offers (ids).

    The whole catalogue comes first in both lists.
    """
    return _Writer(folder, snapshot, settings).write(progress)


class _Writer:
    def __init__(self, folder: Path, snapshot: Snapshot, settings: Settings) -> None:
        self._folder, self._snapshot, self._settings = folder, snapshot, settings
        self._base = base_of(snapshot, settings)
        self._dates = own_dates(snapshot)
        self._whole = _Forms(folder, "katalog", ("nq", "ttl", "jsonld", "csv"))
        self._tally = _Tally()
        self._quads = 0
        self._said_of_providers: set[Statement] = set()
        self._datasets: list[Dataset] = []
        self._files: list[DumpFile] = []
        self._ids: list[str] = []

    def write(self, progress: Progress | None) -> tuple[list[Dataset], list[DumpFile], list[str]]:
        done = 0
        batches = [batch for name in self._dates for batch in batches_of(self._snapshot, self._settings, name)]
        total = sum(len(batch.rows) for batch in batches)
        parts = made_parts(self._snapshot.path / "ledger.sqlite", self._base, batches, self._providers)
        self._whole.files["jsonld"].add(pack(b"["))
        for source, made in groupby(parts, key=lambda pair: pair[0].source):
            writer = _Forms(self._folder, f"quelle-{source}", ("ttl", "csv"))
            tally = _Tally()
            named: set[str] = set()
            for batch, part in made:
                self._add(writer, part, first=tally.offers == 0, source=source)
                tally.add(part)
                named |= part.providers
                done += len(batch.rows)
                if progress is not None:
                    progress(done, total)
            self._end_source(source, writer, tally, named)
        self._whole.files["jsonld"].add(pack(b"]\n"))
        self._add_vocabulary()
        self._end_whole()
        return self._datasets, self._files, self._ids

    def _providers(self) -> dict[str, Providers]:
        return {name: providers_of(self._snapshot, self._base, name) for name in self._dates}

    def _add(self, writer: _Forms, part: Part, *, first: bool, source: str) -> None:
        whole = self._whole.files
        for file in (whole["csv"], writer.files["csv"]):
            file.add(part.table)
        self._tally.add(part)
        self._ids += part.ids
        if part.forms is None:
            return
        graph = graph_of_source(self._base, source)
        if first:
            between = "," if self._datasets else ""
            whole["jsonld"].add(pack(f'{between}{{"@id":{json.dumps(graph)},"@graph":['.encode()))
        else:
            whole["jsonld"].add(pack(b","))
        whole["nq"].add(part.forms.nquads)
        whole["ttl"].add(part.forms.turtle)
        whole["jsonld"].add(part.forms.jsonld)
        writer.files["ttl"].add(part.forms.turtle)
        self._quads += part.counts.statements

    def _end_source(self, source: str, writer: _Forms, tally: _Tally, named: set[str]) -> None:
        if tally.offers == 0:  # all withheld because of their licence
            writer.remove()
            return
        whole, graph = self._whole.files, graph_of_source(self._base, source)
        statements = about_providers(self._snapshot, self._base, source, named)
        if statements:
            about = [written(statements, graph)]
            forms = forms_of(about)
            whole["nq"].add(forms.nquads)
            whole["jsonld"].add(pack(b","), forms.jsonld)
            writer.files["ttl"].add(forms.turtle)
            tally.counts.add(counts_of(about))
            self._quads += len(statements)
            new = [statement for statement in statements if statement not in self._said_of_providers]
            if new:  # Turtle has no graphs, so what two sources say is one statement
                about = [written(new, graph)]
                whole["ttl"].add(forms_of(about).turtle)
                self._tally.counts.add(counts_of(about))
                self._said_of_providers.update(new)
        whole["jsonld"].add(pack(b"]}"))
        dataset = self._dataset(source, tally, self._dates[source])
        self._datasets.append(dataset)
        self._files += writer.finish(source, {"ttl": dataset.statements}, tally.rows)
        self._files.append(self._description(dataset, f"quelle-{source}"))

    def _add_vocabulary(self) -> None:
        graph = graph_of_ontology(self._base)
        quads = self._snapshot.store.quads_for_pattern(None, None, None, ox.NamedNode(graph))
        lines = sorted(f"{quad} .\n" for quad in quads)
        self._whole.files["nq"].add(pack("".join(lines).encode()))
        self._quads += len(lines)

    def _end_whole(self) -> None:
        dates = list(self._dates.values())
        time = self._snapshot.state.data_time
        issued = min((date.issued for date in dates), default=time)
        modified = max((date.modified for date in dates), default=time)
        dataset = self._dataset(None, self._tally, SourceDates(issued, modified))
        statements = {"nq": self._quads, "ttl": dataset.statements, "jsonld": sum(d.statements for d in self._datasets)}
        self._datasets.insert(0, dataset)
        files = [*self._whole.finish(None, statements, self._tally.rows), self._description(dataset, "katalog")]
        self._files[:0] = files

    def _dataset(self, source: str | None, tally: _Tally, dates: SourceDates) -> Dataset:
        general = self._settings.catalogue
        declared = None if source is None else self._settings.source_named(source)
        counts = tally.counts
        return Dataset(
            source=source,
            title=general.title if source is None else (declared and declared.title) or source,
            publisher=(declared and declared.publisher) or general.publisher,
            licence=(declared and declared.licence) or general.licence,
            issued=dates.issued,
            modified=dates.modified,
            offers=tally.offers,
            withheld=tally.withheld,
            statements=counts.statements,
            entities=counts.classes.total(),  # every subject has one class, see ontology/rdf/writing.py
            first_day=tally.days[0] if tally.days else None,
            last_day=tally.days[-1] if tally.days else None,
            classes=dict(sorted(counts.classes.items())),
            properties=dict(sorted(counts.properties.items())),
            example=tally.example,
        )

    def _description(self, dataset: Dataset, stem: str) -> DumpFile:
        content = table_description(f"{stem}.csv", dataset)
        name = f"{stem}.csv-metadata.json"
        return write_plain(self._folder, name, content, source=dataset.source, kind="description")


def write_plain(
    folder: Path, name: str, content: bytes, *, source: str | None, kind: Literal["description", "audit"]
) -> DumpFile:
    """Writes a small file as it is; durable when it returns."""
    with (folder / name).open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return DumpFile(
        name=name,
        source=source,
        kind=kind,
        media_type=_MEDIA[name.rpartition(".")[2]],
        compressed=False,
        bytes=len(content),
        unpacked=len(content),
        sha256=sha256(content).hexdigest(),
    )
