"""Queries made at random: by a small grammar of SPARQL 1.1, and by spoiling its sentences."""

from __future__ import annotations

import random
from collections.abc import Iterator

__all__ = ["generated"]

_NODES = ["?a", "?b", "?c", "?d", "<http://schema.org/name>", "<http://schema.org/Course>", "_:n", "[]", "<urn:x#y>"]
_VALUES = [
    "1",
    "2.5e3",
    "-7",
    "true",
    "'Yoga'",
    "'x'@de",
    '""',
    "'2026-01-05'^^<http://www.w3.org/2001/XMLSchema#date>",
    "?a",
    "?b",
    "?c",
    "<http://schema.org/Course>",
]
_FUNCTIONS = [
    "STR",
    "LANG",
    "DATATYPE",
    "ABS",
    "UCASE",
    "STRLEN",
    "YEAR",
    "MD5",
    "isIRI",
    "ENCODE_FOR_URI",
    "IRI",
    "CEIL",
    "NOT_ONE",
]
_OPERATORS = ["=", "!=", "<", ">", "&&", "||", "+", "-", "*", "/"]
_SNIPPETS = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "<<",
    ">>",
    ".",
    ";",
    ",",
    "^",
    "|",
    "/",
    "*",
    "+",
    "?",
    "!",
    "'",
    '"',
    '"""',
    "\\",
    "\\u0041",
    "\\U0001F600",
    "#",
    "<",
    ">",
    "<x>",
    "@",
    "^^",
    "_:",
    "a:",
    ":",
    "\x00",
    "\ufeff",
    "\u202e",
    "😀",
    "1e999",
    "UNDEF",
    "SERVICE",
    "FROM",
    "NAMED",
    "LOAD",
    "UNION",
    "OPTIONAL",
    "FILTER",
    "VALUES",
    "BIND",
    "MINUS",
    "SELECT",
    "ASK",
    "WHERE",
    "ORDER",
    "BY",
    "LIMIT",
    "DISTINCT",
    "REDUCED",
    "NOT",
    "EXISTS",
]


def generated(draw: random.Random, count: int) -> Iterator[bytes]:
    """``count`` queries, half of them spoilt."""
    for number in range(count):
        text = _query(draw)
        yield _spoilt(draw, text) if number % 2 else text.encode()


def _query(draw: random.Random) -> str:
    head = draw.choice(
        ["SELECT *", "SELECT DISTINCT ?a", "SELECT (COUNT(*) AS ?n)", "ASK", "CONSTRUCT { ?a ?b ?c }", "DESCRIBE ?a"]
    )
    tail = draw.choice(["", "LIMIT 5", "ORDER BY ?a LIMIT 3", "OFFSET 2 LIMIT 2", "OFFSET 1"])
    dataset = draw.choice(["", "", "", "FROM <urn:g>", "FROM NAMED <urn:g>"])
    return f"{head} {dataset} {{ {_group(draw, 3)} }} {tail if head[0] != 'A' else ''}"


def _group(draw: random.Random, depth: int) -> str:
    return " ".join(_part(draw, depth) for _ in range(draw.randint(1, 3)))


def _part(draw: random.Random, depth: int) -> str:
    if depth == 0 or draw.random() < 0.5:
        return f"{draw.choice(_NODES)} {_path(draw, 2)} {draw.choice(_NODES + _VALUES)} ."
    inner = _group(draw, depth - 1)
    return draw.choice(
        [
            f"{{ {inner} }} UNION {{ {_group(draw, depth - 1)} }}",
            f"OPTIONAL {{ {inner} }}",
            f"MINUS {{ {inner} }}",
            f"GRAPH ?g {{ {inner} }}",
            f"FILTER({_expression(draw, 3)})",
            f"FILTER NOT EXISTS {{ {inner} }}",
            f"BIND({_expression(draw, 3)} AS ?{draw.choice('uvwxyz')}{depth}{draw.randrange(1000)})",
            "VALUES (?a ?b) { ('Yoga' UNDEF) }",
            f"{{ SELECT * {{ {inner} }} LIMIT 3 }}",
        ]
    )


def _path(draw: random.Random, depth: int) -> str:
    if depth == 0 or draw.random() < 0.6:
        return draw.choice(["?p", "a", "<http://schema.org/name>", "!a", "^<urn:x>"])
    left, right = _path(draw, depth - 1), _path(draw, depth - 1)
    return draw.choice([f"({left})*", f"({left})+", f"({left})?", f"({left}/{right})", f"({left}|{right})"])


def _expression(draw: random.Random, depth: int) -> str:
    if depth == 0 or draw.random() < 0.3:
        return draw.choice(_VALUES)
    left, right = _expression(draw, depth - 1), _expression(draw, depth - 1)
    return draw.choice(
        [
            f"({left} {draw.choice(_OPERATORS)} {right})",
            f"{draw.choice(_FUNCTIONS)}({left})",
            f"CONCAT({left}, {right})",
            f"REGEX({left}, '(a+)+')",
            f"IF({left}, {right}, {left})",
            f"!{left}",
        ]
    )


def _spoilt(draw: random.Random, text: str) -> bytes:
    """With something put in, left out or repeated; sometimes with bytes that are no UTF-8."""
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(text) + 1)
        match draw.randrange(3):
            case 0:
                text = text[:at] + draw.choice(_SNIPPETS) + text[at:]
            case 1:
                text = text[:at] + text[at + draw.randint(1, 5) :]
            case _:
                text = text[:at] + text[max(0, at - 20) : at] * draw.randint(1, 200) + text[at:]
    raw = bytearray(text.encode())
    if raw and draw.random() < 0.2:
        raw[draw.randrange(len(raw))] = draw.randrange(256)
    return bytes(raw)
