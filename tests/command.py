"""Runs the command line as people do: the installed ``bildungskatalog`` in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

__all__ = ["PROGRAM", "bildungskatalog", "refused", "wrong"]

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


def refused(*arguments: object) -> str:
    """The sentence with which a command is refused."""
    done = bildungskatalog(*arguments)
    assert done.returncode == 1, done
    assert done.stdout == ""
    return done.stderr.strip()


def wrong(*arguments: object) -> str:
    """What a command says about its wrong usage, without the frame that is drawn around it."""
    done = bildungskatalog(*arguments)
    assert done.returncode == 2, done
    assert done.stdout == ""
    return " ".join(re.sub(r"[│╭╮╰╯─]", " ", done.stderr).split())
