"""Texts of strangers without what nobody sees: control characters, marks that turn the direction of writing, spaces of no width."""

from __future__ import annotations

from typing import Any

import msgspec

from ingest.text import without_controls
from ontology.offer import Offer

__all__ = ["visible"]


def visible(offer: Offer) -> Offer:
    """The offer with all of its texts as they are seen; its names stay what they are."""
    seen: Offer = _seen(offer)
    return msgspec.structs.replace(seen, id=offer.id, iri=offer.iri)


def _seen(value: Any) -> Any:
    if type(value) is str:  # and no member of an enumeration
        return value if value.isascii() and value.isprintable() else without_controls(value)
    if isinstance(value, tuple):
        return tuple(map(_seen, value))
    if isinstance(value, msgspec.Struct):
        said = {name: getattr(value, name) for name in value.__struct_fields__}
        changed = {name: new for name, old in said.items() if (new := _seen(old)) is not old}
        return msgspec.structs.replace(value, **changed) if changed else value
    return value
