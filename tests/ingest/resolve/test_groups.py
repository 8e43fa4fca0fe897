"""Groups follow from judgements alone: not from their order, never against a judgement, and everything can be taken back."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from catalogue.judgements import Judgement, Outcome
from ingest.resolve.groups import grouped

ROWS = 10


@st.composite
def judgements(draw: st.DrawFn) -> list[Judgement]:
    pairs = draw(st.lists(st.tuples(st.integers(0, ROWS - 1), st.integers(0, ROWS - 1)), max_size=25))
    found = {}
    for one, other in pairs:
        if one != other:
            person = draw(st.sampled_from(["", "anna"]))
            found[min(one, other), max(one, other), person] = Judgement(
                one=min(one, other),
                other=max(one, other),
                person=person,
                outcome=draw(st.sampled_from(Outcome)),
                score=None if person else draw(st.sampled_from([0.1, 0.7, 0.9])),
            )
    return list(found.values())


def effective(found: list[Judgement]) -> dict[tuple[int, int], Outcome]:
    """What counts of each pair: the person's where there is one."""
    return {(j.one, j.other): j.outcome for j in sorted(found, key=lambda j: j.person)}


TIES = {row: (row * 7) % ROWS for row in range(ROWS)}


@given(judgements(), st.randoms())
def test_the_order_of_judgements_decides_nothing(found: list[Judgement], chance: random.Random) -> None:
    shuffled = list(found)
    chance.shuffle(shuffled)
    assert grouped(found, TIES) == grouped(shuffled, TIES)


@given(judgements(), st.permutations(range(ROWS)))
def test_the_numbers_of_the_rows_decide_nothing(found: list[Judgement], new: list[int]) -> None:
    renamed = [
        Judgement(
            one=min(new[j.one], new[j.other]),
            other=max(new[j.one], new[j.other]),
            person=j.person,
            outcome=j.outcome,
            score=j.score,
        )
        for j in found
    ]
    before, after = grouped(found, TIES), grouped(renamed, {new[row]: tie for row, tie in TIES.items()})
    assert {(a, b) for a in before for b in before if before[a] == before[b]} == {
        (a, b) for a in before for b in before if after[new[a]] == after[new[b]]
    }


@given(judgements())
def test_two_that_are_judged_different_are_never_in_one_group(found: list[Judgement]) -> None:
    groups = grouped(found, TIES)
    assert [
        pair
        for pair, outcome in effective(found).items()
        if outcome == "different" and groups[pair[0]] == groups[pair[1]]
    ] == []


@given(judgements())
def test_groups_hold_together_by_judgements_of_same(found: list[Judgement]) -> None:
    groups = grouped(found, TIES)
    same = [pair for pair, outcome in effective(found).items() if outcome == "same"]
    for row, number in groups.items():
        reached = {number}
        while more := {a for pair in same for a in pair if groups[a] == number and reached & set(pair)} - reached:
            reached |= more
        assert row in reached
        assert number == min(other for other in groups if groups[other] == number)


@given(judgements(), judgements())
def test_taking_judgements_back_restores_the_groups(found: list[Judgement], more: list[Judgement]) -> None:
    known = {(j.one, j.other, j.person) for j in found}
    added = [j for j in more if (j.one, j.other, j.person) not in known]
    kept = [j for j in [*found, *added] if j not in added]
    assert grouped(kept, TIES) == grouped(found, TIES)


def test_a_bridge_does_not_join_what_is_different() -> None:
    bridge = [
        Judgement(one=1, other=2, outcome=Outcome.SAME, score=0.9),
        Judgement(one=2, other=3, outcome=Outcome.SAME, score=0.8),
        Judgement(one=1, other=3, outcome=Outcome.DIFFERENT, score=0.1),
    ]
    assert grouped(bridge, TIES) == {1: 1, 2: 1, 3: 3}  # the surer of the two joins
    word = Judgement(one=2, other=3, outcome=Outcome.SAME, person="anna")
    assert grouped([*bridge, word], TIES) == {1: 1, 2: 2, 3: 2}  # a person goes before
