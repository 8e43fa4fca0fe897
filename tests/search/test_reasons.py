"""A reason is true: without the named field it would not be there, and what it quotes stands in that field."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from catalogue.ledger import Counts
from catalogue.run import open_run
from catalogue.snapshot import Snapshot
from ontology.gazetteer import Gazetteer
from ontology.offer import Instance, Kind, Mode, Offer, Place, Provider, Schedule, Session
from search.answer import Answer, Hit, Reason, SearchRequest
from search.columns import Columns
from search.encoder import Encoder
from search.encoder.cache import VectorCache
from search.filters import CONFLICT, FITS, UNKNOWN, judge
from search.hits import HitWriter
from search.index import update_index
from search.matches import meant_by, reasons_of_lexicon, reasons_of_words
from search.reasons import ages_in_words, reason_of_wish
from search.stems import stems
from service.opening import Opener

TODAY = dt.date(2026, 1, 5)
OUT = 4
ALZEY = Place(locality="Alzey", ags="07331003", latitude=49.746, longitude=8.103, wheelchair=True)
WORMS = Place(locality="Worms", ags="07319000", latitude=49.649, longitude=8.325, wheelchair=False)

QUESTIONS = (
    "Yoga in Alzey abends",
    "Yoga montags vormittags, höchstens 50 Euro",
    "Yoga, aber nicht in Worms",
    "Yoga, nicht online",
    "Yoga online",
    "Yoga für Frauen mit Kinderbetreuung",
    "Yoga 20 km um Worms",
    "Entspannung am Feierabend im Februar",
    "Töpfern für Kinder ab 6",
    "Töpfern kostenlos",
    "Töpfern am Wochenende in Worms",
    "Ton formen, aber nicht samstags",
    "Deutschkurs B1 mit Kinderbetreuung",
    "Deutsch lernen A2, Unterricht auf Türkisch",
    "Deutsch in Teilzeit mit Zertifikat",
    "Deutsch ab März, dienstags und donnerstags",
    "Sprachkurs mit Bildungsgutschein in Vollzeit",
    "Englisch für Senioren, rollstuhlgerecht",
    "Business English als Bildungsurlaub",
    "English conversation in the evening",
    "Excel für den Beruf, höchstens 100 Euro, in Worms",
    "Excel mit Abschluss, berufsbegleitend",
    "Tabellen am Computer, vormittags",
    "Computer für Senioren, dienstags vormittags",
    "Türsteher werden",
    "Prüfung für den Wachdienst mit Bildungsgutschein",
    "Umschulung in Vollzeit, gefördert mit Bildungsgutschein",
    "Kita für mein dreijähriges Kind, barrierefrei",
    "Kindergarten in Alzey",
    "Mein Mann ist gestorben und ich weiß nicht weiter",
    "Wer hilft mir mit meinen Schulden?",
    "Beratung kostenlos, nicht in Mainz",
    "Erste Hilfe am Kind, samstags",
    "Rücken tut weh vom Sitzen",
    "Gitarre für Jugendliche ab 14 in Worms",
    "Ich sitze den ganzen Tag vor dem Bildschirm und will etwas mit den Händen machen",
    "Schulabschluss nachholen, abends",
    "Pflegekraft werden, Teilzeit, mit Abschluss",
    "Programmieren mit Python, ohne Java",
    "Angebote in Worms im Februar",
    "гончарство для дітей",
)


def course(key: str, name: str, *runs: Instance, **values: Any) -> Offer:
    stated: dict[str, Any] = {
        "kind": Kind.COURSE,
        "provider": Provider(id="kvhs", name="Kreisvolkshochschule"),
    } | values
    return Offer(id=f"k-{key}", source="k", identifier=key, name=name, instances=runs, **stated).canonical()


def on(day: str, place: Place | None = ALZEY, number: int = 1, **values: Any) -> Instance:
    return Instance(number=str(number), start=dt.datetime.fromisoformat(day), place=place, **values)


OFFERS = (
    course(
        "y1",
        "Yoga am Feierabend",
        on("2026-02-02T19:00", mode=Mode.ONSITE, price=Decimal(40), schedule=Schedule(weekdays=("mo",))),
        on("2026-02-03T09:00", WORMS, 2, price=Decimal(60)),
        topics=("yoga",),
        audience=("women",),
        childcare=True,
    ),
    course("y2", "Yoga im Wohnzimmer", on("2026-02-05T18:00", None, mode=Mode.ONLINE, price=Decimal(0))),
    course("y3", "Hatha-Yoga und Entspannung", on("2026-02-06T09:30", WORMS), audience=("men",), childcare=False),
    course("y4", "Yoga", keywords=("Entspannung", "Rücken"), description="Dehnen und atmen nach langem Sitzen."),
    course(
        "y5", "Yoga in der Turnhalle", Instance(place=Place(name="Turnhalle")), Instance(number="2", price=Decimal(9))
    ),
    course(
        "t1",
        "Keramik für Kinder",
        on("2026-02-07T10:00", WORMS, end=dt.datetime(2026, 2, 7, 13)),
        description="Ton formen, glasieren, brennen.",
        audience=("children",),
        age_min=6,
        age_max=12,
        topics=("ceramics",),
    ),
    course("t2", "Töpfern: Schalen und Becher", on("2026-03-02T18:00"), age_min=16, keywords=("Keramik", "Ton")),
    course("t3", "Töpfern am Wochenende", on("2026-03-07T10:00", time_model=("weekend",)), topics=("ceramics",)),
    course(
        "d1",
        "Deutsch B1",
        on(
            "2026-03-03T09:00",
            WORMS,
            time_model=("part_time",),
            schedule=Schedule(weekdays=("tu", "th"), start_time=dt.time(9)),
        ),
        level=("A2", "B1"),
        in_language=("de", "tr-TR"),
        childcare=True,
        certificate=True,
        funding=("bildungsgutschein", "eine-andere"),
        keywords=("Deutsch als Fremdsprache",),
    ),
    course("d2", "Deutsch für Anfänger", on("2026-03-03T17:30"), level=("A1",), in_language=("ar",), childcare=False),
    course(
        "d3", "Sprachcafé Deutsch", credential="telc Deutsch B1", description="Reden. Als Fremdsprache nur Deutsch."
    ),
    course(
        "e1",
        "Business English",
        on("2026-02-09T09:00", end=dt.datetime(2026, 2, 13, 16)),
        funding=("bildungsurlaub",),
        in_language=("en",),
        topics=("english",),
    ),
    course("e2", "English Conversation", on("2026-02-10T19:00", WORMS), audience=("seniors",), keywords=("Englisch",)),
    course(
        "x1",
        "Excel kompakt",
        on("2026-02-12T09:00", WORMS, price=Decimal("98.50"), time_model=("extra_occupational",)),
        credential="Excel-Führerschein",
        description="Formeln und Diagramme. Für alle, die im Büro am Computer arbeiten.",
    ),
    course("x2", "Excel von Anfang an", on("2026-02-12T18:00", price=Decimal(135)), certificate=False),
    course(
        "x3",
        "Tabellenkalkulation für Senioren",
        Instance(sessions=(Session(start=dt.datetime(2026, 2, 10, 10)), Session(start=dt.datetime(2026, 2, 17, 18)))),
        audience=("seniors",),
        prerequisites="Ein eigener Computer",
    ),
    course(
        "b1",
        "Sachkundeprüfung im Bewachungsgewerbe",
        on("2026-04-01T08:00", WORMS, time_model=("full_time",)),
        funding=("bildungsgutschein",),
        provider=Provider(id="ihk", name="Kammer für Sicherheit"),
    ),
    course("u1", "Umschulung Lagerlogistik", on("2026-04-01T08:00", time_model=("full_time",)), funding=("avgs",)),
    course("k1", "Kita Sonnenuhr", kind=Kind.PRESCHOOL, place=ALZEY, age_min=1, age_max=6, audience=("children",)),
    course("k2", "Kita Regenbogen", kind=Kind.PRESCHOOL, place=WORMS, phases=("early",)),
    course("h1", "Trauercafé", kind=Kind.SERVICE, place=ALZEY, description="Wir begleiten beim Abschied."),
    course(
        "h2", "Schuldnerberatung", Instance(price=Decimal(0)), kind=Kind.SERVICE, place=WORMS, phases=("counselling",)
    ),
    course(
        "o1", "Erste Hilfe am Kind", on("2026-02-14T09:00", end=dt.datetime(2026, 2, 15, 16)), audience=("parents",)
    ),
    course("r1", "Rückenschule", on("2026-02-16T18:00", number=1, price=Decimal(30)), audience=("employees",)),
    course("g1", "Gitarre im Trio", on("2026-02-18T16:00", WORMS), age_min=10, audience=("youth",)),
    course("s1", "Berufsreife nachholen", on("2026-02-19T18:00"), credential="Hauptschulabschluss"),
    course("p1", "Programmieren mit Python", on("2026-02-20T18:00", None, mode=Mode.BLENDED), topics=("programming",)),
)


class Found(NamedTuple):
    """A hit of a question, and how its reasons would read if the offer were another."""

    question: str
    answer: Answer
    hit: Hit
    reasons_for: Callable[[Offer], Sequence[Reason]]


@pytest.fixture(scope="module")
def small(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue of `OFFERS`."""
    folder = tmp_path_factory.mktemp("reasons") / "katalog"
    with open_run(folder, "http://127.0.0.1:8000") as run, VectorCache(folder / "vectors.sqlite") as cache:
        with run.source("k") as source:
            taken = sum(source.put(offer) for offer in OFFERS)
            source.finish(Counts(read=taken, taken=taken), ())
        update_index(run, encoder, cache, lambda scheme, notation: f"{scheme}:{notation}")
        run.commit()
    (folder / "katalog.toml").write_text('[catalogue]\ndistrict = "07331"\n')
    return folder


