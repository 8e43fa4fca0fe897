"""Real servers in processes of their own, started as anybody would, and the clients of others that need an installation."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.command import PROGRAM
from tests.service.conftest import OFFERS, SETTINGS, ingest, wait_for

NODE = Path(__file__).parent / "node"
NEIGHBOUR = "https://nachbar.example"


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """The address of `tests.conformance.server`, without a path."""
    with _answering("/sparql", sys.executable, "-m", "tests.conformance.server") as url:
        yield url


@pytest.fixture(scope="session")
def district(demo: Path) -> Iterator[str]:
    """The address of the sample catalogue, served. Its IRIs begin with http://127.0.0.1:8000."""
    with _answering("/gesund", PROGRAM, "serve", "--dir", demo) as url:
        yield url


@pytest.fixture(scope="session")
def neighbour(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a small catalogue of another district, served. Its IRIs begin with https://nachbar.example."""
    folder = tmp_path_factory.mktemp("nachbar")
    settings = SETTINGS.replace("[catalogue]", f'[catalogue]\nbase = "{NEIGHBOUR}"')
    (folder / "katalog.toml").write_text(settings, encoding="utf-8")
    ingest(folder, *OFFERS, base=NEIGHBOUR)
    with _answering("/gesund", PROGRAM, "serve", "--dir", folder) as url:
        yield url


@pytest.fixture(scope="session")
def node_clients() -> Path:
    """The folder with the programs of clients that run on Node; skips where they were not installed, fails there on CI."""
    programs = NODE / "node_modules" / ".bin"
    if not programs.is_dir() or shutil.which("node") is None:
        reason = "clients on Node are missing (make tests/conformance/node/node_modules/.package-lock.json)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return programs


@contextmanager
def _answering(path: str, *command: str | Path) -> Iterator[str]:
    """The address of a server that answers at this path; ``command`` starts it, given a port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen([*command, "--port", str(port)], stderr=subprocess.PIPE, text=True) as server:
        url = f"http://127.0.0.1:{port}"
        try:
            wait_for(lambda: server.poll() is not None or _is_up(f"{url}{path}"), 60)
            yield url
        finally:
            server.terminate()
            _, said = server.communicate()
    assert "Traceback" not in said, said


def _is_up(address: str) -> bool:
    try:
        return httpx.get(address).is_success
    except httpx.TransportError:
        return False
