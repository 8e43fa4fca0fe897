"""What every description of a dataset says first, whichever standard it follows: DCAT, VoID, CSV on the Web, the manifest of the dumps."""

from __future__ import annotations

import msgspec

__all__ = ["DatasetHead"]


class DatasetHead(msgspec.Struct, frozen=True, kw_only=True):
    """Of the offers of one own source, or of all of them (``source`` None).

    Title, publisher and licence are those of katalog.toml; a source without a publisher or a licence has the catalogue's. ``issued`` and
    ``modified`` are ISO times: when its data first came and last changed.
    """

    source: str | None
    title: str
    publisher: str | None
    licence: str | None
    issued: str
    modified: str
    offers: int
