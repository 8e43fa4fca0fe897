"""Makes the dumps of the visible snapshot and puts them in the place of the old ones."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from catalogue.audit import audit
from catalogue.dumps.contents import Progress, write_contents, write_plain
from catalogue.dumps.manifest import MANIFEST, DumpFile, Manifest, dumps_folder, read_manifest, visible_dumps
from catalogue.dumps.own import base_of, own_dates
from catalogue.files import replace_file, sync_folder
from catalogue.lock import writer_lock
from catalogue.snapshot import Snapshot
from ontology.iris import is_own

if TYPE_CHECKING:
    from catalogue.settings import Settings

__all__ = ["dumps_are_current", "make_dumps"]

_FORMAT = 2  # another number makes all dumps anew
_LONGEST = 3600.0  # seconds that another process may take for its dumps


def dumps_are_current(folder: Path, settings: Settings) -> bool:
    """Whether the visible dumps are those of the visible snapshot. Raises CatalogueEmpty."""
    manifest = read_manifest(folder)
    with Snapshot.open(folder) as snapshot:
        return manifest is not None and manifest.made_of == _made_of(snapshot, settings)


def make_dumps(folder: Path, settings: Settings, progress: Progress | None = None) -> Manifest:
    """Makes dumps unless they are current; a second process waits for the first. ``progress`` gets offers done and in all.

    Killed at any moment it leaves the dumps from before or the new ones. Raises CatalogueEmpty, CatalogueBusy.
    """
    Snapshot.open(folder).close()
    dumps_folder(folder).mkdir(exist_ok=True)
    with writer_lock(dumps_folder(folder), wait=_LONGEST):
        while True:
            with Snapshot.open(folder) as snapshot:
                made_of = _made_of(snapshot, settings)
                manifest = read_manifest(folder)
                if manifest is not None and manifest.made_of == made_of:
                    return manifest
                _make(folder, snapshot, settings, made_of, progress)  # and look again: a run may have ended meanwhile


def _made_of(snapshot: Snapshot, settings: Settings) -> str:
    """A digest of all that the dumps depend on; not of what neighbours deliver."""
    general = settings.catalogue
    parts = (
        _FORMAT,
        snapshot.state.base,
        snapshot.ledger.provider_hashes("").get("ontologie", b""),
        own_dates(snapshot),
        {name: number for name, number in snapshot.ledger.last_changes().items() if is_own(name)},
        (general.title, general.publisher, general.licence),
        [(source.name, source.title, source.publisher, source.licence) for source in settings.source],
        [files("ontology").joinpath(*name).read_bytes() for name in (("profiles", "csv.toml"), ("shapes.ttl",))],
    )
    return sha256(msgspec.json.encode(parts)).hexdigest()


def _make(folder: Path, snapshot: Snapshot, settings: Settings, made_of: str, progress: Progress | None) -> None:
    before = visible_dumps(folder)
    # the visible set stays for whoever has just read that it is the one; what is sent already is kept open and read to its end
    _remove_others(folder, before)
    path = dumps_folder(folder) / f"{snapshot.state.data_run:06d}-{made_of[:12]}"
    if path == before:  # only what was removed by hand can be missing there
        path = path.with_name(f"{path.name}-neu")
    unborn = path.with_name(f"{path.name}.neu")
    unborn.mkdir()
    try:
        base = base_of(snapshot, settings)
        datasets, written, ids = write_contents(unborn, snapshot, settings, progress)
        found, report = audit(snapshot, base, ids)
        written.append(write_plain(unborn, "audit.ttl", report, source=None, kind="audit"))
        manifest = Manifest(
            made_of=made_of,
            data_run=snapshot.state.data_run,
            data_time=snapshot.state.data_time,
            base=base,
            datasets=tuple(datasets),
            files=tuple(_dated(written, read_manifest(folder))),
            audit=found,
        )
        replace_file(unborn / MANIFEST, msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")
        unborn.rename(path)
    except BaseException:
        shutil.rmtree(unborn, ignore_errors=True)
        raise
    sync_folder(path.parent)
    replace_file(dumps_folder(folder) / "current", path.name.encode("ascii"))


def _dated(written: Iterable[DumpFile], before: Manifest | None) -> Iterator[DumpFile]:
    """The files with the time since when they are as they are."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    known = {} if before is None else {(file.name, file.sha256): file.changed_at for file in before.files}
    for file in written:
        yield msgspec.structs.replace(file, changed_at=known.get((file.name, file.sha256), now))


def _remove_others(folder: Path, kept: Path | None) -> None:
    for path in dumps_folder(folder).iterdir():
        if path.is_dir() and path != kept:
            shutil.rmtree(path)