@pytest.fixture(scope="module", params=["small", "demo"])
def found(request: pytest.FixtureRequest, encoder: Encoder, gazetteer: Gazetteer) -> list[Found]:
    """The first ten hits of every question."""
    with pytest.MonkeyPatch.context() as patch:
        return list(asked(request.getfixturevalue(request.param), encoder, gazetteer, patch))


def asked(folder: Path, encoder: Encoder, gazetteer: Gazetteer, patch: pytest.MonkeyPatch) -> Iterator[Found]:
    made: list[tuple[Any, ...]] = []

    class Remembered(HitWriter):
        def __init__(self, *parts: Any) -> None:
            made.append(parts)
            super().__init__(*parts)

    patch.setattr("search.engine.HitWriter", Remembered)
    opener = Opener(folder)
    opener.encoder, opener.gazetteer = encoder, gazetteer
    with Snapshot.open(folder) as snapshot:
        engine = opener.engine(snapshot)
        for question in QUESTIONS:
            answer = engine.search(SearchRequest(text=question, today=TODAY, limit=10))
            for hit in answer.hits:
                yield Found(question, answer, hit, again(made[-1], answer, gazetteer))


def again(parts: tuple[Any, ...], answer: Answer, gazetteer: Gazetteer) -> Callable[[Offer], Sequence[Reason]]:
    """Judges another offer by the same question; no reasons where it is no hit any more."""
    _, words, schemes, _, topic = parts

    def reasons_for(offer: Offer) -> Sequence[Reason]:
        columns = Columns.build([(0, offer)], lambda _, notation: notation)
        judgement = judge(columns, answer.wishes, TODAY, gazetteer)
        if judgement.groups.tolist() == [OUT]:
            return ()
        return HitWriter(columns, words, schemes, judgement, topic).hit(1, 0.0, [(0, offer)]).reasons

    return reasons_for


