"""A neighbour's offers in the search and on pages; where they come from, what of them may be shown, and where they never appear."""

from __future__ import annotations

import datetime as dt
import gzip
import re
import shutil
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from catalogue.ledger import Bookmark, Counts
from catalogue.neighbours import Check, note_check, read_checks
from catalogue.run import open_run
from ontology.concepts import load_schemes
from ontology.offer import Instance, Offer, Place, Provider, id_at_neighbour
from search.encoder import open_encoder
from search.encoder.cache import VectorCache
from search.index import update_index
from service.border import shown
from tests.service.conftest import BASE, OFFERS, SETTINGS, an_offer, ingest, serving, wait_for

THERE = "https://bildung.bergstrasse.example"
SOURCE = "nachbar/bergstrasse"
NEIGHBOUR = f'\n[[neighbour]]\nname = "bergstrasse"\ntitle = "Bergstraße"\nfeed = "{THERE}/feed"\nevery = 604800\n'
BENSHEIM = Place(locality="Bensheim", ags="06431002", latitude=49.6811, longitude=8.6228)
COOKING = Instance(start=dt.datetime(2099, 4, 13, 18, 30), place=BENSHEIM, price=Decimal("32"))


def of_neighbour(key: str, name: str, **more: Any) -> Offer:
    iri = f"{THERE}/id/angebot/{key}"
    provider = f"{THERE}/id/anbieter/kueche"
    return msgspec.structs.replace(
        an_offer(key, name, COOKING, **more),
        id=id_at_neighbour(SOURCE, iri),
        source=SOURCE,
        iri=iri,
        provider=Provider(id=id_at_neighbour(SOURCE, provider), name="Kochschule Bensheim", iri=provider),
    )


COURSE = of_neighbour("kueche-1", "Kochkurs: Brot aus Sauerteig", description="Kneten, falten, backen.")
CLOSED = of_neighbour(
    "kueche-2", "Kochkurs: Geheime Soßen", description="Das Rezept der Großmutter.", licence="Alle Rechte vorbehalten"
)


