"""What may be concluded from an offer's words, and above all what may not."""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.enrich import Enricher
from ontology.concepts import Schemes, load_schemes
from ontology.gazetteer import Gazetteer
from ontology.offer import Instance, Kind, Mode, Offer, Place

SCHEMES = load_schemes()


@pytest.fixture(scope="module")
def schemes() -> Schemes:
    return SCHEMES


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.load()


@pytest.fixture(scope="module")
def enrich(schemes: Schemes, gazetteer: Gazetteer) -> Enricher:
    return Enricher(schemes, gazetteer, "Alzey-Worms")


def offer(name: str, *keywords: str, kind: Kind = Kind.COURSE, place: Place | None = None, **more: object) -> Offer:
    run = Instance(start=dt.date(2026, 3, 2), place=place)
    values = {"id": "kvhs-1", "source": "kvhs", "identifier": "1", "keywords": keywords, "instances": (run,), **more}
    return Offer(name=name, kind=kind, **values)  # type: ignore[arg-type]


# --- level


@pytest.mark.parametrize(
    ("title", "levels"),
    [
        ("Englisch B1.2 intensiv", ("B1",)),
        ("Spanisch A1-A2", ("A1", "A2")),
        ("Englisch intensiv (A2-C1)", ("A2", "B1", "B2", "C1")),
        ("Französisch A2 bis B2", ("A2", "B1", "B2")),
        ("Business English B1/B2", ("B1", "B2")),
        ("Spanisch A1/2 am Abend", ("A1",)),
        ("Italienisch, Zielniveau C1", ("C1",)),
        ("Dänisch für Anfänger*innen (A2-Level)", ("A2",)),
        ("Englisch B1-Intensivkurs", ("B1",)),
        ("Integrationskurs A2.2", ("A2",)),
        ("Verhandeln (Niveau B2)", ("B2",)),
        ("Englisch im Vertrieb: B2B", ()),
        ("Führerschein Klasse B", ()),
        ("Motorradführerschein A1", ()),
        ("Englische Plakate im A1-Format", ()),
        ("Englisch, Kursnummer A2-62", ()),
        ("Krankengymnastik nach Vojta, B2/C2 Kurs", ()),
        ("Zeichnen im Format A2", ()),
    ],
)
def test_level(enrich: Enricher, title: str, levels: tuple[str, ...]) -> None:
    assert enrich(offer(title)).level == levels


# --- topics


@pytest.mark.parametrize(
    ("title", "topics"),
    [
        ("Nähen für Einsteiger", {"sewing"}),
        ("Spanischkurs am Vormittag", {"spanish"}),
        ("Excel-Workshop", {"spreadsheets"}),
        ("Yogalehrer*in werden", {"yoga"}),
        ("Geprüfte/r Wirtschaftsfachwirt/in", {"business-specialist"}),
        ("Kochen und Backen mit Kindern", {"cooking", "baking"}),
        ("Deutsch B1 am Abend", {"german"}),
        ("Wer sucht, der findet", set()),  # not addiction
        ("Projekte steuern", set()),  # not taxes
        ("Please fasten your seat belt", set()),  # no diet
        ("Feierabend auf Englisch", set()),  # the language, not the topic
        ("Alten- und Krankenpflege heute", {"nursing-profession"}),
        ("Arbeit und Beruf im Wandel", set()),
        ("Ausbildung zur Yogalehrerin", {"yoga"}),  # no apprenticeship
        ("", set()),
    ],
)
def test_topics_of_title(enrich: Enricher, title: str, topics: set[str]) -> None:
    assert set(enrich(offer(title)).topics) == topics


@pytest.mark.parametrize(
    ("keyword", "topics"),
    [
        ("Fremdsprache Englisch", {"english"}),
        ("Sonstige Fremdsprachen", {"other-languages"}),
        ("Beratung: Schulden", {"debt-advice"}),
        ("Gesundheit", {"health-care"}),
        ("Erziehung", {"family"}),
        ("Erziehung / Soziales / Pädagogik", {"pedagogy"}),
        ("Ausbildung", {"apprenticeships"}),
        ("Sonstiges", set()),
    ],
)
def test_topics_of_keyword(enrich: Enricher, keyword: str, topics: set[str]) -> None:
    assert set(enrich(offer("Angebot", keyword)).topics) == topics


