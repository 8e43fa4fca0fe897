"""Values as German exports write them. Every parser returns the clean value or raises `ValueRefused` with a German reason.

Dates and times have a module of their own (`ingest.dates`). Cells that say nothing ("k.A.", blanks) are the caller's to skip, with
`ingest.text.clean_line`; given to a parser they are refused.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from itertools import pairwise
from typing import TypeAlias

import msgspec

from ingest.lexicon import folded, lexicon
from ingest.text import clean_line
from ontology.offer import Mode

__all__ = [
    "Cell",
    "Price",
    "ValueRefused",
    "as_text",
    "parse_ages",
    "parse_bool",
    "parse_coordinate",
    "parse_int",
    "parse_languages",
    "parse_levels",
    "parse_mode",
    "parse_notations",
    "parse_postal_code",
    "parse_price",
    "parse_url",
    "quoted",
    "separated",
]

Cell: TypeAlias = str | int | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta | None
"""A cell of a table; only workbooks hold anything but text."""


class ValueRefused(Exception):
    """A value cannot be what its field wants. The message is a German sentence without its full stop."""


class Price(msgspec.Struct, frozen=True):
    """``amount`` in euro, 0 is free, None unknown; ``note`` is the source's words where the amount does not say it all."""

    amount: Decimal | None = None
    note: str | None = None


_NUMBER = (
    r"(?:[0-9]{1,3}(?:,[0-9]{3})+[.][0-9]{2}"  # 1,250.00
    r"|(?:[0-9]{1,3}(?:[.'’ ][0-9]{3})+|[0-9]{1,7})(?:,[0-9]{1,2}|[.][0-9]{1,2}|,(?:--?|[–—]))?)"
)
_AMOUNT = re.compile(rf"(?:(?:€|eur|euro)\s*)?({_NUMBER})\s*(?:(?:€|eur|euro)(?![a-z]))?", re.IGNORECASE)
_PRICE_RANGE = re.compile(rf"{_NUMBER}\s*€?\s*[-–—]\s*{_NUMBER}\s*€")
_LEVEL = re.compile(r"(?<![A-Za-z0-9])([ABC][12])(?:[.,/][0-9]|\+)?(?![A-Za-z0-9])", re.IGNORECASE)
_LEVEL_RANGE = re.compile(r"\s*(?:-|–|—|bis)\s*", re.IGNORECASE)
_LEVELS = ("A1", "A2", "B1", "B2", "C1", "C2")
_INTEGER = re.compile(
    r"(?:max\.?|maximal|höchstens|bis zu)?\s*([0-9]{1,9})(?:[.,]0+)?(?:\s*[^\W\d][^0-9]{0,30})?", re.IGNORECASE
)
_AGE_NUMBER = r"([0-9]{1,3})(?:[.,][0-9])?"
_AGE_UNIT = r"\s*(jahren?|j\.?|monaten?|mon\.?|m\.?|wochen?|jährige?)?"
_AGE_RANGE = re.compile(
    rf"(?:von\s+)?{_AGE_NUMBER}{_AGE_UNIT}\s*(?:-|–|—|bis)\s*(?:zu\s+)?(unter\s+)?{_AGE_NUMBER}{_AGE_UNIT}"
)
_AGE_FROM = re.compile(
    rf"(?:(?:ab|von|ü|über|mind\.?|mindestens)\s*{_AGE_NUMBER}{_AGE_UNIT}|{_AGE_NUMBER}\s*(?:\+|plus){_AGE_UNIT})"
)
_AGE_TO = re.compile(rf"(bis|unter|u|max\.?|maximal|höchstens)(?:\s+zu)?\s*{_AGE_NUMBER}{_AGE_UNIT}")
_AGE_ONE = re.compile(_AGE_NUMBER + _AGE_UNIT)
_OLDEST = 120
_URL = re.compile(r"https?://[A-Za-z0-9.\-\u00a1-\uffff]+(?::[0-9]{1,5})?(?:[/?#][^\s<>\"{}|\\^`]*)?", re.IGNORECASE)
_BARE_URL = re.compile(
    r"(?:www\.)?[A-Za-z0-9\-\u00a1-\uffff]+(?:\.[A-Za-z0-9\-\u00a1-\uffff]+)*\.[A-Za-z]{2,24}(?:/[^\s<>\"{}|\\^`@]*)?"
)
_SEPARATOR = re.compile(r"[,;|\n/]")
_AND = re.compile(r"\s+(?:und|sowie|oder|u\.|&)\s+|\s*\+\s*")


def quoted(cell: Cell) -> str:
    """``cell`` in German quotation marks, shortened, for a sentence."""
    text = " ".join(as_text(cell).split())
    return f"„{text if len(text) <= 60 else text[:59] + '…'}“"


