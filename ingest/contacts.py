"""E-mail addresses and telephone numbers in free text: they mostly belong to persons, so they are not taken over."""

from __future__ import annotations

import re
from functools import cache

import msgspec

from ingest.lexicon import lexicon
from ontology.offer import Offer

__all__ = ["without_contacts", "without_contacts_in"]

_LEFT_OUT = "[…]"
_EMAIL = re.compile(
    r"(?<![\w.+-])(?:mailto:)?[\w.+-]{1,64}(?:@| ?[(\[](?:at|ät)[)\]] ?)[\w-]{1,63}(?:(?:\.| ?[(\[](?:dot|punkt)[)\]] ?)[\w-]{1,63}){1,5}",
    re.IGNORECASE,
)
_MORE = r"(?:[ /–-]\d{2,}(?!\d|[.:,]\d| ?(?:Uhr|€|EUR|Termin))|-\d\b)*"  # further groups, but not "18 Uhr", "12 €", "12.05.2026"
_NUMBER = re.compile(
    r"(?<![\w.,/=&#%+-])(?<![\dA-Z] )(?:"
    rf"(?:\+|00)49[ /–-]{{0,2}}(?:\(0\) ?)?\(?[1-9]\d{{1,10}}\)?(?: ?[ /–-] ?\d{{2,}})*{_MORE}"
    r"|0[1-9]\d{8,12}(?!\d)"
    rf"|\(?0[1-9]\d{{1,4}}\)?(?: ?[/–-] ?|\) ?| )[1-9]\d{{2,}}{_MORE}"
    rf"|(?:\(0[1-9]\d{{1,4}}\) ?|0[1-9]\d{{1,4}}(?: ?/ ?| ))[1-9]\d(?: ?[ -]\d{{2,}}){{1,5}}"
    rf"|\(?0 [1-9]\d ?\d{{1,2}}\)? ?/? ?[1-9]\d(?:[ -]?\d+){{1,6}}"
    r")(?!\d| ?Uhr)"
)
_FEWEST_DIGITS = 6


def without_contacts(offer: Offer) -> tuple[Offer, tuple[str, ...]]:
    """The offer without contacts in its free texts, and German sentences (without full stop) that say what was left out."""
    said: list[str] = []

    def clean(text: str | None, where: str) -> str | None:
        if text is None:
            return None
        text, kinds = without_contacts_in(text)
        said.extend(f"Eine {kind} {where} wird nicht übernommen" for kind in kinds)
        return text

    description = clean(offer.description, "in der Beschreibung")
    prerequisites = clean(offer.prerequisites, "in den Voraussetzungen")
    notes = [clean(instance.price_note, "im Hinweis zum Preis") for instance in offer.instances]
    if not said:
        return offer, ()
    instances = tuple(
        msgspec.structs.replace(instance, price_note=note)
        for instance, note in zip(offer.instances, notes, strict=True)
    )
    cleaned = msgspec.structs.replace(offer, description=description, prerequisites=prerequisites, instances=instances)
    return cleaned, tuple(dict.fromkeys(said))


def without_contacts_in(text: str) -> tuple[str, tuple[str, ...]]:
    """``text`` with "[…]" for each e-mail address and telephone number, and which of the two were in it."""
    cleaned, addresses = text, 0
    if "@" in text or "(" in text or "[" in text:
        cleaned, addresses = _EMAIL.subn(_LEFT_OUT, text)
    numbers = 0

    def left_out(match: re.Match[str]) -> str:
        nonlocal numbers
        if sum(map(str.isdigit, match[0])) < _FEWEST_DIGITS or _is_code(match.string[: match.start()]):
            return match[0]
        numbers += 1
        return _LEFT_OUT

    cleaned, labelled = _labelled().subn(rf"\g<label>{_LEFT_OUT}", cleaned)
    cleaned = _NUMBER.sub(left_out, cleaned)
    kinds = (("E-Mail-Adresse", addresses), ("Telefonnummer", labelled + numbers))
    return cleaned, tuple(kind for kind, count in kinds if count)


def _is_code(before: str) -> bool:
    """True where the words before a number say that it is one of a course, a book or an account."""
    return before[-30:].rstrip(" .:#-(").lower().endswith(tuple(lexicon()["contacts"]["codes"]))


@cache
def _labelled() -> re.Pattern[str]:
    """A number after a word for telephone may be of any shape: "Tel.: 12345"."""
    labels = "|".join(map(re.escape, lexicon()["contacts"]["labels"]))
    return re.compile(
        rf"(?P<label>(?<!\w)(?:{labels})(?:[- ]?(?:nummer|nr))?[.:]{{0,2}} ?(?:unter |:? )?)"
        rf"(?:\+|\()?\d(?:[ /()–-]{{0,3}}\d){{4,16}}(?![.:,]?\d| ?(?:Uhr|€|EUR|Termin))",
        re.IGNORECASE,
    )
