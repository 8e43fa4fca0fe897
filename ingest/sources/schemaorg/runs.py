"""The dated runs of an offer: CourseInstance, Event, or the offer itself where it carries the dates."""

from __future__ import annotations

import re

import msgspec

from ingest.sources.remarks import Remarks
from ingest.sources.schemaorg.dates import in_words, period, schedule_of, sessions_of
from ingest.sources.schemaorg.node import Node
from ingest.sources.schemaorg.place import where_of
from ingest.sources.schemaorg.price import price_of
from ingest.sources.schemaorg.words import words
from ingest.values import Price, parse_int, parse_url
from ontology.concepts import Schemes
from ontology.offer import Instance, Mode, slug

__all__ = ["runs_of"]

_NUMBER = re.compile(r"termin-([A-Za-z0-9._-]+)")


def runs_of(record: Node, remarks: Remarks, schemes: Schemes, *, located: bool) -> tuple[Instance, ...]:
    """The runs of a record; what a run leaves open is taken from the record.

    ``located``: whether the record's own place is that of its runs, not of the offer. Runs that are cancelled or that repeat another one
    word for word are left out with a remark.
    """
    nodes = [node for name in ("hasCourseInstance", "subEvent", "event") for node in record.nodes(name)]
    found: dict[Instance, str] = {}
    for node in nodes:
        if node.empty:
            remarks.add(f"Der Verweis auf „{(node.id or '')[:100]}“ führt zu keinem Termin in der Datei")
        elif (node.text("eventStatus") or "").endswith("EventCancelled"):
            remarks.add("eventStatus: Ein abgesagter Termin wird nicht übernommen")
        else:
            run = _run(node, record, remarks, schemes, located)
            if run in found:
                remarks.add("Ein Termin ist mehrfach angegeben; er wird einmal übernommen")
            else:
                found[run] = _number(node, len(found) + 1, set(found.values()))
    if not nodes:
        found[_run(record, record, remarks, schemes, located)] = "1"
    return tuple(msgspec.structs.replace(run, number=number) for run, number in found.items() if run != Instance())


def _number(node: Node, position: int, taken: set[str]) -> str:
    """The run's own name within the offer where it has one, so that it stays the same when other runs come and go."""
    own = next(iter(node.raw_texts("identifier")), None)
    fragment = _NUMBER.fullmatch((node.id or "").partition("#")[2])
    number = fragment[1] if fragment else slug(own) if own else str(position)
    return number if number and number not in taken else f"termin-{position}"


def _run(node: Node, record: Node, remarks: Remarks, schemes: Schemes, located: bool) -> Instance:
    start, end = period(node, remarks)
    place, virtual = where_of(node, "location", remarks) if node is not record or located else (None, None)
    if place is None and located and node is not record:
        place, own = where_of(record, "location", remarks)
        virtual = virtual or own
    modes, time_model = _modes(node, remarks, schemes)
    if not modes and node is not record:
        modes, from_record = _modes(record, remarks, schemes)
        time_model = time_model or from_record
    price = price_of(node, remarks) or price_of(record, remarks) or Price()
    return Instance(
        start=start,
        end=end,
        mode=_mode(modes) or virtual,
        time_model=tuple(sorted(set(time_model))),
        schedule=schedule_of(node, remarks) or schedule_of(record, remarks),
        sessions=sessions_of(node, remarks) if node is not record else (),
        workload=_workload(node) or _workload(record),
        place=place,
        price=price.amount,
        price_note=price.note,
        url=remarks.value(parse_url, node.text("url"), "url") if node is not record else None,
        seats=_count(node, record, "maximumAttendeeCapacity", remarks),
        seats_left=_count(node, record, "remainingAttendeeCapacity", remarks),
    )


def _count(node: Node, record: Node, name: str, remarks: Remarks) -> int | None:
    return remarks.value(parse_int, node.text(name) or record.text(name), name)


def _modes(node: Node, remarks: Remarks, schemes: Schemes) -> tuple[set[Mode], list[str]]:
    """Learning forms and time models, which schema.org puts into one property."""
    modes: set[Mode] = set()
    time_model: list[str] = []
    for name in ("courseMode", "educationalProgramMode", "eventAttendanceMode"):
        for text in node.texts(name):
            word = text.rpartition("/")[2].lower() if "://" in text else text.lower()
            known = words()["mode"].get(word)
            notations = [known] if known else schemes.match("mode", word)
            times = (
                [words()["time_model"][word]] if word in words()["time_model"] else schemes.match("time-model", word)
            )
            if not notations and not times:
                remarks.add(
                    f"{name}: „{text[:60]}“ ist keine bekannte Lernform und kein bekanntes Zeitmodell; die Angabe wird nicht übernommen"
                )
            modes |= {Mode(notation) for notation in notations}
            time_model += times
    return modes, time_model


def _mode(modes: set[Mode]) -> Mode | None:
    if len(modes) > 1:
        return Mode.BLENDED
    return next(iter(modes), None)


def _workload(node: Node) -> str | None:
    """The first of the durations, in words."""
    said = node.text("courseWorkload", "timeRequired", "timeToComplete", "duration")
    return None if said is None else in_words(said)
