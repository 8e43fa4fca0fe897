"""Runs an ingest from files to a visible snapshot: every source, then the ontology, then the index, then the switch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from catalogue.errors import CatalogueBusy, CatalogueEmpty, CatalogueError
from catalogue.ledger import Note
from catalogue.run import Run, open_run
from catalogue.settings import Settings, Source, enter_source, new_source
from catalogue.snapshot import Snapshot
from ingest.enrich import Enricher
from ingest.pipeline import SourceReport, ingest_source
from ingest.records import ReaderContext, SourceRefused, Where
from ingest.resolve.resolve import resolve
from ingest.sources import reader_of, recognise
from ingest.sources.table.mapping import load_mapping
from ontology.concepts import Schemes, load_schemes
from ontology.gazetteer import Gazetteer
from ontology.iris import NEIGHBOUR, is_own
from ontology.publication import ontology_ntriples
from search.encoder import open_encoder
from search.encoder.cache import VectorCache
from search.index import update_index
from service.neighbours import neighbours_removed

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "Job",
    "Progress",
    "forget_removed_neighbours",
    "jobs_of_files",
    "jobs_of_settings",
    "reader_context",
    "rebuild_index",
    "run_jobs",
    "withdraw_removed_neighbours",
    "write_index",
]

_WAIT = 10.0  # seconds for another writer: a neighbour's visit that brings little takes two or three


class Progress(msgspec.Struct, frozen=True):
    """Where progress is shown: ``records`` gets numbers of records read, ``texts`` texts encoded so far and in all,
    ``pairs`` pairs of offers compared so far and in all."""

    records: Callable[[str, int], None]
    texts: Callable[[int, int], None]
    pairs: Callable[[int, int], None] = lambda _done, _total: None


class Job(msgspec.Struct, frozen=True):
    """One source and the files to read for it; ``new`` where katalog.toml does not have the source yet."""

    source: Source
    files: tuple[Path, ...]
    new: bool = False


def jobs_of_settings(folder: Path, settings: Settings) -> list[Job]:
    """Every source of the settings that names files, those relative to the catalogue's folder."""
    return [Job(source, tuple(folder / name for name in source.files)) for source in settings.source if source.files]


def jobs_of_files(
    settings: Settings, files: Sequence[Path], source_name: str | None, source_format: str | None
) -> list[Job]:
    """Files named by the person: all of one source, or each of a source named like the file.

    Raises SourceRefused where a file is missing or its format cannot be recognised, SettingsRefused for a bad name.
    """
    for path in files:
        if not path.exists():
            raise SourceRefused(Where(file=path.name), "Diese Datei gibt es nicht")
    names: dict[str, list[Path]] = {}
    for path in files:
        names.setdefault(source_name or path.stem.lower(), []).append(path)
    jobs = []
    for name, paths in names.items():
        source = settings.source_named(name)
        new = source is None
        if source is None:
            source = new_source(name, source_format or recognise(paths[0]))
        if source_format is not None:
            source = source.model_copy(update={"format": source_format})
        jobs.append(Job(source, tuple(paths), new))
    return jobs


def _enter_new_sources(folder: Path, jobs: Sequence[Job], reports: Sequence[SourceReport]) -> None:
    """Enters the new sources that were taken over in the settings; what failed at first leaves no trace there."""
    failed = {report.source for report in reports if report.failure}
    for job in jobs:
        if job.new and job.source.name not in failed:
            enter_source(folder, job.source)


def reader_context(folder: Path, source: Source, gazetteer: Gazetteer) -> ReaderContext:
    """What the readers of a source need to know. Raises SourceRefused for a wrong mapping."""
    mapping = None if source.mapping is None else load_mapping(folder / source.mapping)

    def land(name: str) -> str | None:
        lands = {town.ags[:2] for town in gazetteer.find(name)}
        return lands.pop() if len(lands) == 1 else None

    return ReaderContext(source=source.name, mapping=mapping, land=land)


