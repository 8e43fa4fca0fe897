"""Offers and providers as linked data: forms, conditions, signposts, what search engines read, the site map; over real HTTP."""

from __future__ import annotations

import datetime as dt
import json
import re
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import httpx
import pyoxigraph as ox
import pytest
import rdflib
from rdflib.compare import isomorphic

from catalogue.snapshot import Snapshot
from ontology.iris import is_own, offer_iri
from ontology.offer import Kind, Offer
from ontology.rdf import offer_from_triples
from service.routes import sitemap
from tests.service.conftest import BASE, OFFERS, SETTINGS, an_offer, ingest, serving

OFFER, PROVIDER = "/angebot/kvhs-A1", "/anbieter/kvhs"
PAGE = {"Accept": "text/html"}
SUFFIXES = {".ttl": "turtle", ".jsonld": "json-ld", ".nt": "nt", ".rdf": "xml"}
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated")  # rdflib's reader of JSON-LD
MEDIA = {
    ".ttl": "text/turtle",
    ".jsonld": "application/ld+json",
    ".nt": "application/n-triples",
    ".rdf": "application/rdf+xml",
}
LINK = re.compile(r'<([^>]*)>((?:; ?\w+="[^"]*")*)')


def links(answer: httpx.Response) -> dict[str, list[str]]:
    """Targets by relation."""
    found: dict[str, list[str]] = {}
    for target, parameters in LINK.findall(answer.headers["link"]):
        relation = dict(re.findall(r'(\w+)="([^"]*)"', parameters))["rel"]
        found.setdefault(relation, []).append(target)
    return found


@pytest.mark.parametrize("path", [OFFER, PROVIDER])
def test_all_forms_say_the_same(client: httpx.Client, path: str) -> None:
    graphs = [
        rdflib.Graph().parse(data=client.get(path + suffix).content, format=name) for suffix, name in SUFFIXES.items()
    ]
    assert len(graphs[0]) > 2
    assert all(isomorphic(graphs[0], graph) for graph in graphs[1:])


@pytest.mark.parametrize("path", [OFFER, PROVIDER])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_by_suffix_and_by_negotiation_are_the_same_bytes(client: httpx.Client, path: str, suffix: str) -> None:
    twin, negotiated = client.get(path + suffix), client.get(path, headers={"Accept": MEDIA[suffix]})
    assert twin.content == negotiated.content
    assert twin.headers["etag"] == negotiated.headers["etag"]
    assert "vary" not in twin.headers
    assert (negotiated.headers["vary"], negotiated.headers["content-location"]) == ("Accept", path + suffix)


def test_what_is_dereferenced_is_what_the_store_holds(demo: Path, demo_client: httpx.Client) -> None:
    """The data of an offer are made of the ledger; SPARQL answers from the store. Every second offer of the sample, value by value."""
    with Snapshot.open(demo) as snapshot:
        offers = [offer for _, offer in snapshot.ledger.offers() if is_own(offer.source)]
        assert len(offers) > 100
        for offer in offers[::2]:
            iri = offer_iri(BASE, offer.id)
            sent = demo_client.get(f"/angebot/{offer.id}.nt").content
            stored = {quad.triple for quad in snapshot.describe(iri)}
            about = [quad.triple for quad in ox.parse(sent, ox.RdfFormat.N_TRIPLES)]
            own = {triple for triple in about if triple.subject.value.partition("#")[0] == iri}
            assert len(own) == len(stored), offer.id
            assert offer_from_triples(iri, own, offer.source) == offer_from_triples(iri, stored, offer.source), offer.id


