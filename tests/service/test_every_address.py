"""Whoever comes by and follows every address meets no page that fails."""

from __future__ import annotations

import re

import httpx


def test_every_address_of_the_site_map_answers(client: httpx.Client) -> None:
    def below(path: str) -> list[str]:
        addresses = re.findall(r"<loc>([^<]+)</loc>", client.get(path).text)
        return [httpx.URL(address).raw_path.decode() for address in addresses]

    found = {page: client.get(page).status_code for part in below("/sitemap.xml") for page in below(part)}
    assert len(found) > 100  # concepts, offers, providers
    assert {page: status for page, status in found.items() if status != 200} == {}
