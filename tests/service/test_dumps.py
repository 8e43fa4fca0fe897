"""The dumps and VoID over HTTP: a real server, real clients."""

from __future__ import annotations

import gzip
import json
import shutil
import socket
import subprocess
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pyoxigraph as ox
import pytest
import rdflib
from rdflib.namespace import VOID

from catalogue.dumps import read_dumps, read_manifest
from catalogue.snapshot import Snapshot
from tests.service.conftest import BASE, OFFERS, Live, ingest, serving, wait_for

DUMPED = len(OFFERS)


@pytest.fixture(scope="module")
def dumped(client: httpx.Client, live: Live) -> httpx.Client:
    """The served catalogue, once its service has made the dumps."""
    wait_for(lambda: client.get("/dumps").status_code == 200, 60)
    return client


@pytest.fixture(scope="module")
def whole(dumped: httpx.Client) -> bytes:
    """The N-Quads as they are sent."""
    return dumped.get("/dumps/katalog.nq.gz").content


def test_the_service_makes_missing_dumps_and_what_is_sent_is_the_catalogue(
    dumped: httpx.Client, whole: bytes, small_catalogue: Path
) -> None:
    store = ox.Store()
    store.load(gzip.decompress(whole), ox.RdfFormat.N_QUADS)
    with Snapshot.open(small_catalogue) as snapshot:
        assert {str(quad) for quad in store} == {str(quad) for quad in snapshot.store}


def test_a_packed_file_is_sent_as_it_is(dumped: httpx.Client, whole: bytes) -> None:
    answer = dumped.get("/dumps/katalog.nq.gz")
    digest = sha256(whole).hexdigest()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/gzip"
    assert "content-encoding" not in answer.headers
    assert answer.headers["etag"] == f'"{digest}"'
    assert answer.headers["content-length"] == str(len(whole))
    assert answer.headers["access-control-allow-origin"] == "*"
    head = dumped.head("/dumps/katalog.nq.gz")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == str(len(whole))


def test_what_is_known_is_not_sent_again(dumped: httpx.Client) -> None:
    first = dumped.get("/dumps/katalog.csv.gz")
    for headers in (
        {"If-None-Match": first.headers["etag"]},
        {"If-None-Match": f'"x", {first.headers["etag"]}'},
        {"If-Modified-Since": first.headers["last-modified"]},
    ):
        assert dumped.get("/dumps/katalog.csv.gz", headers=headers).status_code == 304
    assert dumped.get("/dumps/katalog.csv.gz", headers={"If-None-Match": '"x"'}).status_code == 200


def test_a_download_goes_on_where_it_broke_off(dumped: httpx.Client, whole: bytes) -> None:
    tag = dumped.head("/dumps/katalog.nq.gz").headers["etag"]
    first = dumped.get("/dumps/katalog.nq.gz", headers={"Range": "bytes=0-99"})
    rest = dumped.get("/dumps/katalog.nq.gz", headers={"Range": "bytes=100-", "If-Range": tag})
    last = dumped.get("/dumps/katalog.nq.gz", headers={"Range": "bytes=-7"})
    assert [answer.status_code for answer in (first, rest, last)] == [206, 206, 206]
    assert first.headers["content-range"] == f"bytes 0-99/{len(whole)}"
    assert first.content + rest.content == whole
    assert last.content == whole[-7:]
    changed = dumped.get("/dumps/katalog.nq.gz", headers={"Range": "bytes=100-", "If-Range": '"another"'})
    assert (changed.status_code, changed.content) == (200, whole)


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ("bytes=99999999-", 416),
        ("bytes=-0", 416),
        ("eggs=0-1", 200),
        ("bytes=", 200),
        ("bytes=a-b", 200),
        ("bytes 0-1", 200),
    ],
)
def test_ranges_that_cannot_be_sent(dumped: httpx.Client, whole: bytes, asked: str, status: int) -> None:
    answer = dumped.get("/dumps/katalog.nq.gz", headers={"Range": asked})
    assert answer.status_code == status
    if status == 416:
        assert answer.headers["content-range"] == f"bytes */{len(whole)}"
    else:
        assert answer.content == whole


