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
from search.filters import judge
from search.hits import HitWriter
from search.index import update_index
from service.opening import Opener
from tests.search.offers import ALZEY, WORMS, course, on

TODAY = dt.date(2026, 1, 5)
OUT = 4

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
        rows = {offer.id: row for row, offer in snapshot.ledger.offers()}
        for question in QUESTIONS:
            answer = engine.search(SearchRequest(text=question, today=TODAY, limit=10))
            for hit in answer.hits:
                yield Found(question, answer, hit, again(made[-1], answer, gazetteer, rows[hit.offer.id]))


def again(
    parts: tuple[Any, ...], answer: Answer, gazetteer: Gazetteer, row: int
) -> Callable[[Offer], Sequence[Reason]]:
    """Judges another offer, with the vector of the first one, by the same question; no reasons where it is no hit any more."""
    _, words, schemes, _, topic, between, say = parts

    def reasons_for(offer: Offer) -> Sequence[Reason]:
        columns = Columns.build([(0, offer)], lambda _, notation: notation)
        judgement = judge(columns, answer.wishes, TODAY, gazetteer)
        if judgement.groups.tolist() == [OUT]:
            return ()
        writer = HitWriter(columns, words, schemes, judgement, topic, between and (lambda _: between(row)), say)
        return writer.hit(1, 0.0, [(0, offer)]).reasons

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
