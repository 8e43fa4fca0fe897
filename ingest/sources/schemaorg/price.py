"""What something costs: Offer, AggregateOffer, PriceSpecification."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from ingest.sources.remarks import Remarks
from ingest.sources.schemaorg.node import Node
from ingest.sources.schemaorg.words import words
from ingest.text import clean_line
from ingest.values import Price, parse_price

__all__ = ["price_of"]


def price_of(node: Node, remarks: Remarks) -> Price | None:
    """The regular price under ``offers``, other prices in its note; None where nothing is said."""
    prices = [price for value in node.values("offers") if (price := _price(value, remarks)) is not None]
    free = any(_true(value) for value in node.values("isAccessibleForFree"))
    if not prices:
        return Price(Decimal("0.00")) if free else None
    regular = next((price for price in prices if price.amount is not None and not _reduced(price)), prices[0])
    notes = [regular.note, *(_in_words(price) for price in prices if price is not regular)]
    return Price(regular.amount, "; ".join(dict.fromkeys(filter(None, notes))) or None)


def _price(value: Any, remarks: Remarks) -> Price | None:
    if not isinstance(value, Node):
        return _parsed(value, "offers", remarks)
    said = [text for name in ("name", "description", "category") for text in value.texts(name)]
    notes = [text for text in dict.fromkeys(said) if text.lower() not in words()["price"]["no_note"]]
    notes = [text for text in notes if not any(text in other for other in notes if other != text)]
    holders = [value, *value.nodes("priceSpecification")]
    currency = next((text for holder in holders for text in holder.texts("priceCurrency")), "EUR").upper()
    for holder in holders[1:]:
        notes += holder.texts("name") + holder.texts("description")
    amounts = [
        raw
        for holder in holders
        for name in ("price", "highPrice", "maxPrice", "lowPrice", "minPrice")
        for raw in holder.values(name)
    ]
    if not amounts:
        free = any(text.lower() == "free" for text in said)
        return Price(Decimal("0.00") if free else None, "; ".join(notes) or None) if free or notes else None
    if currency not in ("EUR", "€"):
        return Price(None, "; ".join([f"{amounts[0]} {currency}", *notes]))
    prices = [price for raw in amounts if (price := _parsed(raw, "price", remarks)) is not None]
    if not prices:
        return Price(None, "; ".join(notes) or None)
    known = [price.amount for price in prices if price.amount is not None]
    if len(set(known)) > 1:
        notes.insert(0, f"ab {_euro(min(known))}")
    notes = [price.note for price in prices if price.note is not None] + notes
    return Price(max(known, default=None), "; ".join(dict.fromkeys(notes)) or None)


def _parsed(raw: Any, field: str, remarks: Remarks) -> Price | None:
    """A number as it is; text without the zeros behind its cents ("49.9000" is a decimal, no thousands)."""
    cell: str | int | float | None = raw if isinstance(raw, int | float) and not isinstance(raw, bool) else None
    if isinstance(raw, str) and (text := clean_line(raw)) is not None:
        cell = re.sub(r"^([0-9]+\.[0-9]{2})0+$", r"\1", text)
    return None if cell is None else remarks.value(parse_price, cell, field)


def _reduced(price: Price) -> bool:
    said = re.findall(r"\w+", (price.note or "").lower())
    return any(word in words()["price"]["reduced"] for word in said)


def _in_words(price: Price) -> str | None:
    return " ".join(filter(None, (None if price.amount is None else _euro(price.amount), price.note))) or None


def _euro(amount: Decimal) -> str:
    return f"{amount:.2f} €".replace(".", ",")


def _true(value: Any) -> bool:
    return value is True or str(value).rpartition("/")[2].lower() == "true"
