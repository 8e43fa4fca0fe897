"""An offer as search engines read it from a page: schema.org alone, in JSON-LD.

The data forms of the catalogue are schema.org too, but name concepts by IRIs of our own and keep every literal's type. Here everything
can be read without our vocabulary. For courses the rules are kept that search engines have for them
(https://developers.google.com/search/docs/appearance/structured-data/course-info): ``offers`` with a category on the course,
``courseMode`` and ``courseSchedule`` or ``courseWorkload`` on its runs.

| of the offer | in schema.org |
|---|---|
| kind | Course, EducationalOccupationalProgram, EducationEvent, Service, Preschool, School, Library |
| IRI; page; address at the provider; identifier, name, description | @id; url; sameAs; the same |
| provider | provider, an Organization; parentOrganization of a day-care centre, a school, a library |
| topics, level, audience, funding | about, educationalLevel, audience, financialAidEligible: with their labels |
| phases | keywords, with their labels |
| keywords, languages, ages | keywords, inLanguage, typicalAgeRange |
| prerequisites, credential | coursePrerequisites or programPrerequisites, educationalCredentialAwarded |
| a run of a course | hasCourseInstance, a CourseInstance; that of a programme in hasCourse |
| a run of anything else | subEvent or event, an EducationEvent |
| mode | courseMode: Online, Onsite, Blended; of events eventAttendanceMode |
| weekdays, times, meetings; else start and end | courseSchedule, a Schedule; weekly where weekdays are stated and not just one meeting |
| lengths of all meetings; else workload in words | courseWorkload |
| prices of the runs that are not over | offers of the offer; each run has its own too |
| seats | maximumAttendeeCapacity, remainingAttendeeCapacity |
| place, coordinates, wheelchair access | location with address, geo, amenityFeature |
| single meetings, time model, certificate without a name, childcare | cannot be said, or nobody reads it there |
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

from ontology.iris import CONCEPTS
from ontology.offer import WEEKDAYS, Instance, Kind, Mode, Offer, Place, Provider, iri_of
from ontology.profiles.addresses import web_address

__all__ = ["markup_of"]

Node = dict[str, Any]
Label = Callable[[str, str], str]

_DAYS = dict(zip(WEEKDAYS, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), strict=True))
_MODES = {Mode.ONLINE: "Online", Mode.ONSITE: "Onsite", Mode.BLENDED: "Blended"}
_ATTENDANCE = {Mode.ONLINE: "Online", Mode.ONSITE: "Offline", Mode.BLENDED: "Mixed"}
_INSTITUTIONS = (Kind.PRESCHOOL, Kind.SCHOOL, Kind.LIBRARY)


def markup_of(offer: Offer, base: str, page: str, current: Iterable[Instance], label: Label) -> Node:
    """The offer as one tree; what is not stated is absent.

    ``page`` is the address of its page, ``current`` the runs that are not over, ``label`` gives the label of a scheme's notation.
    """
    iri = iri_of(offer, base)
    node: Node = {
        "@context": "https://schema.org",
        "@type": str(offer.kind),
        "@id": iri,
        "url": page,
        "sameAs": web_address(offer.url),
        "identifier": offer.identifier,
        "name": offer.name,
        "description": offer.description,
        "about": [_term("topics", notation, label) for notation in offer.topics],
        "keywords": [*offer.keywords, *(label("phases", notation) for notation in offer.phases)],
        "audience": [{"@type": "Audience", "audienceType": label("audience", each)} for each in offer.audience],
        "typicalAgeRange": _ages(offer),
        "educationalLevel": [label("level", notation) for notation in offer.level],
        "inLanguage": list(offer.in_language),
        "educationalCredentialAwarded": offer.credential,
        "financialAidEligible": [label("funding", notation) for notation in offer.funding],
        "offers": _prices(current, page),
        **_provided(offer, base),
        **_placed(offer, iri),
        **_runs(offer, iri, page),
    }
    prerequisites = "programPrerequisites" if offer.kind == Kind.PROGRAM else "coursePrerequisites"
    return _stated({**node, prerequisites: offer.prerequisites})


def _stated(node: Node) -> Node:
    """The node without what is None or empty, at every depth."""
    found: Node = {}
    for name, value in node.items():
        if isinstance(value, list):
            parts = [_stated(part) if isinstance(part, dict) else part for part in value]
            value = parts[0] if len(parts) == 1 else parts
        elif isinstance(value, dict):
            value = _stated(value)
        if value is not None and value not in ("", [], {}):
            found[name] = value
    return found


def _term(scheme: str, notation: str, label: Label) -> Node:
    return {"@type": "DefinedTerm", "@id": f"{CONCEPTS}{scheme}/{notation}", "name": label(scheme, notation)}


def _ages(offer: Offer) -> str | None:
    if offer.age_min is None and offer.age_max is None:
        return None
    return f"{'' if offer.age_min is None else offer.age_min}-{'' if offer.age_max is None else offer.age_max}"


def _provided(offer: Offer, base: str) -> Node:
    if offer.provider is None:
        return {}
    name = "parentOrganization" if offer.kind in _INSTITUTIONS else "provider"
    return {name: _organisation(offer.provider, base)}


def _organisation(provider: Provider, base: str) -> Node:
    return {
        "@type": "Organization",
        "@id": iri_of(provider, base),
        "name": provider.name,
        "url": web_address(provider.url),
    }


def _placed(offer: Offer, iri: str) -> Node:
    """The offer's own place: where a service is found, what a learning place is."""
    if offer.place is None:
        return {}
    place = _place(offer.place, f"{iri}#ort")
    if offer.kind == Kind.SERVICE:
        return {"availableChannel": {"@type": "ServiceChannel", "serviceLocation": place}}
    return {"location": place}


