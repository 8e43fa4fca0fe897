"""``make demo-nachbarn``: two districts that follow each other."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.command import bildungskatalog
from tests.service.conftest import wait_for

HEAD = "Nummer;Titel;Anbieter;Beginn;Ort;Preis\nST-2;Die Sonne am Tag;Sternwarte (Beispiel);12.11.2099;Lorsch;4,00 €\n"
ROW = "ST-1;{name};Sternwarte (Beispiel);11.11.2099;Lorsch;4,00 €\n"


def two_free_ports() -> int:
    """The first of two neighbouring ones."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except (OSError, OverflowError):
                continue
            return port


def test_an_offer_of_one_appears_changes_and_disappears_in_the_other(demo: Path, tmp_path: Path) -> None:
    port = two_free_ports()
    here, there = (f"http://127.0.0.1:{port + number}" for number in range(2))
    for district in ("alzey-worms", "bergstrasse"):
        cache = tmp_path / district / "cache"
        cache.mkdir(parents=True)
        shutil.copyfile(demo / "cache" / "vectors.sqlite", cache / "vectors.sqlite")
    command = [sys.executable, "-m", "service.demo.neighbours", "--dir", str(tmp_path), "--port", str(port)]

    def found(text: str) -> list[dict[str, Any]]:
        hits = httpx.get(f"{here}/api/search", params={"q": text, "source": "nachbar/bergstrasse"}).json()["hits"]
        return [hit for hit in hits if hit["name"] == text]

    def enter(*names: str) -> None:
        file = tmp_path / "sternwarte.csv"
        file.write_text(HEAD + "".join(ROW.format(name=name) for name in names), encoding="utf-8")

        def entered() -> bool:
            done = bildungskatalog("ingest", "--dir", tmp_path / "bergstrasse", "--source", "sternwarte", file)
            assert done.returncode == 0 or "wird gerade geschrieben" in done.stderr, done.stderr
            return done.returncode == 0

        wait_for(entered, 60)  # it follows the other, and may be writing what that brought

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = ""
            while "Strg+C" not in said:
                line = process.stdout.readline()
                assert line, said
                said += line
            assert f"Bildungskatalog Landkreis Alzey-Worms (Beispiel): {here}\n" in said
            assert f"Bildungskatalog Kreis Bergstraße (Beispiel): {there}\n" in said

            wait_for(lambda: found("Brot aus Sauerteig"), 60)
            [bread] = found("Brot aus Sauerteig")
            assert bread["id"] == f"{there}/id/angebot/angebote-bergstrasse-BE-09"
            assert bread["origin"]["title"] == "Bergstraße"

            enter("Sterne über dem Kloster")
            wait_for(lambda: found("Sterne über dem Kloster"), 60)
            enter("Planeten über dem Kloster")
            wait_for(lambda: found("Planeten über dem Kloster") and not found("Sterne über dem Kloster"), 60)
            enter()
            wait_for(lambda: not found("Planeten über dem Kloster"), 60)
        finally:
            process.terminate()  # where tests run in the background, SIGINT may be ignored
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
    for address in (here, there):
        try:
            httpx.get(f"{address}/gesund")
        except httpx.ConnectError:
            continue
        raise AssertionError(f"{address} still answers")
