"""schema.org as JSON-LD: the real corpus, the many ways of writing the same, and files that are broken or hostile."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.records import Found, ReaderContext, Refused, Remark, SourceRefused
from ingest.sources.schemaorg import document
from ingest.sources.schemaorg.dates import in_words
from ingest.sources.schemaorg.reader import read
from ontology.offer import Instance, Kind, Mode, Offer, Place, Schedule, Session

CONTEXT = ReaderContext(source="web")
SCHEMA = "https://schema.org"


def records(path: Path, content: Any, name: str = "angebote.jsonld") -> list[Found | Refused | Remark]:
    file = path / name
    if isinstance(content, str | bytes):
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    else:
        file.write_text(json.dumps(content), encoding="utf-8")
    return list(read(file, CONTEXT))


def offers(found: list[Found | Refused | Remark]) -> list[Offer]:
    return [record.offer for record in found if isinstance(record, Found)]


def remarks(found: list[Found | Refused | Remark]) -> list[str]:
    return [f"{record.where.element}: {record.text}" for record in found if isinstance(record, Remark)]


def refusals(found: list[Found | Refused | Remark]) -> list[tuple[str, str]]:
    return [(str(record.where), record.reason) for record in found if isinstance(record, Refused)]


def course(**properties: Any) -> dict[str, Any]:
    return {"@context": SCHEMA, "@type": "Course", "identifier": "k1", "name": "Yoga", **properties}


def one(path: Path, **properties: Any) -> Offer:
    (offer,) = offers(records(path, course(**properties)))
    return offer


def run_of(path: Path, **properties: Any) -> Instance:
    (run,) = one(path, hasCourseInstance={"@type": "CourseInstance", **properties}).instances
    return run


@pytest.fixture(scope="module")
def corpus(shared: Path) -> list[Found | Refused | Remark]:
    return list(read(shared / "eval/offers.jsonld", CONTEXT))


@pytest.fixture(scope="module")
def by_identifier(corpus: list[Found | Refused | Remark]) -> dict[str, Offer]:
    return {offer.identifier: offer for offer in offers(corpus)}


def test_all_of_the_real_corpus_is_taken_over(corpus: list[Found | Refused | Remark]) -> None:
    assert Counter(type(record).__name__ for record in corpus if not isinstance(record, Remark)) == {"Found": 9487}
    assert Counter(offer.kind for offer in offers(corpus)) == {
        Kind.COURSE: 9065,
        Kind.SERVICE: 193,
        Kind.PRESCHOOL: 124,
        Kind.SCHOOL: 105,
    }
    assert len({offer.id for offer in offers(corpus)}) == 9487


def test_what_the_corpus_states_is_kept(corpus: list[Found | Refused | Remark]) -> None:
    runs = [run for offer in offers(corpus) for run in offer.instances]
    assert len(runs) == 9497 - 10  # ten runs are given twice, word for word
    assert sum(offer.description is not None for offer in offers(corpus)) == 1419 + 68
    assert sum(offer.provider is not None for offer in offers(corpus)) == 9065 + 193
    assert sum(run.price is not None for run in runs) == 153
    assert sum(run.price == 0 for run in runs) == 5
    assert sum(offer.in_language == ("en",) for offer in offers(corpus)) == 98
    assert sum(run.mode is Mode.BLENDED for run in runs) == 20
    assert (
        sum(run.mode is Mode.ONLINE and run.place is None for run in runs) == 247 + 1 + 1
    )  # Online, online, Live-online


def test_a_course_of_the_corpus_in_full(by_identifier: dict[str, Offer]) -> None:
    offer = by_identifier["vhs-berlin-SZ320-344"]
    assert offer.name == "Qii Gong zur Förderung der Schlafqualität"
    assert offer.id == "web-vhs-berlin-SZ320-344"
    assert offer.provider is not None
    assert offer.provider.name == "Volkshochschule Berlin Steglitz-Zehlendorf"
    assert "Schlafgesundheit" in offer.keywords
    assert offer.instances == (
        Instance(
            number="1",
            start=dt.date(2026, 7, 4),
            place=Place(locality="Berlin Steglitz-Zehlendorf"),
            price=Decimal("44.75"),
        ),
    )


def test_places_of_the_corpus(by_identifier: dict[str, Offer]) -> None:
    assert by_identifier["westerwald-1"].place == Place(latitude=50.41908, longitude=7.944608)  # the town is ","
    assert by_identifier["westerwald-105"].place == Place(
        street="Am Kindergarten 4a", postal_code="56459", locality="Gemünden", latitude=50.55636, longitude=8.01522
    )
    assert by_identifier["vhs-hof-22"].instances[0].place == Place(postal_code="95028", locality="Hof")


def test_dates_of_the_corpus(by_identifier: dict[str, Offer], corpus: list[Found | Refused | Remark]) -> None:
    assert by_identifier["vhs-hof-1"].instances[0].start == dt.datetime(2026, 2, 3, 18)
    first, second = by_identifier["bildungsurlaub-5304-1888-26"].instances
    assert (first.number, first.start, first.end) == ("1", dt.date(2026, 4, 24), dt.date(2028, 1, 29))
    assert (second.number, second.start, second.end) == ("2", dt.date(2027, 1, 28), dt.date(2028, 1, 29))
    assert by_identifier["ba-184336343"].instances[0].start == dt.date(2023, 7, 17)  # 1689544800 seconds
    assert len([text for text in remarks(corpus) if "Unix-Zeit" in text]) == 12


def test_a_list_item_keeps_its_commas(by_identifier: dict[str, Offer], tmp_path: Path) -> None:
    assert "Arbeit mit Kindern, Jugendlichen, Senioren" in by_identifier["bildungsurlaub-8885-2926-26"].keywords
    assert one(tmp_path, keywords="Excel, Tabellen; Büro").keywords == ("Büro", "Excel", "Tabellen")


@pytest.mark.parametrize(
    "context",
    [
        "https://schema.org",
        "http://schema.org/",
        "https://www.schema.org",
        "https://schema.org/docs/jsonldcontext.jsonld",
        ["https://schema.org", {"ex": "http://example.org/"}],
        {"@vocab": "https://schema.org/"},
        {"@vocab": "http://schema.org/", "@language": "de"},
    ],
)
def test_spellings_of_the_context(tmp_path: Path, context: Any) -> None:
    assert [offer.name for offer in offers(records(tmp_path, course() | {"@context": context}))] == ["Yoga"]


def test_prefixes_aliases_and_full_names(tmp_path: Path) -> None:
    prefixed = {
        "@context": {"s": "http://schema.org/", "titel": "s:name"},
        "@type": "s:Course",
        "s:identifier": "1",
        "titel": "Yoga",
    }
    expanded = [
        {
            "@type": ["https://schema.org/Course"],
            "http://schema.org/identifier": [{"@value": "2"}],
            "https://schema.org/name": [{"@value": "Tanz"}],
        }
    ]
    assert [offer.name for offer in offers(records(tmp_path, prefixed))] == ["Yoga"]
    assert [offer.name for offer in offers(records(tmp_path, expanded))] == ["Tanz"]


def test_a_foreign_context_is_refused_alone_and_remarked_beside_schema_org(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused) as refused:
        records(tmp_path, course() | {"@context": "https://example.org/context.json"})
    assert refused.value.sentence == (
        "Der Kontext „https://example.org/context.json“ sagt nichts über schema.org, und fremde Kontexte werden nicht geladen. "
        'Erwartet wird "@context": "https://schema.org"'
    )
    found = records(tmp_path, course() | {"@context": [SCHEMA, "https://example.org/context.json"]})
    assert len(offers(found)) == 1
    assert remarks(found) == [
        "@context: „https://example.org/context.json“ wird nicht geladen; was nur dort erklärt ist, bleibt unbekannt"
    ]


def test_a_missing_context_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceRefused, match="Der Kontext fehlt"):
        records(tmp_path, {"@type": "Course", "name": "Yoga"})


def test_one_item_without_a_context_costs_only_itself(tmp_path: Path) -> None:
    good = [course(identifier=key, name=key) for key in "ACD"]
    bad = {"@type": "Course", "identifier": "B", "name": "B"}
    for content in ([good[0], bad, *good[1:]], [bad, *good]):
        found = records(tmp_path, content)
        assert [offer.name for offer in offers(found)] == ["A", "C", "D"]
        (refused,) = (record for record in found if isinstance(record, Refused))
        assert (refused.identifier, refused.broken_off) == ("B", False)
        assert refused.reason.startswith("Der Kontext fehlt")


def test_a_graph_under_an_unknown_context_withdraws_nothing(tmp_path: Path) -> None:
    graph = {"@context": "https://example.org/", "@graph": [{"@type": "Course", "identifier": "B", "name": "B"}]}
    found = records(tmp_path, [course(), graph])
    assert [record.broken_off for record in found if isinstance(record, Refused)] == [True]
    with pytest.raises(SourceRefused, match="sagt nichts über schema"):
        records(tmp_path, [graph, graph])


def test_graph_list_item_list_page_and_single_object(tmp_path: Path) -> None:
    yoga = {"@type": "Course", "identifier": "1", "name": "Yoga"}
    tanz = {"@type": "Course", "identifier": "2", "name": "Tanz"}
    items = [{"@type": "ListItem", "position": 1, "item": yoga}, {"@type": "ListItem", "position": 2, "item": tanz}]
    for content in (
        {"@context": SCHEMA, "@graph": [yoga, tanz]},
        [yoga | {"@context": SCHEMA}, tanz | {"@context": "http://schema.org/"}],
        {"@context": SCHEMA, "@type": "ItemList", "itemListElement": items},
        {"@context": SCHEMA, "@type": "CollectionPage", "mainEntity": {"@type": "ItemList", "itemListElement": items}},
    ):
        assert [offer.name for offer in offers(records(tmp_path, content))] == ["Yoga", "Tanz"]


def test_a_web_page(tmp_path: Path) -> None:
    page = f"""<!doctype html><title>Kurse</title>
      <script type="application/ld+json">{json.dumps(course())}</script>
      <script type="application/ld+json">{{"@context": ;}}</script>"""
    found = records(tmp_path, page, "kurse.html")
    assert [offer.name for offer in offers(found)] == ["Yoga"]
    assert refusals(found) == [
        ("kurse.html, Element 2 (Skript 2)", "In Zeile 1, Zeichen 14 ist das JSON fehlerhaft aufgebaut")
    ]


def test_references_within_the_document_are_followed(tmp_path: Path) -> None:
    content = {
        "@context": SCHEMA,
        "@graph": [
            course(provider={"@id": "#uni"}, hasCourseInstance=[{"@id": "#t1"}, {"@id": "#weg"}]),
            {"@type": "CollegeOrUniversity", "@id": "#uni", "name": "Hochschule Worms"},
            {"@type": "CourseInstance", "@id": "#t1", "startDate": "2026-05-04", "location": {"@id": "#ort"}},
            {"@type": "Place", "@id": "#ort", "name": "Aula", "address": "Hauptstraße 1, 67549 Worms"},
        ],
    }
    found = records(tmp_path, content)
    (offer,) = offers(found)
    assert offer.provider is not None
    assert offer.provider.name == "Hochschule Worms"
    assert offer.instances == (
        Instance(
            start=dt.date(2026, 5, 4),
            place=Place(name="Aula", street="Hauptstraße 1", postal_code="67549", locality="Worms"),
        ),
    )
    assert remarks(found) == [
        "1: Der Verweis auf „#weg“ führt zu keinem Termin in der Datei",
        "CollegeOrUniversity: ist für sich kein Angebot (1 Eintrag)",
        "CourseInstance: ist für sich kein Angebot (1 Eintrag)",
        "Place: ist für sich kein Angebot (1 Eintrag)",
    ]


def test_references_in_circles_end(tmp_path: Path) -> None:
    content = {"@context": SCHEMA, "@graph": [course(**{"@id": "#a", "about": {"@id": "#a"}})]}
    assert len(offers(records(tmp_path, content))) == 1


@pytest.mark.parametrize(
    ("types", "kind"),
    [
        ("Course", Kind.COURSE),
        (["Product", "Course"], Kind.COURSE),
        ("EducationalOccupationalProgram", Kind.PROGRAM),
        ("WorkBasedProgram", Kind.PROGRAM),
        ("Event", Kind.EVENT),
        ("https://schema.org/EducationEvent", Kind.EVENT),
        ("Service", Kind.SERVICE),
        ("ChildCare", Kind.PRESCHOOL),
        ("ElementarySchool", Kind.SCHOOL),
        ("CollegeOrUniversity", Kind.SCHOOL),
        ("Library", Kind.LIBRARY),
    ],
)
def test_types(tmp_path: Path, types: Any, kind: Kind) -> None:
    assert one(tmp_path, **{"@type": types}).kind is kind


def test_what_is_no_offer_is_refused_with_its_number(tmp_path: Path) -> None:
    content = {
        "@context": SCHEMA,
        "@graph": [
            {"@type": "Recipe", "name": "Zwiebelkuchen"},
            42,
            {"name": "ohne Art"},
            {"@type": "http://example.org/Kurs", "name": "fremd"},
            {"@type": "Course", "name": "ohne Kennung"},
            {"@type": "Course", "identifier": "x", "name": "  "},
            {"@type": "Event", "identifier": "y", "name": "Fest", "eventStatus": "https://schema.org/EventCancelled"},
            {"@type": "Organization", "name": "Verein"},
            {"@type": "Course", "identifier": "z", "name": "Yoga"},
        ],
    }
    found = records(tmp_path, content)
    assert refusals(found) == [
        ("angebote.jsonld, Element 1", "Die Art „Recipe“ ist keine Art von Angebot"),
        ("angebote.jsonld, Element 2", "Der Eintrag ist kein Objekt, sondern ein einzelner Wert"),
        ("angebote.jsonld, Element 3", "Die Art (@type) fehlt"),
        ("angebote.jsonld, Element 4", "Die Art „http://example.org/Kurs“ ist keine von schema.org"),
        ("angebote.jsonld, Element 5", "Die Kennung fehlt: weder identifier noch @id noch url ist angegeben"),
        ("angebote.jsonld, Element 6", "Der Name (name) fehlt"),
        ("angebote.jsonld, Element 7", "Die Veranstaltung ist abgesagt (eventStatus)"),
    ]
    assert [offer.identifier for offer in offers(found)] == ["z"]
    assert remarks(found) == ["Organization: ist für sich kein Angebot (1 Eintrag)"]


@pytest.mark.parametrize(
    ("properties", "identifier"),
    [
        ({"identifier": "A 1/2"}, "A 1/2"),
        ({"identifier": 17}, "17"),
        ({"identifier": {"@type": "PropertyValue", "propertyID": "nr", "value": "P-3"}}, "P-3"),
        ({"identifier": [{"@value": "erste"}, "zweite"]}, "erste"),
        ({"identifier": None, "@id": "https://a.example/k"}, "https://a.example/k"),
        ({"identifier": "", "@id": "_:b0", "url": "https://a.example/kurs"}, "https://a.example/kurs"),
    ],
)
def test_identifiers(tmp_path: Path, properties: dict[str, Any], identifier: str) -> None:
    assert one(tmp_path, **properties).identifier == identifier


def test_values_in_all_their_shapes(tmp_path: Path) -> None:
    offer = one(
        tmp_path,
        name=[{"@value": "Yoga for all", "@language": "en"}, {"@value": "Yoga für alle", "@language": "de"}],
        description={"en": "Breathe.", "de": "Atmen<br>und <script>x()</script>dehnen"},
        keywords={"@list": ["Bewegung", {"@value": "Atem"}]},
        about={"@type": "Thing", "name": "Gesundheit"},
        url={"@id": "https://a.example/yoga"},
    )
    assert offer.name == "Yoga für alle"
    assert offer.description == "Atmen\nund dehnen"
    assert offer.keywords == ("Atem", "Bewegung", "Gesundheit")
    assert offer.url == "https://a.example/yoga"


@pytest.mark.parametrize(
    ("asked", "price", "note"),
    [
        ({"price": "45,00", "priceCurrency": "EUR"}, "45.00", None),
        ({"price": 45}, "45.00", None),
        ({"price": 45.5}, "45.50", None),
        ({"price": "49.9000"}, "49.90", None),
        ({"price": 0}, "0.00", None),
        ({"price": "nach Vereinbarung"}, None, "nach Vereinbarung"),
        ({"price": "45.00", "priceCurrency": "CHF"}, None, "45.00 CHF"),
        ({"category": "Free"}, "0.00", None),
        ({"category": "Paid"}, None, None),
        ([{"price": 20, "name": "ermäßigt"}, {"price": 30}], "30.00", "20,00 € ermäßigt"),
        ({"@type": "AggregateOffer", "lowPrice": 10, "highPrice": "25"}, "25.00", "ab 10,00 €"),
        (
            {"priceSpecification": {"price": 12, "priceCurrency": "EUR", "description": "pro Monat"}},
            "12.00",
            "pro Monat",
        ),
        ("12 €", "12.00", None),
    ],
)
def test_prices(tmp_path: Path, asked: Any, price: str | None, note: str | None) -> None:
    expected = (None if price is None else Decimal(price), note)
    run = run_of(tmp_path, startDate="2026-05-01", offers=asked)
    assert (run.price, run.price_note) == expected
    (run,) = one(tmp_path, offers=asked, hasCourseInstance={"startDate": "2026-05-01"}).instances
    assert (run.price, run.price_note) == expected


def test_free_of_charge_without_an_offer(tmp_path: Path) -> None:
    assert [run.price for run in one(tmp_path, isAccessibleForFree=True).instances] == [Decimal(0)]
    assert one(tmp_path, isAccessibleForFree=False).instances == ()


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-02", dt.date(2026, 3, 2)),
        ("2026-03-02T18:30", dt.datetime(2026, 3, 2, 18, 30)),
        ("2026-07-02T16:30:00Z", dt.datetime(2026, 7, 2, 18, 30)),
        ("2026-01-31T23:30:00+00:00", dt.datetime(2026, 2, 1, 0, 30)),
        ("2026-03-02T00:00:00+01:00", dt.date(2026, 3, 2)),
        ("1772406000000", dt.date(2026, 3, 2)),
        ("02.03.2026", dt.date(2026, 3, 2)),
    ],
)
def test_moments(tmp_path: Path, text: str, moment: dt.date) -> None:
    assert run_of(tmp_path, startDate=text).start == moment


def test_dates_that_cannot_be_are_said(tmp_path: Path) -> None:
    found = records(
        tmp_path,
        course(
            hasCourseInstance=[
                {"startDate": "32.13.2026", "url": "https://a.example/1"},
                {"startDate": "2026-05-04T10:00", "endDate": "2026-05-04T09:00"},
            ]
        ),
    )
    assert [run.start for run in offers(found)[0].instances] == [None, dt.datetime(2026, 5, 4, 10)]
    assert remarks(found) == [
        "1: startDate: „32.13.2026“ ist kein Datum; die Angabe wird nicht übernommen",
        "1: endDate: Das Ende 04.05.2026 09:00 liegt vor dem Anfang 04.05.2026 10:00; das Ende wird nicht übernommen",
    ]


def test_runs_schedules_meetings_and_seats(tmp_path: Path) -> None:
    run = run_of(
        tmp_path,
        startDate="2026-05-04",
        courseMode=["online", "onsite", "part-time"],
        courseSchedule={
            "@type": "Schedule",
            "byDay": ["https://schema.org/Wednesday", "Mo"],
            "startTime": "18:30:00",
            "endTime": "20:00",
            "repeatCount": 10,
        },
        courseWorkload="PT22H30M",
        maximumAttendeeCapacity=12,
        remainingAttendeeCapacity="3",
        subEvent={"@type": "Event", "startDate": "2026-05-04T18:30", "endDate": "2026-05-04T20:00"},
    )
    assert run == Instance(
        start=dt.date(2026, 5, 4),
        mode=Mode.BLENDED,
        time_model=("part_time",),
        schedule=Schedule(weekdays=("mo", "we"), start_time=dt.time(18, 30), end_time=dt.time(20), meetings=10),
        sessions=(Session(start=dt.datetime(2026, 5, 4, 18, 30), end=dt.datetime(2026, 5, 4, 20)),),
        workload="22 Stunden, 30 Minuten",
        seats=12,
        seats_left=3,
    )


def test_runs_keep_their_own_names_and_cancelled_ones_go(tmp_path: Path) -> None:
    found = records(
        tmp_path,
        course(
            hasCourseInstance=[
                {"identifier": "F26-17", "startDate": "2026-05-04"},
                {"@id": "https://a.example/k#termin-4", "startDate": "2026-06-01"},
                {"startDate": "2026-07-01", "eventStatus": "EventCancelled"},
                {"startDate": "2026-08-01"},
            ]
        ),
    )
    assert [run.number for run in offers(found)[0].instances] == ["3", "4", "F26-17"]
    assert remarks(found)[0] == "1: eventStatus: Ein abgesagter Termin wird nicht übernommen"


@pytest.mark.parametrize(
    ("location", "place", "mode"),
    [
        ({"@type": "VirtualLocation", "url": "https://zoom.example/1"}, None, Mode.ONLINE),
        ("Online", None, Mode.ONLINE),
        ("Haus am Markt", Place(name="Haus am Markt"), None),
        ("Hauptstr. 1, 55232 Alzey", Place(street="Hauptstr. 1", postal_code="55232", locality="Alzey"), None),
        ({"@type": "Place", "name": "Aula", "address": "Alzey"}, Place(name="Aula", locality="Alzey"), None),
        (
            [{"@type": "Place", "name": "Aula"}, {"@type": "VirtualLocation"}],
            Place(name="Aula"),
            Mode.BLENDED,
        ),
        (
            {
                "@type": "Place",
                "geo": {"latitude": "49,75", "longitude": 8.11},
                "amenityFeature": {"name": "Rollstuhlgerecht", "value": "https://schema.org/False"},
                "address": {"addressCountry": "AT", "postalCode": "6020", "addressLocality": "Innsbruck"},
            },
            Place(postal_code="6020", locality="Innsbruck (AT)", latitude=49.75, longitude=8.11, wheelchair=False),
            None,
        ),
    ],
)
def test_locations(tmp_path: Path, location: Any, place: Place | None, mode: Mode | None) -> None:
    run = run_of(tmp_path, startDate="2026-05-04", location=location)
    assert (run.place, run.mode) == (place, mode)


def test_an_event_is_its_own_run(tmp_path: Path) -> None:
    offer = one(
        tmp_path,
        **{"@type": "EducationEvent"},
        startDate="2026-02-05T17:00:00Z",
        eventAttendanceMode="https://schema.org/OnlineEventAttendanceMode",
        organizer={"@type": "Organization", "name": "Hochschule", "url": "www.hs.example"},
    )
    assert offer.instances == (Instance(start=dt.datetime(2026, 2, 5, 18), mode=Mode.ONLINE),)
    assert offer.provider is not None
    assert offer.provider.url == "https://www.hs.example"


def test_a_programme(tmp_path: Path) -> None:
    offer = one(
        tmp_path,
        **{"@type": "EducationalOccupationalProgram"},
        educationalCredentialAwarded={"@type": "EducationalOccupationalCredential", "name": "Bachelor of Science"},
        educationalProgramMode="Vollzeit",
        timeToComplete="P42M",
        startDate="2026-10-01",
        programPrerequisites="Abitur",
    )
    assert (offer.certificate, offer.credential, offer.prerequisites) == (True, "Bachelor of Science", "Abitur")
    assert offer.instances == (Instance(start=dt.date(2026, 10, 1), time_model=("full_time",), workload="42 Monate"),)


def test_for_whom_in_which_language_at_what_level(tmp_path: Path) -> None:
    offer = one(
        tmp_path,
        inLanguage=["de-DE", {"@type": "Language", "name": "Ukrainisch"}],
        educationalLevel=["B1.2", "Beginner"],
        typicalAgeRange="60-",
        audience=[
            {"@type": "EducationalAudience", "audienceType": "Senior:innen"},
            {"@type": "PeopleAudience", "audienceType": "Hundehalter", "suggestedGender": "female"},
        ],
    )
    assert offer.in_language == ("de", "uk")
    assert offer.level == ("B1",)
    assert offer.keywords == ("Beginner", "Hundehalter")
    assert (offer.age_min, offer.age_max) == (60, None)
    assert offer.audience == ("seniors", "women")


@pytest.mark.parametrize(
    ("text", "ages"), [("6-10", (6, 10)), ("18-", (18, None)), ("-12", (None, 12)), ("ab 50", (50, None))]
)
def test_age_ranges(tmp_path: Path, text: str, ages: tuple[int | None, int | None]) -> None:
    offer = one(tmp_path, typicalAgeRange=text)
    assert (offer.age_min, offer.age_max) == ages


def test_persons_are_never_taken_over(tmp_path: Path) -> None:
    person = {"@type": "Person", "name": "Erika Mustermann", "email": "erika@example.org"}
    found = records(
        tmp_path,
        {
            "@context": SCHEMA,
            "@graph": [course(provider=person, instructor=person, author=person, contactPoint=person), person],
        },
    )
    assert "Mustermann" not in repr(offers(found))
    assert remarks(found) == [
        "1: provider: Der Anbieter ist eine Person; Personen werden nicht übernommen",
        "Person: ist für sich kein Angebot (1 Eintrag)",
        "Course.author: wird nicht übernommen (1 Datensatz)",
        "Course.contactPoint: wird nicht übernommen (1 Datensatz)",
        "Course.instructor: wird nicht übernommen (1 Datensatz)",
        "Person.email: wird nicht übernommen (1 Datensatz)",
        "Person.name: wird nicht übernommen (1 Datensatz)",
    ]


def test_unused_properties_are_named_once_with_their_count(tmp_path: Path) -> None:
    content = [course(identifier=str(number), award="Preis", **{"ex:farbe": "rot"}) for number in range(3)]
    assert remarks(records(tmp_path, content)) == [
        "Course.award: wird nicht übernommen (3 Datensätze)",
        "Course.ex:farbe: wird nicht übernommen (3 Datensätze)",
    ]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "Die Datei endet mitten im JSON: sie wurde wohl nicht vollständig übertragen"),
        (
            '{"@context": "https://schema.org", "@graph": [',
            "Die Datei endet mitten im JSON: sie wurde wohl nicht vollständig übertragen",
        ),
        (
            '{"@context":\n "https://schema.org",\n "nämlich" 1}',
            "In Zeile 3, Zeichen 12 ist das JSON fehlerhaft aufgebaut",
        ),
        ("[" * 100_000, "Die Daten sind so tief ineinander verschachtelt, dass sie nicht gelesen werden"),
        ('{"@context": "https://schema.org", "@graph": []}', "Die Datei enthält keinen Datensatz"),
        (
            "<html><body>Nichts</body></html>",
            'Die Webseite enthält keine Daten in JSON-LD (script type="application/ld+json")',
        ),
        (
            '{\n"name": "Töpfern"}'.encode("latin-1"),
            "In Zeile 2 stehen Zeichen, die nicht in UTF-8 kodiert sind. Bitte die Datei als UTF-8 speichern",
        ),
    ],
)
def test_files_that_cannot_be_read_at_all(tmp_path: Path, content: str | bytes, sentence: str) -> None:
    with pytest.raises(SourceRefused) as refused:
        records(tmp_path, content)
    assert refused.value.sentence == sentence


def test_a_file_beyond_the_cap_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document, "LARGEST", 1 << 20)
    with pytest.raises(SourceRefused, match="darf höchstens 1 MiB groß sein"):
        records(tmp_path, " " * (2 << 20) + "{}")


def test_a_deep_record_is_refused_or_read_but_never_breaks(tmp_path: Path) -> None:
    deep: Any = "x"
    for _ in range(400):
        deep = [deep]
    content = {"@context": SCHEMA, "@graph": [course(keywords=deep), course(identifier="k2")]}
    assert "k2" in [offer.identifier for offer in offers(records(tmp_path, content))]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_byte_order_marks(tmp_path: Path, encoding: str) -> None:
    found = records(tmp_path, json.dumps(course(name="Töpfern"), ensure_ascii=False).encode(encoding))
    assert [offer.name for offer in offers(found)] == ["Töpfern"]


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        ("PT22H", "22 Stunden"),
        ("P1W", "1 Woche"),
        ("P2Y6M", "2 Jahre, 6 Monate"),
        ("PT1.5H", "1,5 Stunden"),
        ("15 UE", "15 UE"),
        ("P", "P"),
    ],
)
def test_durations_in_words(duration: str, words: str) -> None:
    assert in_words(duration) == words


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["@value", "@id", "@language", "@type", "@list", "name", "price", "address", "de", "startDate", "geo"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)
_NAMES = """name identifier description provider hasCourseInstance offers location audience keywords inLanguage typicalAgeRange
    educationalLevel startDate courseMode courseSchedule url @id @type"""
_PROPERTIES = st.dictionaries(st.sampled_from(_NAMES.split()), _JSON)


@settings(max_examples=60, deadline=None)
@given(properties=_PROPERTIES)
def test_whatever_a_record_holds_it_is_one_record(
    tmp_path_factory: pytest.TempPathFactory, properties: dict[str, Any]
) -> None:
    found = records(tmp_path_factory.mktemp("any"), [course(**properties), course(identifier="zweiter")])
    refused = len(refusals(found))
    never = sum("ist für sich kein Angebot" in text for text in remarks(found))
    assert len(offers(found)) + refused + never == 2
    assert offers(found)[-1].identifier == "zweiter"
