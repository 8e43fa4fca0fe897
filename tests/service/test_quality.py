"""``evaluate`` on the small catalogue, and the page on which the catalogue shows its own figures."""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from ontology.offer import Offer
from service.quality import FIELDS
from service.wording import ago_in_words, share_in_words
from tests.command import bildungskatalog
from tests.service.conftest import OFFERS, Live, an_offer, ingest, serving, wait_for

QUESTIONS = (
    {"qid": "q1", "lang": "de", "kind": "keyword", "text": "Excel"},
    {"qid": "q2", "lang": "de", "kind": "keyword", "text": "Yoga am Morgen"},
    {"qid": "q3", "lang": "en", "kind": "none", "text": "deep sea diving"},
)
GRADES = "q1\tA1\t3\nq2\tA2\t3\nq2\tnirgends\t3\n"
WISHES = (
    {
        "qid": "f1",
        "today": "2026-03-02",
        "text": "Excel in Alzey, abends",
        "filters": {"place": "Alzey", "daytime": ["evening"]},
    },
    {"qid": "f2", "today": "2026-03-02", "text": "Yoga", "filters": {"mode": "online"}},
)
YOGA = 7 / (7 + 7 / math.log2(3))  # the second good offer is not there


@pytest.fixture
def folder(small_catalogue: Path, tmp_path: Path) -> Path:
    """A copy of the small catalogue, with questions beside it."""
    write_lines(tmp_path / "fragen.jsonl", QUESTIONS)
    write_lines(tmp_path / "wuensche.jsonl", WISHES)
    (tmp_path / "noten.tsv").write_text(GRADES, encoding="utf-8")
    return Path(shutil.copytree(small_catalogue, tmp_path / "katalog"))


def write_lines(path: Path, lines: Any) -> None:
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8")


def evaluate(folder: Path, *options: object) -> str:
    beside = folder.parent
    done = bildungskatalog("evaluate", "--dir", folder, beside / "fragen.jsonl", beside / "noten.tsv", *options)
    assert done.returncode == 0, done.stderr
    return done.stdout


# --- the command


def test_the_figures_are_those_of_the_judgements(folder: Path) -> None:
    found = json.loads(evaluate(folder, "--json"))
    assert {row["qid"]: (row["ndcg10"], row["recall50"], row["mrr10"]) for row in found["rows"]} == {
        "q1": (1.0, 1.0, 1.0),
        "q2": (pytest.approx(YOGA), 0.5, 1.0),
        "q3": (None, None, None),
    }
    assert found["all"]["n"] == 3
    assert found["all"]["ndcg10"] == {"mean": pytest.approx((1 + YOGA) / 2), "low": None, "high": None, "n": 2}
    assert list(found["kinds"]) == ["keyword", "none"]
    assert found["languages"]["en"]["recall50"] is None
    assert found["none_called_weak"]["n"] == 1
    assert found["answered_called_weak"]["n"] == 2
    assert found["configuration"]["offers"] == len(OFFERS)
    assert "comparison" not in found


def test_the_figures_are_those_of_the_shared_script(shared: Path, live: Live, folder: Path) -> None:
    script = [sys.executable, shared / "tools" / "search_eval.py", live.url, "fragen.jsonl", "noten.tsv", "--json"]
    done = subprocess.run(script, cwd=folder.parent, capture_output=True, check=True)
    theirs = json.loads(done.stdout)["rows"]
    ours = json.loads(evaluate(folder, "--json"))["rows"]
    assert [{name: row[name] for name in theirs[0]} for row in ours] == theirs


def test_two_measurements_are_compared_question_by_question(folder: Path) -> None:
    earlier = json.loads(evaluate(folder, "--json"))
    earlier["rows"][0]["ndcg10"] = 0.25
    (folder.parent / "frueher.json").write_text(json.dumps(earlier), encoding="utf-8")
    found = json.loads(evaluate(folder, "--json", "--against", folder.parent / "frueher.json"))["comparison"]
    assert found["changed"] == [{"qid": "q1", "before": 0.25, "after": 1.0}]
    assert found["ndcg10"]["change"]["mean"] == pytest.approx(0.375)  # 0.75 on one of two questions
    assert found["ndcg10"]["p"] == 1.0  # the one question may have changed by chance
    assert found["recall50"]["change"]["mean"] == 0
    said = evaluate(folder, "--against", folder.parent / "frueher.json")
    assert "Fragen mit einer anderen nDCG@10: 1" in said
    assert "q1  0,25 → 1,00  Excel" in said


def test_the_tables_fit_on_eighty_columns(folder: Path) -> None:
    tables = [line for line in evaluate(folder).splitlines() if line.startswith(" ")]
    assert len(tables) > 10
    assert max(map(len, tables)) <= 80


def test_wishes_are_measured_without_judgements(folder: Path) -> None:
    done = bildungskatalog("evaluate", "--dir", folder, folder.parent / "wuensche.jsonl", "--json")
    found = json.loads(done.stdout)
    assert found["keys"] == {"daytime": [1, 0, 0], "mode": [0, 0, 1], "place": [1, 0, 0]}  # right, too much, missing
    assert found["wrong"] == {"f2": [[], ["mode online"]]}
    assert (found["precision"], found["recall"]) == (1.0, pytest.approx(2 / 3))
    assert found["f1"]["mean"] == pytest.approx(0.8)
    assert found["right_in_full"]["mean"] == 0.5
    said = bildungskatalog("evaluate", "--dir", folder, folder.parent / "wuensche.jsonl").stdout
    assert "f2 „Yoga“ – fehlt: mode online" in said