def as_text(cell: Cell) -> str:
    """``cell`` as a person would have typed it in Germany: whole floats without a fraction, dates as 12.01.2026."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "ja" if cell else "nein"
    if isinstance(cell, dt.datetime):
        return f"{cell:%d.%m.%Y}" if cell.time() == dt.time() else f"{cell:%d.%m.%Y %H:%M}"
    if isinstance(cell, dt.date):
        return f"{cell:%d.%m.%Y}"
    if isinstance(cell, dt.time):
        return f"{cell:%H:%M}"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else f"{cell:.12g}".replace(".", ",")
    return str(cell)


def separated(text: str) -> tuple[str, ...]:
    """The parts of a list in one cell, split at comma, semicolon, slash, bar and line break."""
    return tuple(part for part in (clean_line(part) for part in _SEPARATOR.split(text)) if part)


def parse_price(cell: Cell) -> Price:
    """An amount where the words state exactly one; else the words as a note, for unknown is neither free nor a guess ("ab 45 €")."""
    if isinstance(cell, bool | dt.date | dt.time | dt.timedelta):
        raise ValueRefused(f"{quoted(cell)} ist kein Preis")
    if isinstance(cell, int | float):
        if not 0 <= cell < 10_000_000:
            raise ValueRefused(f"{quoted(cell)} ist kein Preis")
        return Price(amount=_cents(str(cell)))
    text = " ".join(as_text(cell).split())
    words = folded(text)
    if words in lexicon()["price"]["free"]:
        return Price(amount=_cents("0"))
    match = _AMOUNT.match(text)
    rest = text[match.end() :].strip() if match else text
    if match and (not rest or rest in (",-", "-", ",--", ".-")):
        return Price(amount=_amount(match[1]))
    if match and _harmless(rest):
        return Price(amount=_amount(match[1]), note=clean_line(text))
    if not re.search(r"[^\W\d_]", text) and not _PRICE_RANGE.fullmatch(text):
        raise ValueRefused(f"{quoted(text)} ist kein Preis")
    return Price(note=clean_line(text) or text)


def _amount(number: str) -> Decimal:
    number = re.sub(r",(?:--?|[–—])$", "", number)
    if re.fullmatch(r"[0-9]{1,3}(?:,[0-9]{3})+\.[0-9]{2}", number):  # 1,250.00
        return _cents(number.replace(",", ""))
    if re.fullmatch(r"[0-9]+\.[0-9]{1,2}", number):  # 45.00
        return _cents(number)
    return _cents(re.sub(r"[.'’ ]", "", number).replace(",", "."))


def _cents(number: str) -> Decimal:
    return Decimal(number).quantize(Decimal("0.01"))


def _harmless(rest: str) -> bool:
    rest = rest.lstrip(",;- ").lower()
    return rest.startswith("(") or any(
        rest.startswith(word) and not rest[len(word) : len(word) + 1].isalnum()
        for word in lexicon()["price"]["harmless"]
    )


def parse_bool(cell: Cell) -> bool:
    if isinstance(cell, bool):
        return cell
    words = folded(as_text(cell))
    for meaning in (True, False):
        if words in lexicon()["boolean"][str(meaning).lower()]:
            return meaning
    raise ValueRefused(f"{quoted(cell)} heißt weder ja noch nein")


def parse_int(cell: Cell) -> int:
    """A whole number that is not negative; words around it are allowed ("max. 12 Plätze"), "ausgebucht" is 0."""
    text = as_text(cell).strip()
    if folded(text) in lexicon()["integer"]:
        return int(lexicon()["integer"][folded(text)])
    match = _INTEGER.fullmatch(text)
    if match is None or isinstance(cell, bool | dt.date | dt.time):
        raise ValueRefused(f"{quoted(cell)} ist keine ganze Zahl")
    return int(match[1])


def parse_ages(cell: Cell) -> tuple[int | None, int | None]:
    """Least and greatest age in whole years, both inclusive, None where open; months and weeks count as the years completed."""
    if isinstance(cell, dt.date | dt.time | bool):
        raise ValueRefused(f"{quoted(cell)} ist keine Altersangabe")
    text = folded(as_text(cell)).removeprefix("alter").lstrip(": ").removesuffix("alt").strip()
    words = lexicon()["age"]
    if text in words["any"]:
        return None, None
    if text in words["words"]:
        low, high = words["words"][text]
        return low, None if high < 0 else high
    ages = _ages(text)
    if ages is None or any(age is not None and age > _OLDEST for age in ages):
        raise ValueRefused(f"{quoted(cell)} ist keine Altersangabe")
    low, high = ages
    if low is not None and high is not None and low > high:
        raise ValueRefused(f"{quoted(cell)} ist keine Altersangabe: Das Höchstalter liegt unter dem Mindestalter")
    return ages


def _ages(text: str) -> tuple[int | None, int | None] | None:
    if match := _AGE_RANGE.fullmatch(text):
        low, low_unit, below, high, high_unit = match.groups()
        return _years(low, low_unit or high_unit), _years(high, high_unit) - (1 if below else 0)
    if match := _AGE_FROM.fullmatch(text):
        return _years(match[1] or match[3], match[2] or match[4]), None
    if match := _AGE_TO.fullmatch(text):
        years = _years(match[2], match[3])
        return None, max(years - 1, 0) if match[1] in ("unter", "u") else years
    if match := _AGE_ONE.fullmatch(text):
        years = _years(match[1], match[2])
        return years, years
    return None


def _years(number: str, unit: str | None) -> int:
    if unit and unit.startswith("w"):
        return int(number) // 52
    return int(number) // 12 if unit and unit.startswith("m") else int(number)


def parse_postal_code(cell: Cell, land: str | None = None) -> str:
    """Five digits. ``land``: two-digit key of the town's Land; a lost leading zero is restored only where that Land has such codes."""
    text = re.sub(r"^(?:D|DE)[\s-]*(?=[0-9])", "", as_text(cell).strip()).removesuffix(".0").removesuffix(",0")
    if re.fullmatch(r"[0-9]{5}", text) and text >= "01001":
        return text
    if re.fullmatch(r"[1-9][0-9]{3}", text):
        if land in lexicon()["postal"]["leading_zero"]:
            return f"0{text}"
        raise ValueRefused(f"{quoted(cell)} hat nur vier Ziffern (vielleicht fehlt eine führende Null)")
    raise ValueRefused(f"{quoted(cell)} ist keine Postleitzahl")


