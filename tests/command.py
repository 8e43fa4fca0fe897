"""Runs the command line as people do: the installed ``bildungskatalog`` in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

__all__ = ["PROGRAM", "bildungskatalog"]

PROGRAM = Path(sys.executable).with_name("bildungskatalog")


def bildungskatalog(
    *arguments: object, cwd: Path | None = None, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """One command to its end, with its exit status and what it printed; ``env`` is added to the environment.

    No traceback may ever reach a person.
    """
    done = subprocess.run(
        [PROGRAM, *map(str, arguments)],
        cwd=cwd,
        env=os.environ | (env or {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done
