"""Neighbours that are followed by their dump or their pages."""

from __future__ import annotations

import shutil
from pathlib import Path

import httpx

from catalogue.settings import read_settings
from ingest.neighbours.client import Limits
from service.harvesting import Harvester
from service.progress import no_progress
from tests.catalogues import status
from tests.ingest.neighbours.servers import serving as misbehaving
from tests.ingest.neighbours.test_whole import Site
from tests.service.conftest import OFFERS, wait_for
from tests.service.harvesting.conftest import OPEN, SETTINGS, Pair, harvest, offers_of, statements


def test_the_same_by_dump(tmp_path: Path, vectors: Path) -> None:
    course = '<{origin}/1> a <http://schema.org/Course> ; <http://schema.org/name> "Chor" .'
    worse = course.replace('"Chor"', f'"{"x" * 601}"')
    another = course.replace("/1>", "/2>")
    site = Site(d_ttl=(course + another).encode())
    (tmp_path / "cache").mkdir()
    shutil.copyfile(vectors, tmp_path / "cache" / "vectors.sqlite")
    with misbehaving(site) as origin:
        (tmp_path / "katalog.toml").write_text(f'[[neighbour]]\nname = "dort"\ndump = "{origin}/d.ttl"\n')
        settings = read_settings(tmp_path)
        harvester = Harvester(tmp_path, settings, no_progress(), Limits(pause=0.0))
        for said, counts, there in (
            (course + another, (2, 2, 0, 0, 0), ["1", "2"]),
            (worse + another, (2, 0, 1, 1, 1), ["2"]),
            (course, (1, 1, 0, 0, 1), ["1"]),
        ):
            site.bodies["/d.ttl"] = said.encode()
            assert harvester.harvest(settings.neighbour[0], renew=True).counts == counts
            assert sorted(offers_of(tmp_path, "nachbar/dort")) == there


def test_without_a_feed_by_dump_or_by_pages(pair: Pair) -> None:
    wait_for(lambda: httpx.get(f"{pair.base}/dumps/katalog.nq.gz").status_code == 200, 60)
    ways = {
        "id/angebot": f'dump = "{pair.base}/dumps/katalog.nq.gz"',
        "angebot": f'sitemap = "{pair.base}/sitemap.xml"',
    }
    for named, way in ways.items():
        own = SETTINGS.format(title="Hier", base="http://127.0.0.1:9", licence=OPEN)
        (pair.here / "katalog.toml").write_text(f'{own}\n[[neighbour]]\nname = "dort"\n{way}\n', encoding="utf-8")
        harvest(pair.here)
        mirrored = offers_of(pair.here, "nachbar/dort")
        assert len(mirrored) == len(OFFERS)
        assert mirrored["kvhs-A1"].name == "Excel für den Beruf"
        assert mirrored["kvhs-A1"].iri == f"{pair.base}/{named}/kvhs-A1"
        (neighbour,) = status(pair.here)["neighbours"]
        assert "ohne Feed" in neighbour["remarks"][0]


def test_a_site_whose_last_offer_is_gone_has_none(tmp_path: Path, vectors: Path) -> None:
    site = Site(
        sitemap_xml=b"""<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{origin}/a.html</loc></url></urlset>""",
        a_html=b"""<script type="application/ld+json">{"@context": "https://schema.org", "@type": "Course", "@id": "{origin}/1",
        "name": "Chor"}</script>""",
    )
    (tmp_path / "cache").mkdir()
    shutil.copyfile(vectors, tmp_path / "cache" / "vectors.sqlite")
    with misbehaving(site) as origin:
        (tmp_path / "katalog.toml").write_text(f'[[neighbour]]\nname = "dort"\nsitemap = "{origin}/sitemap.xml"\n')
        assert harvest(tmp_path) == (1, 1, 0, 0, 0)
        site.bodies["/a.html"] = b"<html>Impressum"
        settings = read_settings(tmp_path)
        report = Harvester(tmp_path, settings, no_progress(), Limits(pause=0.0)).harvest(
            settings.neighbour[0], renew=True
        )
    assert report.counts.withdrawn == 1
    assert offers_of(tmp_path, "nachbar/dort") == {}


def test_an_offer_on_the_first_page_of_a_site_keeps_its_provider(tmp_path: Path, vectors: Path) -> None:
    """Its name is the address of the site, with which the name of every provider begins there."""
    course = b"""<script type="application/ld+json">{"@context": "https://schema.org", "@type": "Course", "identifier": "1", "name": "Chor",
        "provider": {"@type": "Organization", "name": "Haus"}}</script>"""
    site = Site(
        sitemap_xml=b"""<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url><loc>{origin}/</loc></url></urlset>"""
    )
    site.bodies["/"] = course
    (tmp_path / "cache").mkdir()
    shutil.copyfile(vectors, tmp_path / "cache" / "vectors.sqlite")
    with misbehaving(site) as origin:
        (tmp_path / "katalog.toml").write_text(f'[[neighbour]]\nname = "dort"\nsitemap = "{origin}/sitemap.xml"\n')
        settings = read_settings(tmp_path)
        harvester = Harvester(tmp_path, settings, no_progress(), Limits(pause=0.0))
        for name in ("Chor", "Kinderchor"):
            site.bodies["/"] = course.replace(b"Chor", name.encode())
            assert harvester.harvest(settings.neighbour[0], renew=True).counts == (1, 1, 0, 0, 0)
            said = statements(tmp_path, "/graph/nachbar/dort")
            assert f'<{origin}/> <http://schema.org/name> "{name}"' in said
            assert f'<{origin}/#Haus> <http://schema.org/name> "Haus"' in said
