"""The documentation names what there is, and only that; its links lead somewhere and its examples run."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph as ox
import pytest
import typer.main
from pydantic import BaseModel

import service.routes
from catalogue.settings import Settings
from catalogue.snapshot import Snapshot
from ingest.sources.table.fields import FIELDS
from ingest.sources.table.mapping import SheetMapping, load_mapping
from service.app import create_app
from service.cli import app as command_line
from service.parameters import SearchParameters
from tests.command import bildungskatalog

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DATA = (ROOT / "docs" / "daten.md").read_text(encoding="utf-8")
PROVIDERS = (ROOT / "docs" / "anbieter.md").read_text(encoding="utf-8")
PAGES = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not any(
        part.startswith(".") or part in ("node_modules", "katalog", "build") for part in path.relative_to(ROOT).parts
    )
)


def section(text: str, heading: str) -> str:
    """A section with those below it."""
    level = len(heading.partition(" ")[0])
    after = text.partition(f"\n{heading}\n")[2]
    assert after, f"{heading} is missing"
    return re.split(rf"\n#{{1,{level}}} ", _without_code(after))[0]


def first_cells(table: str) -> list[str]:
    """What stands in backticks in the first column of the tables."""
    return [code for line in table.splitlines() if line.startswith("|") for code in _codes(line.split(" | ")[0])]


def _codes(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def _without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def blocks(text: str, language: str) -> list[str]:
    """The blocks of code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)


def test_the_readme_is_finished() -> None:
    assert "<<" not in README


# --- commands, settings, routes, fields -------------------------------------------------------------------------------------------


def test_every_command_stands_in_the_readme_with_its_options() -> None:
    documented = {}
    for usage in first_cells(section(README, "## Commands")):
        _, name, *_ = usage.split()
        documented[name] = set(re.findall(r"--[a-z]+", usage))
    there = {
        name: {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
        for name, command in typer.main.get_command(command_line).commands.items()  # type: ignore[attr-defined]
    }
    assert documented == there


def _settings(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for name, field in model.model_fields.items():
        inner = [*getattr(field.annotation, "__args__", ()), field.annotation]
        table = next((part for part in inner if isinstance(part, type) and issubclass(part, BaseModel)), None)
        yield from [prefix + name] if table is None else _settings(table, f"{prefix}{name}.")


def test_every_setting_stands_in_the_readme() -> None:
    assert first_cells(section(README, "## Settings")) == list(_settings(Settings))


def _shape(path: str) -> str:
    return re.sub(r"\{\w+(:\w+)?\}", "{}", path)


def test_every_route_stands_in_the_readme(small_folder: Path) -> None:
    there = {route.path for route in create_app(small_folder).routes if hasattr(route, "path")}
    for found in pkgutil.iter_modules(service.routes.__path__):
        router: Any = getattr(importlib.import_module(f"service.routes.{found.name}"), "router", None)
        there |= {route.path for route in router.routes} if router else set()
    documented = first_cells(section(README, "## Routes"))
    assert {_shape(path) for path in documented} == {_shape(path) for path in there}


@pytest.fixture
def small_folder(tmp_path: Path) -> Path:
    """A folder with settings and nothing else."""
    (tmp_path / "katalog.toml").write_text("", encoding="utf-8")
    return tmp_path


def test_every_parameter_of_the_search_stands_in_the_readme() -> None:
    text = section(README, "## Routes").partition("`/api/search` takes")[2]
    named = {code.partition("=")[0] for code in _codes(text)}
    assert {name for name in SearchParameters.model_fields if not name.startswith("not_")} - named == set()


def test_every_field_and_key_of_a_mapping_stands_in_the_page_for_providers() -> None:
    fields = first_cells(section(PROVIDERS, "### Die Felder"))
    assert sorted(fields) == sorted(FIELDS)
    keys = first_cells(section(PROVIDERS, "## Eine Tabelle zuordnen").partition("### ")[0])
    assert sorted(keys) == sorted([*SheetMapping.__struct_fields__, "sheets"])


# --- links ------------------------------------------------------------------------------------------------------------------------


def _anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", _without_code(page.read_text(encoding="utf-8")), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", _without_code(page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), link
        assert not anchor or anchor in _anchors(target), link


def test_pictures_are_small() -> None:
    sizes = [path.stat().st_size for path in (ROOT / "docs" / "bilder").iterdir()]
    assert sizes
    assert max(sizes) < 200_000


# --- examples ---------------------------------------------------------------------------------------------------------------------


def test_the_example_for_providers_gives_what_is_written_there(tmp_path: Path) -> None:
    table, mapping = blocks(PROVIDERS, "csv"), blocks(PROVIDERS, "toml")
    (tmp_path / "kurse.csv").write_text(table[0], encoding="utf-8")
    (tmp_path / "kurse.toml").write_text(mapping[0], encoding="utf-8")
    load_mapping(tmp_path / "kurse.toml")
    done = bildungskatalog("check", "kurse.csv", "--mapping", "kurse.toml", cwd=tmp_path)
    assert done.stdout == blocks(PROVIDERS, "text")[0]


def _store(turtle: str) -> set[str]:
    store = ox.Store()  # normalises literals as the catalogue's does
    store.load(turtle.encode(), ox.RdfFormat.TURTLE)
    return {str(quad.triple) for quad in store}


def test_the_offer_in_turtle_is_the_offer(demo: Path) -> None:
    [turtle] = blocks(DATA, "turtle")
    offer = "http://127.0.0.1:8000/id/angebot/seniorenbuero-alzey-S-03"
    with Snapshot.open(demo) as snapshot:
        quads = snapshot.describe(offer)
        provider: Any = next(quad.object for quad in quads if quad.predicate.value == "http://schema.org/provider")
        assert _store(turtle) == {str(quad.triple) for quad in [*quads, *snapshot.describe(provider.value)]}


QUERIES = blocks(DATA, "sparql")


def test_there_are_queries() -> None:
    assert len(QUERIES) >= 5


@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.strip().splitlines()[-1][:40])
def test_every_query_finds_something_in_the_sample(demo: Path, query: str) -> None:
    with Snapshot.open(demo) as snapshot:
        rows: Any = snapshot.store.query(query, use_default_graph_as_union=True)
        assert next(rows, None) is not None
