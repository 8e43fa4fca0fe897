"""One run's judgements: what changed is compared anew, and the groups and published links follow."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from importlib.resources import files
from pathlib import Path

import msgspec
import numpy as np
import pyoxigraph as ox
from numpy.typing import NDArray
from rapidfuzz import fuzz, process

from catalogue.judgements import Judgement, Judgements, Outcome
from catalogue.run import Run
from ingest.resolve.candidates import Blocks, Pairs, rows_of
from ingest.resolve.groups import grouped
from ingest.resolve.model import Model
from ingest.resolve.people import PersonsJudgement, read_judgements
from ingest.resolve.traits import Traits, traits_of
from ontology.iris import graph_of_judgements
from ontology.offer import iri_of

__all__ = ["Resolved", "resolve"]

_SAME_AS = ox.NamedNode("http://www.w3.org/2002/07/owl#sameAs")
_RULES = ("weights.toml", "words.toml", "titles.py", "features.py", "traits.py", "candidates.py")
_BATCH = 10_000  # pairs
_READ_AT_ONCE = 1_000  # offers
_KEPT = 20_000  # offers' traits, some 60 MB
_LIKE = 50.0  # per cent of the letters of two titles, their words sorted

_LOOKS = frozenset(("title", "words", "more", "provider"))  # two that differ in none of these look the same and are not

Pair = tuple[int, int]


class Resolved(msgspec.Struct, frozen=True, kw_only=True):
    """What a run did: pairs ``compared`` closely, and of these how many are ``same`` and ``unsure``."""

    compared: int = 0
    same: int = 0
    unsure: int = 0


def resolve(run: Run, folder: Path, progress: Callable[[int, int], None] | None = None) -> Resolved:
    """Brings the judgements of a run up to its offers and to ``urteile.tsv`` in ``folder``; nothing is touched where nothing changed.

    ``progress`` gets pairs compared and pairs in all. Raises CatalogueError for a wrong ``urteile.tsv``.
    """
    people = read_judgements(folder)
    judgements = Judgements.open_for_writing(run.path / "judgements.sqlite")
    try:
        return _Resolving(run, judgements, progress).resolve(people)
    finally:
        judgements.close()


class _Resolving:
    def __init__(self, run: Run, judgements: Judgements, progress: Callable[[int, int], None] | None) -> None:
        self._run = run
        self._judgements = judgements
        self._progress = progress
        self._model = Model()
        self._traits: dict[int, Traits] = {}
        self._path = run.path / "blocks.npz"

    def resolve(self, people: list[PersonsJudgement]) -> Resolved:
        rules = _rules()
        # after a run that judged nothing, nobody knows any more which rows it changed
        anew = self._judgements.rules() != rules or self._judgements.run() != self._run.number - 1
        self._judgements.note_run(self._run.number)
        before = Blocks.empty() if anew else Blocks.load(self._path)
        changed = set(self._run.ledger.rows()) if anew else self._run.changed
        decided = self._rows_of(people)
        if not changed and not self._run.removed and decided == self._judgements.of_people() and not anew:
            return Resolved()
        if anew:
            self._judgements.remove_all(rules)
        after, resolved = self._compare(before, changed, set() if anew else self._run.removed)
        self._judgements.remove_people()
        self._judgements.put(decided)
        source_of = self._run.ledger.sources_by_row()
        if self._judgements.put_groups(grouped(self._judgements.deciding(), after.tie_of()), source_of):
            self._run.touch()
        self._publish(source_of)
        return resolved

    def _rows_of(self, people: Iterable[PersonsJudgement]) -> list[Judgement]:
        """As judgements about rows; what is about an offer that is not there is passed over, the line may hold again one day."""
        found = []
        for judgement in people:
            known = map(self._run.ledger.row_of, (judgement.one, judgement.other))
            rows = sorted(row for row in known if row is not None)
            if len(rows) == 2:
                found.append(
                    Judgement(
                        one=rows[0], other=rows[1], person=judgement.by, outcome=judgement.outcome, at=judgement.at
                    )
                )
        return sorted(found, key=lambda j: (j.one, j.other))

    def _compare(self, before: Blocks, changed: set[int], removed: set[int]) -> tuple[Blocks, Resolved]:
        """Compares the pairs that changed offers bring, and forgets those that are none any more: as if all were compared anew."""
        outdated = changed | removed
        after = before.updated(self._read(changed), outdated)
        touched = np.union1d(before.of_rows(outdated), after.of_rows(changed))
        old, new = before.within(touched).pairs(), after.within(touched).pairs()
        self._judgements.remove_rows(outdated)
        gone = np.setdiff1d(old, new, assume_unique=True)
        gone = gone[~_with_any(gone, outdated)]
        if gone.size:  # two that were moved apart in one block may stand together in another
            still = after.within(after.of_rows(np.concatenate(rows_of(gone)))).pairs()
            self._judgements.remove_pairs(_tuples(np.setdiff1d(gone, still, assume_unique=True)))
        due = after.by_title(new[~np.isin(new, old, assume_unique=True) | _with_any(new, outdated)])
        counts = dict.fromkeys(Outcome, 0)
        for start in range(0, len(due), _BATCH):
            batch = list(self._judged(_tuples(due[start : start + _BATCH])))
            for judgement in batch:
                counts[judgement.outcome] += 1
            self._judgements.put(batch)
            if self._progress is not None:
                self._progress(min(start + _BATCH, len(due)), len(due))
        after.save(self._path)
        return after, Resolved(compared=sum(counts.values()), same=counts[Outcome.SAME], unsure=counts[Outcome.UNSURE])

    def _read(self, rows: Iterable[int]) -> Iterator[tuple[int, Traits]]:
        wanted = sorted(rows)
        for start in range(0, len(wanted), _READ_AT_ONCE):
            for row, offer in self._run.ledger.offers_at(wanted[start : start + _READ_AT_ONCE]).items():
                traits = traits_of(offer)
                if len(self._traits) < _KEPT:  # it is likely to be compared
                    self._traits[row] = traits
                yield row, traits

    def _judged(self, pairs: list[Pair]) -> Iterator[Judgement]:
        wanted = {row for pair in pairs for row in pair}
        if len(self._traits) > _KEPT:
            self._traits = {row: traits for row, traits in self._traits.items() if row in wanted}
        self._traits.update(dict(self._read(wanted - self._traits.keys())))
        for one, other in self._with_like_titles(pairs):
            decision = self._model.decide(self._traits[one], self._traits[other])
            yield Judgement(
                one=one,
                other=other,
                outcome=decision.outcome,
                score=decision.score,
                features=decision.features
                if decision.outcome != Outcome.DIFFERENT or _LOOKS.isdisjoint(decision.features)
                else {},
                at=self._run.moment,
            )

    def _with_like_titles(self, pairs: list[Pair]) -> list[Pair]:
        """Those whose titles have enough in common to be looked at more closely; of the rest none would be more than different."""
        ones, others = ([self._traits[pair[side]].plain for pair in pairs] for side in (0, 1))
        alike = process.cpdist(ones, others, scorer=fuzz.token_sort_ratio)
        return [pair for pair, near in zip(pairs, (alike >= _LIKE).tolist(), strict=True) if near]

    def _publish(self, source_of: Mapping[int, str]) -> None:
        """Offers of different sources that are the same are linked, in a graph of its own."""
        run, graph = self._run, ox.NamedNode(graph_of_judgements(self._run.base))
        wanted = set(self._links(graph, source_of))
        present = set(run.store.quads_for_pattern(None, None, None, graph))
        for quad in present - wanted:
            run.store.remove(quad)
        run.store.extend(wanted - present)
        if wanted != present:
            run.touch()

    def _links(self, graph: ox.NamedNode, source_of: Mapping[int, str]) -> Iterator[ox.Quad]:
        across = [pair for pair in self._judgements.same_across() if source_of[pair[0]] != source_of[pair[1]]]
        offers = self._run.ledger.offers_at({row for pair in across for row in pair})
        for one, other in across:
            here, there = sorted(iri_of(offers[row], self._run.base) for row in (one, other))
            yield ox.Quad(ox.NamedNode(here), _SAME_AS, ox.NamedNode(there), graph)


def _with_any(pairs: Pairs, rows: set[int]) -> NDArray[np.bool_]:
    """Which of the pairs have any of the rows."""
    some = np.fromiter(rows, np.int64, len(rows))
    one, other = rows_of(pairs)
    return np.isin(one, some) | np.isin(other, some)


def _tuples(pairs: Pairs) -> list[Pair]:
    one, other = rows_of(pairs)
    return list(zip(one.tolist(), other.tolist(), strict=True))


def _rules() -> int:
    """A number that changes with everything on which the machine's judgements depend beside the offers."""
    texts = "".join(files(__package__).joinpath(name).read_text("utf-8") for name in _RULES)
    return int.from_bytes(sha256(texts.encode()).digest()[:4], "big") >> 1