def runs_with(offer: Offer, **values: Any) -> Offer:
    return replace(offer, instances=tuple(replace(run, **values) for run in offer.instances or (Instance(),)))


def places_with(offer: Offer, wheelchair: bool | None) -> Offer:
    def changed(place: Place | None) -> Place | None:
        return replace(place or Place(), wheelchair=wheelchair)

    runs = (replace(run, place=changed(run.place or offer.place)) for run in offer.instances)
    return replace(offer, place=changed(offer.place), instances=tuple(runs))


TIMES: dict[str, Any] = {"start": None, "end": None, "schedule": None, "sessions": ()}
WITHOUT: dict[str, Callable[[Offer], Offer]] = {
    "name": lambda o: replace(o, name=""),
    "keywords": lambda o: replace(o, keywords=()),
    "provider": lambda o: replace(o, provider=None),
    "description": lambda o: replace(o, description=None),
    "credential": lambda o: replace(o, credential=None),
    "prerequisites": lambda o: replace(o, prerequisites=None),
    "topics": lambda o: replace(o, topics=()),
    "phases": lambda o: replace(o, phases=()),
    "place": lambda o: runs_with(replace(o, place=None), place=None),
    "start": lambda o: runs_with(o, start=None, end=None),
    "weekdays": lambda o: runs_with(o, **TIMES),
    "daytime": lambda o: runs_with(o, **TIMES),
    "price_max": lambda o: runs_with(o, price=None),
    "mode": lambda o: runs_with(o, mode=None),
    "level": lambda o: replace(o, level=()),
    "in_language": lambda o: replace(o, in_language=()),
    "audience": lambda o: replace(o, audience=()),
    "age": lambda o: replace(o, age_min=None, age_max=None),
    "time_model": lambda o: runs_with(o, time_model=()),
    "funding": lambda o: replace(o, funding=()),
    "certificate": lambda o: replace(o, certificate=None, credential=None),
    "wheelchair": lambda o: places_with(o, None),
    "childcare": lambda o: replace(o, childcare=None),
}
NEXT_MONDAY = dt.datetime(2026, 1, 12, 19)
STATING: dict[str, Callable[[Offer], Offer]] = {
    "place": lambda o: runs_with(o, place=WORMS, mode=Mode.ONSITE),
    "start": lambda o: runs_with(o, start=NEXT_MONDAY, end=None),
    "weekdays": lambda o: runs_with(o, schedule=Schedule(weekdays=("mo",))),
    "daytime": lambda o: runs_with(o, schedule=Schedule(start_time=dt.time(19))),
    "price_max": lambda o: runs_with(o, price=Decimal(20)),
    "mode": lambda o: runs_with(o, mode=Mode.ONSITE),
    "level": lambda o: replace(o, level=("B1",)),
    "in_language": lambda o: replace(o, in_language=("de",)),
    "audience": lambda o: replace(o, audience=("women",)),
    "age": lambda o: replace(o, age_min=3, age_max=99),
    "time_model": lambda o: runs_with(o, time_model=("weekend",)),
    "funding": lambda o: replace(o, funding=("avgs",)),
    "certificate": lambda o: replace(o, certificate=True),
    "wheelchair": lambda o: places_with(o, True),
    "childcare": lambda o: replace(o, childcare=True),
}
TEXTS: dict[str, Callable[[Offer], str]] = {
    "name": lambda o: o.name,
    "keywords": lambda o: "\n".join(o.keywords),
    "provider": lambda o: o.provider.name if o.provider else "",
    "description": lambda o: o.description or "",
    "credential": lambda o: o.credential or "",
    "prerequisites": lambda o: o.prerequisites or "",
    "place": lambda o: "\n".join(p.locality or "" for p in (o.place, *(i.place for i in o.instances)) if p),
}


