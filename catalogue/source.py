"""Writing one source into a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from hashlib import sha256
from types import TracebackType
from typing import TYPE_CHECKING

import msgspec
import pyoxigraph as ox

from catalogue.ledger import Counts, Entry, Note, SourceRun
from ontology.iris import graph_of_source, is_own, offer_iri, provider_iri
from ontology.offer import Offer, Provider, iri_of
from ontology.passing_on import part_to_pass_on
from ontology.rdf import offer_to_ntriples, provider_to_ntriples

if TYPE_CHECKING:
    from catalogue.run import Run

__all__ = ["SourceWriter", "statements_of"]


def statements_of(offer: Offer, base: str) -> str:
    """N-Triples text of an offer with that of its provider: what it is compared by."""
    provider = "" if offer.provider is None else provider_to_ntriples(offer.provider, base)
    return offer_to_ntriples(offer, base) + provider


class SourceWriter:
    """Writes the offers of one source into a run: a context manager, to be ended by `finish` or `abandon` inside it.

    Of an own source everything is delivered, and what is not is withdrawn. ``partial``: what is neither put nor withdrawn stays.
    Statements are spooled until the end, so that an abandoned source leaves no trace in the dataset. This holds what everybody may query
    and pass on; all of an offer is in the ledger.
    """

    def __init__(self, run: Run, name: str, partial: bool = False) -> None:
        self._run = run
        self.name = name
        self.base = run.base
        self._partial = partial
        self._graph = ox.NamedNode(graph_of_source(run.base, name))
        self._providers: dict[str, Provider] = {}
        self._described = cache(lambda provider: provider_to_ntriples(provider, run.base))
        self._seen: set[str] = set()
        self._kept: set[str] = set()
        self._keeps_all = False
        self._changed: set[int] = set()
        self._withdrawn: dict[str, Entry] = {}
        self._outdated: list[str] = []
        self._spool_path = run.dataset.spool()
        self._spool = self._spool_path.open("w", encoding="utf-8", newline="\n")
        run.ledger.begin_source()

    @cached_property
    def _old(self) -> Mapping[str, Entry]:
        """All that was there before; not asked for where little of much is delivered."""
        return self._run.ledger.entries(self.name)

    def _entry(self, offer_id: str) -> Entry | None:
        if self._partial or self._keeps_all:
            return self._run.ledger.entry(self.name, offer_id)
        return self._old.get(offer_id)

    def __enter__(self) -> SourceWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._spool.close()

    def owner(self, offer_id: str) -> str | None:
        """Who has delivered this id already: this source in this run, or another source at any time."""
        if offer_id in self._seen:
            return self.name
        return None if self._entry(offer_id) is not None else self._run.ledger.owner(offer_id)

    def put(self, offer: Offer) -> bool:
        """Takes over a canonical offer that has no `owner` yet. False when it is as it was."""
        assert self.owner(offer.id) is None, offer.id
        self._seen.add(offer.id)
        self._withdrawn.pop(offer.id, None)
        if offer.provider is not None:
            offer = self._with_one_provider(offer, offer.provider)
        base, told = self._run.base, part_to_pass_on(offer)
        lines = offer_to_ntriples(offer, base)
        provider_lines = "" if offer.provider is None else self._described(offer.provider)
        # what may be told depends on the list of open licences too, which may change while the offer does not
        told_lines = None if told is offer else offer_to_ntriples(told, base)
        digest = sha256((lines + provider_lines + (told_lines or "")).encode()).digest()
        entry = self._entry(offer.id)
        if entry is not None and entry.digest == digest:
            return False
        if entry is None:
            row = self._run.next_row()
        else:
            row = entry.row
            self._outdated.append(self._old_iri(offer.id))
        self._spool.write(told_lines or lines)
        self._run.ledger.put_offer(row, offer, digest, self._run.number, self._run.moment)
        self._changed.add(row)
        return True

    def _with_one_provider(self, offer: Offer, provider: Provider) -> Offer:
        """A source that describes one provider in two ways is taken at its first word. Of changes the last one counts."""
        if self._partial:
            self._providers[provider.id] = provider
            return offer
        first = self._providers.setdefault(provider.id, provider)
        return offer if first == provider else msgspec.structs.replace(offer, provider=first)

    def _put_providers(self) -> None:
        """Notes what the offers that were put say of their providers, as far as it is new."""
        ledger, base = self._run.ledger, self._run.base
        old = ledger.provider_hashes(self.name)
        for provider in self._providers.values():
            lines = self._described(provider)
            digest = sha256(lines.encode()).digest()
            if old.get(provider.id) != digest:
                if provider.id in old:
                    self._outdated.append(
                        ledger.provider_iri(self.name, provider.id) or provider_iri(base, provider.id)
                    )
                self._spool.write(lines)
                ledger.put_provider(self.name, provider.id, digest, provider.iri)

    def withdraw(self, offer_id: str) -> bool:
        """Withdraws an offer of an earlier run; False where there is none. What is put later in this run is there again."""
        assert offer_id not in self._seen, offer_id
        entry = self._entry(offer_id)
        if entry is None or offer_id in self._withdrawn:
            return False
        self._withdrawn[offer_id] = entry
        return True

    def keep(self, offer_id: str) -> bool:
        """Keeps an offer of an earlier run although it is not delivered now; False where there is none."""
        if offer_id not in self._seen and self._entry(offer_id) is not None:
            self._kept.add(offer_id)
            return True
        return False

    def keep_all(self) -> None:
        """Keeps every offer of earlier runs that is not delivered now."""
        self._keeps_all = True

    def delivered(self) -> int:
        """How many offers were put so far."""
        return len(self._seen)

    def missing(self) -> int:
        """How many offers were there and will not be any more, so far."""
        return len(self._missing())

    def _missing(self) -> dict[str, Entry]:
        if self._partial:
            return self._withdrawn
        if self._keeps_all:
            return {}
        return {offer_id: self._old[offer_id] for offer_id in self._old.keys() - self._seen - self._kept}

    def finish(self, counts: Counts, notes: Sequence[Note]) -> None:
        """Withdraws what was not delivered again, hands over the statements and enters the run in the ledger."""
        run, ledger = self._run, self._run.ledger
        missing = self._missing()
        self._put_providers()
        for offer_id, entry in missing.items():
            self._outdated.append(self._old_iri(offer_id))
            if ledger.remove_offer(entry.row):
                run.withdrawn.append(offer_id)
            run.removed.add(entry.row)
        if missing or self._changed:
            for provider_id in ledger.unnamed_providers(self.name):
                self._outdated.append(
                    ledger.provider_iri(self.name, provider_id) or provider_iri(run.base, provider_id)
                )
                ledger.remove_provider(self.name, provider_id)
        run.changed |= self._changed
        run.removed -= self._changed  # a row that became free in this run may be in use again
        self._spool.close()
        if self._outdated or self._spool_path.stat().st_size:
            run.touch()
            ledger.date_source(self.name, run.moment)
            run.dataset.replace(self._graph, self._outdated, self._spool_path)
        else:
            self._spool_path.unlink()
        self._enter(counts, notes, None)

    def _old_iri(self, offer_id: str) -> str:
        """The IRI under which the store has an offer; that of a neighbour's offer is its own affair."""
        if is_own(self.name):
            return offer_iri(self._run.base, offer_id)
        offer = self._run.ledger.offer(offer_id)
        assert offer is not None, offer_id
        return iri_of(offer, self._run.base)

    def abandon(self, counts: Counts, notes: Sequence[Note], failure: str) -> None:
        """Leaves the source as it was and enters the reason in the ledger."""
        self._run.ledger.abandon_source()
        self._spool_path.unlink()
        self._enter(counts, notes, failure)

    def _enter(self, counts: Counts, notes: Sequence[Note], failure: str | None) -> None:
        run = SourceRun(self.name, self._run.number, self._run.moment, counts, failure)
        self._run.ledger.enter_run(run, notes)
