"""The objects of a JSON-LD document that stand for themselves, and those that others refer to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ingest.sources.schemaorg.node import bare_reference
from ingest.sources.schemaorg.terms import ContextUnknown, Terms
from ingest.sources.schemaorg.words import words

__all__ = ["index_of", "items"]


def items(value: Any, outer: Terms | None = None) -> Iterator[tuple[Any, Terms | ContextUnknown]]:
    """The objects of a graph, a list, an ItemList or a page, or the one object, each with the terms of its context.

    What is no object comes as it is. Where a context says nothing about schema.org, the object comes with that complaint.
    """
    todo: list[tuple[Any, Terms | None]] = [(value, outer)]
    while todo:
        value, terms = todo.pop()
        if isinstance(value, list):
            todo += [(item, terms) for item in reversed(value)]
            continue
        if not isinstance(value, dict):
            yield value, terms or Terms()
            continue
        try:
            if "@context" in value:
                terms = Terms.of(value["@context"], terms)
            elif terms is None:
                terms = _without_context(value)
        except ContextUnknown as unknown:
            yield value, unknown
            continue
        inner = _inner(value, terms)
        if inner is None:
            yield value, terms
        else:
            todo.append((inner, terms))


def _without_context(value: dict[str, Any]) -> Terms:
    """Expanded JSON-LD writes all names in full and needs no context."""
    types = value.get("@type")
    names = [*value, *(types if isinstance(types, list) else [types])]
    if any(isinstance(name, str) and "://" in name for name in names) or "@graph" in value:
        return Terms()
    raise ContextUnknown('Der Kontext fehlt; erwartet wird "@context": "https://schema.org"')


def _inner(value: dict[str, Any], terms: Terms) -> Any:
    """What a container holds; None for any other object."""
    if "@graph" in value:
        return value["@graph"]
    local = {terms.local(name): name for name in value}
    types = value.get(local.get("@type", "@type"))
    for name in types if isinstance(types, list) else [types]:
        held = words()["containers"].get(terms.local(name)) if isinstance(name, str) else None
        if held is not None and held in local and isinstance(value[local[held]], dict | list):
            return value[local[held]]
    return None


def index_of(value: Any) -> tuple[dict[str, dict[str, Any]], set[str]]:
    """All objects of a document by their ``@id``, and the ids that are referred to."""
    index: dict[str, dict[str, Any]] = {}
    referred: set[str] = set()
    todo = [value]
    while todo:
        value = todo.pop()
        if isinstance(value, list):
            todo += value
        elif isinstance(value, dict):
            reference = bare_reference(value)
            if reference is not None:
                referred.add(reference)
                continue
            own = value.get("@id", value.get("id"))
            if isinstance(own, str) and len(value) > len(index.get(own, ())):
                index[own] = value
            todo += value.values()
    return index, referred
