"""The page for SPARQL: its examples over the sample, its files, and the editor in a real browser."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from playwright.sync_api import Browser, Page, expect

from catalogue.snapshot import Snapshot
from ontology.iris import SCHEMA
from ontology.offer import Offer
from ontology.rdf import offer_to_ntriples, provider_to_ntriples
from tests.ontology.offers import offers
from tests.service.conftest import Live

FOLDER = Path(__file__).resolve().parents[2] / "service" / "pages" / "sparql"
EXAMPLES = sorted((FOLDER / "examples").glob("*.rq"))


# --- examples -----------------------------------------------------------------------------------------------------------------------


def test_there_are_ten_examples_with_title_and_description() -> None:
    assert len(EXAMPLES) == 10
    for path in EXAMPLES:
        title, about, _ = path.read_text(encoding="utf-8").split("\n", 2)
        assert re.fullmatch(r"# .{8,60}", title), path.name
        assert re.fullmatch(r"# .{30,140}[.]", about), path.name


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_example_finds_something_in_the_sample(demo: Path, path: Path) -> None:
    query = path.read_text(encoding="utf-8")
    seconds = []
    with Snapshot.open(demo) as snapshot:
        for _ in range(3):
            start = time.process_time()
            rows: Any = snapshot.store.query(query, use_default_graph_as_union=True)
            assert sum(1 for _ in rows) >= 5
            seconds.append(time.process_time() - start)
    assert min(seconds) < 0.05  # of a processor, whatever else the machine does


# --- files --------------------------------------------------------------------------------------------------------------------------


def test_the_bundled_editor_is_the_published_one() -> None:
    said = re.findall(r"^ +([0-9a-f]{64})  (\S+)$", (FOLDER / "SOURCES.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for _, name in said] == ["yasqe.min.js", "yasqe.min.css"]
    for digest, name in said:
        assert hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() == digest


def test_files_are_kept_for_ever_under_their_version(client: httpx.Client) -> None:
    page = client.get("/sparql", headers={"Accept": "text/html"}).text
    addresses = re.findall(r'"(/sparql/[0-9a-f]{12}/[a-zA-Z.]+)"', page)
    assert len(addresses) == 7
    for address in addresses:
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-encoding"] == "gzip"
    plain = client.get(addresses[0], headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert client.get("/sparql/alt/page.js").headers["cache-control"] == "no-cache"
    assert client.get("/sparql/alt/nichts.js").status_code == 404


def test_only_this_page_runs_scripts(client: httpx.Client) -> None:
    html = {"Accept": "text/html"}
    assert "script-src 'self'" in client.get("/sparql", headers=html).headers["content-security-policy"]
    assert "script-src" not in client.get("/suche", headers=html).headers["content-security-policy"]


def terms_of(client: httpx.Client) -> dict[str, str]:
    return dict(client.get("/sparql/x/begriffe.json").json()["terms"])


def test_terms_are_those_of_the_catalogue(client: httpx.Client) -> None:
    terms = terms_of(client)
    assert terms["https://w3id.org/bildungskatalog/ns#phase"] == "Phase der Bildungskette"
    assert terms["https://w3id.org/bildungskatalog/topics/german"] == "Deutsch lernen (Themen)"
    assert terms["http://schema.org/startDate"] == "Beginn"


@settings(deadline=None, max_examples=40)
@given(offers)
def test_every_term_of_an_offer_can_be_completed(editor_terms: frozenset[str], offer: Offer) -> None:
    text = offer_to_ntriples(offer, "https://b.example")
    text += provider_to_ntriples(offer.provider, "https://b.example") if offer.provider else ""
    quads = list(ox.parse(text.encode(), ox.RdfFormat.N_TRIPLES))
    used = {quad.predicate.value for quad in quads}
    used |= {quad.object.value for quad in quads if quad.predicate.value.endswith("#type")}
    assert {term for term in used if term.startswith(SCHEMA)} <= editor_terms


@pytest.fixture(scope="module")
def editor_terms(live: Live) -> frozenset[str]:
    return frozenset(iri for iri, _ in httpx.get(f"{live.url}/sparql/x/begriffe.json").json()["terms"])


def test_the_map_has_the_district_and_its_towns(client: httpx.Client) -> None:
    area = client.get("/sparql/x/karte.json").json()
    [ring] = area["outline"]
    assert all(7.8 < lon < 8.5 and 49.5 < lat < 50 for lon, lat in ring)
    assert area["towns"][0][0] == "Alzey"


# --- without scripts ----------------------------------------------------------------------------------------------------------------


def test_without_scripts_examples_fill_the_form(browser: Browser, live: Live) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live.url}/sparql")
    page.get_by_role("link", name="Wer was anbietet").click()
    assert "?anbieter" in page.get_by_label("Abfrage", exact=True).input_value()
    with page.expect_download() as download:
        page.get_by_role("button", name="Abfragen").click()
    assert "KVHS Testingen" in download.value.path().read_text(encoding="utf-8")
    context.close()


# --- in a browser -------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def page(browser: Browser, live: Live) -> Iterator[Page]:
    """A page that may say nothing and ask nobody else."""
    context = browser.new_context(viewport={"width": 360, "height": 800}, locale="de-DE")
    page, said = context.new_page(), []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda r: None if r.url.startswith((live.url, "blob:")) else said.append(r.url))
    yield page
    assert said == []
    assert context.cookies() == []
    context.close()


def opened(page: Page, live: Live, example: str = "phasen") -> Page:
    with page.expect_response(re.compile("karte.json")), page.expect_response(re.compile("begriffe.json")):
        page.goto(f"{live.url}/sparql?beispiel={example}")
    expect(page.locator(".yasqe")).to_be_visible()
    expect(page.locator("#abfrage")).to_be_hidden()
    return page


def written(page: Page, text: str) -> None:
    """The query typed anew, as a person does it."""
    page.get_by_text("Abfrage", exact=True).click()
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def test_results_come_as_a_table_and_a_map(page: Page, live: Live) -> None:
    opened(page, live, "karte").get_by_role("button", name="Abfragen").click()
    expect(page.locator("#ergebnis tbody tr")).to_have_count(1)
    expect(page.locator("#ergebnis tbody tr td")).to_have_text(["Alzey", "Haus der Bildung", "49.7517", "8.1103", "3"])
    expect(page.locator("svg .district")).to_have_count(1)
    expect(page.locator("svg .point title")).to_have_text("gemeinde: Alzey\nort: Haus der Bildung\ntermine: 3")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_results_can_be_taken_away(page: Page, live: Live) -> None:
    opened(page, live, "anbieter").get_by_role("button", name="Abfragen").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    assert download.value.suggested_filename == "ergebnis.csv"
    assert "KVHS Testingen,5" in download.value.path().read_text(encoding="utf-8")
    opened(page, live, "themenbaum").get_by_role("button", name="Abfragen").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Turtle").click()
    ox.Store().load(download.value.path().read_bytes(), ox.RdfFormat.TURTLE)


def test_german_words_complete_to_terms(page: Page, live: Live) -> None:
    opened(page, live)
    written(page, "SELECT ?a WHERE { ?a Voraussetz")
    expect(page.locator(".CodeMirror-hint")).to_have_text("Voraussetzungen – schema:coursePrerequisites")
    page.keyboard.press("Enter")
    assert (
        page.locator("#abfrage")
        .evaluate("field => field.value")
        .startswith("PREFIX schema: <http://schema.org/>\nSELECT ?a WHERE { ?a schema:coursePrerequisites")
    )


def test_the_keyboard_gets_in_and_out(page: Page, live: Live) -> None:
    opened(page, live)
    written(page, "ASK {} ")
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Abfragen")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#ergebnis tbody td")).to_have_text("ja")


def test_hostile_values_are_text(page: Page, live: Live) -> None:
    opened(page, live)
    written(page, 'SELECT ("<img src=x onerror=alert(1)>" AS ?x) (<javascript:alert(1)> AS ?y) {}')
    page.keyboard.press("Control+Enter")
    expect(page.locator("#ergebnis td")).to_have_text(["<img src=x onerror=alert(1)>", "javascript:alert(1)"])
    assert page.locator("#ergebnis td a, #ergebnis img").count() == 0


def test_what_is_wrong_is_told_in_german(browser: Browser, live: Live) -> None:
    page = browser.new_page()  # the browser itself writes of an answer 400
    opened(page, live)
    written(page, "ASK { ?a ?b }")
    expect(page.locator("#hinweis")).to_have_text("Ab Zeile 1 stimmt die Abfrage noch nicht.")
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#ergebnis")).to_contain_text("Die Abfrage")
    page.close()
