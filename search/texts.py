"""Which of an offer's words are searched, and how."""

from __future__ import annotations

import re

from ontology.offer import Offer

__all__ = ["body_words", "meaning_text", "title_words"]

_SHOUTED = re.compile(
    r"\b[A-ZÄÖÜ]{5,}\b"
)  # "BUCHFÜHRUNG" is another word to the encoder; shorter ones are abbreviations
_MEANING = 900  # characters; behind them descriptions turn to organisation, which blurs the meaning


def meaning_text(offer: Offer) -> str:
    """What the encoder reads: title, categories, description."""
    parts = (_SHOUTED.sub(_spoken, offer.name), ", ".join(offer.keywords), offer.description or "")
    return "\n".join(part for part in parts if part)[:_MEANING]


def _spoken(word: re.Match[str]) -> str:
    return word[0].capitalize()


def title_words(offer: Offer) -> str:
    """The words that say most about an offer."""
    return offer.name


def body_words(offer: Offer) -> str:
    """All other words that may be looked for."""
    places = {
        place.locality for place in (offer.place, *(i.place for i in offer.instances)) if place and place.locality
    }
    parts = (
        *offer.keywords,
        offer.provider.name if offer.provider else "",
        offer.credential or "",
        *sorted(places),
        offer.description or "",
        offer.prerequisites or "",
    )
    return "\n".join(part for part in parts if part)
