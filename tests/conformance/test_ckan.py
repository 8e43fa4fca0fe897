"""CKAN's own DCAT reader (ckanext-dcat) gets every dataset of every page once; its environment is made by `make build/ckan/installed`."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from search.encoder import Encoder
from tests.many_sources import catalogue_of_many
from tests.service.conftest import serving, wait_for

pytestmark = pytest.mark.conformance
ROOT = Path(__file__).parents[2]
PYTHON = ROOT / "build" / "ckan" / "bin" / "python"
READER = Path(__file__).with_name("ckan_reader.py")
EU = "http://publications.europa.eu/resource/authority/"


@pytest.fixture(scope="session")
def ckan() -> Path:
    """The Python that has CKAN; skips where it was not installed, fails there on CI."""
    if not PYTHON.exists():
        reason = "CKAN is missing (make build/ckan/installed)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return PYTHON


def read(ckan: Path, *arguments: str) -> dict[str, Any]:
    done = subprocess.run([ckan, READER, *arguments], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module")
def sample(demo: Path) -> Iterator[str]:
    with serving(demo) as url:
        wait_for(lambda: httpx.get(f"{url}/katalog.rdf").status_code == 200, seconds=120)
        yield url


@pytest.mark.parametrize("suffix", ["rdf", "ttl", "jsonld", "nt"])
def test_the_sample_catalogue(ckan: Path, sample: str, suffix: str) -> None:
    found = read(ckan, f"{sample}/katalog.{suffix}")
    assert found["pages"] == [f"{sample}/katalog.{suffix}"]
    assert len(found["datasets"]) == len({dataset["uri"] for dataset in found["datasets"]}) == 16
    vhs = next(dataset for dataset in found["datasets"] if dataset["uri"].endswith("/katalog/quelle/vhs-worms"))
    assert vhs["title"] == "Bildungsangebote: Volkshochschule Worms am Dom"
    assert vhs["identifier"] == vhs["uri"]
    assert vhs["tags"] == ["Bildung", "Bildungsangebote", "Kurse", "Weiterbildung"]
    assert vhs["resources"] == [
        f"http://127.0.0.1:8000/dumps/quelle-vhs-worms.{suffix}.gz" for suffix in ("csv", "ttl")
    ]
    assert vhs["licences"] == ["http://dcat-ap.de/def/licenses/dl-by-de/2.0"]
    assert vhs["hashes"] == 2
    assert vhs["publisher_name"] == "Volkshochschule Worms am Dom"
    assert vhs["theme"] == json.dumps([EU + "data-theme/EDUC"])
    assert vhs["frequency"] == EU + "frequency/IRREG"
    assert vhs["spatial_uri"] == "http://dcat-ap.de/def/politicalGeocoding/districtKey/07331"
    assert json.loads(vhs["spatial_bbox"])["type"] == "Polygon"
    assert vhs["contact_name"]
    assert vhs["temporal_start"] <= vhs["temporal_end"]


def test_every_page_of_a_large_one(ckan: Path, tmp_path: Path, encoder: Encoder) -> None:
    """120 sources are three pages; behind a proxy with a path."""
    base = "https://bildung.example/kreis"
    folder = catalogue_of_many(tmp_path / "katalog", 120, base, encoder, neighbour=True)
    with serving(folder) as url:
        wait_for(lambda: httpx.get(f"{url}/katalog.rdf").status_code == 200, seconds=180)
        found = read(ckan, f"{url}/katalog.rdf", base)
        assert len(found["pages"]) == len(set(found["pages"])) == 3
    names = [f"{base}/katalog/gesamt", *(f"{base}/katalog/quelle/quelle-{number:03}" for number in range(120))]
    assert sorted(dataset["uri"] for dataset in found["datasets"]) == names