@pytest.fixture(scope="module")
def folder(small_catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Own offers and two of a neighbour, last seen three days ago."""
    folder = tmp_path_factory.mktemp("border") / "katalog"
    folder.mkdir()
    (folder / "katalog.toml").write_text(SETTINGS + NEIGHBOUR, encoding="utf-8")
    shutil.copyfile(small_catalogue / "vectors.sqlite", folder / "vectors.sqlite")
    ingest(folder, *OFFERS)
    schemes = load_schemes()
    with open_run(folder, BASE) as run, VectorCache(folder / "vectors.sqlite") as cache:
        with run.source(SOURCE, partial=True) as source:
            source.put(COURSE)
            source.put(CLOSED)
            source.finish(Counts(2, 2), [])
        run.ledger.put_bookmark(Bookmark("bergstrasse", 2, "{}", run.moment))
        update_index(run, open_encoder(), cache, lambda scheme, notation: schemes[scheme].label(notation))
        run.commit()
    three_days_ago = dt.datetime.now(dt.UTC) - dt.timedelta(days=3)
    note_check(folder, "bergstrasse", Check(at=three_days_ago.isoformat(timespec="seconds")))
    return folder


@pytest.fixture(scope="module")
def border(folder: Path) -> Iterator[httpx.Client]:
    """The catalogue, served after it has found out that the neighbour cannot be reached."""
    with serving(folder) as url, httpx.Client(base_url=url, timeout=30) as client:
        wait_for(lambda: read_checks(folder)["bergstrasse"].trouble, 60)
        yield client


def hits(client: httpx.Client, **parameters: str) -> dict[str, dict[str, Any]]:
    answer = client.get("/api/search", params=parameters)
    assert answer.status_code == 200, answer.text
    return {hit["name"]: hit for hit in answer.json()["hits"]}


def test_a_hit_says_whose_it_is_and_how_far_behind_the_border(border: httpx.Client) -> None:
    found = hits(border, q="Kochkurs")
    origin = found[COURSE.name]["origin"]
    assert found[COURSE.name]["id"] == f"{THERE}/id/angebot/kueche-1"
    assert {key: origin[key] for key in ("neighbour", "title", "url", "distance_from")} == {
        "neighbour": "bergstrasse",
        "title": "Bergstraße",
        "url": f"{THERE}/id/angebot/kueche-1",
        "distance_from": "border",
    }
    assert origin["distance_km"] == 14.5  # to the point of Hamm am Rhein
    assert "origin" not in hits(border, q="Excel")["Excel für den Beruf"]


def test_a_hit_says_how_far_from_the_place_that_was_asked_for(border: httpx.Client) -> None:
    origin = hits(border, q="Kochkurs in Alzey")[COURSE.name]["origin"]
    assert origin["distance_from"] == "Alzey"
    assert 35 < origin["distance_km"] < 40
    page = border.get("/suche", params={"q": "Kochkurs in Alzey"}).text
    assert re.search(r"Aus dem Katalog Bergstraße · 3\d\u00a0km von Alzey", page)
    assert re.search(
        r"Aus dem Katalog Bergstraße · \d\d\u00a0km hinter der Kreisgrenze", border.get("/suche?q=Kochkurs").text
    )


def test_hits_can_be_narrowed_down_to_a_neighbour(border: httpx.Client) -> None:
    assert set(hits(border, source=SOURCE)) == {COURSE.name, CLOSED.name}
    page = border.get("/suche", params={"source": SOURCE}).text
    assert "Katalog Bergstraße<span" in page  # the chip that takes it away
    assert 'href="/suche?source=nachbar%2Fbergstrasse"' in border.get("/suche").text


def test_the_page_of_a_neighbours_offer_says_so_and_points_there(border: httpx.Client) -> None:
    page = border.get(f"/angebot/{COURSE.id}").text
    assert f'<link rel="canonical" href="{COURSE.iri}">' in page
    assert f'href="{COURSE.iri}" rel="noopener">Im Katalog Bergstraße ansehen</a>' in page
    assert "application/ld+json" not in page
    assert "Kneten, falten, backen." in page
    assert "Der Katalog Bergstraße konnte zuletzt nicht abgeglichen werden." in page
    assert "Hier steht, was vor 3 Tagen galt" in page
    own = border.get("/angebot/kvhs-A1").text
    assert f'<link rel="canonical" href="{BASE}/angebot/kvhs-A1">' in own
    assert "application/ld+json" in own


def test_of_an_offer_that_is_not_open_only_name_provider_and_dates_are_shown(border: httpx.Client) -> None:
    page = border.get(f"/angebot/{CLOSED.id}").text
    for text in (CLOSED.name, "Kochschule Bensheim", "13.\u00a0April\u00a02099", f'href="{CLOSED.iri}" rel="noopener"'):
        assert text in page
    data = border.get(f"/angebot/{CLOSED.id}.ttl").text
    hit = hits(border, q="Geheime Soßen")[CLOSED.name]
    card = border.get("/suche?q=Geheime+So%C3%9Fen").text.partition(f">{CLOSED.name}<")[2].partition("</article>")[0]
    assert CLOSED.name in data
    for told in (page, data, str(hit), card):
        assert "Großmutter" not in told
        assert "32" not in told
    assert "Preis" not in page + card
    assert hit["instances"][0]["start"] == "2099-04-13T18:30"
    assert hit["instances"][0]["place"] is None
    assert shown(COURSE) == COURSE


def test_the_page_of_a_neighbours_provider_lists_its_offers(border: httpx.Client) -> None:
    assert COURSE.provider is not None
    page = border.get(f"/anbieter/{COURSE.provider.id}").text
    assert COURSE.name in page
    assert "Großmutter" not in page
    assert f'<link rel="canonical" href="{COURSE.provider.iri}">' in page


@pytest.mark.parametrize(
    "path", ["/sitemap/angebote-1.xml", "/sitemap/anbieter-1.xml", "/moochub", "/katalog.ttl", "/feed"]
)
def test_nothing_is_passed_on(border: httpx.Client, path: str) -> None:
    wait_for(lambda: border.get(path).status_code == 200, 60)
    text = border.get(path).text
    assert "kvhs" in text or path == "/feed"
    assert "kueche" not in text
    assert "bergstrasse" not in text


def test_nothing_is_passed_on_in_the_pages_of_the_feed_and_the_dumps(border: httpx.Client) -> None:
    pages = set(re.findall(r"<[^>]*(/feed/[^/>]+/[^/>]+)>", border.get("/feed.nq").text))
    told = "".join(border.get(page, headers={"Accept": "application/n-quads"}).text for page in pages)
    assert "Excel für den Beruf" in told
    wait_for(lambda: border.get("/dumps/katalog.nq.gz").status_code == 200, 60)
    dump = border.get("/dumps/katalog.nq.gz").content
    dumped = gzip.decompress(dump).decode() if dump.startswith(b"\x1f\x8b") else dump.decode()
    assert "Excel für den Beruf" in dumped
    for text in (told, dumped):
        assert "kueche" not in text
        assert "nachbar/bergstrasse" not in text


SENTENCE = "Hamburg gehört zu keinem der Landkreise, aus denen hier Angebote stehen."


def test_a_place_that_nothing_is_known_of_gets_a_sentence_and_the_nearest(border: httpx.Client) -> None:
    answer = border.get("/api/search", params={"q": "Kochkurs in Hamburg"}).json()
    assert answer["query"]["note"] == f"{SENTENCE} Das Nächste dazu:"
    assert (answer["total"], answer["weak"]) == (0, True)
    best = answer["hits"][0]
    assert (best["group"], best["origin"]["distance_from"]) == (3, "Hamburg")
    assert 420 < best["origin"]["distance_km"] < 450
    page = border.get("/suche", params={"q": "Kochkurs in Hamburg"}).text
    assert f"<strong>{SENTENCE} Das Nächste dazu:</strong>" in page
    assert re.search(r"Aus dem Katalog Bergstraße · 4\d\d\u00a0km von Hamburg", page)
    assert "nichts gefunden" not in page


def test_a_strict_place_stays_strict_and_leads_on(border: httpx.Client) -> None:
    answer = border.get("/api/search", params={"q": "Kochkurs", "place": "Hamburg"}).json()
    assert answer["query"]["note"] == SENTENCE
    assert all(hit["group"] == 2 for hit in answer["hits"])  # such as say no place
    page = border.get("/suche", params={"q": "Kochkurs", "place": "Hamburg"}).text
    assert f"<strong>{SENTENCE}</strong>" in page
    assert 'href="/suche?q=Kochkurs+in+Hamburg"' in page


@pytest.mark.parametrize("place", ["Alzey", "Osthofen", "Worms", "Bensheim", "Viernheim"])
def test_own_and_followed_districts_are_known(border: httpx.Client, place: str) -> None:
    assert "note" not in border.get("/api/search", params={"q": f"Kochkurs in {place}"}).json()["query"]


def test_the_neighbours_are_listed_with_their_state(border: httpx.Client) -> None:
    [neighbour] = border.get("/nachbarn.json").json()["neighbours"]
    assert {key: neighbour[key] for key in ("name", "title", "address", "way", "offers")} == {
        "name": "bergstrasse",
        "title": "Bergstraße",
        "address": f"{THERE}/feed",
        "way": "feed",
        "offers": 2,
    }
    assert neighbour["reached"] < neighbour["checked"]
    assert "nicht erreichbar" in neighbour["trouble"]
    page = border.get("/nachbarn", headers={"Accept": "text/html"})
    assert "Zuletzt konnte dieser Katalog nicht abgeglichen werden." in page.text
    assert "(Stand: vor 3 Tagen, " in page.text
    again = border.get("/nachbarn", headers={"Accept": "text/html", "If-None-Match": page.headers["ETag"]})
    assert again.status_code == 304
    assert 'href="/nachbarn"' in border.get("/").text


def test_the_figures_of_the_catalogue_hold_the_neighbours(border: httpx.Client) -> None:
    sources = {source["name"]: source for source in border.get("/guete.json").json()["sources"]}
    found = sources[SOURCE]
    assert (found["title"], found["coverage"]["offers"], found["age_days"], found["failed"]) == (
        "Katalog Bergstraße",
        2,
        3,
        True,
    )


def test_a_catalogue_without_neighbours_says_so(client: httpx.Client) -> None:
    assert client.get("/nachbarn.json").json() == {"neighbours": []}
    assert "folgt zurzeit keinem anderen" in client.get("/nachbarn", headers={"Accept": "text/html"}).text
    assert 'href="/nachbarn"' not in client.get("/").text


def test_another_place_is_nearer_than_another_subject(demo_client: httpx.Client) -> None:
    """The sample has no yoga in Alzey, and cooking in Alzey at that time of day."""
    found = demo_client.get("/api/search", params={"q": "Yoga abends in Alzey", "today": "2026-01-05"}).json()
    assert [hit["name"] for hit in found["hits"]][:2] == ["Yoga nach Feierabend", "Yoga für den Rücken"]
    assert {hit["group"] for hit in found["hits"][:2]} == {3}
