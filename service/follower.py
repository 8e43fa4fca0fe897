"""The state of the catalogue that is served: follows the pointer file, and keeps an old state as long as a request uses it."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyoxigraph as ox

from catalogue.errors import CatalogueEmpty, CatalogueError
from catalogue.snapshot import Snapshot, visible_snapshot
from ontology.iris import NEIGHBOUR, SCHEMA, segment
from ontology.offer import Offer, Provider, id_at_neighbour
from ontology.rdf import provider_from_triples
from search.answer import Answer, SearchRequest
from search.engine import SearchEngine
from service.dates import next_date
from service.problems import Unavailable

__all__ = ["Follower", "Served"]

_RDF_TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
_LOG = logging.getLogger(__name__)
_LOOK_EVERY = 0.02  # seconds: reading the pointer takes some 20 µs
_RETRY_AFTER = 10


class Served:
    """One snapshot with its search."""

    def __init__(self, snapshot: Snapshot, engine: SearchEngine) -> None:
        self.snapshot = snapshot
        self.engine = engine
        self._users = 1  # the follower itself
        self._overview: tuple[dt.date, Answer] | None = None
        self._providers: dict[str, str] = {}

    def overview(self, today: dt.date) -> Answer:
        """The answer to an empty question: how much there is, by facet. Counted once a day."""
        known = self._overview
        if known is None or known[0] != today:
            known = self._overview = (today, self.engine.search(SearchRequest(text="", today=today, limit=1)))
        return known[1]

    def count_providers(self) -> int:
        """Providers that the catalogue describes."""
        found = self.snapshot.store.quads_for_pattern(
            None, ox.NamedNode(_RDF_TYPE), ox.NamedNode(SCHEMA + "Organization")
        )
        return len({str(quad.subject) for quad in found})

    def data_time(self, zone: dt.tzinfo) -> dt.datetime:
        """When the data last changed, as a local time."""
        return _local(self.snapshot.state.data_time, zone)

    def changed_on(self, offer_id: str, zone: dt.tzinfo) -> dt.date | None:
        """The day on which the catalogue last took over a change of the offer."""
        moment = self.snapshot.ledger.changed_at(offer_id)
        return None if moment is None else _local(moment, zone).date()

    def provider(self, iri: str) -> Provider | None:
        """The provider with this IRI."""
        return provider_from_triples(iri, self.snapshot.describe(iri))

    def about_provider(self, iri: str) -> str:
        """The statements about a provider as N-Triples text, sorted; kept, for every one of its offers is described with them."""
        if iri not in self._providers:
            lines = {f"{quad.triple} .\n" for quad in self.snapshot.describe(iri)}
            self._providers[iri] = "".join(sorted(lines))
        return self._providers[iri]

    def offers_of(self, iri: str, today: dt.date) -> list[Offer]:
        """The offers of a provider that are not past, those with the nearest dates first."""
        found = self.snapshot.store.quads_for_pattern(None, ox.NamedNode(SCHEMA + "provider"), ox.NamedNode(iri))
        offers = [self.snapshot.ledger.offer(_id_of(quad)) for quad in found]
        dated = [(next_date(offer, today), offer) for offer in offers if offer is not None]
        return [offer for date, offer in sorted(dated, key=lambda pair: (pair[0], pair[1].name)) if date >= today]

    def graphs(self) -> list[str]:
        """IRIs of the named graphs."""
        return sorted(graph.value for graph in self.snapshot.store.named_graphs() if isinstance(graph, ox.NamedNode))

    def hold(self) -> None:
        """One user more."""
        self._users += 1

    def release(self) -> None:
        """One user less; the last one closes the snapshot."""
        self._users -= 1
        if self._users == 0:
            self.snapshot.close()


class Follower:
    """Opens what the pointer names. Everything but `_open` runs in the event loop, so that users can be counted without a lock."""

    def __init__(
        self,
        folder: Path,
        open_engine: Callable[[Snapshot], SearchEngine],
        switched: Callable[[Path], Awaitable[None]],
    ) -> None:
        """``switched`` is called with the RDF store's path after each change of the snapshot; it ends when nothing reads another."""
        self._folder = folder
        self._open_engine = open_engine
        self._switched = switched
        self._served: Served | None = None
        self._path: Path | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self.trouble: str | None = None

    @contextmanager
    def use(self) -> Iterator[Served]:
        """The state of this moment, held until the end of the block. Raises Unavailable."""
        served = self._served
        if served is None:
            raise Unavailable(self.trouble or "Der Katalog wird gerade geöffnet.", retry_after=_RETRY_AFTER)
        served.hold()
        try:
            yield served
        finally:
            served.release()

    def graphs(self) -> list[str]:
        """IRIs of the named graphs of this moment. Raises Unavailable."""
        with self.use() as served:
            return served.graphs()

    async def look(self) -> None:
        """Opens the visible snapshot if it is another one than before; the old one is served meanwhile."""
        path = visible_snapshot(self._folder)
        if path == self._path and (path is not None or self.trouble):
            return
        self._path = path
        try:
            served = await asyncio.to_thread(self._open)
        except CatalogueError as error:
            self.trouble = str(error)
            if self._served is None or not isinstance(error, CatalogueEmpty):
                _LOG.warning("%s", error)
            return
        before, self._served, self.trouble = self._served, served, None
        leaving = asyncio.create_task(self._leave(before, served.snapshot.rdf_path))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)
        await asyncio.sleep(0)  # now new queries read the new state

    async def _leave(self, before: Served | None, store: Path) -> None:
        """Queries still under way on the state before keep it from being removed, and nobody from seeing the next."""
        await self._switched(store)
        if before is not None:
            before.release()

    async def follow(self) -> None:
        """Looks again and again until it is cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            try:
                await self.look()
            except Exception:  # the service goes on with the state it has
                _LOG.exception("the new state of the catalogue could not be opened")

    def close(self) -> None:
        """Lets the snapshot go as soon as nobody uses it."""
        if self._served is not None:
            self._served.release()
            self._served = None

    def _open(self) -> Served:
        snapshot = Snapshot.open(self._folder)
        try:
            return Served(snapshot, self._open_engine(snapshot))
        except BaseException:
            snapshot.close()
            raise


def _id_of(quad: ox.Quad) -> str:
    """The id of the offer that a statement of ours, or of a neighbour's graph, is about."""
    iri = str(quad.subject).strip("<>")
    _, foreign, neighbour = str(quad.graph_name).strip("<>").partition(f"/graph/{NEIGHBOUR}")
    return id_at_neighbour(NEIGHBOUR + neighbour, iri) if foreign else segment(iri)


def _local(moment: str, zone: dt.tzinfo) -> dt.datetime:
    return dt.datetime.fromisoformat(moment).astimezone(zone)
