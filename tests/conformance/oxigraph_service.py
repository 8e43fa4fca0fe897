"""Asks a catalogue from within pyoxigraph, with SERVICE: for the names of the offers of a provider that only the asking store knows.

python tests/conformance/oxigraph_service.py http://127.0.0.1:8000/sparql "TSV Selzperle"
"""

from __future__ import annotations

import sys

import pyoxigraph as ox

QUERY = """
PREFIX schema: <http://schema.org/>
SELECT ?name WHERE {
  <urn:me> <urn:follows> ?provider
  SERVICE <%s> { ?offer schema:provider/schema:name ?provider ; schema:name ?name }
}
ORDER BY ?name
"""


def names(address: str, provider: str) -> list[str]:
    """Of the provider's offers, in order."""
    store = ox.Store()
    store.add(ox.Quad(ox.NamedNode("urn:me"), ox.NamedNode("urn:follows"), ox.Literal(provider)))
    return [row["name"].value for row in store.query(QUERY % address)]


if __name__ == "__main__":
    print("\n".join(names(*sys.argv[1:])))