def test_without_the_field_the_reason_is_gone(found: list[Found]) -> None:
    kinds = set()
    for question, _, hit, reasons_for in found:
        for reason in hit.reasons:
            change = (STATING if reason.kind == "unknown" else WITHOUT)[reason.field.removeprefix("not.")]
            assert reason in reasons_for(hit.offer), (question, hit.offer.name)
            assert reason not in reasons_for(change(hit.offer)), (question, hit.offer.name, reason)
            kinds.add(reason.kind)
    assert kinds == {"meaning", "words", "fulfilled", "unfulfilled", "unknown"}


def test_what_is_quoted_stands_in_the_field_and_in_the_question(found: list[Found]) -> None:
    count = 0
    for question, _, hit, _ in found:
        for reason in hit.reasons:
            here, _, there = reason.text.partition("passt zu")
            text = TEXTS[reason.field](hit.offer) if reason.field in TEXTS else ""
            for quoted in re.findall("„(.+?)“", here):
                assert quoted in " ".join(text.split()), (question, hit.offer.name, reason)
                count += 1
            for quoted in re.findall("„(.+?)“", there):
                assert set(quoted.split()) - {"…"} <= set(re.findall(r"\w+", question)), (question, reason)
    assert count > 30


def test_groups_and_reasons_agree(found: list[Found]) -> None:
    groups = set()
    for question, answer, hit, _ in found:
        said = {reason.kind for reason in hit.reasons} - {"meaning", "words"}
        expected = {
            1: said <= {"fulfilled"},
            2: "unknown" in said and "unfulfilled" not in said,
            3: "unfulfilled" in said,
        }
        assert expected[hit.group], (question, hit.offer.name, said)
        asked_for = {reason.field for reason in hit.reasons if reason.kind not in ("meaning", "words")}
        names = set(answer.question.wishes.__struct_fields__)
        assert asked_for <= names | {f"not.{name}" for name in names} | {"start", "not.start"}
        groups.add(hit.group)
    assert groups == {1, 2, 3}