def test_what_cannot_be_measured_is_said(folder: Path) -> None:
    beside = folder.parent
    done = bildungskatalog("evaluate", "--dir", folder, beside / "fragen.jsonl", "--publish")
    assert done.returncode == 2
    assert "QRELS.tsv" in done.stderr
    done = bildungskatalog("evaluate", "--dir", folder, beside / "noten.tsv", beside / "noten.tsv")
    assert (done.returncode, done.stdout) == (1, "")
    assert "noten.tsv, Zeile 1: Das ist keine Frage" in done.stderr
    other = json.loads(evaluate(folder, "--json")) | {"rows": []}
    (beside / "andere.json").write_text(json.dumps(other), encoding="utf-8")
    arguments = (beside / "fragen.jsonl", beside / "noten.tsv", "--against", beside / "andere.json")
    done = bildungskatalog("evaluate", "--dir", folder, *arguments)
    assert (done.returncode, done.stderr.strip()) == (1, "Die beiden Messungen haben keine Frage gemeinsam.")


# --- the page


@pytest.fixture
def page(folder: Path) -> Iterator[httpx.Client]:
    """A client of the copy."""
    with serving(folder) as url, httpx.Client(base_url=url, timeout=30) as client:
        yield client


def text_of(answer: httpx.Response) -> str:
    main = answer.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]+>", " ", main).replace("&nbsp;", " ").replace("\u00a0", " ").split())


def test_what_was_never_measured_is_not_shown(page: httpx.Client) -> None:
    assert page.get("/guete.json").json()["relevance"] is None
    said = text_of(page.get("/guete"))
    assert "Noch nicht gemessen." in said
    assert "nDCG" not in said


def test_coverage_is_counted_from_the_offers(page: httpx.Client) -> None:
    found = page.get("/guete.json").json()
    stated = {
        "date": 5,
        "place": 3,
        "price": 3,
        "level": 0,
        "provider": 6,
        "description": 4,
        "phase": 4,
        "topic": 3,
    }
    assert found["coverage"] == {"offers": 6, "stated": stated}
    [source] = found["sources"]
    assert (source["name"], source["title"], source["coverage"]) == ("kvhs", "Kreisvolkshochschule", found["coverage"])
    assert source["counts"] == {"read": 6, "taken": 6, "unchanged": 0, "refused": 0, "withdrawn": 0}
    assert (source["age_days"], source["failed"]) == (0, False)
    said = text_of(page.get("/guete"))
    assert "Kreisvolkshochschule 6 83 % 50 % 50 % 0 % 100 % 67 % 67 % 50 %" in said
    assert "Beim jeweils letzten Lesen abgelehnt: 0." in said
    assert re.search(r"Kreisvolkshochschule heute \d+\. \w+ \d{4} 6 6 0 0 0", said)


def test_a_price_of_nothing_and_one_date_of_many_are_stated() -> None:
    by_key: dict[str, Offer] = {offer.identifier: offer for offer in OFFERS}
    assert [key for key, offer in by_key.items() if FIELDS["price"](offer)] == ["A1", "A2", "alt"]
    assert [key for key, offer in by_key.items() if not FIELDS["date"](offer)] == ["C1"]


def test_a_published_measurement_is_shown_with_what_changed_since(folder: Path, page: httpx.Client) -> None:
    first = page.get("/guete")
    assert "/guete" in evaluate(folder, "--publish")
    answer = page.get("/guete", headers={"If-None-Match": first.headers["ETag"]})
    assert answer.status_code == 200
    said = text_of(answer)
    assert "Der Suche wurden 3 Fragen gestellt" in said
    assert "Es gab damals 6 Angebote." in said
    assert "Seither haben sich weder die Angebote noch das Sprachmodell der Suche geändert." in said
    assert "nDCG@10 0,81 zu wenige Fragen" in said  # the mean of 1 and 0.61
    found = page.get("/guete.json").json()
    assert found["since"] == {"data": False, "model": False}
    assert found["relevance"]["rows"] == []
    ingest(folder, *OFFERS, an_offer("neu", "Stricken"))
    wait_for(lambda: page.get("/guete.json").json()["coverage"]["offers"] == 7)
    assert page.get("/guete.json").json()["since"] == {"data": True, "model": False}
    said = text_of(page.get("/guete"))
    assert "Seither hat sich etwas geändert: die Angebote." in said
    assert "Es gab damals 6 Angebote." in said


def test_a_damaged_measurement_counts_as_none(folder: Path, page: httpx.Client) -> None:
    (folder / "guete.json").write_text("{", encoding="utf-8")
    assert page.get("/guete.json").json()["relevance"] is None


def test_page_and_data_are_chosen_by_suffix_or_header(client: httpx.Client) -> None:
    page = client.get("/guete")
    assert page.headers["Content-Type"].startswith("text/html")
    assert page.headers["Vary"] == "Accept"
    data = client.get("/guete", headers={"Accept": "application/json"})
    assert data.headers["Content-Type"] == "application/json"
    assert data.headers["ETag"] != page.headers["ETag"]
    assert data.json() == client.get("/guete.json", headers={"Accept": "text/html"}).json()
    assert client.get("/guete", headers={"Accept": "image/png"}).status_code == 406
    again = client.get("/guete", headers={"If-None-Match": page.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_shares_and_ages_in_words() -> None:
    said = [
        share_in_words(*pair).replace("\u00a0", " ")
        for pair in ((0, 0), (0, 3), (1, 1000), (1, 3), (999, 1000), (3, 3))
    ]
    assert said == ["–", "0 %", "unter 1 %", "33 %", "über 99 %", "100 %"]
    assert [ago_in_words(days) for days in (0, 1, 2)] == ["heute", "gestern", "vor 2 Tagen"]