@pytest.mark.parametrize("path", [OFFER, f"{OFFER}.ttl", f"{PROVIDER}.jsonld"])
def test_conditional_requests(client: httpx.Client, path: str) -> None:
    first = client.get(path, headers=PAGE)
    tag, changed = first.headers["etag"], first.headers["last-modified"]
    assert re.fullmatch(r'"[0-9a-f]{24}"', tag)
    status = lambda **headers: (  # noqa: E731
        client.get(path, headers={**PAGE, **{name.replace("_", "-"): v for name, v in headers.items()}}).status_code
    )
    for known in (tag, f'"a,b", W/{tag}', "*", f'"x" ,{tag}'):
        answer = client.get(path, headers={**PAGE, "If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag), known
    assert status(if_none_match='"x"') == 200
    assert status(if_none_match=tag.strip('"')) == 200
    assert status(if_modified_since=changed) == 304
    assert status(if_modified_since="Thu, 01 Jan 1998 00:00:00 GMT") == 200
    assert status(if_modified_since="gestern") == 200
    assert status(if_modified_since=changed, if_none_match='"x"') == 200  # the tag counts
    head = client.head(path, headers=PAGE)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("etag", "last-modified", "link", "content-type", "content-length"):
        assert head.headers[name] == first.headers[name]


def test_last_modified_is_that_of_the_ledger(client: httpx.Client, small_catalogue: Path) -> None:
    with Snapshot.open(small_catalogue) as snapshot:
        changed = dt.datetime.fromisoformat(str(snapshot.ledger.changed_at("kvhs-A2")))
    expected = changed.astimezone(dt.UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    for path in ("/angebot/kvhs-A2", "/angebot/kvhs-A2.nt", "/anbieter/kvhs.ttl"):
        assert client.get(path, headers=PAGE).headers["last-modified"] == expected


def test_a_tag_changes_with_what_it_names_alone(small_catalogue: Path, tmp_path: Path) -> None:
    folder = tmp_path / "katalog"
    shutil.copytree(small_catalogue, folder)
    changed = an_offer("A2", "Yoga am Abend", *OFFERS[1].instances)
    with serving(folder) as url, httpx.Client(base_url=url) as client:
        before = [client.get(path).headers["etag"] for path in ("/angebot/kvhs-A1.ttl", "/angebot/kvhs-A2.ttl")]
    ingest(folder, OFFERS[0], changed, *OFFERS[2:])
    with serving(folder) as url, httpx.Client(base_url=url) as client:
        after = [client.get(path).headers["etag"] for path in ("/angebot/kvhs-A1.ttl", "/angebot/kvhs-A2.ttl")]
    assert before[0] == after[0]
    assert before[1] != after[1]


@pytest.mark.parametrize("path", [OFFER, PROVIDER, f"/id{OFFER}", f"/id{PROVIDER}"])
def test_who_wants_no_form_is_told_which_there_are(client: httpx.Client, path: str) -> None:
    answer = client.get(path, headers={"Accept": "image/png"})
    assert (answer.status_code, answer.headers["content-type"]) == (406, "application/problem+json")
    document = answer.json()
    assert document["status"] == 406
    page = path.removeprefix("/id")
    assert {"type": "text/turtle", "href": f"{page}.ttl"} in document["offered"]
    assert {"type": "text/html", "href": page} in document["offered"]
    assert set(links(answer)["alternate"]) == {page, *(page + suffix for suffix in SUFFIXES)}
    for offered in document["offered"]:
        assert client.get(offered["href"]).status_code == 200


def test_signposts_of_a_page(client: httpx.Client) -> None:
    found = links(client.get(OFFER, headers=PAGE))
    assert found["cite-as"] == [f"{BASE}/id/angebot/kvhs-A1"]
    assert set(found["type"]) == {"https://schema.org/Course", "https://schema.org/AboutPage"}
    assert set(found["alternate"]) == set(found["describedby"]) == {OFFER + suffix for suffix in SUFFIXES}
    assert found["license"] == ["https://creativecommons.org/licenses/by/4.0/"]
    assert found["collection"] == [f"{BASE}/katalog/quelle/kvhs"]
    assert 'profile="http://schema.org/"' in client.get(OFFER, headers=PAGE).headers["link"]
    for address in found["alternate"]:
        assert client.get(address).status_code == 200
    provider = links(client.get(PROVIDER, headers=PAGE))
    assert provider["collection"] == [f"{BASE}/katalog/gesamt"]
    assert "license" not in provider


def test_signposts_of_data(client: httpx.Client) -> None:
    found = links(client.get(f"{OFFER}.ttl"))
    assert found["cite-as"] == [f"{BASE}/id/angebot/kvhs-A1"]
    assert found["describes"] == [OFFER]
    assert set(found["alternate"]) == {OFFER, f"{OFFER}.jsonld", f"{OFFER}.nt", f"{OFFER}.rdf"}
    assert found["profile"] == ["http://schema.org/"]
    assert found["license"] == ["https://creativecommons.org/licenses/by/4.0/"]
    assert found["collection"] == [f"{BASE}/katalog/quelle/kvhs"]


@pytest.mark.parametrize("path", [OFFER, f"/id{PROVIDER}", f"{OFFER}.ttl", "/ns", "/ns/topics", "/ns/topics.ttl"])
def test_other_sites_may_ask_before_they_read(client: httpx.Client, path: str) -> None:
    answer = client.options(path, headers={"Origin": "https://x.example", "Access-Control-Request-Method": "GET"})
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS"
    assert answer.headers["access-control-allow-origin"] == "*"
    refused = client.post(path)
    assert refused.status_code == 405
    assert {"GET", "HEAD"} <= set(refused.headers["allow"].split(", "))


def test_the_framework_and_what_stands_before_it_answer_alike(client: httpx.Client) -> None:
    """``/api/offers`` runs through the framework, ``.jsonld`` before it."""
    through, before = client.get("/api/offers/kvhs-A1"), client.get("/angebot/kvhs-A1.jsonld")
    assert through.content == before.content
    ours = {"date", "server"}
    assert {k: v for k, v in through.headers.items() if k not in ours} == {
        k: v for k, v in before.headers.items() if k not in ours
    }


def test_a_text_with_any_sign_is_sent_whole(tmp_path: Path) -> None:
    folder = tmp_path / "katalog"
    folder.mkdir()
    (folder / "katalog.toml").write_text(SETTINGS, "utf-8")
    text = 'Zeile\u2028Zeile\x85Zeile\nZeile\r\t"\\" \U0001f600 <b>'
    ingest(folder, an_offer("Z1", "Zeilen", description=text))
    with serving(folder) as url, httpx.Client(base_url=url) as client:
        for suffix, name in SUFFIXES.items():
            graph = rdflib.Graph().parse(data=client.get(f"/angebot/kvhs-Z1{suffix}").content, format=name)
            found = graph.value(
                rdflib.URIRef(f"{BASE}/id/angebot/kvhs-Z1"), rdflib.URIRef("http://schema.org/description")
            )
            if suffix == ".rdf":  # XML reads every end of a line as one sign
                assert str(found).split() == text.split()
            else:
                assert str(found) == text, suffix


def test_behind_a_proxy_with_a_path(small_catalogue: Path, tmp_path: Path) -> None:
    base = "https://daten.example/bildung"
    folder = tmp_path / "katalog"
    folder.mkdir()
    (folder / "katalog.toml").write_text(SETTINGS.replace("[catalogue]", f'[catalogue]\nbase = "{base}"', 1), "utf-8")
    ingest(folder, *OFFERS, base=base)
    with serving(folder) as url, httpx.Client(base_url=url) as client:
        see = client.get("/id/angebot/kvhs-A1", headers={"Accept": "text/turtle"})
        assert see.headers["location"] == "/bildung/angebot/kvhs-A1.ttl"
        data = client.get("/angebot/kvhs-A1.ttl")
        assert f"<{base}/id/angebot/kvhs-A1>" in data.text
        found = links(data)
        assert found["cite-as"] == [f"{base}/id/angebot/kvhs-A1"]
        assert found["describes"] == ["/bildung/angebot/kvhs-A1"]
        assert found["collection"] == [f"{base}/katalog/quelle/kvhs"]
        negotiated = client.get("/angebot/kvhs-A1", headers={"Accept": "text/turtle"})
        assert negotiated.headers["content-location"] == "/bildung/angebot/kvhs-A1.ttl"
        assert client.get("/ns/topics").headers["location"] == "/bildung/ns/topics.html"
        assert f"<loc>{base}/sitemap/angebote-1.xml</loc>" in client.get("/sitemap.xml").text
        assert f"<loc>{base}/angebot/kvhs-A1</loc>" in client.get("/sitemap/angebote-1.xml").text
        assert "Disallow: /bildung/suche\n" in client.get("/robots.txt").text
        assert markup(client, "kvhs-A1")["url"] == f"{base}/angebot/kvhs-A1"


# --- what search engines read ---------------------------------------------------------------------------------------------------------


def markup(client: httpx.Client, offer_id: str) -> dict[str, Any]:
    html = client.get(f"/angebot/{offer_id}", headers=PAGE).text
    found: dict[str, Any] = json.loads(html.split('<script type="application/ld+json">')[1].split("</script>")[0])
    return found


def test_a_course_as_search_engines_want_it(client: httpx.Client) -> None:
    course = markup(client, "kvhs-A1")
    assert course["@context"] == "https://schema.org"
    assert (course["@type"], course["@id"]) == ("Course", f"{BASE}/id/angebot/kvhs-A1")
    assert course["name"] == "Excel für den Beruf"
    assert course["description"].startswith("Tabellen, Formeln")
    assert course["provider"] == {
        "@type": "Organization",
        "@id": f"{BASE}/id/anbieter/kvhs",
        "name": "KVHS Testingen",
        "url": "https://kvhs.example/",
    }
    price = {
        "@type": "Offer",
        "category": "Paid",
        "price": "45.00",
        "priceCurrency": "EUR",
        "description": "ermäßigt 30 €",
        "url": f"{BASE}/angebot/kvhs-A1",
    }
    assert course["offers"] == price  # the run of 2020 is over, and so is its price
    first, second = course["hasCourseInstance"]
    assert first["courseMode"] == "Onsite"
    assert first["courseSchedule"] == {
        "@type": "Schedule",
        "byDay": "https://schema.org/Monday",
        "startTime": "18:30:00",
        "endTime": "20:00:00",
        "repeatFrequency": "Weekly",
        "repeatCount": 2,
        "startDate": "2099-04-13",
        "endDate": "2099-04-20",
    }
    assert first["courseWorkload"] == "PT3H"  # two meetings of an hour and a half
    assert (first["startDate"], first["offers"]) == ("2099-04-13T18:30:00", price)
    assert first["location"]["address"]["addressLocality"] == "Alzey"
    assert first["location"]["geo"] == {"@type": "GeoCoordinates", "latitude": 49.7517, "longitude": 8.1103}
    assert second["courseSchedule"] == {"@type": "Schedule", "startDate": "2020-03-02"}
    assert not {"courseMode", "courseWorkload", "endDate"} & set(second)  # not stated
    assert course["audience"]["audienceType"] == "Berufstätige"


def test_free_unknown_and_other_kinds(client: httpx.Client) -> None:
    yoga = markup(client, "kvhs-A2")
    assert (yoga["offers"]["category"], yoga["offers"]["price"]) == ("Free", "0.00")
    assert yoga["hasCourseInstance"]["courseMode"] == "Online"
    pottery = markup(client, "kvhs-B1")
    assert not {"offers", "sameAs", "inLanguage"} & set(pottery)
    assert "url" not in pottery["provider"]  # what is no web address is none here
    advice = markup(client, "kvhs-C1")
    assert advice["@type"] == "Service"
    assert advice["availableChannel"]["serviceLocation"]["name"] == "Haus der Bildung"


@pytest.fixture(scope="module")
def sample(demo: Path, demo_client: httpx.Client) -> list[tuple[Offer, dict[str, Any]]]:
    """Every second offer of the sample with what its page says."""
    with Snapshot.open(demo) as snapshot:
        return [(offer, markup(demo_client, offer.id)) for row, offer in snapshot.ledger.offers() if row % 2]


def test_every_page_of_the_sample_can_be_read_without_our_vocabulary(
    sample: list[tuple[Offer, dict[str, Any]]],
) -> None:
    courses = 0
    for offer, tree in sample:
        graph = rdflib.Graph().parse(
            data=json.dumps({**tree, "@context": {"@vocab": "https://schema.org/"}}), format="json-ld"
        )
        assert len(graph) > 3
        assert {str(p).rpartition("/")[0] for p in graph.predicates()} <= {
            "https://schema.org",
            "http://www.w3.org/1999/02",
        }
        assert not [value for value in graph.objects() if str(value) in ("", "None")]
        if offer.kind != Kind.COURSE:
            continue
        courses += 1
        runs = tree.get("hasCourseInstance", [])
        runs = runs if isinstance(runs, list) else [runs]
        assert len(runs) == len(offer.instances)
        for instance, run in zip(offer.instances, runs, strict=True):
            assert ("courseMode" in run) == (instance.mode is not None)
            assert run.get("courseMode", "Online") in ("Online", "Onsite", "Blended")
            stated = instance.schedule or instance.start or instance.sessions or instance.workload
            assert bool({"courseSchedule", "courseWorkload"} & set(run)) == bool(stated)
            assert ("offers" in run) == (instance.price is not None)
    assert courses > 25


# --- the site map ---------------------------------------------------------------------------------------------------------------------

SPACE = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def entries(client: httpx.Client, path: str) -> dict[str, str | None]:
    """Addresses below the base, and when they changed."""
    root = ElementTree.fromstring(client.get(path).content)
    return {str(e.findtext(f"{SPACE}loc")).removeprefix(BASE): e.findtext(f"{SPACE}lastmod") for e in root}


def test_the_site_map_leads_to_every_page(client: httpx.Client, small_catalogue: Path) -> None:
    with Snapshot.open(small_catalogue) as snapshot:
        changes, state = dict(snapshot.ledger.offer_ids()), snapshot.state
    index = entries(client, "/sitemap.xml")
    assert set(index) == {"/sitemap/seiten-1.xml", "/sitemap/anbieter-1.xml", "/sitemap/angebote-1.xml"}
    assert index["/sitemap/angebote-1.xml"] == max(changes.values())
    offers = entries(client, "/sitemap/angebote-1.xml")
    assert offers == {f"/angebot/{offer}": changed for offer, changed in changes.items()}
    providers = entries(client, "/sitemap/anbieter-1.xml")
    assert providers == {"/anbieter/kvhs": state.data_time, "/anbieter/boese": state.data_time}
    pages = entries(client, "/sitemap/seiten-1.xml")
    assert {"/", "/ns", "/ns/topics.html", "/ns/topics/german.html", "/guete"} <= set(pages)
    for path in (*offers, *providers, *list(pages)[:20]):
        assert client.get(path, headers=PAGE).status_code == 200, path
    assert client.get("/sitemap/angebote-2.xml").status_code == 404
    assert client.get("/sitemap/anderes-1.xml").status_code == 404


def test_a_part_of_the_site_map_is_never_too_long(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sitemap, "MOST", 4)  # six offers
    index = entries(client, "/sitemap.xml")
    parts = [path for path in index if "angebote" in path]
    assert parts == ["/sitemap/angebote-1.xml", "/sitemap/angebote-2.xml"]
    found = [entries(client, path) for path in parts]
    assert [len(part) for part in found] == [4, 2]
    assert {*found[0], *found[1]} == {f"/angebot/{offer.id}" for offer in OFFERS}


def test_robots_find_the_site_map_and_ask_no_questions(client: httpx.Client) -> None:
    lines = client.get("/robots.txt").text.splitlines()
    assert f"Sitemap: {BASE}/sitemap.xml" in lines
    assert {"Disallow: /suche", "Disallow: /api/search", "Disallow: /sparql"} <= set(lines)
    assert not any(line.startswith(("Disallow: /angebot", "Disallow: /ns")) for line in lines)
