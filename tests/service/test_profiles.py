"""Calendar, feed and courses over HTTP, with the links that lead there."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import feedparser
import httpx
from icalendar import Calendar

from tests.service.conftest import BASE, HOSTILE, serving


def test_an_offers_calendar(client: httpx.Client) -> None:
    answer = client.get("/angebot/kvhs-A1.ics")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="kvhs-A1.ics"'
    events = Calendar.from_ical(answer.content).walk("VEVENT")
    assert [(str(event["UID"]), event.start.isoformat()) for event in events] == [
        (f"{BASE}/id/angebot/kvhs-A1#termin-1-1", "2099-04-13T18:30:00+02:00"),
        (f"{BASE}/id/angebot/kvhs-A1#termin-1-2", "2099-04-20T18:30:00+02:00"),
        (f"{BASE}/id/angebot/kvhs-A1#termin-2", "2020-03-02"),
    ]
    again = client.get("/angebot/kvhs-A1.ics", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_the_page_links_the_calendar_where_there_are_dates(client: httpx.Client) -> None:
    html = {"Accept": "text/html"}
    assert 'href="/angebot/kvhs-A1.ics"' in client.get("/angebot/kvhs-A1", headers=html).text
    assert ".ics" not in client.get("/angebot/kvhs-C1", headers=html).text
    assert client.get("/angebot/kvhs-C1.ics").status_code == 404
    assert client.get("/angebot/unbekannt.ics").status_code == 404


def test_a_search_as_a_feed(client: httpx.Client) -> None:
    address = "/suche.atom?q=Yoga+am+Morgen&today=2099-01-01"
    answer = client.get(address)
    assert answer.headers["content-type"] == "application/atom+xml"
    assert answer.headers["cache-control"] == "private, no-cache"
    read = feedparser.parse(answer.content)
    assert not read.bozo
    assert read.feed.id == BASE + address
    assert read.feed.title == "Yoga am Morgen – Bildung in Testingen"
    first = read.entries[0]
    assert first.id == f"{BASE}/id/angebot/kvhs-A2"
    assert {link.href for link in first.links} == {f"{BASE}/angebot/kvhs-A2", f"{BASE}/angebot/kvhs-A2.jsonld"}
    assert client.get("/suche.atom?q=x&age_min=9&age_max=3").status_code == 422


def test_hostile_names_are_text_in_the_feed(client: httpx.Client) -> None:
    answer = client.get("/suche.atom?today=2099-01-01")
    assert b"<script" not in answer.content
    titles = [entry.title for entry in feedparser.parse(answer.content, sanitize_html=False).entries]
    assert HOSTILE in titles


def test_the_search_page_names_its_feed(client: httpx.Client) -> None:
    page = client.get("/suche?q=Yoga+%26+Ruhe&seite=2&today=2099-01-01", headers={"Accept": "text/html"}).text
    found = re.search(r'<link rel="alternate" type="application/atom\+xml" href="([^"]+)"', page)
    assert found is not None
    assert found[1] == "/suche.atom?q=Yoga+%26+Ruhe&amp;today=2099-01-01"


def test_all_courses_as_moochub(client: httpx.Client) -> None:
    answer = client.get("/moochub")
    assert answer.headers["content-type"] == "application/vnd.api+json; moochub-version=3.0"
    document = answer.json()
    assert document["links"] == dict.fromkeys(("self", "first", "last"), f"{BASE}/moochub?page=1")
    assert sorted(course["attributes"]["courseCode"] for course in document["data"]) == [
        "A1",
        "A2",
        "B1",
        "alt",
        "punkt.nt",
    ]
    assert document["data"][0]["meta"] == {"license": "https://creativecommons.org/licenses/by/4.0/"}
    assert client.get("/moochub?page=2").status_code == 404
    assert client.get("/moochub?page=0").status_code == 422
    assert client.get("/moochub", headers={"If-None-Match": answer.headers["etag"]}).status_code == 304


def test_courses_without_an_open_licence_are_not_passed_on(small_catalogue: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(small_catalogue, tmp_path / "katalog"))
    settings = folder / "katalog.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(
        text.replace("https://creativecommons.org/licenses/by/4.0/", "alle Rechte vorbehalten"), "utf-8"
    )
    with serving(small_catalogue) as url:
        before = httpx.get(f"{url}/moochub").headers["etag"]
    with serving(folder) as url:
        answer = httpx.get(f"{url}/moochub", headers={"If-None-Match": before})
        assert (answer.status_code, answer.json()["data"]) == (200, [])  # another tag, though no offer changed
        assert httpx.get(f"{url}/angebot/kvhs-A1.ics").status_code == 200