def test_the_narrowest_topics_are_added_to_the_stated_ones(enrich: Enricher) -> None:
    found = enrich(offer("Excel für den Alltag", "Computer", topics=("business",)))
    assert found.topics == ("business", "spreadsheets")
    assert enrich(offer("Japanisch A1", "Sonstige Fremdsprachen")).topics == ("japanese",)


# --- phases


@pytest.mark.parametrize(
    ("kind", "title", "keywords", "phases"),
    [
        (Kind.PRESCHOOL, "Kita Sonnenschein", (), ("early-childhood",)),
        (Kind.SCHOOL, "Waldschule", ("Schule: Grundschule",), ("primary",)),
        (Kind.SCHOOL, "Gymnasium am Römerkastell", (), ("secondary",)),
        (Kind.SCHOOL, "Waldschule", ("Förderschule",), ()),
        (Kind.COURSE, "Maschinenelemente", ("Bachelor",), ("higher-education",)),
        (Kind.COURSE, "Mittlere Reife nachholen", ("Mittlere Reife",), ("basic-education",)),
        (Kind.COURSE, "Allgemeiner Integrationskurs", (), ("integration",)),
        (Kind.SERVICE, "Schuldnerberatung Alzey", (), ("counselling",)),
        (Kind.SERVICE, "Krabbelgruppe", (), ("family",)),
        (Kind.COURSE, "Aquarell für Anfänger", (), ("general-adult",)),
        (Kind.COURSE, "Aquarell für Kinder", (), ()),
        (Kind.COURSE, "Meisterkurs für Tischler", (), ("continuing",)),
        (Kind.COURSE, "Vortrag am Abend", (), ()),
    ],
)
def test_phases(enrich: Enricher, kind: Kind, title: str, keywords: tuple[str, ...], phases: tuple[str, ...]) -> None:
    assert enrich(offer(title, *keywords, kind=kind)).phases == phases


# --- audience


@pytest.mark.parametrize(
    ("title", "audience"),
    [
        ("Erste Schritte am Computer für Senioren", ("seniors",)),
        ("Smartphone für Senior:innen", ("seniors",)),
        ("Rhetorik speziell für Frauen", ("women",)),
        ("Basteln für Kinder und Jugendliche", ("children", "youth")),
        ("Basteln für Eltern mit Kind", ("parents",)),
        ("Malen für kleine und große Leute", ()),
        ("Geburtsvorbereitung für werdende Eltern", ("parents",)),
        ("Eltern-Kind-Turnen", ("children", "families", "parents")),
        ("Frauenschwimmen", ("women",)),
        ("Kinderturnen", ("children",)),
        ("Yoga für Männer und Frauen", ()),
        ("Einführung in die Frauenheilkunde", ()),
        ("Madrid: Frauen in Politik und Kunst", ()),
        ("Altenpflege heute", ()),
        ("Übungsleiterin für Kinder und Senioren", ()),
        ("Fortbildung für Lehrkräfte", ("teachers",)),
        ("Arbeitshilfe für Kinder- und Jugendbüros", ()),
        ("Italienisch für Ausländer in Rom", ()),
        ("Kinderpflegerin werden", ()),
    ],
)
def test_audience(enrich: Enricher, title: str, audience: tuple[str, ...]) -> None:
    assert enrich(offer(title)).audience == audience


def test_audience_of_keywords(enrich: Enricher) -> None:
    assert enrich(offer("Qigong", "Senior:innen")).audience == ("seniors",)
    assert enrich(offer("Beratung", "Familie", "Sucht", kind=Kind.SERVICE)).audience == ()


# --- mode


