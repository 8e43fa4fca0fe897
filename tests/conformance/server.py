"""The product's SPARQL protocol over a store that tests fill: ``/sparql`` as in the product, and ``/setup`` for putting data in place.

    python -m tests.conformance.server --port 8090

``/setup`` is a graph store of PUT and DELETE (https://www.w3.org/TR/sparql11-http-rdf-update/): ``?graph=IRI``, ``?default``, or neither
for the whole dataset. When it answers, ``/sparql`` knows. Other than in the product, whose statements are all in named graphs, the default
graph is that of the store, as the tests of the W3C want it.
"""

from __future__ import annotations

import argparse
import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pyoxigraph as ox
import uvicorn
from fastapi import FastAPI, Request, Response
from starlette.applications import Starlette
from starlette.routing import Host, Mount

from catalogue.query.pool import QueryPool
from service.app import tell_errors
from service.connections import Connection
from service.endpoint import Endpoint
from service.middleware import Everywhere
from service.routes import sparql

__all__ = ["main"]

_NAMES = ("127.0.0.1", "localhost")


class Scratch:
    """The data of the moment, and for the workers a store on disk that is never written again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = ox.Store()
        self._number = 0
        self._changing = asyncio.Lock()
        self.pool = QueryPool(self._write(), workers=1)

    def graphs(self) -> list[str]:
        return sorted(graph.value for graph in self._data.named_graphs() if isinstance(graph, ox.NamedNode))

    async def replace(self, graph: ox.NamedNode | ox.DefaultGraph | None, quads: list[ox.Quad]) -> bool:
        """Whether there was something before; ``graph`` None means everything."""
        async with self._changing:
            found = next(self._data.quads_for_pattern(None, None, None, graph), None) is not None
            if graph is None:
                self._data.clear()
            else:
                self._data.remove_graph(graph)
            self._data.extend(quads)
            past, path = self._path, await asyncio.to_thread(self._write)
            await self.pool.switch(path)
            shutil.rmtree(past)
        return found

    @property
    def _path(self) -> Path:
        return self._folder / str(self._number)

    def _write(self) -> Path:
        self._number += 1
        store = ox.Store(str(self._path))
        store.extend(self._data)
        store.flush()
        return self._path


def conformance_app(port: int, folder: Path) -> Starlette:
    """The same data under both names of this machine: the endpoint's description names the address that was asked."""
    scratch = Scratch(folder)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with scratch.pool:
            yield

    apps = {
        name: _app(Endpoint(f"http://{name}:{port}/sparql", scratch.pool, scratch.graphs, union=False), scratch)
        for name in _NAMES
    }
    return Starlette(routes=[Host("localhost", apps["localhost"]), Mount("/", apps["127.0.0.1"])], lifespan=lifespan)


def _app(endpoint: Endpoint, scratch: Scratch) -> FastAPI:
    app = FastAPI(redirect_slashes=False)
    app.state.endpoint = endpoint
    app.include_router(sparql.router)
    app.add_middleware(Everywhere)
    tell_errors(app)

    @app.put("/setup")
    async def put(request: Request) -> Response:
        media = request.headers.get("content-type", "").partition(";")[0].strip()
        rdf_format = ox.RdfFormat.from_media_type(media)
        if rdf_format is None:
            return Response(status_code=415)
        graph = _graph(request)
        try:
            quads = list(ox.parse(await request.body(), rdf_format, base_iri=str(request.url)))
        except SyntaxError as error:
            return Response(str(error), status_code=400)
        if graph is not None:
            quads = [ox.Quad(quad.subject, quad.predicate, quad.object, graph) for quad in quads]
        return Response(status_code=204 if await scratch.replace(graph, quads) else 201)

    @app.delete("/setup")
    async def delete(request: Request) -> Response:
        return Response(status_code=204 if await scratch.replace(_graph(request), []) else 404)

    return app


def _graph(request: Request) -> ox.NamedNode | ox.DefaultGraph | None:
    if "graph" in request.query_params:
        return ox.NamedNode(request.query_params["graph"])
    return ox.DefaultGraph() if "default" in request.query_params else None


def main() -> None:
    """Serves until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--port", type=int, required=True)
    port = parser.parse_args().port
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        uvicorn.run(
            conformance_app(port, Path(folder)),
            port=port,
            http=Connection,
            ws="none",
            log_level="warning",
        )


if __name__ == "__main__":
    main()
