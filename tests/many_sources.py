"""A catalogue of many small sources, for pages of its description."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from catalogue.ledger import Counts
from catalogue.run import open_run
from ontology.concepts import load_schemes
from ontology.offer import Instance, Kind, Offer, Provider
from ontology.publication import ontology_ntriples
from search.encoder import Encoder
from search.encoder.cache import VectorCache
from search.index import update_index

__all__ = ["catalogue_of_many"]


def catalogue_of_many(folder: Path, count: int, base: str, encoder: Encoder, neighbour: bool = False) -> Path:
    """``count`` own sources of one offer each, called quelle-000 and so on; and a neighbour's offer."""
    folder.mkdir()
    names = [f"quelle-{number:03}" for number in range(count)]
    sources = "".join(
        f'[[source]]\nname = "{name}"\ntitle = "Quelle {name}"\nlicence = "CC BY 4.0"\n' for name in names
    )
    (folder / "katalog.toml").write_text(
        f'[catalogue]\ntitle = "Bildung in Testingen"\nbase = "{base}"\npublisher = "Bildungsbüro"\ndistrict = "07331"\n{sources}',
        encoding="utf-8",
    )
    schemes = load_schemes()
    with open_run(folder, base) as run, VectorCache(folder / "vectors.sqlite") as cache:
        for name in [*names, *(["nachbar/worms"] if neighbour else [])]:
            with run.source(name) as source:
                source.put(_offer(name))
                source.finish(Counts(1, 1, 0, 0, 0), [])
        run.put_ontology(ontology_ntriples())
        update_index(run, encoder, cache, lambda scheme, notation: schemes[scheme].label(notation))
        run.commit()
    return folder


def _offer(source: str) -> Offer:
    foreign = source.startswith("nachbar/")
    return Offer(
        id="worms~kurs-1" if foreign else f"{source}-1",
        iri="https://worms.example/id/angebot/kurs-1" if foreign else None,
        source=source,
        identifier="1",
        kind=Kind.COURSE,
        name="Excel für den Beruf",
        provider=Provider(id="worms~vhs" if foreign else "kvhs", name="Volkshochschule"),
        instances=(Instance(start=dt.date(2099, 4, 13)),),
    ).canonical()
