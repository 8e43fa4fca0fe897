from __future__ import annotations

import gzip
import socket
import tempfile
from pathlib import Path

import pytest

from catalogue.ledger import Note
from ingest.neighbours import whole
from ingest.neighbours.client import Fetched, Limits, NeighbourClient, NeighbourRefused
from ingest.neighbours.takeover import Change
from ingest.neighbours.whole import dump_changes, page_changes, site_map
from tests.ingest.neighbours.servers import Request, answer, serving

QUICK = Limits(pause=0.0, patience=0.0)
SOURCE = "nachbar/dort"


class Site:
    """Bodies by path, with ETags; ``{origin}`` in them is the server's own."""

    def __init__(self, **bodies: bytes) -> None:
        self.bodies = {f"/{name.replace('_', '.')}": body for name, body in bodies.items()}

    def __call__(self, request: Request, connection: socket.socket) -> None:
        body = self.bodies.get(request.path)
        if body is None:
            connection.sendall(answer(status="404 Not Found"))
        elif request.headers.get("if-none-match") == '"1"':
            connection.sendall(answer(status="304 Not Modified", ETag='"1"'))
        else:
            origin = f"http://127.0.0.1:{connection.getsockname()[1]}".encode()
            plain = body if body.startswith(b"\x1f\x8b") else body.replace(b"{origin}", origin)
            connection.sendall(answer(plain, Content_Type="text/html", ETag='"1"'))


def dumped(origin: str, name: str, etag: str | None = None) -> list[Change | Note] | None:
    with NeighbourClient(origin, QUICK) as client, tempfile.TemporaryDirectory() as folder:
        found = dump_changes(client, f"{origin}/{name}", etag, SOURCE, Path(folder))
        return None if found is None else list(found[1])


def test_a_dump_in_turtle() -> None:
    site = Site(
        d_ttl=b"""@prefix s: <http://schema.org/> .
        <{origin}/id/angebot/a> a s:Course ; s:name "Chor" ; s:provider <{origin}/id/anbieter/p> .
        <{origin}/id/anbieter/p> a s:Organization ; s:name "Haus" .
        <http://evil.example/b> a s:Course ; s:name "Fremd" .
        <{origin}/id/angebot/c> a s:Course .
        [] a s:Course ; s:name "Namenlos" ."""
    )
    with serving(site) as origin:
        found = dumped(origin, "d.ttl")
        assert found is not None
        (change,) = [item for item in found if isinstance(item, Change) and item.offer]
        assert change.offer is not None
        assert change.offer.provider is not None
        assert (change.iri, change.offer.id, change.offer.provider.name) == (f"{origin}/id/angebot/a", "dort~a", "Haus")
        assert len(found) == 4  # three are refused, each for itself
        assert dumped(origin, "d.ttl", '"1"') is None


def test_of_several_providers_in_a_dump_one_is_described() -> None:
    houses = [
        f"""<{{origin}}/{key}> a s:Course ; s:name "Chor" ; s:provider <{{origin}}/{key}/a>, <{{origin}}/{key}/b> .
        <{{origin}}/{key}/a> s:name "Haus A" . <{{origin}}/{key}/b> s:name "Haus B" ."""
        for key in range(10)
    ]
    with serving(Site(d_ttl="\n".join(["@prefix s: <http://schema.org/> .", *houses]).encode())) as origin:
        offers = [item.offer for item in dumped(origin, "d.ttl") or () if isinstance(item, Change)]
        assert [offer and offer.provider and offer.provider.name for offer in offers] == ["Haus A"] * 10


def test_a_packed_dump_and_broken_ones() -> None:
    good = b'<http://127.0.0.1/x> <a:b> "c" .\n'
    site = Site(
        ok_nt_gz=gzip.compress(good),
        cut_nt_gz=gzip.compress(good * 1000)[:-20],
        bad_nt=good + b"<broken",
        page_html=b"<html>",
    )
    with serving(site) as origin:
        assert dumped(origin, "ok.nt.gz") == []
        for name in ("cut.nt.gz", "bad.nt", "page.html"):
            with pytest.raises(NeighbourRefused, match=r"kein lesbares RDF|ist kein RDF"):
                dumped(origin, name)


def test_a_dump_that_is_read_in_one_piece_is_not_larger_than_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole, "_MOST_OF_JSON", 1_000_000)
    with (
        serving(Site(d_json=b"[" + b" " * 1_100_000 + b"]")) as origin,
        pytest.raises(NeighbourRefused, match="größer als 1 MB"),
    ):
        dumped(origin, "d.json")


def test_a_dump_does_not_fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    packed = gzip.compress(b"".join(b"<a:%d> <b:> <c:> .\n" % number for number in range(400_000)))
    monkeypatch.setattr(whole, "_MOST_STORED", 1000)  # bytes, which an empty store has
    with serving(Site(d_nt_gz=packed)) as origin:
        with pytest.raises(NeighbourRefused, match="too large"):
            dumped(origin, "d.nt.gz")
        monkeypatch.setattr(whole, "_SHARE_OF_DISK", 10**12)  # as if next to nothing were free
        with pytest.raises(NeighbourRefused, match="größer als 0 MB"):
            dumped(origin, "d.nt.gz")


