"""Source texts made plain: no markup, no control characters, one kind of space.

The result holds no ``<`` directly before a letter, ``/``, ``!`` or ``?``, so it is not markup wherever it is put.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache

from ingest.lexicon import folded, lexicon

__all__ = ["clean_line", "clean_text", "without_controls"]

_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_REPEATED_AMPERSAND = re.compile(r"&(?:amp;|#0*38;|#[xX]0*26;)+")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)|<[!?][^<>]*>", re.DOTALL)
_TAG = re.compile(r"""</?([A-Za-z][A-Za-z0-9:-]*+)(?=[\s/>])((?:[^<>"']|"[^"<]*"|'[^'<]*')*+|[^<>]*+)>""")
_UNFINISHED_TAG = re.compile(r"<[A-Za-z][A-Za-z0-9:-]*\s+[\w:-]+\s*=[^<>]*\Z")
_LOOKS_LIKE_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_EXCEL_ESCAPE = re.compile(r"_x000[dD]_\n?|_x000[aA]_")
# Soft hyphen, zero-width space, marks of direction, word joiner, byte order mark, tag characters.
_INVISIBLE = re.compile(
    "[\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# Joiners belong to Persian, Indian scripts and emoji; between other letters they are dirt.
_JOINER = re.compile(
    "(?<![\u0590-\u1fff\u2100-\U0010ffff])[\u200c\u200d]+|[\u200c\u200d]+(?![\u0590-\u1fff\u2100-\U0010ffff])"
)
_SPACES = re.compile(r"[^\S\n]+")
_ITEM = re.compile(r"\n+• ")
_MANY_LINES = re.compile(r"\n{3,}")


def clean_line(text: str) -> str | None:
    """``text`` on one line, or None where it says nothing ("k.A.", "-", blanks)."""
    if (
        text.isprintable() and "<" not in text and "&" not in text and "_x000" not in text
    ):  # most cells, at a third of the cost
        line = unicodedata.normalize("NFC", " ".join(text.split()))
        return None if not line or folded(line) in _nothing() else line
    cleaned = clean_text(text)
    return None if cleaned is None else " ".join(_ITEM.sub(", ", cleaned.removeprefix("• ")).split())


def clean_text(text: str) -> str | None:
    """``text`` with its lines and paragraphs (an empty line between them), or None where it says nothing."""
    text = without_controls(_EXCEL_ESCAPE.sub("\n", text.replace("\r\n", "\n").replace("\r", "\n")))
    if "&" in text or "<" in text:
        text = without_controls(_without_markup(text))  # entities bring controls back
    lines = (_SPACES.sub(" ", line).strip() for line in text.split("\n"))
    text = _MANY_LINES.sub("\n\n", "\n".join(lines)).strip()
    text = unicodedata.normalize("NFC", text)
    if "<" in text:
        text = _LOOKS_LIKE_TAG.sub("< ", text)
    return None if not text or folded(text) in _nothing() else text


def _without_markup(text: str) -> str:
    """Tags and entities resolved until nothing changes: exports encode twice."""
    for _ in range(20):
        before = text
        text = _REPEATED_AMPERSAND.sub("&amp;", text)
        if "<" in text:
            text = _without_tags(text)
        text = _ENTITY.sub(_decoded, text)
        if text == before:
            break
    return text


def _decoded(match: re.Match[str]) -> str:
    return html.unescape(match[0])


def _without_tags(text: str) -> str:
    text = _COMMENT.sub("", text)
    text = _dropped().sub(" ", text)
    if any("\n" in _replaced(match) for match in _TAG.finditer(text)):
        text = text.replace("\n", " ")  # where tags break the lines, the line breaks of the source are mere spaces
    return _UNFINISHED_TAG.sub("", _TAG.sub(_replaced, text))


def _replaced(tag: re.Match[str]) -> str:
    """What stands for a tag; words in angle brackets that are no tag of HTML and have no attributes stay."""
    unknown = " " if "=" in tag[2] else tag[0]
    sign = _replacements().get(tag[1].lower(), unknown)
    return " " if tag[0].startswith("</") and sign.strip(" ") in ("\n", "\n•") else sign


def without_controls(text: str) -> str:
    """``text`` without characters that nobody sees, such as controls and marks of direction; line breaks stay."""
    text = text.replace("\u2028", "\n").replace("\u2029", "\n\n")
    text = _JOINER.sub("", _INVISIBLE.sub("", text))
    if text.replace("\n", "").replace("\t", "").replace("\xa0", "").isprintable():  # nearly always
        return text
    return "".join(map(_visible, text))


def _visible(character: str) -> str:
    """A character of a control category as what it was meant to be: nothing, a space, or the cp1252 character of that byte."""
    if character in "\n\t":
        return character
    if "\x80" <= character <= "\x9f":
        return character.encode("latin-1").decode("cp1252", errors="ignore")
    return "" if unicodedata.category(character) in ("Cc", "Cs", "Cn", "Co") else character


@cache
def _nothing() -> frozenset[str]:
    return frozenset(lexicon()["nothing"]["words"])


@cache
def _dropped() -> re.Pattern[str]:
    names = "|".join(map(re.escape, lexicon()["markup"]["dropped"]))
    return re.compile(rf"<({names})\b[^<>]*+>(?:(?<=/>)|.*?(?:</\1\s*>|\Z))", re.DOTALL | re.IGNORECASE)


@cache
def _replacements() -> dict[str, str]:
    markup = lexicon()["markup"]
    signs = {"inline": "", "paragraph": "\n\n", "line": "\n", "item": "\n• ", "other": " "}
    return {name: sign for kind, sign in signs.items() for name in markup[kind]}
