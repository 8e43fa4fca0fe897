"""Looks at a query before the parser does: refuses what is not a read-only question to this dataset, and what would crash the parser.

The parser (PEG, without word boundaries) takes ``SERVICE:x {`` and ``trueSERVICE<x> {`` for federation, so words are judged by what they
contain. Nothing here decides whether a query is valid; that remains the parser's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from catalogue.query.errors import QueryRefused

__all__ = ["MAX_DEPTH", "MAX_LENGTH", "Checked", "check"]

MAX_LENGTH = 100_000  # characters
MAX_DEPTH = 100  # brackets of all kinds, or prefix operators in a row; the parser dies at some 2,000

_UPDATES = {"insert", "delete", "load", "clear", "create", "drop", "copy", "move", "add"}
_NO_TEXT = re.compile("[\0\ud800-\udfff]")  # surrogates cannot be written in UTF-8
# every alternative takes its text without looking for something behind it, so that hostile text takes linear time
_TOKEN = re.compile(
    r"""
      (?P<blank>     \s+ | \#[^\n\r]* )
    | (?P<text>      \"\"\"(?:\\.|(?!\"\"\")[^\\])*\"\"\" | '''(?:\\.|(?!''')[^\\])*''' )
    | (?P<open_text> \"\"\" | ''' )
    | (?P<string>    "(?:\\.|[^"\\\n\r])*" | '(?:\\.|[^'\\\n\r])*' )
    | (?P<open>      ["'] )
    | (?P<iri>       <[^<>"{}|^`\x00-\x20]*> )
    | (?P<variable>  [?$]\w+ )
    | (?P<language>  @[A-Za-z]+(?:-+[A-Za-z0-9]+)* )
    | (?P<node>      _:(?:[\w.\-])* )
    | (?P<name>      :(?:[\w.\-:%]|\\.)* )
    | (?P<word>      [^\W\d_][\w.\-]*(?P<local>:(?:[\w.\-:%]|\\.)*)? )
    | (?P<number>    \d+ )
    | (?P<mark>      << | . )
    """,
    re.VERBOSE | re.DOTALL,
)


class Checked(NamedTuple):
    """What the guard learned: whether the query names its own dataset (FROM), which then replaces the union of all graphs."""

    names_dataset: bool


class _Token(NamedTuple):
    kind: str
    text: str


def check(text: str) -> Checked:
    """Raises QueryRefused for federation, updates, excessive length or nesting."""
    if len(text) > MAX_LENGTH:
        raise QueryRefused(f"Die Abfrage ist mit {len(text)} Zeichen zu lang; erlaubt sind {MAX_LENGTH}.")
    if _NO_TEXT.search(text):
        raise QueryRefused("Die Abfrage enthält unzulässige Zeichen.")
    tokens = list(_tokens(text))
    _check_nesting(tokens)
    if "service" in text.lower():
        _check_federation(tokens)
    words = {token.text.lower() for token in tokens if token.kind == "word"}
    if updates := words & _UPDATES:
        raise QueryRefused(f"{min(updates).upper()} verändert Daten; hier sind nur lesende Abfragen möglich.")
    return Checked(any(word.endswith("from") for word in words))


def _tokens(text: str) -> Iterator[_Token]:
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind in {"open_text", "open"}:  # looking for the end of each of many would take quadratic time
            raise QueryRefused(f"Eine Zeichenkette hat kein Ende (Zeichen {match.start() + 1}).")
        if kind != "blank":
            yield _Token("name" if match["local"] else kind, match[0])


def _check_nesting(tokens: list[_Token]) -> None:
    depth = deepest = prefixes = triple_terms = 0
    for token in tokens:
        mark = token.text if token.kind == "mark" else ""
        if mark in {"{", "(", "["}:
            depth += 1
        elif mark in {"}", ")", "]"}:
            depth -= 1
        prefixes = prefixes + 1 if mark in {"!", "+", "-", "^"} else 0
        triple_terms += mark == "<<"
        deepest = max(deepest, depth, prefixes, triple_terms)
    if deepest > MAX_DEPTH:
        raise QueryRefused(f"Die Abfrage ist zu tief verschachtelt; erlaubt sind {MAX_DEPTH} Ebenen.")


def _check_federation(tokens: list[_Token]) -> None:
    brackets = ""
    for before, token, after in _with_neighbours(tokens):
        if token.kind == "mark" and token.text in "{([":
            brackets += token.text
        elif token.kind == "mark" and token.text in "})]":
            brackets = brackets[:-1]
        word = token.text.lower()
        if "service" not in word:
            continue
        bare = token.kind in {"word", "language"}
        # SERVICE:x { … } without a space; only GRAPH may stand before a prefixed name and a brace
        called = token.kind == "name" and after == _Token("mark", "{") and "service" in word.partition(":")[0]
        called = called and not (before.kind == "word" and before.text.lower() == "graph")
        # (?a <?b) SERVICE:x#> … reads as an IRI here, as a comparison and a comment there
        hidden = token.kind == "iri" and brackets.endswith("(") and "#" in word.partition("service")[2]
        hidden = hidden and before.text not in {"(", ",", "/", "|", "^", "!"}
        if bare or called or hidden:
            raise QueryRefused("SERVICE ist hier nicht möglich: Abfragen lesen nur diesen Katalog.")


def _with_neighbours(tokens: list[_Token]) -> Iterator[tuple[_Token, _Token, _Token]]:
    edge = _Token("edge", "")
    padded = [edge, *tokens, edge]
    for (before, token), after in zip(pairwise(padded), padded[2:], strict=False):
        yield before, token, after