def _runs(offer: Offer, iri: str, page: str) -> Node:
    if offer.kind in (Kind.COURSE, Kind.PROGRAM):
        instances = [_course_instance(instance, iri, page) for instance in offer.instances]
        if offer.kind == Kind.COURSE or not instances:
            return {"hasCourseInstance": instances}
        course = {"@type": "Course", "name": offer.name, "description": offer.description}
        return {"hasCourse": {**course, "hasCourseInstance": instances}}
    events = [{**_event(instance, iri, page), "name": offer.name} for instance in offer.instances]
    if offer.kind != Kind.EVENT:
        return {"event": events}
    if len(events) == 1:  # then the offer is that event
        return {name: value for name, value in events[0].items() if name not in ("@type", "@id", "name", "offers")}
    return {"subEvent": events}


def _course_instance(instance: Instance, iri: str, page: str) -> Node:
    return {
        **_run(instance, iri, page),
        "@type": "CourseInstance",
        "courseMode": None if instance.mode is None else _MODES[instance.mode],
        "courseSchedule": _schedule(instance),
        "courseWorkload": _length(instance) or instance.workload,
    }


def _event(instance: Instance, iri: str, page: str) -> Node:
    mode = None if instance.mode is None else f"https://schema.org/{_ATTENDANCE[instance.mode]}EventAttendanceMode"
    return {**_run(instance, iri, page), "@type": "EducationEvent", "eventAttendanceMode": mode}


def _run(instance: Instance, iri: str, page: str) -> Node:
    node = f"{iri}#termin-{instance.number}"
    return {
        "@id": node,
        "url": web_address(instance.url),
        "startDate": _iso(instance.start),
        "endDate": _iso(instance.end),
        "location": None if instance.place is None else _place(instance.place, f"{node}-ort"),
        "maximumAttendeeCapacity": instance.seats,
        "remainingAttendeeCapacity": instance.seats_left,
        "offers": _prices((instance,), page),
    }


def _iso(moment: dt.date | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _schedule(instance: Instance) -> Node | None:
    """Regular times where they are stated, else from when to when."""
    plan = instance.schedule
    meetings = (plan.meetings if plan else None) or len(instance.sessions) or None
    node: Node = {
        "@type": "Schedule",
        "startDate": None if instance.start is None else instance.start.isoformat()[:10],
        "endDate": None if instance.end is None else instance.end.isoformat()[:10],
        "repeatCount": meetings,
    }
    if plan is not None:
        node |= {
            "byDay": [f"https://schema.org/{_DAYS[day]}" for day in plan.weekdays],
            "startTime": None if plan.start_time is None else plan.start_time.isoformat(),
            "endTime": None if plan.end_time is None else plan.end_time.isoformat(),
            "repeatFrequency": "Weekly" if plan.weekdays and meetings != 1 else None,
        }
    stated = _stated(node)
    return stated if len(stated) > 1 else None


def _length(instance: Instance) -> str | None:
    """All meetings together as an ISO 8601 duration; None where one does not state its times."""
    total = dt.timedelta()
    for session in instance.sessions:
        if not isinstance(session.start, dt.datetime) or not isinstance(session.end, dt.datetime):
            return None
        total += session.end - session.start
    minutes = int(total.total_seconds()) // 60
    if minutes <= 0:
        return None
    return f"PT{f'{minutes // 60}H' if minutes >= 60 else ''}{f'{minutes % 60}M' if minutes % 60 else ''}"


def _prices(instances: Iterable[Instance], page: str) -> list[Node]:
    """Each price once; an unknown one is no offer."""
    found: dict[tuple[str, str | None], Node] = {}
    for instance in instances:
        if instance.price is None:
            continue
        price = f"{instance.price:.2f}"
        found[price, instance.price_note] = {
            "@type": "Offer",
            "category": "Paid" if instance.price else "Free",
            "price": price,
            "priceCurrency": "EUR",
            "description": instance.price_note,
            "url": page,
        }
    return list(found.values())


def _place(place: Place, node: str) -> Node:
    return {
        "@type": "Place",
        "@id": node,
        "name": place.name,
        "address": _address(place),
        "geo": _coordinates(place),
        "amenityFeature": None
        if place.wheelchair is None
        else {"@type": "LocationFeatureSpecification", "name": "rollstuhlgerecht", "value": place.wheelchair},
    }


def _address(place: Place) -> Node | None:
    if not (place.street or place.postal_code or place.locality):
        return None
    return {
        "@type": "PostalAddress",
        "streetAddress": place.street,
        "postalCode": place.postal_code,
        "addressLocality": place.locality,
        "addressCountry": "DE" if place.ags else None,  # only a German municipality has such a key
    }


def _coordinates(place: Place) -> Node | None:
    if place.latitude is None or place.longitude is None:
        return None
    return {"@type": "GeoCoordinates", "latitude": place.latitude, "longitude": place.longitude}
