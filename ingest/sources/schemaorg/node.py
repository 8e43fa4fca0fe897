"""An object of a JSON-LD document, its values flattened, references followed, and what of it was read remembered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ingest.sources.schemaorg.terms import ContextUnknown, Terms
from ingest.text import clean_line, clean_text

__all__ = ["Node", "bare_reference"]

_FOREIGN = "!"  # marks names that are not from schema.org
_DEEPEST = 12  # objects within objects; references may go in circles


class Node:
    """One object under the terms of its context. All names are local names of schema.org.

    ``types`` are its schema.org types, ``kind`` is what to call it in a sentence.
    """

    __slots__ = ("_depth", "_index", "_made", "_terms", "_values", "id", "kind", "types")

    def __init__(self, raw: dict[str, Any], terms: Terms, index: Mapping[str, dict[str, Any]], depth: int = 0) -> None:
        if "@context" in raw and depth:
            try:
                terms = Terms.of(raw["@context"], terms)
            except ContextUnknown:
                terms = Terms()
        self._terms = terms
        self._index = index
        self._depth = depth
        values: dict[str, Any] = {}
        self._values = values  # as the document has them
        # What was read. Objects are made when they are read, for references may go in circles.
        self._made: dict[str, list[Any]] = {}
        local = terms.local
        for name, value in raw.items():
            key = local(name) or _FOREIGN + name
            values[key] = [values[key], value] if key in values else value
        types = [name for name in _flat(values.pop("@type", None)) if isinstance(name, str)]
        self.types = tuple(known for name in types if (known := local(name)) is not None)
        self.kind = (self.types or tuple(types) or ("…",))[0]
        own = values.pop("@id", None)
        self.id = own if isinstance(own, str) else None
        values.pop("@context", None)

    @property
    def empty(self) -> bool:
        """Whether it says nothing but its name: a reference that leads out of the document."""
        return not self._values

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def is_a(self, *types: str) -> bool:
        return any(name in types for name in self.types)

    def is_list(self, name: str) -> bool:
        """Whether the document gives the values as a list, be it of one."""
        return isinstance(self._values.get(name), list)

    def values(self, name: str) -> list[Any]:
        """The values as they are: numbers, booleans, strings, `Node`; marks them as read."""
        if name not in self._values:
            return []
        made = self._made.get(name)
        if made is None and isinstance(raw := self._values[name], str):  # most values are: the short way
            made = self._made[name] = [raw] if raw else []
        elif made is None:
            given = _in_german([value for value in _flat(raw) if _given(value)])
            made = self._made[name] = [value for item in given if (value := self._made_of(item)) is not None]
        return made

    def nodes(self, name: str) -> list[Node]:
        """The objects among the values."""
        if name not in self._values:
            return []
        return [value for value in self.values(name) if isinstance(value, Node)]

    def node(self, name: str) -> Node | None:
        """The first object among the values."""
        return next(iter(self.nodes(name)), None)

    def raw_texts(self, name: str) -> list[str]:
        """The values as text, unchanged: a string, a number, the name or the value of an object."""
        if name not in self._values:
            return []
        return [text for value in self.values(name) if (text := _text(value))]

    def texts(self, name: str) -> list[str]:
        """The values as lines of plain text."""
        if name not in self._values:
            return []
        return [line for text in self.raw_texts(name) if (line := clean_line(text)) is not None]

    def text(self, *names: str) -> str | None:
        """The first line of plain text under the first of these names that has one."""
        for name in names:
            if name in self._values and (texts := self.texts(name)):
                return texts[0]
        return None

    def long_text(self, name: str) -> str | None:
        """The values as paragraphs of plain text."""
        return (
            "\n\n".join(dict.fromkeys(text for raw in self.raw_texts(name) if (text := clean_text(raw)) is not None))
            or None
        )

    def unread(self) -> Iterator[str]:
        """What nobody read, as ``Course.instructor``, in the order of the document."""
        for name, value in self._values.items():
            if name not in self._made and not name.startswith("@") and any(map(_given, _flat(value))):
                yield f"{self.kind}.{name.removeprefix(_FOREIGN)}"
        for made in self._made.values():
            for value in made:
                if isinstance(value, Node):
                    yield from value.unread()

    def _made_of(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if "@value" in value:
            return value["@value"]
        if self._depth == _DEEPEST:
            return None
        reference = bare_reference(value)
        return Node(
            value if reference is None else self._index.get(reference, value), self._terms, self._index, self._depth + 1
        )


def bare_reference(value: dict[str, Any]) -> str | None:
    """The IRI of an object that is nothing but a reference."""
    if len(value) != 1:
        return None
    reference = value.get("@id", value.get("id"))
    return reference if isinstance(reference, str) else None


def _flat(value: Any) -> list[Any]:
    """The values of a property as one list: arrays, lists, sets and language maps taken apart."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [item for part in value for item in _flat(part)]
    if isinstance(value, dict):
        for keyword in ("@list", "@set"):
            if keyword in value:
                return _flat(value[keyword])
        if (
            value
            and bare_reference(value) is None
            and all(_is_language(tag) and isinstance(text, str | list) for tag, text in value.items())
        ):
            return [{"@value": text, "@language": tag} for tag, texts in value.items() for text in _flat(texts)]
    return [value]


def _is_language(tag: str) -> bool:
    return (
        tag == "@none" or (len(tag) == 2 and tag.islower()) or (len(tag) == 5 and tag[2] in "-_" and tag[:2].islower())
    )


def _in_german(values: list[Any]) -> list[Any]:
    """Of texts in several languages the German ones, else those without a language, else those in the first language."""
    if not any(isinstance(value, dict) and "@language" in value for value in values):
        return values
    languages = [str(value.get("@language", "")).lower() if isinstance(value, dict) else "" for value in values]
    wanted = next((tag for tag in languages if tag.startswith("de")), "" if "" in languages else languages[0])
    return [value for value, tag in zip(values, languages, strict=True) if tag == wanted]


def _given(value: Any) -> bool:
    if isinstance(value, dict) and "@value" in value:
        value = value["@value"]
    return value is not None and value != "" and value != {}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Node):
        return next(
            (
                text
                for name in ("name", "value", "alternateName", "url")
                if name in value
                for text in value.raw_texts(name)
            ),
            value.id or "",
        )
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else ""
