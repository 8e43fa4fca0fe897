"""The first ten are varied where the question is wide: who may go before whom, by hand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pytest

from ontology.offer import Kind, Offer, Provider
from search.hits import Ranked
from search.variety import varied


def shown(*offers: tuple[str, str | None, float], groups: Sequence[int] | None = None) -> list[str]:
    """The titles in the order of the hits. Offers are title, provider and score, best first."""
    made = {
        row: Offer(
            id=f"k-{row}",
            source="k",
            identifier=str(row),
            kind=Kind.COURSE,
            name=name,
            provider=None if provider is None else Provider(id=provider, name=provider),
        )
        for row, (name, provider, _) in enumerate(offers)
    }

    def offers_at(rows: Iterable[int]) -> dict[int, Offer]:
        return {row: made[row] for row in rows}

    count = len(offers)
    numbers = np.array([1] * count if groups is None else groups, np.int8)
    scores = np.array([score for *_, score in offers], np.float32)
    order = varied(Ranked(np.arange(count), numbers, scores, np.arange(count), count, count), offers_at)
    assert sorted(order.hits.tolist()) == list(range(count))
    return [made[int(row)].name for row in np.argsort(order.hits)]


def test_a_third_hit_of_one_provider_lets_others_go_first_that_are_about_as_good() -> None:
    offers = [("Ton", "a", 0.800), ("Raku", "a", 0.799), ("Glas", "a", 0.798), ("Holz", "b", 0.790), ("Filz", "c", 0.5)]
    assert shown(*offers) == ["Ton", "Raku", "Holz", "Glas", "Filz"]  # Filz is clearly worse


def test_titles_that_hardly_differ_let_others_go_first() -> None:
    groups = [(f"Töpfern, Gruppe {number}", None, 0.8 - number / 1000) for number in range(1, 5)]
    assert shown(*groups, ("Aquarell", None, 0.78)) == [
        "Töpfern, Gruppe 1",
        "Aquarell",
        "Töpfern, Gruppe 2",
        "Töpfern, Gruppe 3",
        "Töpfern, Gruppe 4",
    ]


@pytest.mark.parametrize(("score", "place"), [(0.777, 2), (0.775, 3)])  # 3 % of 0.8 are 0.024
def test_nobody_goes_before_what_is_clearly_better(score: float, place: int) -> None:
    offers = [("Ton", "a", 0.8), ("Raku", "a", 0.8), ("Glas", "a", 0.8), ("Holz", "b", score)]
    assert shown(*offers).index("Holz") == place


def test_the_first_ten_are_filled_with_what_differs() -> None:
    same = [(f"Kurs {letter * 9}", "a", 0.8) for letter in "abcdefghijkl"]
    other = [(f"{letter * 9}", f"p{letter}", 0.79) for letter in "mnopqrst"]
    order = shown(*same, *other)
    assert order[:10] == ["Kurs aaaaaaaaa", "Kurs bbbbbbbbb", *(letter * 9 for letter in "mnopqrst")]
    assert order[10:] == [f"Kurs {letter * 9}" for letter in "cdefghijkl"]


def test_groups_are_never_mixed() -> None:
    offers = [("Ton", "a", 0.8), ("Raku", "a", 0.8), ("Glas", "a", 0.8), ("Holz", "b", 0.8)]
    assert shown(*offers, groups=[1, 1, 1, 2]) == ["Ton", "Raku", "Glas", "Holz"]
    assert shown(*offers, ("Filz", "c", 0.8), groups=[1, 3, 3, 3, 3]) == ["Ton", "Raku", "Glas", "Holz", "Filz"]
    assert shown(*offers, ("Bast", "a", 0.8), groups=[1, 1, 1, 1, 2])[-2:] == ["Glas", "Bast"]


def test_an_order_of_dates_stays() -> None:
    assert shown(*((name, "a", 0.0) for name in ("x", "y", "z")), ("w", "b", 0.0)) == ["x", "y", "z", "w"]


def test_scores_below_zero_are_scores() -> None:
    offers = [
        ("Ton", "a", 0.02),
        ("Raku", "a", -0.01),
        ("Glas", "a", -0.01),
        ("Holz", "b", -0.01),
        ("Filz", "b", -0.02),
    ]
    assert shown(*offers) == ["Ton", "Raku", "Holz", "Glas", "Filz"]


def test_rows_of_one_hit_stay_together() -> None:
    made = [
        Offer(
            id=str(n), source="k", identifier=str(n), kind=Kind.COURSE, name=name, provider=Provider(id=who, name=who)
        )
        for n, (name, who) in enumerate([("Ton", "a"), ("Raku", "a"), ("Ton", "a"), ("Glas", "a"), ("Holz", "b")])
    ]
    hits = np.array([0, 1, 0, 2, 3])
    scores = np.array([0.8, 0.8, 0.8, 0.8, 0.79], np.float32)
    order = Ranked(np.arange(5), np.ones(5, np.int8), scores, hits, 5, 4)
    found = varied(order, lambda rows: {row: made[row] for row in rows})
    assert found.hits.tolist() == [0, 1, 0, 3, 2]
    assert (found.total, found.counted, found.rows.tolist()) == (4, 5, [0, 1, 2, 3, 4])
