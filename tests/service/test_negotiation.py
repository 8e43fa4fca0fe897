"""Accept headers as real clients send them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.negotiation import choose, split_suffix

OFFERED = ("text/html", "text/turtle", "application/ld+json")


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, "text/html"),
        ("", "text/html"),
        ("*/*", "text/html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "text/html"),  # Firefox
        ("text/turtle", "text/turtle"),
        ("TEXT/Turtle ; charset=utf-8", "text/turtle"),
        ("text/turtle;q=0.5, application/ld+json", "application/ld+json"),
        ("text/*;q=0.3, text/turtle;q=0.7", "text/turtle"),  # the more specific range counts
        ("*/*, text/html;q=0", "text/turtle"),
        ("image/png", None),
        ("text/html;q=0", None),
        ("nonsense", "text/html"),
        ("text/turtle;q=viel", "text/html"),
    ],
)
def test_the_best_form_is_chosen(accept: str | None, chosen: str | None) -> None:
    assert choose(accept, OFFERED) == chosen


@given(st.text())
def test_no_header_breaks_the_choice(accept: str) -> None:
    assert choose(accept, OFFERED) in (*OFFERED, None)


def test_suffixes() -> None:
    assert split_suffix("kvhs-1.2.ttl")[0] == "kvhs-1.2"
    assert split_suffix("kvhs-1.2") == ("kvhs-1.2", None)
    assert split_suffix(".ttl") == (".ttl", None)