def test_every_hit_of_a_topic_says_what_is_near(found: list[Found]) -> None:
    for question, _, hit, _ in found:
        if hit.score:
            assert {"meaning", "words"} & {reason.kind for reason in hit.reasons}, (question, hit.offer.name)


def test_no_reason_is_empty_or_says_a_thing_of_python(found: list[Found]) -> None:
    for _, _, hit, _ in found:
        texts = [reason.text for reason in hit.reasons]
        assert all(texts)
        assert not re.search(r"None|True|False|\{|[a-z]_[a-z]", " ".join(texts))


def told(wish: str, status: int, run: Instance | None = None, km: float | None = None, **values: Any) -> str:
    return reason_of_wish(wish, status, course("1", "Kurs", **values), run or Instance(), km).text


MEETINGS = tuple(Session(start=dt.datetime(2026, 1, day, 18)) for day in (13, 15))


@pytest.mark.parametrize(
    ("wish", "status", "run", "km", "text"),
    [
        ("place", FITS, Instance(place=ALZEY), 0.4, "in Alzey"),
        ("place", CONFLICT, Instance(place=WORMS), 19.1, "in Worms, 19 km entfernt"),
        ("place", CONFLICT, Instance(place=WORMS), None, "in Worms"),
        ("place", FITS, Instance(place=Place(ags="07331003")), None, "am gewünschten Ort"),
        ("place", FITS, Instance(place=Place(latitude=49.75, longitude=8.1)), 0.5, "weniger als 1 km entfernt"),
        ("place", CONFLICT, Instance(place=Place(ags="07319000")), None, "an einem anderen Ort"),
        ("place", UNKNOWN, Instance(place=Place(name="Turnhalle")), None, "Ort: Turnhalle, genaue Lage nicht bekannt"),
        ("place", UNKNOWN, Instance(place=Place(locality="Selz")), None, "in Selz, genaue Lage nicht bekannt"),
        ("place", UNKNOWN, Instance(), None, "Ort nicht angegeben"),
        ("place", UNKNOWN, Instance(mode=Mode.ONLINE), None, "online, also an keinen Ort gebunden"),
        ("start", FITS, Instance(start=dt.date(2026, 3, 9)), None, "Beginn am 09.03.2026"),
        # 12 January 2026 is a Monday
        (
            "weekdays",
            FITS,
            Instance(schedule=Schedule(weekdays=("mo", "we", "fr"))),
            None,
            "montags, mittwochs und freitags",
        ),
        ("weekdays", FITS, Instance(sessions=MEETINGS), None, "dienstags und donnerstags"),
        ("weekdays", FITS, Instance(sessions=MEETINGS[:1]), None, "an einem Dienstag"),
        ("weekdays", FITS, Instance(start=dt.datetime(2026, 1, 12, 9)), None, "beginnt an einem Montag"),
        (
            "weekdays",
            FITS,
            Instance(start=dt.date(2026, 1, 12), end=dt.date(2026, 1, 16)),
            None,
            "von Montag bis Freitag",
        ),
        ("weekdays", FITS, Instance(start=dt.date(2026, 1, 12), end=dt.date(2026, 1, 12)), None, "an einem Montag"),
        ("daytime", FITS, Instance(start=dt.datetime(2026, 1, 12, 18, 30)), None, "beginnt um 18:30 Uhr"),
        ("daytime", FITS, Instance(sessions=MEETINGS), None, "beginnt um 18:00 Uhr"),
        (
            "daytime",
            CONFLICT,
            Instance(sessions=(*MEETINGS, Session(start=dt.datetime(2026, 1, 17, 9)))),
            None,
            "beginnt vormittags und abends",
        ),
        ("price_max", FITS, Instance(price=Decimal(0)), None, "kostenlos"),
        ("price_max", CONFLICT, Instance(price=Decimal("1249.5")), None, "kostet 1.249,50 €"),
        ("mode", FITS, Instance(mode=Mode.BLENDED), None, "teils online, teils vor Ort"),
        ("not.mode", UNKNOWN, Instance(), None, "ob online oder vor Ort, ist nicht angegeben"),
    ],
)
def test_what_a_run_says_about_a_wish(wish: str, status: int, run: Instance, km: float | None, text: str) -> None:
    assert told(wish, status, run, km) == text


