"""The pages in a real browser, at the width of a phone and of a desk, with and without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, Page

from tests.service.conftest import HOSTILE, Live

pytestmark = pytest.mark.browser
PATHS = (
    "/",
    "/suche?q=Excel+in+Alzey,+abends&today=2026-03-02",
    "/suche",
    "/angebot/kvhs-A1",
    "/angebot/kvhs-B1",
    "/anbieter/kvhs",
    "/anbieter/boese",
    "/sparql",
    "/docs",
    "/guete",
    "/doppelt",
    "/ns",
    "/ns/topics.html",
    "/ns/topics/german.html",
)


class Visit(NamedTuple):
    """A page and what it did behind the scenes."""

    page: Page
    url: str
    foreign: list[str]
    said: list[str]

    def to(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page


@pytest.fixture(params=[360, 1440])
def visit(browser: Browser, live: Live, request: pytest.FixtureRequest) -> Iterator[Visit]:
    context = browser.new_context(viewport={"width": request.param, "height": 900}, locale="de-DE")
    found = Visit(context.new_page(), live.url, [], [])
    found.page.on("request", lambda r: None if r.url.startswith(live.url) else found.foreign.append(r.url))
    found.page.on("console", lambda message: found.said.append(message.text))
    found.page.on("pageerror", lambda error: found.said.append(str(error)))
    found.page.on("dialog", lambda dialog: (found.said.append(dialog.message), dialog.dismiss()))
    yield found
    context.close()


@pytest.mark.parametrize("path", PATHS)
def test_a_page_is_whole(visit: Visit, path: str) -> None:
    page = visit.to(path)
    assert visit.foreign == []
    assert visit.said == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("html").get_attribute("lang") == "de"
    assert page.locator("h1").count() == 1
    for landmark in ("header.top", "main", "footer"):
        assert page.locator(landmark).count() == 1
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels
    unlabelled = page.evaluate(
        "[...document.querySelectorAll('input:not([type=hidden]),select,textarea')].filter(e => !e.labels.length).length"
    )
    assert unlabelled == 0
    doubled = page.evaluate(
        "(ids => ids.length - new Set(ids).size)([...document.querySelectorAll('[id]')].map(e => e.id))"
    )
    assert doubled == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PATHS[:4])
def test_text_stands_out_from_its_ground(browser: Browser, live: Live, path: str, scheme: str) -> None:
    context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = context.new_page()
    page.goto(live.url + path)
    assert page.evaluate(_CONTRAST) == []
    context.close()


# WCAG 2.2, 1.4.3: text and its nearest opaque ground; at least 4.5
_CONTRAST = """() => {
  const numbers = c => { const [r, g, b, a = 1] = c.match(/[\\d.]+/g).map(Number); return [r, g, b, a]; };
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
  const ground = e => { for (const over = []; ; e = e.parentElement) {
    const c = e ? numbers(getComputedStyle(e).backgroundColor) : [255, 255, 255, 1];
    if (c[3] < 1) { if (c[3] > 0) over.push(c); continue; }
    return over.reverse().reduce((below, c) => below.map((v, i) => i < 3 ? c[i] * c[3] + v * (1 - c[3]) : 1), c);
  } };
  const bad = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || e.closest('script,.unseen,option') || !e.getClientRects().length) continue;
    const [a, b] = [light(numbers(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    if ((a + .05) / (b + .05) < 4.5) bad.push(walker.currentNode.data.trim() + ' ' + ((a + .05) / (b + .05)).toFixed(2));
  }
  return bad;
}"""


@pytest.mark.parametrize("path", PATHS[:4])
def test_targets_are_large_enough_for_a_thumb(browser: Browser, live: Live, path: str) -> None:
    """Buttons, fields, chips and other links that stand alone; links within a sentence are exempt (WCAG 2.2, 2.5.8)."""
    context = browser.new_context(viewport={"width": 360, "height": 900})
    page = context.new_page()
    page.goto(live.url + path)
    small = page.evaluate(
        """[...document.querySelectorAll('button,input:not([type=hidden]),.chip,.button,.facets a,.brand,' +
          '.bottom a,.data li a,summary,.phases a')]
        .filter(e => e.getClientRects().length && e.getBoundingClientRect().height < 43.5).map(e => e.outerHTML)"""
    )
    assert small == []
    context.close()


def test_hostile_words_stay_words(visit: Visit) -> None:
    page = visit.to("/suche?topic=crafts")
    assert page.locator(".card h3").inner_text() == HOSTILE
    page = visit.to("/angebot/kvhs-B1")
    assert page.locator("h1").inner_text() == HOSTILE
    assert page.locator("main img, main script, main b").count() == 0
    assert page.locator("a[href^='javascript'], a[href^='data']").count() == 0
    visit.to("/anbieter/boese")
    assert page.locator("h1").inner_text() == "<b onmouseover=alert(4)>Werkstatt</b>"
    assert page.locator("a[href^='javascript']").count() == 0
    visit.to('/suche?q="><script>alert(6)</script>')
    assert page.locator("#frage").input_value() == '"><script>alert(6)</script>'
    assert visit.said == []


def test_a_question_is_asked_and_narrowed_without_javascript(browser: Browser, live: Live) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 360, "height": 900})
    page = context.new_page()
    page.goto(live.url)
    page.get_by_label("Was möchten Sie lernen oder finden?").fill("Excel in Alzey, abends")
    page.get_by_role("button", name="Suchen").click()
    assert "/suche?q=Excel+in+Alzey" in page.url
    chips = page.locator(".chip.set")
    assert [text.split(":")[0] for text in chips.all_text_contents()] == ["in Alzey", "abends"]
    assert page.locator(".card h3").first.inner_text() == "Excel für den Beruf"
    facts = page.locator(".card").first.locator(".facts li").all_text_contents()
    assert [fact.replace("\u00a0", " ").strip() for fact in facts] == [
        "Beginn: Mo, 13. April 2099, 18:30 Uhr",
        "Ort: Alzey",
        "Preis: 45 €",
    ]
    chips.filter(has_text="abends").click()
    assert "ohne=daytime" in page.url
    assert [text.split(":")[0] for text in page.locator(".chip.set").all_text_contents()] == ["in Alzey"]
    page.locator(".chip.set").click()
    assert page.locator(".chip.set").count() == 0
    page.locator(".facets summary").click()
    page.locator(".facets a", has_text="Weiterbildung im Beruf").click()
    assert "phase=continuing" in page.url
    assert page.locator(".card").count() == 1
    page.locator(".card h3 a").click()
    assert page.locator("h1").inner_text() == "Excel für den Beruf"
    context.close()


def test_the_page_of_an_offer_says_all(visit: Visit) -> None:
    page = visit.to("/angebot/kvhs-A1")
    text = page.locator("main").inner_text().replace("\u00a0", " ")
    for said in (
        "Ein Angebot von KVHS Testingen",
        "Tabellen, Formeln und Diagramme",
        "Mo, 13. April 2099, 18:30 Uhr bis Mo, 20. April 2099",
        "montags, 18:30–20:00 Uhr, 2 Treffen",
        "Haus der Bildung, Theodor-Heuss-Ring 2, 55232 Alzey",
        "rollstuhlgerecht",
        "45 €",
        "ermäßigt 30 €",
        "Berufstätige",
        "Angaben ohne Gewähr",
        "Quelle: Kreisvolkshochschule",
    ):
        assert said in text, said
    past = page.locator(".run.past")
    assert past.count() == 1
    assert past.locator("h3").inner_text().replace("\u00a0", " ") == "Mo, 2. März 2020 vorbei"
    page.locator(".sessions summary").click()
    assert page.locator(".sessions tbody tr").count() == 2
    link = page.get_by_role("link", name="Beim Anbieter ansehen")
    assert (link.get_attribute("href"), link.get_attribute("rel")) == (
        "https://kvhs.example/kurs/A1",
        "noopener noreferrer",
    )


def test_everything_is_reached_by_keyboard(browser: Browser, live: Live) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 900})
    page = context.new_page()
    page.goto(f"{live.url}/suche?q=Excel+in+Alzey")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.evaluate("document.activeElement.getBoundingClientRect().top") >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "inhalt"
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id"))
        style = page.evaluate(
            "[getComputedStyle(document.activeElement), getComputedStyle(document.activeElement, '::after')].map(s => s.outlineStyle)"
        )
        assert "solid" in style or page.evaluate("document.activeElement === document.body"), style
    assert reached >= {"frage", "Suchen", "Excel für den Beruf", "KVHS Testingen", "Treffer eingrenzen", "Offene Daten"}
    context.close()


def test_the_start_page_counts_what_is_there(visit: Visit) -> None:
    page = visit.to("/")
    assert page.locator(".numbers p").first.inner_text() == "5 aktuelle Angebote"  # six, one of them past
    counts = {a.locator("strong").inner_text(): a.locator("em").inner_text() for a in page.locator(".phases a").all()}
    assert counts == {
        "Weiterbildung im Beruf": "1 Angebot",
        "Allgemeine Erwachsenenbildung": "2 Angebote",
        "Beratung und Begleitung": "1 Angebot",
    }


def test_the_style_is_small(live: Live, browser: Browser) -> None:
    page = browser.new_page()
    page.goto(live.url)
    address = page.locator("link[rel=stylesheet]").get_attribute("href")
    answer = page.request.get(f"{live.url}{address}")
    assert len(answer.body()) <= 20_000
    assert "immutable" in answer.headers["cache-control"]
    page.close()
