"""What the service says of itself to machines."""

from __future__ import annotations

import pyoxigraph as ox
from fastapi import Request, Response

from service.negotiation import DataForm
from service.state import service_of

__all__ = ["service_description"]

_SD = "http://www.w3.org/ns/sparql-service-description#"
_RESULTS = ("SPARQL_Results_JSON", "SPARQL_Results_XML", "SPARQL_Results_CSV", "SPARQL_Results_TSV")
_GRAPHS = ("Turtle", "N-Triples", "JSON-LD", "RDF_XML")


def service_description(request: Request, form: DataForm) -> Response:
    """SPARQL 1.1 Service Description."""
    service = service_of(request)
    base = service.settings.catalogue.base
    with service.follower.use() as served:
        named = "".join(
            f"            sd:namedGraph [ a sd:NamedGraph ; sd:name <{graph}> ] ;\n" for graph in served.graphs()
        )
    formats = " , ".join(f"<http://www.w3.org/ns/formats/{name}>" for name in (*_RESULTS, *_GRAPHS))
    turtle = (
        f"@prefix sd: <{_SD}> .\n\n"
        f"<{base}/sparql> a sd:Service ;\n"
        f"    sd:endpoint <{base}/sparql> ;\n"
        "    sd:supportedLanguage sd:SPARQL11Query ;\n"
        "    sd:feature sd:UnionDefaultGraph ;\n"
        f"    sd:resultFormat {formats} ;\n"
        "    sd:defaultDataset [\n"
        "            a sd:Dataset ;\n"
        f"{named}"
        "            sd:defaultGraph [ a sd:Graph ]\n"
        "    ] .\n"
    )
    triples = [quad.triple for quad in ox.parse(turtle.encode(), ox.RdfFormat.TURTLE)]
    body = ox.serialize(triples, format=form.rdf_format, prefixes={"sd": _SD})
    return Response(body, headers={"Content-Type": form.content_type, "Vary": "Accept"})
