"""The protocol and the service description, judged by the tests of the W3C over HTTP."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest


@pytest.mark.conformance
def test_every_protocol_test_and_every_check_of_the_description_passes(endpoint: str, shared: Path) -> None:
    arguments = ("--query", f"{endpoint}/sparql", "--gsp", f"{endpoint}/setup", "--no-gsp-tests", "--sd")
    command = [sys.executable, shared / "tools" / "w3c_http.py", shared / "standards" / "w3c-sparql", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    verdicts = [line.split()[:2] for line in done.stdout.splitlines() if line[:4] in ("PASS", "FAIL")]
    assert Counter(map(tuple, verdicts)) == {("PASS", "protocol"): 20, ("PASS", "sd"): 12}, done.stdout
