"""The languages that offers can be filtered by, as a bit mask of 64: a fixed list, so that no invented code can use it up."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["ANOTHER_LANGUAGE", "LANGUAGES", "mask_of_languages"]

# those that our readers know, and of citizens (ISO 639)
_CODES = (
    "am ar az be bg bn bs ca ckb cs da de el en eo es et fa fi fr ga gsg he hi hr hu hy id is it ja ka ko ku la lb lt lv mk mt nl no "
    "pl prs ps pt ro rom ru sk sl so sq sr sv sw th ti tr uk ur vi zh"
)
LANGUAGES = tuple(_CODES.split())
ANOTHER_LANGUAGE = 1 << len(LANGUAGES)


def mask_of_languages(codes: Iterable[str]) -> int:
    """The bit mask of BCP 47 codes, of which only the language counts; all that are not listed are one bit."""
    mask = 0
    for code in codes:
        language = code.partition("-")[0].lower()
        mask |= 1 << LANGUAGES.index(language) if language in LANGUAGES else ANOTHER_LANGUAGE
    return mask
