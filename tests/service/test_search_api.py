"""The search, asked by programs and pages over real HTTP: the published shape, languages, parameters."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx
import pytest

from tests.service.conftest import BASE

IRI = f"{BASE}/id/angebot/kvhs-A1"
PAGE = {"Accept": "text/html"}


def found(client: httpx.Client, **parameters: Any) -> dict[str, Any]:
    answer = client.get("/api/search", params={"today": "2026-03-02", **parameters})
    assert answer.status_code == 200, answer.text
    result: dict[str, Any] = answer.json()
    return result


def test_search_answers_in_the_published_shape(client: httpx.Client) -> None:
    answer = found(client, q="Excel in Alzey, abends")
    assert set(answer) == {"query", "total", "weak", "hits", "facets", "took_ms"}
    query = answer["query"]
    assert query["filters"] == {"place": "Alzey", "daytime": ["evening"]}
    assert query["place_ags"] == "07331003"
    assert {span["filter"] for span in query["spans"]} == {"place", "daytime"}
    first = answer["hits"][0]
    assert (first["id"], first["identifier"], first["name"]) == (IRI, "A1", "Excel für den Beruf")
    assert (first["provider"], first["group"]) == ("KVHS Testingen", 1)
    assert first["instances"][0]["start"] == "2099-04-13T18:30"
    assert first["instances"][0]["price"] == 45.0
    assert {(r["kind"], r["field"]) for r in first["reasons"]} >= {("fulfilled", "daytime"), ("fulfilled", "place")}


def test_the_texts_of_an_answer_are_in_the_language_asked_for(client: httpx.Client) -> None:
    asked = {"q": "günstig Excel in Alzey, abends", "today": "2026-03-02"}
    texts = lambda answer: [r["text"] for r in answer.json()["hits"][0]["reasons"] if r["field"] == "daytime"]  # noqa: E731
    german, polish, english, japanese = (
        client.get("/api/search", params=asked | language)
        for language in ({}, {"lang": "pl"}, {"lang": "en-GB"}, {"lang": "ja"})
    )
    assert texts(german) == texts(japanese) == ["beginnt um 18:30 Uhr"]
    assert texts(polish) == ["początek o 18:30"]
    assert texts(english) == ["starts at 18:30"]
    assert [a.headers["content-language"] for a in (german, polish, english, japanese)] == ["de", "pl", "en", "de"]
    assert polish.json()["query"]["suggested"][0]["label"] == "bezpłatnie?"
    assert [facet["label"] for facet in english.json()["facets"]["mode"]] == ["On site"]
    long = client.get("/api/search", params={"q": "Excel " * 500, "lang": "fr"}).json()
    assert long["query"]["note"].startswith("Votre question est très longue.")


def test_a_word_taken_for_a_slip_is_told(client: httpx.Client) -> None:
    slip = {"q": "Wermepumpe in Alzey", "today": "2026-03-02"}
    german, french, page = (
        client.get("/api/search", params=slip).json(),
        client.get("/api/search", params=slip | {"lang": "fr"}).json(),
        client.get("/suche", params=slip, headers=PAGE).text,
    )
    assert german["query"]["text"] == "Wermepumpe in Alzey"
    assert german["query"]["note"] == "„Wermepumpe“ kennt der Katalog nicht; gesucht wurde „Wärmepumpe“."
    assert french["query"]["note"] == "« Wermepumpe » est inconnu ici ; la recherche a porté sur « Wärmepumpe »."
    assert german["query"]["note"] in page
    assert "note" not in found(client, q="Wärmepumpe in Alzey")["query"]
    # who meant it so follows a link
    away = re.search(r'<a href="([^"]+)">Genau so suchen', page)
    assert away is not None
    as_written = client.get(unescape(away[1]), headers=PAGE)
    assert as_written.status_code == 200
    assert "kennt der Katalog nicht" not in as_written.text
    assert "in Alzey" in as_written.text  # which is a wish still
    # a stem is no word to show
    assert "„kalligraphi…“" in found(client, q="Kaligraphie")["query"]["note"]


def test_compounds_in_parts_find_what_they_mean(client: httpx.Client) -> None:
    hits = [found(client, q=q)["hits"] for q in ("Wärmepumpe", "Wärme-Pumpe", "Wärme·Pumpe")]
    assert [hit["id"] for hit in hits[0]]
    assert hits[1] == hits[2] == hits[0]
    assert found(client, q="Wärme-Pumpe", understand="false")["hits"] != hits[0]


def test_filters_as_parameters_are_strict_and_lists_are_repeated(client: httpx.Client) -> None:
    names = lambda **parameters: {hit["identifier"] for hit in found(client, **parameters)["hits"]}  # noqa: E731
    assert names() == {"A1", "A2", "B1", "C1", "punkt.nt"}  # not the past one
    assert names(today="2019-12-01") == {"A1", "A2", "B1", "C1", "punkt.nt", "alt"}
    assert "A2" not in names(place="Alzey", mode="onsite")
    assert "A1" not in names(**{"not.mode": "onsite"})
    assert "A1" in names(daytime=["morning", "evening"])
    assert "A1" not in names(daytime=["morning"])
    assert names(place="07331003", price_max=50) >= {"A1"}
    assert names(phase="counselling") == {"C1"}
    assert names(topic="sport") == {"A2"}
    assert names(provider="boese") == {"B1"}
    assert found(client, q="in Worms", place="Alzey")["query"]["filters"]["place"] == "Alzey"
    assert found(client, q="Yoga in Alzey", understand="false")["query"]["filters"] == {}
    assert found(client, age_min=6)["query"]["filters"] == {"age": [6, None]}
    assert found(client, weekdays=["fr", "mo"])["query"]["filters"] == {"weekdays": ["mo", "fr"]}


def test_nothing_is_a_wish_too(client: httpx.Client) -> None:
    free = found(client, price_max=0)
    assert free["query"]["filters"] == {"price_max": 0}
    assert "A1" not in {hit["identifier"] for hit in free["hits"]}  # 45 euro
    assert found(client, age_min=0, age_max=0)["query"]["filters"] == {"age": [0, 0]}
    assert found(client, place="Alzey", radius_km=0)["query"]["filters"] == {"place": "Alzey", "radius_km": 0}


def test_a_radius_is_meant_around_the_place_of_the_question(client: httpx.Client) -> None:
    asked = found(client, q="Excel in Alzey", radius_km=30)
    assert asked["query"]["filters"] == {"place": "Alzey", "radius_km": 30}
    assert asked["hits"][0]["identifier"] == "A1"
    assert found(client, q="Excel", radius_km=30)["hits"][0]["identifier"] == "A1"  # around nothing: no effect
    unread = client.get("/api/search", params={"q": "Excel in Alzey", "radius_km": 30, "understand": "false"})
    assert (unread.status_code, unread.json()["parameter"]) == (422, "radius_km")


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("limit", "0"),
        ("limit", "101"),
        ("offset", "-1"),
        ("radius_km", "weit"),
        ("radius_km", "10"),  # around what?
        ("price_max", "inf"),
        ("price_max", "nan"),
        ("start_from", "32.13.2026"),
        ("start_from", "2026"),  # no seconds since 1970
        ("today", "1767225600"),
        ("not.start_to", "20260302"),
        ("daytime", "midnight"),
        ("place", "Hintertupfingen-Nirgendwo"),
        ("not.weekdays", "montags"),
        ("not.price_max", "nan"),
        ("not.radius_km", "501"),
        ("today", "gestern"),
        ("today", "9999-12-31"),
        ("today", "1899-12-31"),
        ("preis", "3"),
    ],
)
def test_a_wrong_parameter_is_named(client: httpx.Client, parameter: str, value: str) -> None:
    answer = client.get("/api/search", params={parameter: value})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert (document["status"], document["parameter"]) == (422, parameter)
    assert set(document) >= {"title", "detail"}


def test_the_page_about_a_wrong_parameter_names_it_and_its_value(client: httpx.Client) -> None:
    answer = client.get("/suche", params={"q": "Yoga", "price_max": "<b>viel"}, headers=PAGE)
    assert answer.status_code == 422
    assert "die Angabe <b>price_max</b> mit dem Wert <b>&lt;b&gt;viel</b>" in answer.text


def test_limit_and_offset_page_through(client: httpx.Client) -> None:
    whole = [hit["id"] for hit in found(client)["hits"]]
    paged = [found(client, limit=2, offset=offset)["hits"] for offset in (0, 2, 4)]
    assert [hit["id"] for part in paged for hit in part] == whole


CHIP = re.compile(r'<a class="chip set" href="([^"]*)">([^<]*)')
WISHES = {
    "Yoga nächste Woche, nicht online und nicht montags": [
        "2. März 2026 bis 8. März 2026",
        "nicht online",
        "nicht montags",
    ],
    "Yoga bis Mai in der Nähe von Alzey": ["bis 31. Mai 2026", "Alzey"],
    "Yoga für Kinder ab 6, nicht in Worms": ["für Kinder", "ab 6", "nicht in Worms"],
}


@pytest.mark.parametrize("question", WISHES)
def test_each_chip_takes_away_its_own_wish_and_no_other(client: httpx.Client, question: str) -> None:
    asked = {"q": question, "today": "2026-02-24"}
    chips = CHIP.findall(client.get("/suche", params=asked, headers=PAGE).text)
    assert len(chips) == len(WISHES[question])
    for said in WISHES[question]:
        assert any(said in text.replace("\u00a0", " ") for _, text in chips), said
    for address, text in chips:
        left = CHIP.findall(client.get(unescape(address), headers=PAGE).text)
        assert [other for _, other in left] == [other for _, other in chips if other != text]


def test_a_parameter_overrides_its_own_wish_of_the_words_and_no_other(client: httpx.Client) -> None:
    asked = {"q": "Yoga nicht montags", "not.mode": "online"}
    assert found(client, **asked)["query"]["filters"] == {"not": {"weekdays": ["mo"], "mode": "online"}}
    asked = {"q": "Yoga ab Mai", "start_to": "2026-06-30"}
    assert found(client, **asked)["query"]["filters"] == {"start_from": "2026-05-01", "start_to": "2026-06-30"}
    asked = {"q": "Yoga nächste Woche", "start_from": "2026-06-01"}  # an empty window is nobody's wish
    assert found(client, **asked)["query"]["filters"] == {"start_from": "2026-06-01"}
    asked = {"q": "Yoga in der Nähe von Alzey", "place": "Worms"}  # one of the places found, to narrow down to
    assert found(client, **asked)["query"]["filters"] == {"place": "Worms"}
    asked = {"q": "Yoga mit Zertifikat, rollstuhlgerecht", "certificate": "false"}
    assert found(client, **asked)["query"]["filters"] == {"wheelchair": True}
    asked = {"q": "Yoga in der Nähe von Alzey", "radius_km": "5"}
    assert found(client, **asked)["query"]["filters"] == {"place": "Alzey", "radius_km": 5}


def test_behind_the_last_page_the_way_back_leads_to_the_last(client: httpx.Client) -> None:
    page = client.get("/suche", params={"q": "Excel", "seite": "99"}, headers=PAGE).text
    back = re.search(r'rel="prev" href="([^"]*)"', page)
    assert back is not None
    assert unescape(back[1]) == "/suche?q=Excel"