def test_without_gz_it_is_what_it_holds(dumped: httpx.Client) -> None:
    packed = dumped.get("/dumps/katalog.csv", headers={"Accept-Encoding": "gzip"})
    plain = dumped.get("/dumps/katalog.csv", headers={"Accept-Encoding": "identity"})
    refused = dumped.get("/dumps/katalog.csv", headers={"Accept-Encoding": "gzip;q=0, *;q=0"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content == refused.content
    assert plain.headers["content-length"] == str(len(plain.content))
    assert packed.headers["etag"] != plain.headers["etag"]
    assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"
    assert plain.headers["content-type"] == "text/csv; charset=utf-8"
    assert len(plain.text.splitlines()) > DUMPED


@pytest.mark.parametrize("name", ["katalog.csv", "katalog.csv.gz"])
def test_head_says_what_get_would(dumped: httpx.Client, name: str) -> None:
    plain = {"Accept-Encoding": "identity"}
    got = dumped.get(f"/dumps/{name}", headers=plain)
    head = dumped.head(f"/dumps/{name}", headers=plain | {"Range": "bytes=0-9"})  # which is for GET alone
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(got.content)))
    for header in ("etag", "last-modified", "content-type"):
        assert head.headers[header] == got.headers[header]


def test_head_unpacks_nothing(
    dumped: httpx.Client, live: Live, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = Path(shutil.copytree(live.folder, tmp_path / "katalog"))
    found = read_dumps(folder)
    assert found is not None
    path = found[0] / "katalog.csv.gz"
    path.write_bytes(b"x" * path.stat().st_size)  # which cannot be unpacked
    with serving(folder) as url:
        head = httpx.head(f"{url}/dumps/katalog.csv", headers={"Accept-Encoding": "identity"})
    assert head.status_code == 200
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_checksums_are_those_that_sha256sum_checks(dumped: httpx.Client, tmp_path: Path) -> None:
    names = [line.partition("  ")[2] for line in dumped.get("/dumps/SHA256SUMS").text.splitlines()]
    assert {"katalog.nq.gz", "katalog.csv-metadata.json", "quelle-kvhs.ttl.gz", "audit.ttl"} <= set(names)
    for name in names:
        (tmp_path / name).write_bytes(dumped.get(f"/dumps/{name}").content)
    (tmp_path / "SHA256SUMS").write_bytes(dumped.get("/dumps/SHA256SUMS").content)
    (tmp_path / "eine.sha256").write_bytes(dumped.get("/dumps/katalog.ttl.gz.sha256").content)
    for sums in ("SHA256SUMS", "eine.sha256"):
        assert (
            subprocess.run(["sha256sum", "--check", "--strict", "--quiet", sums], cwd=tmp_path, check=False).returncode
            == 0
        )


@pytest.mark.parametrize(
    "name",
    [
        "gibtsnicht.nq.gz",
        "current",
        "lock",
        "%2e%2e%2fkatalog.toml",
        "..%2f..%2fkatalog.toml",
        "%00",
        "katalog.nq.gz%00",
        "audit.ttl.gz",
    ],
)
def test_nothing_else_is_sent(dumped: httpx.Client, name: str) -> None:
    answer = dumped.get(f"/dumps/{name}")
    assert answer.status_code == 404


def test_the_page_links_every_file_and_the_manifest_lists_them(dumped: httpx.Client) -> None:
    page = dumped.get("/dumps", headers={"Accept": "text/html"})
    listed = dumped.get("/dumps", headers={"Accept": "application/json"}).json()
    assert listed == dumped.get("/dumps/manifest.json").json()
    assert page.headers["vary"] == "Accept"
    data = [file["name"] for file in listed["files"] if file["kind"] == "data"]
    assert len(data) == 4 + 2
    for name in data:
        assert f'href="/dumps/{name}"' in page.text
    assert f"alle {DUMPED} Angebote" in page.text
    assert dumped.get("/dumps", headers={"Accept": "image/png"}).status_code == 406


def test_void_says_what_there_is(dumped: httpx.Client, small_catalogue: Path) -> None:
    answer = dumped.get("/.well-known/void")
    assert answer.headers["content-type"] == "text/turtle; charset=utf-8"
    graph = rdflib.Graph().parse(data=answer.text, format="turtle")
    whole, kvhs = rdflib.URIRef(f"{BASE}/katalog/gesamt"), rdflib.URIRef(f"{BASE}/katalog/quelle/kvhs")
    assert set(graph.objects(whole, VOID.subset)) == {kvhs}
    with Snapshot.open(small_catalogue) as snapshot:
        graph_of_kvhs = ox.NamedNode(f"{BASE}/graph/quelle/kvhs")
        triples = sum(1 for _ in snapshot.store.quads_for_pattern(None, None, None, graph_of_kvhs))
    for dataset in (whole, kvhs):
        assert int(str(graph.value(dataset, VOID.triples))) == triples
        courses = next(
            part
            for part in graph.objects(dataset, VOID.classPartition)
            if graph.value(part, VOID["class"]) == rdflib.URIRef("http://schema.org/Course")
        )
        assert int(str(graph.value(courses, VOID.entities))) == 5
    dumps = {str(dump) for dump in graph.objects(whole, VOID.dataDump)}
    assert dumps == {f"{BASE}/dumps/katalog.{suffix}.gz" for suffix in ("nq", "ttl", "jsonld")}
    assert str(graph.value(kvhs, rdflib.DCTERMS.license)) == "http://dcat-ap.de/def/licenses/cc-by/4.0"
    assert not [term for triple in graph for term in triple if isinstance(term, rdflib.BNode)]


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("application/ld+json", ox.RdfFormat.JSON_LD),
        ("application/json", ox.RdfFormat.JSON_LD),
        ("application/n-triples", ox.RdfFormat.N_TRIPLES),
        ("application/rdf+xml", ox.RdfFormat.RDF_XML),
    ],
)
def test_void_in_other_forms(dumped: httpx.Client, accept: str, form: ox.RdfFormat) -> None:
    turtle = dumped.get("/.well-known/void").content
    answer = dumped.get("/.well-known/void", headers={"Accept": accept})
    assert answer.headers["vary"] == "Accept"
    assert set(ox.parse(answer.content, form)) == set(ox.parse(turtle, ox.RdfFormat.TURTLE))
    again = dumped.get("/.well-known/void", headers={"Accept": accept, "If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_the_page_of_figures_tells_what_the_audit_found(dumped: httpx.Client) -> None:
    audit = dumped.get("/guete.json").json()["audit"]
    warnings = {
        "Die Webadresse ist so geschrieben, dass man ihr folgen kann.": 2,  # an offer's and a date's
        "Die Webadresse des Anbieters ist so geschrieben, dass man ihr folgen kann.": 1,
        "Es ist nicht bekannt, zu welcher Phase der Bildungskette das Angebot gehört.": 2,
    }
    assert audit == {"offers": DUMPED, "checked": DUMPED, "faulty": 0, "violations": {}, "warnings": warnings}
    page = dumped.get("/guete").text
    assert f"Alle {DUMPED} Angebote, die zum Herunterladen bereitliegen, wurden geprüft" in page
    assert "Keines davon hat einen Fehler." in page


# --- while it changes -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def changing(small_catalogue: Path, tmp_path: Path) -> Iterator[tuple[Path, httpx.Client]]:
    """A catalogue that a test may change, served."""
    folder = Path(shutil.copytree(small_catalogue, tmp_path / "katalog"))
    with serving(folder) as url, httpx.Client(base_url=url, timeout=30) as client:
        wait_for(lambda: client.get("/dumps").status_code == 200, 60)
        yield folder, client


def test_a_commit_brings_new_dumps_and_breaks_no_download(changing: tuple[Path, httpx.Client]) -> None:
    folder, client = changing
    before = client.get("/dumps/manifest.json").json()
    target = client.base_url
    with socket.create_connection((target.host, target.port or 80)) as slow:
        slow.sendall(b"GET /dumps/katalog.nq.gz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = slow.recv(100)
        for offers in (OFFERS[:3], OFFERS[:2], OFFERS[:4]):
            ingest(folder, *offers)
            wait_for(lambda wanted=len(offers): read_manifest(folder).whole.offers == wanted, 60)  # type: ignore[union-attr]
        while chunk := slow.recv(65536):
            received += chunk
    body = received.partition(b"\r\n\r\n")[2]
    old = next(file for file in before["files"] if file["name"] == "katalog.nq.gz")
    assert (len(body), sha256(body).hexdigest()) == (old["bytes"], old["sha256"])
    now = client.get("/dumps/manifest.json").json()
    assert (now["datasets"][0]["offers"], now["data_run"] > before["data_run"]) == (4, True)
    found = read_dumps(folder)
    assert found is not None
    assert client.get("/dumps/katalog.ttl.gz").content == (found[0] / "katalog.ttl.gz").read_bytes()
    assert json.loads(client.get("/dumps/katalog.jsonld").text)[0]["@id"] == f"{BASE}/graph/quelle/kvhs"
