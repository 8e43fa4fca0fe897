"""What is served of a catalogue, in a form that can be compared."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from catalogue.snapshot import Snapshot
from ontology.concepts import load_schemes
from ontology.gazetteer import Gazetteer
from search.answer import SearchRequest
from search.encoder import Encoder
from search.question import QuestionReader
from service.opening import Opener
from service.search_json import answer_as_json
from tests.command import bildungskatalog

__all__ = ["Asker", "counts", "new_catalogue", "offers_in_store", "statements", "status"]

_OFFERS = """
PREFIX schema: <http://schema.org/>
SELECT ?graph (COUNT(DISTINCT ?offer) AS ?count) WHERE { GRAPH ?graph { ?offer a ?kind ; schema:identifier ?key } } GROUP BY ?graph
"""


def new_catalogue(folder: Path, cache: Path, sources: Sequence[Mapping[str, object]]) -> Path:
    """A catalogue's folder with these sources; ``cache`` is one whose vectors it may use, so that little is left to encode."""
    (folder / "cache").mkdir(parents=True)
    shutil.copyfile(cache / "cache" / "vectors.sqlite", folder / "cache" / "vectors.sqlite")
    lines = []
    for source in sources:
        lines += ["[[source]]", *(f"{name} = {json.dumps(value, default=str)}" for name, value in source.items()), ""]
    (folder / "katalog.toml").write_text("\n".join(lines), encoding="utf-8")
    return folder


def status(folder: Path) -> dict[str, Any]:
    """``status --json``; the sources by name."""
    done = bildungskatalog("status", "--dir", folder, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    found["sources"] = {source.pop("name"): source for source in found["sources"]}
    return dict(found)


def counts(folder: Path) -> dict[str, tuple[int, int, int, int, int]]:
    """By source: offers now; read, taken, unchanged and refused in its last run."""
    names = ("offers", "read", "taken", "unchanged", "refused")
    return {name: tuple(source[n] for n in names) for name, source in status(folder)["sources"].items()}


def offers_in_store(folder: Path) -> dict[str, int]:
    """By source: offers in its graph, counted by SPARQL."""
    with Snapshot.open(folder) as snapshot:
        found = snapshot.store.query(_OFFERS)
        return {row["graph"].value.rpartition("/")[2]: int(row["count"].value) for row in found}


class Asker:
    """Asks catalogues without making anew for each question what they have in common."""

    def __init__(self, encoder: Encoder, gazetteer: Gazetteer) -> None:
        self._encoder, self._gazetteer, self._schemes = encoder, gazetteer, load_schemes()
        self._readers: dict[str | None, QuestionReader] = {}

    def __call__(self, folder: Path, question: str, today: str = "2026-01-05", **options: Any) -> dict[str, Any]:
        """The answer as ``/api/search`` gives it, without the time that it took."""
        opener = Opener(folder)
        opener.encoder, opener.gazetteer, opener.schemes = self._encoder, self._gazetteer, self._schemes
        district = opener.settings.catalogue.district
        if district not in self._readers:
            self._readers[district] = opener.reader
        opener.reader = self._readers[district]
        request = SearchRequest(text=question, today=dt.date.fromisoformat(today), **options)
        with Snapshot.open(folder) as snapshot:
            found = answer_as_json(opener.engine(snapshot).search(request), opener.settings.catalogue.base)
        assert found.pop("took_ms") > 0
        return found


def statements(folder: Path) -> str:
    """All statements as the command line exports them."""
    done = bildungskatalog("export", "--dir", folder, "--format", "nquads")
    assert done.returncode == 0, done.stderr
    return done.stdout
