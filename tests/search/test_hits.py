"""What is alike is one hit: in the total, in the facets, and when deciding whether the third group is shown."""

from __future__ import annotations

import numpy as np

from ontology.offer import Instance, Kind, Mode, Offer, Place, Provider
from search.columns import Columns
from search.hits import ranked
from search.ranking import Candidates


def course(number: int, name: str, town: str) -> Offer:
    where = Instance(place=Place(locality=town), mode=Mode.ONSITE)
    return Offer(
        id=f"k-{number}",
        source="k",
        identifier=str(number),
        kind=Kind.COURSE,
        name=name,
        provider=Provider(id="p", name="P"),
        instances=(where,),
    )


def columns_of(*offers: tuple[str, str]) -> Columns:
    return Columns.build([(row, course(row, *offer)) for row, offer in enumerate(offers)], lambda _, notation: notation)


def candidates(*rows: int) -> Candidates:
    return Candidates(np.array(rows, np.int64), np.linspace(1, 0.5, len(rows), dtype=np.float32))


def test_ten_dates_of_one_course_do_not_hide_what_nearly_fits() -> None:
    columns = columns_of(*[("Yoga", "Alzey")] * 10, ("Pilates", "Worms"))
    order = ranked((candidates(*range(10)), candidates(), candidates(10)), columns, collapse=True)
    assert (order.total, order.counted) == (1, 10)
    assert order.hits.tolist() == [0] * 10 + [1]
    assert order.groups.tolist() == [1] * 10 + [3]
    one_by_one = ranked((candidates(*range(10)), candidates(), candidates(10)), columns, collapse=False)
    assert one_by_one.total == 10
    assert one_by_one.rows.tolist() == list(range(10))


def test_of_the_third_group_ten_hits_are_shown() -> None:
    columns = columns_of(*((f"Yoga {row // 2}", "Alzey") for row in range(24)))  # each twice
    order = ranked((candidates(), candidates(0), candidates(*range(1, 24))), columns, collapse=True)
    assert order.total == 1
    assert order.hits.max() == 10  # one and ten
    assert order.rows[order.hits == 0].tolist() == [0, 1]


def test_hits_are_numbered_by_their_best_rows() -> None:
    columns = columns_of(("Yoga", "Alzey"), ("Pilates", "Alzey"), ("YOGA", "Worms"))
    order = ranked((candidates(2, 1, 0), candidates(), candidates()), columns, collapse=True)
    assert order.hits.tolist() == [0, 1, 0]
    assert order.total == 2


def test_facets_count_hits_not_dates() -> None:
    columns = columns_of(
        ("Yoga", "Alzey"), ("Yoga", "Worms"), ("Yoga", "Alzey"), ("Pilates", "Alzey"), ("Tanz", "Worms")
    )
    counts = {
        (facet, value): count
        for facet, value, _, count in columns.facets.count(np.array([0, 1, 2, 3]), np.array([0, 0, 0, 1]))
    }
    assert counts == {
        ("place", "Alzey"): 2,
        ("place", "Worms"): 1,
        ("mode", "onsite"): 2,
        ("source", "k"): 2,
        ("provider", "p"): 2,
    }
    assert not list(columns.facets.count(np.empty(0, np.int64), np.empty(0, np.int64)))
