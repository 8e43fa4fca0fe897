"""``python -m catalogue.dumps DIR``: makes the dumps of a catalogue unless they are current.

Standard output: a line "done total" for each step, in offers. Standard error: a sentence where it fails, with exit status 1.
"""

from __future__ import annotations

import sys
from pathlib import Path

from catalogue.dumps import make_dumps
from catalogue.errors import CatalogueError

__all__ = ["main"]


def main() -> int:
    """Returns the exit status."""

    def show(done: int, total: int) -> None:
        sys.stdout.write(f"{done} {total}\n")
        sys.stdout.flush()

    # here, as the processes that make the parts import this module too; settings take half of its time
    from catalogue.settings import read_settings

    folder = Path(sys.argv[1])
    try:
        make_dumps(folder, read_settings(folder), show)
    except (CatalogueError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
