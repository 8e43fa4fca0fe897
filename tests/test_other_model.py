"""Another model: its index is refused and made anew; and the embedded weights give the same hits through sentence-transformers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import search.ranking as ranking
from catalogue.snapshot import Snapshot
from service.demo.build import QUESTIONS as SAMPLE_QUESTIONS
from tests.catalogues import Asker, status
from tests.command import bildungskatalog

QUESTIONS = (
    *SAMPLE_QUESTIONS,
    "Ausbildung im Büro",
    "wo kann mein Kind schwimmen lernen",
    "help with debts",
    "Yoga für den Rücken, höchstens 80 Euro",
    "أريد العمل في التمريض",
)


def index_file(folder: Path) -> Path:
    return folder / "snapshots" / (folder / "current").read_text() / "index.json"


def edit_index(folder: Path, **values: Any) -> None:
    """As if another model, or another version of this program, had made the index."""
    path = index_file(folder)
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_an_index_of_another_model_is_refused_with_a_sentence_and_made_anew(demo_copy: Path, ask: Asker) -> None:
    expected = ask(demo_copy, "Excel")
    model = status(demo_copy)["index"]["model"]
    edit_index(demo_copy, model="anderes-modell@0123456789ab")
    assert status(demo_copy)["index"]["model"] == "anderes-modell@0123456789ab"
    question = ("ask", "--dir", demo_copy, "Excel", "--today", "2026-01-05", "--json", "--limit", "20")
    done = bildungskatalog(*question)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines()[0] == (
        f"Der Suchindex stammt von dem Modell anderes-modell@0123456789ab, eingestellt ist {model}. "
        "Er muss neu aufgebaut werden."
    )
    found = json.loads(done.stdout)
    found.pop("took_ms")
    assert found == expected
    assert status(demo_copy)["index"]["model"] == model
    with Snapshot.open(demo_copy) as snapshot:
        assert (snapshot.state.number, snapshot.state.data_run) == (2, 2)  # other answers are something that is served
    assert bildungskatalog(*question).stderr == ""


@pytest.mark.parametrize("damage", ["format", "broken"])
def test_an_index_of_another_version_is_made_anew_by_the_next_run(demo_copy: Path, ask: Asker, damage: str) -> None:
    expected = ask(demo_copy, "Excel")
    if damage == "format":
        edit_index(demo_copy, format=0)
    else:
        index_file(demo_copy).write_text("{")
    assert status(demo_copy)["index"]["model"] is None
    assert bildungskatalog("ingest", "--dir", demo_copy).returncode == 0
    assert ask(demo_copy, "Excel") == expected


def test_a_model_that_does_not_exist_is_said_and_nothing_is_lost(demo_copy: Path) -> None:
    settings = demo_copy / "katalog.toml"
    settings.write_text(
        settings.read_text(encoding="utf-8") + '\n[search]\nmodel = "gibt/es-nicht"\n', encoding="utf-8"
    )
    before = (demo_copy / "current").read_text()
    done = bildungskatalog("ingest", "--dir", demo_copy, env={"HF_HUB_OFFLINE": "1"})
    assert done.returncode == 1
    assert "gibt/es-nicht" in done.stderr
    assert (demo_copy / "current").read_text() == before


_PROGRAM = """
import datetime as dt, json, sys
from pathlib import Path
from catalogue.settings import read_settings
from catalogue.snapshot import Snapshot
from search.answer import SearchRequest
from service.ingesting import Progress, jobs_of_settings, run_jobs
from service.opening import Opener

folder = Path(sys.argv[1])
settings = read_settings(folder)
run_jobs(folder, settings, jobs_of_settings(folder, settings), Progress(lambda *_: None, lambda *_: None))
opener = Opener(folder)
with Snapshot.open(folder) as snapshot:
    engine = opener.engine(snapshot)
    answers = [engine.search(SearchRequest(text=q, today=dt.date(2026, 1, 5), limit=10)) for q in json.load(sys.stdin)]
assert "sentence_transformers" in sys.modules
print(json.dumps([[(hit.offer.id, hit.score) for hit in answer.hits] for answer in answers]))
"""


def test_the_same_weights_in_sentence_transformers_give_the_same_first_ten(
    demo: Path, demo_copy: Path, ask: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    # what asks for a service, and what a question sounds like, is known of the embedded model alone
    monkeypatch.setattr(ranking, "_SERVICE", 0.0)
    monkeypatch.setattr(ranking, "_SOUNDS", 2.0)
    monkeypatch.setattr(ranking, "_SOUNDS_SURELY", 3.0)
    model = demo_copy / "modell"
    subprocess.run([sys.executable, "-m", "search.encoder.unpack", model], check=True)
    settings = demo_copy / "katalog.toml"
    lines = f"\n[search]\nmodel = {json.dumps(str(model))}\n"
    settings.write_text(settings.read_text(encoding="utf-8") + lines, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, demo_copy],
        input=json.dumps(QUESTIONS),
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    for file in model.rglob("*.safetensors"):
        file.unlink()  # a gigabyte
    assert status(demo_copy)["index"]["model"].startswith("modell@")
    theirs = json.loads(done.stdout.splitlines()[-1])
    for question, hits in zip(QUESTIONS, theirs, strict=True):
        ours = ask(demo, question, limit=10)["hits"]
        assert [hit["id"].rpartition("/")[2] for hit in ours] == [offer for offer, _ in hits], question
        assert [hit["score"] for hit in ours] == pytest.approx([score for _, score in hits], abs=1e-3), question
