"""What the names in a JSON-LD document mean: its context read without fetching anything.

Only schema.org matters here, so a context is reduced to a function from a name to the local name of a schema.org term. http and
https are the same, with ``www.`` or without.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["ContextUnknown", "Terms"]

_REMOTE = re.compile(r"https?://(?:www\.)?schema\.org(?:/|/docs/jsonldcontext\.json(?:ld)?)?", re.IGNORECASE)
_TERM = re.compile(r"https?://(?:www\.)?schema\.org/(?:#)?([A-Za-z0-9_]+)", re.IGNORECASE)
_NAMESPACE = re.compile(r"https?://(?:www\.)?schema\.org[/#]?", re.IGNORECASE)
_KEYWORDS = {"id": "@id", "type": "@type"}  # the official context gives these names to the keywords


class ContextUnknown(Exception):
    """A context that says nothing about schema.org; the message is a German sentence."""


class Terms:
    """The meaning of names under one context.

    ``remote`` lists the contexts that would have to be fetched and are not.
    """

    def __init__(self) -> None:
        self.remote: list[str] = []
        self._plain = False  # a name without a prefix is a schema.org term
        self._prefixes: set[str] = set()
        self._aliases: dict[str, str | None] = {}
        self._known: dict[str, str | None] = {}

    @classmethod
    def of(cls, context: Any, outer: Terms | None = None) -> Terms:
        """The terms of a ``@context``, on top of an outer one. Raises `ContextUnknown` where it says nothing about schema.org."""
        terms = cls()
        if outer is not None:
            terms._plain = outer._plain
            terms._prefixes |= outer._prefixes
            terms._aliases |= outer._aliases
        for part in context if isinstance(context, list) else [context]:
            terms._add(part)
        if not (terms._plain or terms._prefixes or any(terms._aliases.values())):
            named = f" „{terms.remote[0][:100]}“" if terms.remote else ""
            raise ContextUnknown(
                f"Der Kontext{named} sagt nichts über schema.org, und fremde Kontexte werden nicht geladen. "
                'Erwartet wird "@context": "https://schema.org"'
            )
        return terms

    def local(self, name: str) -> str | None:
        """The keyword or the local schema.org name that ``name`` stands for; None where it is none."""
        try:
            return self._known[name]
        except KeyError:
            meaning = self._known[name] = self._meaning(name)
            return meaning

    def _meaning(self, name: str) -> str | None:
        if name.startswith("@"):
            return name
        if name in self._aliases:
            return self._aliases[name]
        if term := _TERM.fullmatch(name):
            return term[1]
        prefix, colon, rest = name.partition(":")
        if colon:
            return rest if prefix in self._prefixes and rest else None
        return _KEYWORDS.get(name, name) if self._plain else None

    def _add(self, context: Any) -> None:
        if isinstance(context, str):
            if _REMOTE.fullmatch(context):
                self._plain = True
            else:
                self.remote.append(context)
        elif isinstance(context, dict):
            if "@vocab" in context:
                self._plain = isinstance(context["@vocab"], str) and _NAMESPACE.fullmatch(context["@vocab"]) is not None
            definitions = {name: _iri(value) for name, value in context.items() if not name.startswith("@")}
            self._prefixes |= {name for name, iri in definitions.items() if iri and _NAMESPACE.fullmatch(iri)}
            self._known.clear()
            for name, iri in definitions.items():
                if iri and name not in self._prefixes:
                    self._aliases[name] = self._meaning(iri)  # None: the word is taken for something foreign


def _iri(definition: Any) -> str | None:
    value = definition.get("@id") if isinstance(definition, dict) else definition
    return value if isinstance(value, str) else None