@pytest.mark.parametrize("depth", [1, 15_000, 60_000])
def test_statements_about_statements_without_end_crash_nobody_but_their_reader(depth: int) -> None:
    nested = b"<a:a> <a:b> " + b"<<( <a:a> <a:b> " * depth + b"<a:c>" + b" )>>" * depth + b" .\n"
    with serving(Site(d_nt=nested)) as origin, pytest.raises(NeighbourRefused, match="kein lesbares RDF"):
        dumped(origin, "d.nt")


def test_of_a_dump_that_is_none_nothing_is_concluded() -> None:
    with serving(Site(d_json=b"<html>Wartungsarbeiten", e_jsonld=gzip.compress(b"[]"))) as origin:
        for name in ("d.json", "e.jsonld"):
            with pytest.raises(NeighbourRefused, match="kein lesbarer Gesamtabzug"):
                dumped(origin, name)


def test_of_what_is_said_without_end_no_more_is_read_than_shows_it() -> None:
    def many(about: str) -> str:
        return "".join(f"<{{origin}}/{about}> <x:{number}> <x:y> .\n" for number in range(20_001))

    course = '<{origin}/%s> a <http://schema.org/Course> ; <http://schema.org/name> "Chor" . '
    provider = (
        "<{origin}/b> <http://schema.org/provider> <{origin}/p> . <{origin}/p> <http://schema.org/name> 'Haus' . "
    )
    text = course % "a" + course % "b" + course % "c" + provider + many("a") + many("p")
    with serving(Site(d_ttl=text.encode())) as origin:
        found = dumped(origin, "d.ttl")
    assert found is not None
    said = {change.iri.rpartition("/")[2]: change.refused for change in found if isinstance(change, Change)}
    assert said == {"a": (large := "Das Angebot ist größer als 200 kB"), "b": large, "c": None}


def test_pages_that_a_site_map_names() -> None:
    site = Site(
        sitemap_xml=b"""<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
        <sitemap><loc>{origin}/part.xml</loc></sitemap><sitemap><loc>http://169.254.169.254/x.xml</loc></sitemap></sitemapindex>""",
        part_xml=b"""<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
        <url><loc>{origin}/kurs.html</loc><lastmod>2026-05-01</lastmod></url>
        <url><loc>http://elsewhere.example/</loc></url><url><loc>{origin}/impressum.html</loc></url></urlset>""",
        kurs_html=b"""<html><script type="application/ld+json">{"@context": "https://schema.org", "@type": "Course",
        "@id": "{origin}/kurs/7", "name": "T\xc3\xb6pfern <b>", "provider": {"@type": "Organization", "name": "Werkstatt"}}</script>""",
        impressum_html=b"<html>Impressum",
    )
    with serving(site) as origin, NeighbourClient(origin, QUICK) as client:
        pages = site_map(client, f"{origin}/sitemap.xml")
        assert [(page.address.removeprefix(origin), page.changed and page.changed.isoformat()) for page in pages] == [
            ("/kurs.html", "2026-05-02T00:00:00+00:00"),
            ("/impressum.html", None),
        ]
        (change,) = page_changes(client, f"{origin}/kurs.html", SOURCE)
        assert isinstance(change, Change)
        assert change.offer is not None
        assert (change.iri, change.offer.iri, change.offer.source) == (
            f"{origin}/kurs/7",
            f"{origin}/kurs/7",
            SOURCE,
        )
        assert change.offer.url == f"{origin}/kurs.html"
        assert list(page_changes(client, f"{origin}/impressum.html", SOURCE)) == []


class AtTheUsualPort(NeighbourClient):
    """Stands in for a site at port 443, which no server of a test can be."""

    def get(self, url: str, accept: str, etag: str | None = None) -> Fetched:  # noqa: ARG002 - as it is called
        body = f'''<script type="application/ld+json">[{{"@context": "https://schema.org", "@type": "Course", "@id": "{url}/7",
        "name": "Chor", "provider": {{"@type": "Organization", "name": "Haus"}}}},
        {{"@context": "https://schema.org", "@type": "Course", "@id": "{url}/a> <x:y> <x:z> .", "name": "Fremd"}}]</script>'''
        return Fetched(url=url, media="text/html", body=body.encode(), etag=None, immutable=False)


def test_a_site_at_the_usual_port_and_a_name_that_would_break_out() -> None:
    with AtTheUsualPort("https://dort.example/") as client:
        good, bad = page_changes(client, "https://dort.example/kurs", SOURCE)
    assert isinstance(good, Change)
    assert good.iri == "https://dort.example/kurs/7"
    assert good.offer is not None
    assert good.offer.provider is not None
    assert good.offer.provider.iri == "https://dort.example/#Haus"
    assert isinstance(bad, Note)
    assert "taugt nicht als Name" in bad.text


def test_a_site_map_that_is_none() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">]><urlset>&a;</urlset>'
    with serving(Site(a_xml=b"<urlset", b_xml=bomb)) as origin, NeighbourClient(origin, QUICK) as client:
        for name in ("a.xml", "b.xml"):
            with pytest.raises(NeighbourRefused, match="kein lesbares XML"):
                site_map(client, f"{origin}/{name}")
