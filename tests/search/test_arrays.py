"""Numbers in order, and which of them are among others."""

from __future__ import annotations

import numpy as np

from search.arrays import among, in_order


def test_numbers_in_order_each_once() -> None:
    found = in_order(np.array([7, 2, 7, 0, 2], np.int32))
    assert found.tolist() == [0, 2, 7]
    assert found.dtype == np.int64
    assert in_order(np.empty(0, np.int64)).size == 0


def test_which_are_among_others() -> None:
    others = np.array([2, 5, 9], np.int32)
    assert among(np.array([9, 0, 2, 10, 5]), others).tolist() == [True, False, True, False, True]
    assert among(np.array([1]), others[:0]).tolist() == [False]
