"""One offer from two sources: one hit with both, a page that names the other, links in the data, and people who decide."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser

from catalogue.snapshot import Snapshot
from tests.catalogues import Asker
from tests.command import bildungskatalog
from tests.service.conftest import serving

BASE = "http://127.0.0.1:8000"
SETTINGS = """
[catalogue]
title = "Bildung in Testingen"

[[source]]
name = "vhs"
title = "Volkshochschule"
format = "schemaorg"
files = ["vhs.jsonld"]

[[source]]
name = "verband"
title = "Verband der Volkshochschulen"
format = "schemaorg"
files = ["verband.jsonld"]
"""


def course(key: str, name: str, day: str, price: str, **more: Any) -> dict[str, Any]:
    place = {"@type": "Place", "address": {"@type": "PostalAddress", "addressLocality": "Worms", "postalCode": "67547"}}
    run = {
        "@type": "CourseInstance",
        "startDate": day,
        "location": place,
        "offers": {"@type": "Offer", "price": price, "priceCurrency": "EUR"},
    }
    provider = {"@type": "Organization", "name": "Volkshochschule Worms"}
    return {"@type": "Course", "identifier": key, "name": name, "provider": provider, "hasCourseInstance": run} | more


VHS = [
    course("T1", "Töpfern am Abend", "2099-03-01", "40"),
    course("R1", "Rhetorik für Frauen", "2099-03-02", "60"),
    course("R2", "Rhetorik für Frauen in Führungsrollen", "2099-04-02", "90"),
]
VERBAND = [course("900", "Toepfern am Abend", "2099-03-01", "45", description="Wir drehen auf der Scheibe.")]


def write(folder: Path, name: str, offers: list[dict[str, Any]]) -> None:
    document = {"@context": "https://schema.org", "@graph": offers}
    (folder / f"{name}.jsonld").write_text(json.dumps(document), encoding="utf-8")


def ingest(folder: Path) -> None:
    done = bildungskatalog("ingest", "--dir", folder)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("doppelt") / "katalog"
    folder.mkdir()
    (folder / "katalog.toml").write_text(SETTINGS, encoding="utf-8")
    write(folder, "vhs", VHS)
    write(folder, "verband", VERBAND)
    ingest(folder)
    return folder


@pytest.fixture(scope="module")
def served(made: Path) -> Iterator[httpx.Client]:
    with serving(made) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client


def search(client: httpx.Client, question: str, **more: str) -> dict[str, Any]:
    answer = client.get("/api/search", params={"q": question, "today": "2099-01-05", **more})
    assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    return found


def test_a_merged_offer_is_one_hit_that_says_which_source_says_what(served: httpx.Client) -> None:
    found = search(served, "Töpfern")
    (hit,) = [hit for hit in found["hits"] if "pfern" in hit["name"]]
    ids = [source["id"].rpartition("/")[2] for source in hit["sources"]]
    assert sorted(ids) == ["verband-900", "vhs-T1"]
    assert hit["id"] == hit["sources"][0]["id"]
    by_source = {source["source"]: source for source in hit["sources"]}
    assert by_source["vhs"]["title"] == "Volkshochschule"
    assert by_source["vhs"]["fields"]["price"] == [40.0]
    assert by_source["verband"]["fields"]["price"] == [45.0]
    assert by_source["verband"]["fields"]["description"] == "Wir drehen auf der Scheibe."
    assert "description" not in by_source["vhs"]["fields"]


def test_total_and_facets_count_it_once(served: httpx.Client) -> None:
    together, apart = search(served, ""), search(served, "", collapse="false")
    assert (together["total"], apart["total"]) == (3, 4)
    assert together["facets"]["provider"][0]["count"] == 3
    assert all("sources" not in hit for hit in apart["hits"])


def test_the_hit_and_the_page_name_the_other_source(served: httpx.Client) -> None:
    assert "Auch gefunden bei" in served.get("/suche", params={"q": "Töpfern", "today": "2099-01-05"}).text
    page = served.get("/angebot/vhs-T1", headers={"Accept": "text/html"}).text
    section = page.partition('<h2 id="auch">Auch gefunden bei</h2>')[2].partition("</section>")[0]
    assert '<a href="/angebot/verband-900">Verband der Volkshochschulen</a>' in section
    assert '<dt>Preis dort</dt><dd dir="auto">45\u00a0€</dd>' in section
    assert "Anbieter dort" not in section
    assert "Auch gefunden bei" not in served.get("/angebot/vhs-R1", headers={"Accept": "text/html"}).text


def test_the_link_is_published_and_can_be_asked_for(served: httpx.Client) -> None:
    query = "SELECT ?a ?b ?g WHERE { GRAPH ?g { ?a <http://www.w3.org/2002/07/owl#sameAs> ?b } }"
    answer = served.get(
        "/sparql", params={"query": query}, headers={"Accept": "application/sparql-results+json"}
    ).json()
    (row,) = answer["results"]["bindings"]
    assert {name: term["value"] for name, term in row.items()} == {
        "a": f"{BASE}/id/angebot/verband-900",
        "b": f"{BASE}/id/angebot/vhs-T1",
        "g": f"{BASE}/graph/urteile",
    }


def test_unsure_pairs_stand_side_by_side(served: httpx.Client) -> None:
    answer = served.get("/doppelt.json")
    found = answer.json()
    assert found["total"] == 1
    (pair,) = found["pairs"]
    assert {pair["one"]["id"].rpartition("/")[2], pair["other"]["id"].rpartition("/")[2]} == {"vhs-R1", "vhs-R2"}
    assert pair["one"]["title"] == "Volkshochschule"
    assert pair["different"] == ["name", "start", "price", "identifier"]
    assert {"feature": "more", "text": "Ein Titel sagt mehr als der andere."} in pair["reasons"]
    assert pair["command"] == "bildungskatalog judge vhs-R1 vhs-R2 same --by NAME"
    page = served.get("/doppelt", headers={"Accept": "text/html"})
    assert "Ein Paar ist zu entscheiden." in page.text
    assert page.text.count('<span class="mark">verschieden</span>') == 4  # not only by colour
    assert pair["command"] in page.text
    assert served.get("/doppelt", headers={"Accept": "application/json"}).json() == found
    assert served.get("/doppelt.json", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    assert served.get("/doppelt", headers={"Accept": "image/png"}).status_code == 406
    assert served.get("/doppelt.json", params={"seite": "2"}).json()["pairs"] == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1440])
def test_the_page_fits(browser: Browser, served: httpx.Client, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(f"{served.base_url}/doppelt")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("section.pair").count() == 1
    page.close()


def test_a_person_decides_and_takes_it_back(made: Path, tmp_path: Path, ask: Asker) -> None:
    folder = tmp_path / "katalog"
    shutil.copytree(made, folder)

    def judge(one: str, other: str, outcome: str, by: str = "Anna Berg") -> tuple[int, str]:
        done = bildungskatalog("judge", one, other, outcome, "--by", by, "--dir", folder)
        return done.returncode, done.stdout + done.stderr

    def rhetoric() -> int:
        return sum("Rhetorik" in hit["name"] for hit in ask(folder, "Rhetorik", "2099-01-05")["hits"])

    assert rhetoric() == 2
    status, said = judge(f"{BASE}/id/angebot/vhs-R2", "vhs-R1", "same")
    assert (status, "vhs-R1 und vhs-R2: same, gemerkt in urteile.tsv" in said) == (0, True)
    lines = (folder / "urteile.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "one\tother\tjudgement\tby\tat"
    assert lines[1].split("\t")[:4] == ["vhs-R1", "vhs-R2", "same", "Anna Berg"]
    ingest(folder)
    assert rhetoric() == 1
    judge("vhs-R1", "vhs-R2", "different")
    ingest(folder)
    assert rhetoric() == 2
    with Snapshot.open(folder) as snapshot:
        assert snapshot.judgements.count_unsure() == 0
    (folder / "urteile.tsv").unlink()
    ingest(folder)
    with Snapshot.open(folder) as snapshot:
        assert snapshot.judgements.count_unsure() == 1


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("vhs-R1", "vhs-R9", "same"), "Ein Angebot „vhs-R9“ gibt es hier nicht"),
        (("vhs-R1", "vhs-R1", "same"), "Das ist beide Male dasselbe Angebot"),
        (("vhs-R1", "vhs-R2", "gleich"), "Ein Urteil heißt same, different, unsure"),
    ],
)
def test_wrong_judgements_are_refused(made: Path, arguments: tuple[str, ...], sentence: str) -> None:
    done = bildungskatalog("judge", *arguments, "--by", "Anna", "--dir", made)
    assert done.returncode == 2
    assert sentence in " ".join(done.stderr.replace("│", " ").split())
    assert not (made / "urteile.tsv").exists()
