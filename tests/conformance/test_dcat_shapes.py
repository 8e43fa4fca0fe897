"""The official shapes of DCAT-AP 3.0.1 and DCAT-AP.de 3.0 over every page, without anything that explains the official lists beside it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pyoxigraph as ox
import pytest

from catalogue.dumps.make import make_dumps
from catalogue.settings import read_settings
from ontology.gazetteer import Gazetteer
from ontology.profiles.dcat import Catalogue, page_count, page_triples
from search.encoder import Encoder
from service.dcat import Describer
from tests.catalogues import new_catalogue
from tests.command import bildungskatalog
from tests.many_sources import catalogue_of_many

pytestmark = pytest.mark.conformance


def judge(shared: Path, *files: Path) -> list[str]:
    """The two lines of the verdict."""
    done = subprocess.run(
        [sys.executable, shared / "tools" / "shacl_dcat.py", *files],
        capture_output=True,
        text=True,
        check=True,
        timeout=600,
    )
    return [line for line in done.stdout.splitlines() if line.startswith("##")]


CONFORMS = ["## DCAT-AP 3.0.1 conforms {}", "## DCAT-AP.de 3.0 spec conforms {}"]


def described(folder: Path, gazetteer: Gazetteer) -> Catalogue:
    settings = read_settings(folder)
    make_dumps(folder, settings)
    catalogue = Describer(folder, settings, gazetteer).read()
    assert catalogue is not None
    return catalogue


def written(catalogue: Catalogue, number: int, path: Path) -> Path:
    path.write_bytes(bytes(ox.serialize(page_triples(catalogue, number, "nt"), format=ox.RdfFormat.N_TRIPLES)))
    return path


def test_the_judge_accepts_the_example(shared: Path) -> None:
    golden = shared / "standards" / "dcat-golden"
    assert judge(shared, golden / "catalog.ttl", golden / "vocab-stub.ttl") == CONFORMS


@pytest.mark.parametrize(
    ("predicate", "replaced"),
    [
        ("http://purl.org/dc/terms/publisher", None),  # a dataset without one
        ("http://www.w3.org/ns/dcat#accessURL", None),  # a distribution without one
        ("http://purl.org/dc/terms/license", "https://creativecommons.org/licenses/by/4.0/"),  # not of the German list
    ],
)
def test_the_judge_rejects_broken_ones(
    shared: Path, demo: Path, gazetteer: Gazetteer, tmp_path: Path, predicate: str, replaced: str | None
) -> None:
    page = written(described(demo, gazetteer), 1, tmp_path / "page.nt").read_text(encoding="utf-8").splitlines()
    kept = [line for line in page if f"<{predicate}>" not in line]
    if replaced is not None:
        broken = [line.rsplit(" <", 1)[0] + f" <{replaced}> ." for line in page if f"<{predicate}>" in line]
        kept += broken
    (tmp_path / "broken.nt").write_text("\n".join(kept), encoding="utf-8")
    verdict = judge(shared, tmp_path / "broken.nt")
    assert all("NOT CONFORM" in line for line in verdict), verdict


def test_the_sample_catalogue(shared: Path, demo: Path, gazetteer: Gazetteer, tmp_path: Path) -> None:
    page = written(described(demo, gazetteer), 1, tmp_path / "page.nt")
    assert judge(shared, page) == CONFORMS
    stub = shared / "standards" / "dcat-golden" / "vocab-stub.ttl"  # nor does it contradict what is said elsewhere
    assert judge(shared, page, stub) == CONFORMS


def test_real_files(shared: Path, demo: Path, gazetteer: Gazetteer, tmp_path: Path) -> None:
    """An openVHS file and a table; without a licence, a publisher or a district."""
    data, fixtures = shared / "data", Path(__file__).parents[1] / "fixtures"
    sources = [
        {"name": "openvhs", "format": "openvhs", "files": [data / "open-vhs" / "openvhs-1.2.xml"]},
        {
            "name": "westerwald",
            "format": "table",
            "files": [data / "westerwald" / "kinderbetreuung.csv"],
            "mapping": fixtures / "westerwald.toml",
        },
    ]
    folder = new_catalogue(tmp_path / "katalog", demo, sources)
    done = bildungskatalog("ingest", "--dir", folder)
    assert done.returncode == 0, done.stderr
    catalogue = described(folder, gazetteer)
    assert [dataset.source for dataset in catalogue.datasets] == [None, "openvhs", "westerwald"]
    assert judge(shared, written(catalogue, 1, tmp_path / "page.nt")) == CONFORMS


def test_every_page_of_a_large_one(shared: Path, gazetteer: Gazetteer, encoder: Encoder, tmp_path: Path) -> None:
    base = "https://bildung.example/kreis"
    catalogue = described(catalogue_of_many(tmp_path / "katalog", 60, base, encoder), gazetteer)
    assert page_count(catalogue) == 2
    for number in (1, 2):
        assert judge(shared, written(catalogue, number, tmp_path / f"{number}.nt")) == CONFORMS
