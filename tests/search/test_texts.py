"""What the encoder reads of an offer."""

from __future__ import annotations

from ontology.offer import Kind, Offer
from search.texts import meaning_text


def test_a_shouted_title_is_read_as_it_is_spoken() -> None:
    offer = Offer(
        id="a", source="s", identifier="a", kind=Kind.COURSE, name="BUCHFÜHRUNG mit DATEV und EDV", keywords=("Büro",)
    )
    assert meaning_text(offer) == "Buchführung mit Datev und EDV\nBüro"