@pytest.mark.parametrize(
    ("title", "mode"),
    [
        ("Webinar: Steuern sparen", Mode.ONLINE),
        ("Online-Seminar: Rhetorik", Mode.ONLINE),
        ("Rhetorik (online)", Mode.ONLINE),
        ("Rhetorik - live online", Mode.ONLINE),
        ("Yoga per Zoom", Mode.ONLINE),
        ("Qigong (Präsenz)", Mode.ONSITE),
        ("Betriebswirt – Blended Learning", Mode.BLENDED),
        ("Fachwirt, Online & Präsenz", Mode.BLENDED),
        ("Yoga, auch online", Mode.BLENDED),
        ("Live Online Training mit drei Präsenztagen", None),
        ("Online-Marketing", None),
        ("Online-Marketing Kompaktkurs", None),
        ("Online-Banking sicher nutzen", None),
        ("Terrorismus online", None),
        ("Zoom-Objektive richtig nutzen", None),
        ("Autos mit Hybridantrieb", None),
    ],
)
def test_mode_of_title(enrich: Enricher, title: str, mode: Mode | None) -> None:
    assert enrich(offer(title)).instances[0].mode is mode


@pytest.mark.parametrize(
    ("place", "mode"),
    [
        (Place(locality="Online"), Mode.ONLINE),
        (Place(name="Zoom"), Mode.ONLINE),
        (Place(name="www.vhs.cloud"), Mode.ONLINE),
        (Place(name="Online (Zoom)", locality="online"), Mode.ONLINE),
        (Place(locality="Hameln oder Online"), None),
        (Place(name="Online-Campus", street="Hauptstraße 1", locality="Alzey"), None),
        (Place(name="Zoom Erlebniswelt", locality="Gelsenkirchen"), None),
    ],
)
def test_mode_of_place(enrich: Enricher, place: Place, mode: Mode | None) -> None:
    assert enrich(offer("Rhetorik", place=place)).instances[0].mode is mode


def test_mode_of_keywords(enrich: Enricher) -> None:
    assert enrich(offer("Qigong", "Onlinekurs")).instances[0].mode is Mode.ONLINE
    assert enrich(offer("Qigong", "Onlinekurs", "Präsenzkurs")).instances[0].mode is None


# --- funding


@pytest.mark.parametrize(
    ("title", "keywords", "funding"),
    [
        ("Resilienz", ("Bildungsurlaub",), ("bildungsurlaub",)),
        ("Resilienz", ("Bildungszeit",), ("bildungsurlaub",)),
        ("Bildungsurlaub Spanisch", (), ("bildungsurlaub",)),
        ("Spanisch (kein Bildungsurlaub)", (), ()),
        ("Meisterkurs mit Aufstiegs-BAföG", (), ("aufstiegs_bafoeg",)),
        ("Last But Not Least", (), ()),
        ("Urlaub und Bildung", (), ()),
    ],
)
def test_funding(enrich: Enricher, title: str, keywords: tuple[str, ...], funding: tuple[str, ...]) -> None:
    assert enrich(offer(title, *keywords)).funding == funding


# --- places


def place_of(enrich: Enricher, place: Place) -> Place:
    found = enrich(offer("Kurs", place=place)).instances[0].place
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("place", "ags"),
    [
        (Place(postal_code="55232", locality="Alzey"), "07331003"),
        (Place(postal_code="55232"), None),  # shared by Alzey and others
        (Place(postal_code="67547", locality="Worms-Herrnsheim"), "07319000"),
        (Place(locality="Wörrstadt"), "07331073"),
        (Place(locality="Ludwigshafen"), "07314000"),
        (Place(locality="Neustadt"), None),
        (Place(locality="London"), None),
        (Place(locality="Kolberg"), None),  # the town in Poland, or a part of Heidesee
        (Place(locality="Online"), None),
        (Place(name="Bürgerhaus"), None),
    ],
)
def test_municipality(enrich: Enricher, place: Place, ags: str | None) -> None:
    found = place_of(enrich, place)
    assert found.ags == ags
    assert (found.latitude is None) == (ags is None)


def test_coordinates_lie_in_the_municipality(enrich: Enricher) -> None:
    found = place_of(enrich, Place(postal_code="55232", locality="Alzey"))
    assert found.latitude == pytest.approx(49.75, abs=0.05)
    assert found.longitude == pytest.approx(8.11, abs=0.05)


