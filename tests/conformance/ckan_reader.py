"""Reads a DCAT catalogue as CKAN's harvester does, with CKAN's own parser; run by `build/ckan`, so it imports nothing of ours.

    build/ckan/bin/python tests/conformance/ckan_reader.py http://127.0.0.1:8000/katalog.rdf [BASE]

Prints JSON: the pages as they were visited, and what each dataset became. BASE is the public address of a catalogue behind a proxy:
addresses below it are fetched from the server of the first one.
"""

from __future__ import annotations

import json
import sys
from urllib.request import urlopen

from ckanext.dcat.processors import RDFParser

MOST_PAGES = 100


def read(first: str, base: str | None) -> dict[str, object]:
    """Page after page, until one names no next; a page visited twice would be a loop."""
    here = first.partition("/katalog")[0]
    address: str | None = first
    pages: list[str] = []
    datasets: list[dict[str, object]] = []
    while address is not None and len(pages) < MOST_PAGES:
        if base is not None and address.startswith(base):
            address = here + address.removeprefix(base)
        pages.append(address)
        with urlopen(address) as answer:
            content, media_type = answer.read().decode(), answer.headers.get_content_type()
        parser = RDFParser(profiles=["euro_dcat_ap_3"])
        parser.parse(content, _format=media_type)
        datasets += [_summary(found) for found in parser.datasets()]
        address = parser.next_page()
    return {"pages": pages, "datasets": datasets}


def _summary(dataset: dict[str, object]) -> dict[str, object]:
    extras = {extra["key"]: extra["value"] for extra in dataset["extras"]}
    return {
        "title": dataset["title"],
        "tags": sorted(tag["name"] for tag in dataset["tags"]),
        "resources": sorted(resource["url"] for resource in dataset["resources"]),
        "licences": sorted({resource["license"] for resource in dataset["resources"]}),
        "hashes": sum(1 for resource in dataset["resources"] if resource.get("hash")),
        **extras,
    }


if __name__ == "__main__":
    json.dump(read(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None), sys.stdout, ensure_ascii=False, indent=1)