def test_what_an_offer_says_about_a_wish() -> None:
    assert told("funding", FITS, funding=("bildungsgutschein", "eine-andere")) == "mit Bildungsgutschein möglich"
    assert told("in_language", FITS, in_language=("de", "en-GB")) == "Unterrichtssprache: Deutsch, Englisch"
    assert told("certificate", FITS, credential="telc B1") == "Abschluss: telc B1"
    assert told("audience", CONFLICT, audience=("seniors", "women")) == "für Ältere, für Frauen"
    assert told("wheelchair", FITS, place=ALZEY) == "mit dem Rollstuhl zugänglich"


def test_ages() -> None:
    assert ages_in_words(3, 6) == "von 3 bis 6 Jahren"
    assert ages_in_words(16, None) == "ab 16 Jahren"
    assert ages_in_words(None, 12) == "bis 12 Jahre"
    assert ages_in_words(5, 5) == "mit 5 Jahren"


def of_lexicon(question: str, terms: str, said: str, **values: Any) -> list[tuple[str, str]]:
    offer = course("1", **({"name": "Kurs"} | values))
    found = reasons_of_lexicon(offer, meant_by(question, [(terms, frozenset(stems(said)))], stems), stems)
    return [(reason.field, reason.text) for reason in found]


def test_a_term_of_providers_is_quoted_as_it_stands_there() -> None:
    terms = "Bewachungsgewerbe, Deutsch als Fremdsprache"
    assert of_lexicon("Türsteher werden", terms, "Türsteher", name="Schein im Bewachungsgewerbe") == [
        ("name", "Im Titel: „Bewachungsgewerbe“ – passt zu „Türsteher“")
    ]
    assert of_lexicon("Deutschkurs", terms, "Deutschkurs", description="Lernen Sie Deutsch als  Fremdsprache!") == [
        ("description", "In der Beschreibung: „Deutsch als Fremdsprache“ – passt zu „Deutschkurs“")
    ]


def test_words_of_a_term_that_stand_apart_are_not_the_term() -> None:
    terms = "Erste Hilfe"
    assert of_lexicon("Unfall", terms, "Unfall", name="Erste Schritte mit Hilfe") == []
    assert of_lexicon("Unfall", terms, "Unfall", description="Das Erste. Hilfe kommt.") == []
    assert of_lexicon("Unfall", terms, "Unfall", keywords=("Erste", "Hilfe")) == []
    assert of_lexicon("Unfall", terms, "Unfall", keywords=("Auto", "Erste Hilfe"))[0][0] == "keywords"


def test_what_the_person_said_herself_is_no_discovery() -> None:
    assert of_lexicon("Yoga lernen", "Yoga, Hatha-Yoga", "Yoga", name="Yoga") == []
    assert of_lexicon("Yoga lernen", "Yoga, Hatha-Yoga", "Yoga", name="Hatha-Yoga") == [
        ("name", "Im Titel: „Hatha-Yoga“ – passt zu „Yoga“")
    ]


def test_words_asked_that_stand_apart_are_told_apart() -> None:
    found = of_lexicon("Wo kann ich Noten endlich lesen", "Musiklehre", "Noten lesen", name="Musiklehre")
    assert found == [("name", "Im Titel: „Musiklehre“ – passt zu „Noten … lesen“")]
    assert of_lexicon("Rückenschmerzen", "Gymnastik", "Rücken", name="Gymnastik") == [
        ("name", "Im Titel: „Gymnastik“ – passt zu „Rückenschmerzen“")
    ]
    assert of_lexicon("etwas ganz anderes", "Gymnastik", "Rücken", name="Gymnastik") == []


def test_the_field_that_says_most_is_named() -> None:
    offer = course("1", "Kurs", keywords=("Tonen",), description="Ton und Töpferei", credential="Töpferei")
    named = [(r.field, r.text) for r in reasons_of_words(offer, frozenset(stems("Töpferei")), stems)]
    assert named == [("description", "In der Beschreibung: „Töpferei“")]
    assert not list(reasons_of_words(offer, frozenset(stems("Yoga")), stems))