def parse_languages(cell: Cell) -> tuple[str, ...]:
    """BCP 47 codes of the languages named, in the order of the text."""
    names: dict[str, str] = lexicon()["languages"]

    def code(word: str) -> str | None:
        base = word.split("-")[0]
        return names.get(word) or (base if base in names.values() else None)

    return _each(cell, code, "keine bekannte Sprache")


def parse_levels(cell: Cell) -> tuple[str, ...]:
    """Levels A1 to C2 named in the text, ranges filled ("A1 bis B1" gives A1, A2, B1)."""
    text = as_text(cell)
    matches = list(_LEVEL.finditer(text))
    found = {match[1].upper() for match in matches}
    for before, after in pairwise(matches):
        if _LEVEL_RANGE.fullmatch(text[before.end() : after.start()]):
            found.update(_LEVELS[_LEVELS.index(before[1].upper()) : _LEVELS.index(after[1].upper())])
    if not found:
        raise ValueRefused(f"{quoted(cell)} nennt kein Sprachniveau von A1 bis C2")
    return tuple(level for level in _LEVELS if level in found)


def parse_mode(cell: Cell) -> Mode:
    notations = parse_notations("mode", cell)
    if len(notations) == 1:
        return Mode(notations[0])
    if set(notations) == {Mode.ONLINE, Mode.ONSITE}:
        return Mode.BLENDED
    raise ValueRefused(f"{quoted(cell)} nennt mehrere Lernformen")


def parse_notations(field: str, cell: Cell) -> tuple[str, ...]:
    """Notations of the concept scheme ``field`` (mode, time_model, audience, funding) for the words of ``cell``."""
    names: dict[str, str] = lexicon()["notations"][field]
    return _each(cell, names.get, "nicht bekannt")


def _each(cell: Cell, look_up: Callable[[str], str | None], complaint: str) -> tuple[str, ...]:
    """The whole text looked up, else each of its parts."""
    text = as_text(cell)
    whole = look_up(folded(text))
    if whole is not None:
        return (whole,) if whole else ()
    found = []
    for part in _SEPARATOR.split(text):
        part = f" {' '.join(part.split())} "
        words = [part] if look_up(folded(part)) is not None else _AND.split(part)
        for word in filter(None, map(str.strip, words)):
            value = look_up(folded(word))
            if value is None:
                raise ValueRefused(f"{quoted(word)} ist {complaint}")
            found.append(value)
    if not found:
        raise ValueRefused(f"{quoted(cell)} ist {complaint}")
    return tuple(dict.fromkeys(filter(None, found)))  # "alle" is known and states nothing


def parse_coordinate(cell: Cell, largest: int) -> float:
    """Degrees with point or comma, between -``largest`` and ``largest``; 0 is what exports write for "unknown" and is refused."""
    text = as_text(cell).strip().removesuffix("°").strip().replace(",", ".")
    if not re.fullmatch(r"-?[0-9]{1,3}(?:\.[0-9]{1,20})?", text) or not 0 < abs(float(text)) <= largest:
        raise ValueRefused(f"{quoted(cell)} ist keine Koordinate")
    return float(text)


def parse_url(cell: Cell) -> str:
    """An http(s) address; "www.…" and bare hosts get https. Other schemes (javascript, mailto) are refused."""
    text = as_text(cell).strip()
    if _URL.fullmatch(text):
        return text
    if _BARE_URL.fullmatch(text):
        return f"https://{text}"
    raise ValueRefused(f"{quoted(cell)} ist keine Internetadresse")
