"""Whoever comes by and follows every address meets no page that fails."""

from __future__ import annotations

import re

import httpx

from tests.service.conftest import BASE, wait_for


def test_every_address_of_the_site_map_answers(client: httpx.Client) -> None:
    wait_for(lambda: client.get("/dumps").status_code == 200, 60)

    def below(path: str) -> list[str]:
        addresses = re.findall(r"<loc>([^<]+)</loc>", client.get(path).text)
        return [httpx.URL(address).raw_path.decode() for address in addresses]

    found = {page: client.get(page).status_code for part in below("/sitemap.xml") for page in below(part)}
    assert len(found) > 100  # concepts, offers, providers
    assert {page: status for page, status in found.items() if status != 200} == {}


def test_whoever_follows_links_finds_every_way_to_the_data(client: httpx.Client) -> None:
    wait_for(lambda: client.get("/dumps").status_code == 200, 60)  # until then there is nothing to describe

    def linked(path: str) -> set[str]:
        page = client.get(path, headers={"Accept": "text/html"}).text
        return {address.removeprefix(BASE).partition("#")[0] for address in re.findall(r'<a [^>]*href="([^"]+)"', page)}

    assert "/katalog" in linked("/")
    assert {"/dumps", "/sparql", "/api/search", "/feed", "/ns"} <= linked("/katalog")
    for page in ("/dumps", "/sparql"):
        assert "/katalog" in linked(page)
    assert "/guete" in linked("/")
    assert "/doppelt" in linked("/guete")
    html = client.get("/katalog", headers={"Accept": "text/html"}).text
    for name in ("sparql", "suche", "feed"):  # where the IRI of a service leads people
        answer = client.get(f"/katalog/dienst/{name}", headers={"Accept": "text/html"})
        assert answer.headers["location"] == f"{BASE}/katalog#dienst-{name}"
        assert f'id="dienst-{name}"' in html
