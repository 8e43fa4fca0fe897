"""The addresses of search pages: each filter, facet and further page is a link."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import urlencode

__all__ = ["Address"]


@lru_cache(1024)  # a page of hits has some fifty links, all with the question
def _encoded(pair: tuple[str, str]) -> str:
    return urlencode([pair])


class Address:
    """The address of a search page; a new one for each change, back on the first page of hits."""

    def __init__(self, path: str, pairs: Sequence[tuple[str, str]]) -> None:
        self._path = path
        self._pairs = tuple((key, value) for key, value in pairs if value.strip())

    def __str__(self) -> str:
        return f"{self._path}?{'&'.join(map(_encoded, self._pairs))}" if self._pairs else self._path

    def with_value(self, key: str, value: str) -> Address:
        """With this value of ``key``, in the place of others."""
        return Address(self._path, [*self.without(key)._pairs, (key, value)])

    def also(self, key: str, value: str) -> Address:
        """With this value of ``key`` beside others."""
        return Address(self._path, [*self._first_page(), (key, value)])

    def without(self, *keys: str) -> Address:
        """Without these keys."""
        return Address(self._path, [(key, value) for key, value in self._first_page() if key not in keys])

    def page(self, number: int) -> Address:
        """The same search, further down."""
        return Address(self._path, [*self._first_page(), ("seite", str(number))] if number > 1 else self._first_page())

    def has(self, *keys: str) -> bool:
        """Whether one of the keys is set."""
        return any(key in keys for key, _ in self._pairs)

    def values(self, key: str) -> list[str]:
        """Values of a key."""
        return [value for name, value in self._pairs if name == key]

    def hidden(self, *keys: str) -> list[tuple[str, str]]:
        """What a form has to carry along beside ``keys``."""
        return [(key, value) for key, value in self._first_page() if key not in keys]

    def _first_page(self) -> list[tuple[str, str]]:
        return [(key, value) for key, value in self._pairs if key != "seite"]
