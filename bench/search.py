"""How fast the search is among 100,000 generated offers, beside PostgreSQL (full text + pgvector) and txtai (hybrid).

    python -m bench.search [--real DIR] [--dir DIR] [--offers N] [--questions N] [--python PYTHON]

DIR of --real is an indexed catalogue of real offers, from which those of --dir are generated (see bench/generator.py); --dir is kept and
used again. PYTHON is an interpreter that has the extra ``bench``. Everyone gets the same vectors and returns the same fields.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from bench.generator import Known, build, index, parents_of, put_all
from bench.peers import FIELDS, Material, milliseconds
from bench.serve import Server, ask_all, machine, served, test_questions
from catalogue.run import open_run
from catalogue.snapshot import Snapshot
from ontology.concepts import load_schemes
from ontology.offer import Offer
from search.answer import SearchRequest
from search.columns import Columns
from search.encoder import Encoder, open_encoder
from search.encoder.together import QuestionEncoder
from search.engine import SearchEngine
from search.texts import body_words, meaning_text, title_words
from search.training.pairs import read_pairs
from search.vectors import VectorIndex
from search.words import WordIndex
from service.opening import Opener

_TODAY = dt.date(2026, 1, 5)
_EACH, _SHOWN = 100, 10
_CHANGED = 100
_GOALS = {"PostgreSQL": {"hybrid": 10, "filtered": 6}, "txtai": {"hybrid": 20, "filtered": 50}}
_SHORT = (
    *(
        "Yoga",
        "Excel Kurs",
        "Deutsch B1",
        "Kita in Alzey",
        "Bewerbung schreiben",
        "Nähen lernen",
        "Gitarre",
        "Erste Hilfe",
    ),
    *("Schwimmen lernen", "Töpfern", "Python", "Steuererklärung", "Kochkurs vegan", "Pflegebasiskurs", "Englisch A2"),
    *("Schweißen", "Rücken stärken", "Umschulung Büro", "Babymassage", "Gartenpflege", "Chor", "Tanzen", "Imkern"),
)

Vectors = NDArray[np.float32]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measures the search.")
    parser.add_argument("--real", type=Path, help="an indexed catalogue of real offers")
    parser.add_argument("--dir", type=Path, help="where the generated catalogue is kept")
    parser.add_argument("--offers", type=int, default=100_000)
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--python", default=sys.executable, help="an interpreter with the extra bench")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = wanted.dir or Path(temporary, "katalog")
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / "current").exists():
            if wanted.real is None:
                parser.error("--real: out of which offers are they to be generated?")
            print("generating …", flush=True)
            build(folder, parents_of(wanted.real), wanted.offers, open_encoder())
        opener = Opener(folder)
        print(f"{machine()}; {time.strftime('%Y-%m-%d')}; load {os.getloadavg()[0]:.1f} at the start", flush=True)
        with Snapshot.open(folder) as snapshot:
            bench = _Bench(opener, snapshot, wanted.questions)
            bench.whole_questions()
            ours = bench.retrieval()
            material = bench.material()
        _print_peers(ours, material, wanted.python, Path(temporary))
        _print_service(folder, opener.encoder, wanted.questions)
        print(f"\nload {os.getloadavg()[0]:.1f} at the end")


def _row(label: str, spent: Sequence[float], aim: str = "") -> None:
    print(f"{label:58}{statistics.median(spent):9.2f}{np.quantile(spent, 0.99):9.2f}  {aim}", flush=True)


class _Prepared:
    """The encoder with the vectors of the questions at hand, so that the rest is measured."""

    def __init__(self, encoder: Encoder, questions: Sequence[str]) -> None:
        self.name, self.dimension = encoder.name, encoder.dimension
        self._encoder = encoder
        self._known: dict[str, Vectors] = {}
        self.encode_questions(questions)

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        for text in texts:
            if text not in self._known:
                self._known[text] = self._encoder.encode_questions([text])[0]
        return np.stack([self._known[text] for text in texts])

    def encode_offers(self, texts: Sequence[str]) -> Vectors:
        return self._encoder.encode_offers(texts)


class _Bench:
    """What is measured inside one process."""

    def __init__(self, opener: Opener, snapshot: Snapshot, count: int) -> None:
        self._opener, self._snapshot = opener, snapshot
        self._columns = Columns.load(snapshot.path / "columns.npz")
        self._vectors = VectorIndex(snapshot.path)
        self._words = WordIndex(snapshot.path / "words.npz")
        self._texts = test_questions()
        self._facet, self._value, share = self._one_percent()
        print(f"{len(self._columns.rows)} offers, {len(self._texts)} questions; filter: {share:.1%} of the offers\n")
        prepared = _Prepared(opener.encoder, self._texts)
        self._prepared = prepared
        # the same texts return with vectors of their own, as nothing that is remembered may help
        draw = np.random.default_rng(1)
        self._questions = list(islice(cycle(self._texts), count))
        asked = prepared.encode_questions(self._questions) + 0.01 * draw.standard_normal((count, prepared.dimension))
        self._asked = (asked / np.linalg.norm(asked, axis=1, keepdims=True)).astype(np.float32)

    def _one_percent(self) -> tuple[str, str, float]:
        rows = self._columns.rows
        counted = [tag for tag in self._columns.facets.count(rows, rows) if tag[0] in ("topic", "provider")]
        facet, value, _, count = min(counted, key=lambda tag: abs(tag[3] - rows.size / 100))
        return facet, value, count / rows.size

    def whole_questions(self) -> None:
        """Everything that `SearchEngine.search` does."""
        print(f"{'':58}{'p50 ms':>9}{'p99 ms':>9}  goal")
        began = time.perf_counter()
        opener = self._opener
        engine = SearchEngine(
            self._snapshot,
            QuestionEncoder(self._prepared),
            opener.reader,
            opener.gazetteer,
            opener.schemes,
            opener.concepts,
            opener.lexicon,
        )
        _row("opening the index", [1000 * (time.perf_counter() - began)], "< 1000")
        requests = [SearchRequest(text=text, today=_TODAY) for text in self._texts]
        _row("whole question, encoding apart", _asked(engine, requests), "p50 <= 3")
        reader = opener.reader
        _row(
            "  of which understanding it",
            milliseconds(lambda n: reader.read(self._texts[n], _TODAY), len(requests)),
        )
        sieved = [msgspec.structs.replace(request, **{self._facet: self._value}) for request in requests]
        _row("whole question with a facet that fits 1 %", _asked(engine, sieved), "no slower")
        short = [SearchRequest(text=text, today=_TODAY) for text in _SHORT]
        prepared = _asked(engine, short)
        _row("short question, encoding apart", prepared)
        engine = opener.engine(self._snapshot)
        for request in short:  # in other letters, as what was asked before is not encoded again
            engine.search(msgspec.structs.replace(request, text=request.text.upper()))
        _row("short question with its encoding", [_timed(engine, request) for request in short], "p50 <= 25")

    def retrieval(self) -> dict[str, list[float]]:
        """Words and meaning together and the fields of the best ten, as the peers are asked; and what the codes lose."""
        chosen = self._columns.rows_with(self._facet, [self._value])
        used = np.zeros(self._columns.height, np.bool_)
        used[self._columns.rows] = True
        spent = {}
        for name, allowed in (("hybrid", used), ("filtered", chosen)):

            def ask(number: int, allowed: NDArray[np.bool_] = allowed) -> object:
                said = self._words.search(self._questions[number], _EACH, allowed).rows
                meant = self._vectors.search(self._asked[number], _EACH, allowed).rows
                offers = self._snapshot.ledger.offers_at(_joined(said, meant))
                return [_fields(offer) for offer in offers.values()]

            spent[name] = milliseconds(ask, len(self._questions))
        matrix = self._vectors.matrix()
        for name, allowed in (("no filter", used), ("1 %", chosen)):
            recall = [self._recall(vector, matrix, allowed) for vector in self._asked]
            print(f"recall@10 against exact search, {name}: {np.mean(recall):.4f} (goal 0.95)")
        return spent

    def _recall(self, vector: Vectors, matrix: Vectors, allowed: NDArray[np.bool_]) -> float:
        scores = np.where(allowed, matrix @ vector, -np.inf)
        exact = np.argsort(-scores, kind="stable")[:_SHOWN]
        return len(set(exact) & set(self._vectors.search(vector, _EACH, allowed).rows[:_SHOWN])) / _SHOWN

    def material(self) -> Material:
        """The same for the peers."""
        chosen = self._columns.rows_with(self._facet, [self._value])
        offers, rows = [], []
        for row, offer in self._snapshot.ledger.offers():
            rows.append(row)
            texts = {"title": title_words(offer), "body": body_words(offer)}
            offers.append(_fields(offer) | texts | {"row": row, "chosen": int(chosen[row])})
        return Material(offers, self._vectors.vectors(np.array(rows)), self._questions, self._asked)


def _joined(*lists: NDArray[np.int64]) -> list[int]:
    """The best rows by reciprocal ranks, as the peers join theirs."""
    scores: dict[int, float] = {}
    for rows in lists:
        for place, row in enumerate(rows.tolist(), 1):
            scores[row] = scores.get(row, 0) + 1 / (60 + place)
    return sorted(scores, key=lambda row: (-scores[row], row))[:_SHOWN]


def _timed(engine: SearchEngine, request: SearchRequest) -> float:
    began = time.perf_counter()
    engine.search(request)
    return 1000 * (time.perf_counter() - began)


def _asked(engine: SearchEngine, requests: Sequence[SearchRequest]) -> list[float]:
    return milliseconds(lambda number: engine.search(requests[number]), len(requests))


def _fields(offer: Offer) -> dict[str, Any]:
    run = offer.instances[0] if offer.instances else None
    place = (run and run.place) or offer.place
    values = (
        offer.identifier,
        offer.name,
        offer.provider.name if offer.provider else None,
        run.start.isoformat() if run and run.start else None,
        place.locality if place else None,
        float(run.price) if run and run.price is not None else None,
    )
    return dict(zip(FIELDS, values, strict=True))


def _print_peers(ours: dict[str, list[float]], material: Material, python: str, folder: Path) -> None:
    print(f"\n{'ten best with ' + ', '.join(FIELDS):58}{'p50 ms':>9}{'p99 ms':>9}  ratio (goal)")
    for name, spent in ours.items():
        _row(f"ours, {name}", spent)
    material.write(folder)
    for label, peer in (("PostgreSQL", "postgres"), ("txtai", "txtai")):
        command = [python, "-m", "bench.peers", peer, str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{label}: not measured, {done.stderr.strip().splitlines()[-1]}")
            continue
        for name, spent in json.loads(done.stdout.splitlines()[-1]).items():
            ratio = statistics.median(spent) / statistics.median(ours[name])
            _row(f"{label}, {name}", spent, f"{ratio:.1f} × ({_GOALS[label][name]})")


def _print_service(folder: Path, encoder: Encoder, count: int) -> None:
    pairs = [pair.question for pair in read_pairs()]
    # never the same: what was asked before is not encoded again
    first, alone, together, others = (pairs[start :: len(pairs) // count] for start in range(4))
    print(f"\n{'over HTTP, encoding included':58}{'p50 ms':>9}{'p99 ms':>9}  goal")
    with served(folder, "/api/search") as server:
        ask_all(server, first[:20], 2, _TODAY.isoformat())
        for clients, questions in ((1, alone), (8, together)):
            spent = ask_all(server, questions, clients, _TODAY.isoformat())
            _row(f"{clients} clients", [1000 * second for second in spent], "p99 <= 60" if clients == 8 else "")
        during: list[float] = []
        done = threading.Event()

        def ask() -> None:
            for text in cycle(others):
                if done.is_set():
                    return
                during.extend(ask_all(server, [text], 1, _TODAY.isoformat()))

        asker = threading.Thread(target=ask)
        asker.start()
        try:
            written, visible = _change(folder, encoder, server)
        finally:
            done.set()
            asker.join()
        _row("1 client, while a run changes 100 offers", [1000 * second for second in during])
        print(f"100 changed offers, encoding apart: written in {written:.2f} s, found after {visible:.2f} s (goal < 1)")


def _change(folder: Path, encoder: Encoder, server: Server) -> tuple[float, float]:
    """Changes some offers; seconds until the run is over, and until the service answers with the change."""
    mark = f"Zwischenruf {time.time_ns()}"
    with Snapshot.open(folder) as snapshot:
        rows = snapshot.ledger.rows()[:: -(-len(snapshot.ledger.rows()) // _CHANGED)]
        offers = [msgspec.structs.replace(offer, name=mark) for offer in snapshot.ledger.offers_at(rows).values()]
        vectors = VectorIndex(snapshot.path).vectors(np.array(rows))
    known, schemes = Known(encoder), load_schemes()
    for offer, vector in zip(offers, vectors, strict=True):
        known.learn(meaning_text(offer), vector)
    began = time.perf_counter()
    with open_run(folder, "http://127.0.0.1:8000") as run, threadpool_limits(limits=1):
        put_all(run, offers)
        put = time.perf_counter() - began
        index(folder, run, known, schemes)
        indexed = time.perf_counter() - began
        run.commit()
        written = time.perf_counter() - began
        while mark not in server.get(mark):
            time.sleep(0.02)
        visible = time.perf_counter() - began
    print(f"of the run: delivery {put:.2f} s, index {indexed - put:.2f} s, switch {written - indexed:.2f} s")
    return written, visible


if __name__ == "__main__":
    main()
