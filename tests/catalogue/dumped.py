"""A catalogue of a few offers, some of which may not be passed on, and its dumps."""

from __future__ import annotations

import datetime as dt
import gzip
from decimal import Decimal
from pathlib import Path

import pyoxigraph as ox

from catalogue.dumps import Manifest, make_dumps, read_dumps
from catalogue.ledger import Counts
from catalogue.run import open_run
from catalogue.settings import read_settings
from ontology.offer import Instance, Kind, Offer, Place, Provider
from ontology.publication import ontology_ntriples

BASE = "https://bildung.example/kreis"
GRAPH = f"{BASE}/graph/quelle"
SETTINGS = f"""
[catalogue]
title = "Bildung im Kreis"
base = "{BASE}"
publisher = "Kreis"
licence = "https://www.govdata.de/dl-de/by-2-0"

[[source]]
name = "kvhs"
title = "Kreisvolkshochschule"
licence = "https://creativecommons.org/licenses/by/4.0/"

[[source]]
name = "zu"
title = "Nur zum Ansehen"
licence = "Alle Rechte vorbehalten"

[[source]]
name = "amt"
"""
KVHS = Provider(id="kvhs", name="KVHS", url="https://kvhs.example/")
TOWN = Place(locality="Alzey", postal_code="55232", ags="07331003", latitude=49.75, longitude=8.11)
COURSE = Offer(
    id="kvhs-1",
    source="kvhs",
    identifier="1",
    kind=Kind.COURSE,
    name='=Brot "backen"',
    description="Erste Zeile\nzweite, mit . am Ende .",
    provider=KVHS,
    topics=("crafts",),
    phases=("general-adult",),
    instances=(
        Instance(number="1", start=dt.datetime(2026, 4, 13, 18, 30), end=dt.date(2026, 4, 20), price=Decimal("45.50")),
        Instance(number="2", start=dt.date(2026, 9, 1), place=TOWN),
    ),
)
COUNSEL = Offer(id="amt-b", source="amt", identifier="b", kind=Kind.SERVICE, name="Beratung", provider=KVHS, place=TOWN)
CLOSED = Offer(id="zu-1", source="zu", identifier="1", kind=Kind.COURSE, name="Geheimes Kochen")
OWN_LICENCE = Offer(
    id="kvhs-2", source="kvhs", identifier="2", kind=Kind.COURSE, name="Nur hier", licence="CC BY-NC 4.0"
)


def deliver(folder: Path, *offers: Offer) -> None:
    """One run with everything that there is now."""
    folder.mkdir(exist_ok=True)
    (folder / "katalog.toml").write_text(SETTINGS, encoding="utf-8")
    with open_run(folder, BASE) as run:
        for name in ("amt", "kvhs", "zu"):
            with run.source(name) as source:
                taken = sum(source.put(offer.canonical()) for offer in offers if offer.source == name)
                source.finish(Counts(taken, taken, 0, 0, source.missing()), [])
        run.put_ontology(ontology_ntriples())
        run.commit()


def dump(folder: Path) -> Manifest:
    return make_dumps(folder, read_settings(folder))


def unpacked(folder: Path, name: str) -> bytes:
    found = read_dumps(folder)
    assert found is not None
    return gzip.decompress((found[0] / name).read_bytes())


def statements(content: bytes, form: ox.RdfFormat) -> set[str]:
    """Quads as the store knows them, so that equal values are equal."""
    store = ox.Store()
    store.load(content, form)
    return {str(quad) for quad in store}
