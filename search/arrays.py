"""What numpy does too, in a part of the time: reading arrays from its files (``.npz``), numbers in order without the repeated ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import numpy as np
from numpy.typing import NDArray

__all__ = ["among", "in_order", "load_arrays"]

_HEADER = 30  # bytes before the name of a file in an archive; the last four are the lengths of the name and of what follows it


def load_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """The arrays of an uncompressed archive by name, read straight into memory: a third of the time of `numpy.load`."""
    found = {}
    with path.open("rb") as file, ZipFile(file) as archive:
        for member in archive.infolist():
            assert member.compress_type == ZIP_STORED, path
            file.seek(member.header_offset)
            header = file.read(_HEADER)
            file.seek(sum(int.from_bytes(header[at : at + 2], "little") for at in (26, 28)), 1)
            found[member.filename.removesuffix(".npy")] = np.lib.format.read_array(file, allow_pickle=False)
    return found


def in_order(numbers: NDArray[Any]) -> NDArray[np.int64]:
    """Integers (n,) in order, each once: a fifth of the time of `numpy.unique`."""
    ordered = np.sort(numbers)
    new = np.ones(ordered.size, np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return ordered[new].astype(np.int64)


def among(numbers: NDArray[np.int64], others: NDArray[Any]) -> NDArray[np.bool_]:
    """Which of a few integers (n,) are among many others, which are in order: a third of the time of `numpy.isin`."""
    if others.size == 0:
        return np.zeros(numbers.size, np.bool_)
    alike = numbers.astype(others.dtype)  # else the others are made as wide as these
    found: NDArray[np.bool_] = others.take(others.searchsorted(alike), mode="clip") == alike
    return found
