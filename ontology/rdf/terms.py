"""The terms on which writing and reading have to agree beyond a property's name."""

from __future__ import annotations

from ontology.iris import RDF_TYPE, SCHEMA, TERMS
from ontology.offer import WEEKDAYS, Kind

__all__ = ["CONCEPT_FIELDS", "DAY_NAMES", "RUN_PROPERTIES", "RUN_PROPERTY", "TYPE", "Statement"]

Statement = tuple[str, str, str]  # subject, predicate, object, written as in N-Triples
TYPE = f"<{RDF_TYPE}>"

RUN_PROPERTY = {
    Kind.COURSE: "hasCourseInstance",
    Kind.PROGRAM: "hasCourseInstance",
    Kind.EVENT: "subEvent",
}  # other kinds: schema:event
RUN_PROPERTIES = frozenset(SCHEMA + name for name in (*RUN_PROPERTY.values(), "event"))  # IRIs
DAY_NAMES = dict(
    zip(WEEKDAYS, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), strict=True)
)

# field → (property, concept scheme)
CONCEPT_FIELDS = {
    "topics": (SCHEMA + "about", "topics"),
    "phases": (TERMS + "phase", "phases"),
    "audience": (SCHEMA + "audience", "audience"),
    "level": (SCHEMA + "educationalLevel", "level"),
    "funding": (TERMS + "funding", "funding"),
}
