"""The server of `tests.conformance.server`, started as anybody would."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator

import httpx
import pytest

from tests.service.conftest import wait_for


@pytest.fixture(scope="session")
def endpoint() -> Iterator[str]:
    """Its address, without a path."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tests.conformance.server", "--port", str(port)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        url = f"http://127.0.0.1:{port}"
        try:
            wait_for(lambda: server.poll() is not None or _answers(url))
            yield url
        finally:
            server.terminate()
            _, said = server.communicate()
    assert "Traceback" not in said, said


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/sparql").is_success
    except httpx.TransportError:
        return False