def run_jobs(
    folder: Path, settings: Settings, jobs: Sequence[Job], progress: Progress, whole: bool = False
) -> list[SourceReport]:
    """One run over all jobs, visible as a whole at its end. Raises CatalogueBusy, EncoderUnavailable.

    ``whole``: the jobs are all that the settings name, so what a source that is no longer among them delivered is withdrawn.
    """
    schemes, gazetteer = load_schemes(), Gazetteer.load()
    enricher = Enricher(schemes, gazetteer, settings.catalogue.district)
    with open_run(folder, settings.catalogue.base, _WAIT) as run:
        run.put_ontology(ontology_ntriples())
        licence = settings.catalogue.licence
        reports = [_run_job(run, folder, job, gazetteer, enricher, progress, licence) for job in jobs]
        if whole:
            reports += _withdraw(run, _sources_of(run) - {source.name for source in settings.source})
        reports += withdraw_removed_neighbours(run, settings)
        write_index(run, folder, settings, schemes, progress)
        _enter_new_sources(
            folder, jobs, reports
        )  # before the switch: an entry without offers harms nobody, the reverse would
        run.commit()
    return reports


def _sources_of(run: Run) -> set[str]:
    return {past.source for past in run.ledger.last_runs() if is_own(past.source)}


def withdraw_removed_neighbours(run: Run, settings: Settings) -> list[SourceReport]:
    """Every run does so: what is followed no longer must not stay there for ever."""
    removed = neighbours_removed(run.ledger, settings)
    for name in removed:
        run.ledger.remove_bookmark(name)
    return _withdraw(run, {NEIGHBOUR + name for name in removed})


def _withdraw(run: Run, names: Iterable[str]) -> list[SourceReport]:
    """Empties sources that katalog.toml does not know any more, renamed or ended."""
    reports = []
    for name in sorted(names):
        if run.ledger.count(name) == 0:
            continue
        with run.source(name) as writer:
            note = Note(
                False, "katalog.toml", f"Die Quelle „{name}“ steht nicht mehr darin; ihre Angebote sind zurückgezogen"
            )
            report = SourceReport(source=name, notes=[note], withdrawn=writer.missing())
            writer.finish(report.counts(), report.notes)
        reports.append(report)
    return reports


def _run_job(
    run: Run,
    folder: Path,
    job: Job,
    gazetteer: Gazetteer,
    enricher: Enricher,
    progress: Progress,
    licence: str | None,
) -> SourceReport:
    source = job.source
    with run.source(source.name) as writer:
        try:
            context = reader_context(folder, source, gazetteer)
            files: Iterable[tuple[Path, str]] = [(path, source.format or recognise(path)) for path in job.files]
            for _, source_format in files:
                reader_of(source_format)
        except (SourceRefused, ValueError) as refused:
            report = SourceReport(source=source.name, failure=f"{refused}.")
            writer.abandon(report.counts(), report.notes, f"{refused}.")
            return report
        return ingest_source(
            writer,
            files,
            context,
            enricher,
            expect=source.expect,
            progress=lambda count: progress.records(source.title or source.name, count),
            licence=source.licence or licence,
        )


def write_index(run: Run, folder: Path, settings: Settings, schemes: Schemes, progress: Progress) -> None:
    """Brings a run's judgements, which offers are the same, and its search index up to date. Raises EncoderUnavailable, CatalogueError."""

    def label(scheme: str, notation: str) -> str:
        return schemes[scheme].label(notation)

    cache = folder / "cache"
    cache.mkdir(exist_ok=True)
    with VectorCache(cache / "vectors.sqlite") as vectors:
        update_index(run, open_encoder(settings.search.model), vectors, label, progress.texts)
    resolve(run, folder, progress.pairs)  # behind the index, as it opens the dataset


def rebuild_index(folder: Path, settings: Settings, progress: Progress) -> None:
    """A run that reads nothing and makes the index anew where it is outdated. Raises CatalogueError."""
    if not (folder / "current").exists():
        raise CatalogueError(f"Der Katalog {folder} ist noch leer.")
    run_jobs(folder, settings, [], progress)


def forget_removed_neighbours(folder: Path, settings: Settings, progress: Progress) -> None:
    """A run that withdraws what neighbours delivered that are followed no longer, if there is any.

    Raises CatalogueError; not where another process is writing: its run does the same.
    """
    with suppress(CatalogueEmpty, CatalogueBusy):
        with Snapshot.open(folder) as snapshot:
            removed = neighbours_removed(snapshot.ledger, settings)
        if removed:
            run_jobs(folder, settings, [], progress)
