"""From judgements to groups: who is the same as one of a group belongs to it, unless somebody in it is judged different."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from catalogue.judgements import Judgement, Outcome

__all__ = ["grouped"]


def grouped(judgements: Iterable[Judgement], tie_of: Mapping[int, int]) -> Mapping[int, int]:
    """Row to group of all that were judged; a group is named by its lowest row.

    What people decided goes before the machine's, surer before less sure; a join that would bring together two that are judged different is
    left out. ``tie_of`` puts equally sure ones in an order that does not depend on the rows. The order of the judgements does not matter.
    """
    effective = {
        (j.one, j.other): j for j in sorted(judgements, key=lambda j: (j.one, j.other, j.person != "", j.person))
    }
    apart: defaultdict[int, set[int]] = defaultdict(set)
    for j in effective.values():
        if j.outcome == Outcome.DIFFERENT:
            apart[j.one].add(j.other)
            apart[j.other].add(j.one)
    group = {row: row for pair in effective for row in pair}
    members = {row: [row] for row in group}
    joins = [j for j in effective.values() if j.outcome == Outcome.SAME]
    joins.sort(
        key=lambda j: (
            j.person == "",
            -(1.0 if j.score is None else j.score),
            *sorted((tie_of[j.one], tie_of[j.other])),
        )
    )
    for join in joins:
        one, other = sorted((group[join.one], group[join.other]))
        if one == other or _kept_apart(members[one], members[other], apart, group):
            continue
        for row in members[other]:
            group[row] = one
        members[one] += members.pop(other)
    return group


def _kept_apart(one: list[int], other: list[int], apart: Mapping[int, set[int]], group: Mapping[int, int]) -> bool:
    """Whether any of the one is judged different from any of the other."""
    fewer, rest = sorted((one, other), key=len)
    number = group[rest[0]]
    return any(group[row] == number for member in fewer for row in apart.get(member, ()))
