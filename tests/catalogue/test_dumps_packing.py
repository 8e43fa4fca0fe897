"""Parts that are compressed apart make one file."""

from __future__ import annotations

import zlib
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from catalogue.dumps.packing import GzipWriter, pack


@pytest.mark.parametrize("parts", [[], [b""], [b"a"], [b"eins\n", b"", b"zwei\n" * 50_000, bytes(range(256)) * 7]])
def test_parts_become_one_gzip_member(tmp_path: Path, parts: list[bytes]) -> None:
    writer = GzipWriter(tmp_path / "x.gz")
    writer.add(*map(pack, parts))
    digest = writer.close()
    content = (tmp_path / "x.gz").read_bytes()
    unpacker: Any = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert unpacker.decompress(content) == b"".join(parts)
    assert (unpacker.eof, unpacker.unused_data) == (True, b"")
    assert (digest, writer.bytes, writer.unpacked) == (sha256(content).hexdigest(), len(content), len(b"".join(parts)))
    assert content[4:8] == bytes(4)  # no time
