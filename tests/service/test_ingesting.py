"""What a whole ingest does to sources that katalog.toml does not name any more."""

from __future__ import annotations

from pathlib import Path

from tests.catalogues import offers_in_store, status
from tests.command import bildungskatalog


def test_a_renamed_source_is_not_published_twice(demo_copy: Path) -> None:
    path = demo_copy / "katalog.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace('name = "vhs-worms"', 'name = "vhs-worms-neu"'), encoding="utf-8"
    )
    done = bildungskatalog("ingest", "--dir", demo_copy)
    assert done.returncode == 0
    assert "Die Quelle „vhs-worms“ steht nicht mehr darin; ihre Angebote sind zurückgezogen" in done.stdout
    assert status(demo_copy)["offers"] == 239
    in_store = offers_in_store(demo_copy)
    assert in_store["vhs-worms-neu"] == 25
    assert in_store.get("vhs-worms", 0) == 0


def test_one_source_alone_leaves_the_others_alone(demo_copy: Path) -> None:
    path = demo_copy / "katalog.toml"
    path.write_text(
        path.read_text(encoding="utf-8").replace('name = "vhs-worms"', 'name = "vhs-worms-neu"'), encoding="utf-8"
    )
    bildungskatalog("ingest", "--dir", demo_copy, "--source", "vhs-worms-neu")
    assert offers_in_store(demo_copy)["vhs-worms"] == 25
