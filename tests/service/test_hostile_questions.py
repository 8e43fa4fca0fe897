"""Questions that nobody asks in earnest get an answer like all others: soon, with hits or a German sentence, and as plain text."""

from __future__ import annotations

import re
import time
from html.parser import HTMLParser
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from search.exclusion import Exclusions
from tests.search.question_reader import read
from tests.service.conftest import Live

SECONDS = 2.0  # of the processor, for all there is to do; what grows with the square of 100 kB takes minutes
READ = 2000  # characters
STORY = "Ich arbeite gern mit Holz, aber nicht am Abend, und suche etwas in Alzey. "
TOLD = re.compile(r"\d+ Angebote?|Nichts passt ganz|Dazu haben wir nichts")

QUESTIONS = {
    "10 kB": (STORY * 140)[:10_000],
    "10 kB of one letter": "a" * 10_000,
    "10 kB of blanks and a word": " " * 10_000 + "Yoga",
    "emoji": "😀👩‍👩‍👧‍👦🧘🏽‍♀️🇺🇦" * 20,
    "SQL": "'; DROP TABLE offer; -- \" OR 1=1 UNION SELECT * FROM offer",
    "SPARQL": "} INSERT DATA { <x> <y> <z> } #",
    "script": "<script>alert(1)</script>",
    "markup": '"><img src=x onerror=alert(1)><svg/onload=alert(2)><!-- ]]> </title><b>Yoga</b>',
    "template": "{{ 7*7 }} {% raw %} ${jndi:ldap://x} %s %n %00",
    "path": "../../etc/passwd\\..\\",
    "control": "Yo\x00ga\x07 \x1b[31mrot\x1b[0m\x7f\x85\r\nX-Kopf: 1",
    "zero width": "Y\u200bo\u200cg\u200da\ufeff\u2060" * 30,
    "bidirectional": "\u202eagoY\u202c \u2067abends\u2069 \u200fAlzey\u200e\u202e",
    "combining": "\u0301\u0316" * 500,
    "combining on letters": "Y" + "\u0301" * 300 + "o\u0308ga",
    "private use": "\ue010\ue020\ue030\uf8ff\U000f0000\uffff",
    "wide characters": "\ufdfa" * 600,
    "a thousand commas": "," * 1000,
    "commas and words": "a, " * 600,
    "a very long word": "Donaudampfschifffahrtsgesellschaftskapitän" * 45,
    "nested quotes": "„»\"'" * 200 + "Yoga" + "'\"«“" * 200,
    "brackets": "(" * 700 + "Yoga" + ")" * 700,
    "right to left": "كيف أتعلم الألمانية مساءً في مدينة ألتساي؟ " * 30,
    "all scripts": "Йога 瑜伽 योग יוגה โยคะ 요가 " * 40,
    "numbers": "99999999999999999999 km um Alzey, ab dem 32.13.2026, für -5 Euro, ab 999 Jahren, um 25:99 Uhr",
    "dates": "1.1." * 490,
    "weekdays": "Mo-Mo bis Mo, " * 140,
    "radius": "20 km um " * 220,
    "ages": "von 3 bis 5 Jahren und " * 85,
    "nothing but no": "nicht " * 330,
    "exclusions": ", nicht noch ein " * 115,
    "small words": "aber nur bitte lieber und " * 76,
    "dashes": "a-" * 1000,
    "digraphs": "ae" * 1000,
    "regular expression": "(a+)+$ [^]* .*.*.*.* (?:x|x)* \\w{99999}",
}


class Page(HTMLParser):
    """The tags of a page, the attributes that would run something, and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.running: list[str] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.running += [f"{name}={value}" for name, value in attrs if name.startswith("on") or name == "srcdoc"]
        self.running += [str(value) for _, value in attrs if str(value).strip().lower().startswith("javascript:")]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def usual_tags(client: httpx.Client) -> set[str]:
    """The tags of pages that nothing hostile was asked of."""
    pages = (client.get("/suche", params={"q": question}).text for question in ("Yoga abends in Alzey", "Excel", ""))
    return set().union(*(Page(source).tags for source in pages))


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_page(client: httpx.Client, usual_tags: set[str], name: str) -> None:
    begin = time.process_time()
    answer = client.get("/suche", params={"q": QUESTIONS[name]}, headers={"Accept": "text/html"})
    assert time.process_time() - begin < SECONDS
    assert answer.status_code == 200
    page = Page(answer.text)
    assert page.tags <= usual_tags
    assert not page.running
    assert TOLD.search(" ".join(page.text.split()))
    assert ("Gelesen haben wir die ersten 2000 Zeichen." in page.text) == (len(QUESTIONS[name]) > READ)
    assert len(answer.content) < 1_000_000  # each link carries the question


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_interface(client: httpx.Client, name: str) -> None:
    begin = time.process_time()
    answer = client.get("/api/search", params={"q": QUESTIONS[name]})
    assert time.process_time() - begin < SECONDS
    assert answer.status_code == 200
    found = answer.json()
    query = found["query"]
    assert query["text"] == QUESTIONS[name][:READ]
    assert ("note" in query) == (len(QUESTIONS[name]) > READ)
    for span in query["spans"]:
        assert query["text"][span["start"] : span["end"]] == span["label"]
    assert all(reason["text"] for hit in found["hits"] for reason in hit["reasons"])


def test_a_question_of_100_kb(live: Live) -> None:
    """More than most clients send at all."""
    query = urlencode({"q": (STORY * 1400)[:100_000]})
    connection = HTTPConnection(urlsplit(live.url).netloc, timeout=30)
    for path in ("/suche", "/api/search"):
        begin = time.process_time()
        connection.request("GET", f"{path}?{query}", headers={"Accept": "text/html"})
        answer = connection.getresponse()
        assert answer.status == 200
        assert "Gelesen haben wir die ersten 2000 Zeichen." in answer.read().decode()
        assert time.process_time() - begin < SECONDS
    connection.close()


@pytest.mark.parametrize("name", ["SQL", "control", "emoji", "10 kB", "bidirectional"])
def test_words_as_they_are(client: httpx.Client, name: str) -> None:
    assert client.get("/api/search", params={"q": QUESTIONS[name], "understand": "false"}).status_code == 200


def test_half_characters_and_broken_escapes(client: httpx.Client) -> None:
    for query in ("q=%ff%fe%80", "q=%ED%A0%80", "q=%", "q=%zz", "q=a&q=b", "q=%F0%9F", f"{urlencode({'q': 'a'})}%00"):
        for path in ("/suche", "/api/search"):
            assert client.get(f"{path}?{query}").status_code == 200, (path, query)


@pytest.mark.parametrize(
    "unit", ["aber ", "und aber nur bitte ", ", nicht noch ein ", "außer ", "ohne, ", "nicht mehr mit ", "– "]
)
def test_what_is_ruled_out_is_read_in_time_that_grows_with_the_length(unit: str) -> None:
    begin = time.process_time()
    Exclusions().split(unit * (100_000 // len(unit)))
    assert time.process_time() - begin < SECONDS


@pytest.mark.parametrize("text", ["\ufdfa", "Ⅷ", "㎯", "\u3300", "aber ", "Mo-", "1.1.", "a\u0301"])
def test_questions_are_read_in_time_that_does_not_grow(text: str) -> None:
    read(text)
    begin = time.process_time()
    read(text * (100_000 // len(text)))
    assert time.process_time() - begin < SECONDS
