"""curl with every Accept header of the table in docs/clients.md, at the served sample catalogue."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import pytest

from tests.conformance.results import read_result, same

pytestmark = pytest.mark.conformance
PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
OFFER = "angebot/seniorenbuero-alzey-S-03"
ADDRESSES = {
    "SELECT": f"/sparql?query={quote('SELECT ?name { ?offer <http://schema.org/name> ?name }')}",
    "CONSTRUCT": f"/sparql?query={quote('CONSTRUCT WHERE { ?offer <http://schema.org/name> ?name }')}",
    "/id/angebot/…": f"/id/{OFFER}",
    "/angebot/…": f"/{OFFER}",
}
MEDIA_TYPES = {
    "html": "text/html",
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
    "trig": "application/trig",
    "nq": "application/n-quads",
    "srj": "application/sparql-results+json",
    "srx": "application/sparql-results+xml",
    "csv": "text/csv",
    "tsv": "text/tab-separated-values",
    "json": "application/json",
    "xml": "application/xml",
}
GRAPHS = ("ttl", "jsonld", "nt", "rdf")


class Answer(NamedTuple):
    """What curl tells of one."""

    status: int
    media_type: str
    location: str
    vary: str


def table() -> dict[str, dict[str, str]]:
    """Header to address to form, as documented; no header as the empty one."""
    section = PAGE.read_text("utf-8").partition("\n## curl\n")[2]
    head, *rows = re.findall(r"^\| (.*) \|$", section.partition("\n| short |")[0], re.MULTILINE)
    _, *addresses = (cell.strip("`") for cell in head.split(" | "))
    cells = [row.split(" | ") for row in rows]
    return {
        "" if accept == "none" else accept.strip("`"): dict(zip(addresses, forms, strict=True))
        for accept, *forms in cells
    }


TABLE = table()


def curl(*arguments: str) -> str:
    done = subprocess.run(["curl", "-sS", *arguments], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def ask(url: str, accept: str, *options: str) -> Answer:
    told = r"%{http_code}\n%{content_type}\n%header{location}\n%header{vary}"
    output = curl("-o", "/dev/null", "-w", told, "-H", f"Accept:{accept and ' ' + accept}", *options, url)
    status, content_type, location, vary = output.split("\n")
    return Answer(int(status), content_type.partition(";")[0], location, vary)


def form_of(answer: Answer) -> str:
    """The answer in the table's words."""
    if answer.status == 303:
        page, _, suffix = answer.location.partition(OFFER)
        assert page == "/"
        return suffix.removeprefix(".") or "html"
    if answer.status == 200:
        return next(short for short, media_type in MEDIA_TYPES.items() if media_type == answer.media_type)
    return str(answer.status)


@pytest.mark.parametrize("accept", TABLE, ids=lambda accept: accept or "none")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_accept_header(district: str, accept: str, method: str) -> None:
    options = ["--head"] if method == "HEAD" else []
    answers = {address: ask(district + ADDRESSES.get(address, address), accept, *options) for address in TABLE[accept]}
    assert {address: form_of(answer) for address, answer in answers.items()} == TABLE[accept]
    assert [address for address, answer in answers.items() if "Accept" not in answer.vary.split(", ")] == []
    wrong = [answer for address, answer in answers.items() if (answer.status == 303) != (address == "/id/angebot/…")]
    assert {answer.status for answer in wrong} <= {406}


@pytest.mark.parametrize(
    "address", ["CONSTRUCT", "/sparql", "/id/angebot/…", "/angebot/…", "/katalog", "/.well-known/void", "/ns"]
)
def test_all_forms_say_the_same(district: str, address: str) -> None:
    url = district + ADDRESSES.get(address, address)
    found = {
        form: read_result(_without_page(curl("-L", "-H", f"Accept: {media_type}", url)).encode(), media_type)
        for form, media_type in MEDIA_TYPES.items()
        if form in GRAPHS
    }
    assert all(len(triples) > 10 for triples in found.values())
    assert [form for form in GRAPHS if not same(found["ttl"], found[form])] == []


def _without_page(text: str) -> str:
    """A page of /katalog names itself and the next one with the suffix of its form."""
    return re.sub(r"(?<!/dumps)/katalog\.(ttl|jsonld|nt|rdf)\b", "/katalog", text)