def test_stated_coordinates_and_keys_stay(enrich: Enricher) -> None:
    here = Place(postal_code="55232", locality="Alzey", latitude=49.7, longitude=8.1)
    assert place_of(enrich, here) == msgspec.structs.replace(here, ags="07331003")
    keyed = Place(locality="Alzey", ags="07319000")
    assert place_of(enrich, keyed).ags == "07319000"
    assert place_of(enrich, keyed).latitude == pytest.approx(49.63, abs=0.05)  # Worms, as its key says


def test_the_district_decides_between_places_of_one_name(schemes: Schemes, gazetteer: Gazetteer) -> None:
    somewhere, here = Place(locality="Flonheim"), Place(locality="Heppenheim")
    assert place_of(Enricher(schemes, gazetteer), somewhere).ags == "07331025"
    at_home = place_of(Enricher(schemes, gazetteer, "06431"), here)
    assert at_home.ags == "06431011"


# --- the whole


def test_what_is_stated_stays(enrich: Enricher) -> None:
    stated = offer(
        "Bildungsurlaub Englisch B1 für Frauen (online)",
        phases=("continuing",),
        audience=("employees",),
        level=("A2",),
        funding=("avgs",),
        instances=(Instance(mode=Mode.ONSITE),),
    )
    assert enrich(stated) == msgspec.structs.replace(stated, topics=("english",))


@given(
    st.builds(
        offer,
        st.text(max_size=60),
        st.text(max_size=30),
        kind=st.sampled_from(Kind),
        topics=st.lists(st.sampled_from(sorted(SCHEMES["topics"].concepts)), max_size=2, unique=True).map(tuple),
    )
)
def test_only_known_notations_are_added_and_once(enrich: Enricher, any_offer: Offer) -> None:
    found = enrich(any_offer)
    assert found.topics[: len(any_offer.topics)] == any_offer.topics
    for field in ("topics", "phases", "audience", "level", "funding"):
        notations = getattr(found, field)
        assert len(set(notations)) == len(notations)
        assert set(notations) <= set(SCHEMES[field].concepts)
    assert (found.name, found.keywords, found.kind) == (any_offer.name, any_offer.keywords, any_offer.kind)
    assert enrich(found).canonical() == found.canonical()


def test_lexicon_uses_known_notations(enrich: Enricher) -> None:
    lexicon = enrich._lexicon
    topics, phases, audience = (set(SCHEMES[name].concepts) for name in ("topics", "phases", "audience"))
    rules = (*lexicon.phases.rules, lexicon.phases.otherwise)
    assert {topic for rule in rules for topic in rule.topics} | lexicon.level.topics | lexicon.topics.rest <= topics
    assert {phase for rule in rules for phase in rule.phases} <= phases
    assert {
        topic for found in (*lexicon.topics.words.values(), *lexicon.topics.kinds.values()) for topic in found
    } <= topics
    assert {topic for entry in lexicon.topics.patterns for topic in entry.topics} <= topics
    groups = [*lexicon.audience.words.values(), *(entry.audience for entry in lexicon.audience.patterns)]
    assert {group for found in groups for group in found} | lexicon.audience.always <= audience


# --- childcare


@pytest.mark.parametrize(
    ("title", "childcare"),
    [
        ("Deutsch A1 intensiv für Frauen – mit Kinderbetreuung", True),
        ("Kinderbetreuung im Ehrenamt", None),
        ("Tagesmutter werden: Kinderbetreuung in der Familie", None),
    ],
)
def test_childcare(enrich: Enricher, title: str, childcare: bool | None) -> None:
    assert enrich(offer(title)).childcare is childcare
    assert enrich(offer(title, childcare=False)).childcare is False


def test_a_notation_that_no_scheme_has_becomes_a_keyword(enrich: Enricher) -> None:
    found = enrich(offer("Brot backen", topics=("gibtsnicht", "cooking"), phases=("nie",)))
    assert "cooking" in found.topics
    assert "gibtsnicht" not in found.topics
    assert "nie" not in found.phases
    assert set(found.keywords) == {"gibtsnicht", "nie"}
