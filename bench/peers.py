"""PostgreSQL (full text and pgvector) and txtai (hybrid), asked the same questions about the same offers with the same vectors.

    python -m bench.peers postgres|txtai FOLDER

FOLDER holds what `Material.write` wrote; figures are printed as JSON. Needs the extra ``bench``.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FIELDS", "Material", "milliseconds"]

FIELDS = ("identifier", "name", "provider", "start", "place", "price")
_COUNT = 10  # hits of a question
_EACH = 100  # of each kind of retrieval, before both are joined by reciprocal ranks
_SIEVED = 3000  # candidates of txtai where 1 % is wanted: it filters behind its retrieval

Vectors = NDArray[np.float32]


class Material:
    """``offers`` are dictionaries of FIELDS with ``row``, ``title``, ``body`` and ``chosen`` (1 for one in a hundred); ``vectors`` (n, dim)
    theirs; ``questions`` with their ``asked`` vectors.
    """

    def __init__(self, offers: list[dict[str, Any]], vectors: Vectors, questions: list[str], asked: Vectors) -> None:
        self.offers, self.vectors, self.questions, self.asked = offers, vectors, questions, asked

    def write(self, folder: Path) -> None:
        """For `read` in another process."""
        (folder / "material.json").write_text(json.dumps([self.offers, self.questions]), encoding="utf-8")
        np.savez(folder / "material.npz", vectors=self.vectors, asked=self.asked)

    @classmethod
    def read(cls, folder: Path) -> Material:
        """What `write` wrote."""
        offers, questions = json.loads((folder / "material.json").read_text(encoding="utf-8"))
        with np.load(folder / "material.npz") as data:
            return cls(offers, data["vectors"], questions, data["asked"])


def milliseconds(ask: Callable[[int], object], count: int) -> list[float]:
    """How long each of ``count`` questions takes; all are asked once before."""
    for number in range(count):
        ask(number)
    spent = []
    for number in range(count):
        began = time.perf_counter()
        ask(number)
        spent.append(1000 * (time.perf_counter() - began))
    return spent


def _postgres(material: Material) -> dict[str, list[float]]:
    import pgserver
    import psycopg

    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # the server runs as a user of its own where this is root
        server = pgserver.get_server(Path(folder, "data"))
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as database:
                _fill(database, material)
                return {
                    name: milliseconds(_question(database, material, where), len(material.questions))
                    for name, where in (("hybrid", ""), ("filtered", "AND chosen = 1"))
                }
        finally:
            server.cleanup()


def _fill(database: Any, material: Material) -> None:
    database.execute("CREATE EXTENSION vector")
    database.execute("SET maintenance_work_mem = '1GB'")
    database.execute(
        f"""CREATE TABLE offer (row int PRIMARY KEY, identifier text, name text, provider text, start text, place text,
            price float, chosen smallint, words tsvector, meaning vector({material.vectors.shape[1]}))"""
    )
    database.execute("CREATE TEMP TABLE delivered (LIKE offer, title text, body text)")
    columns = ("row", *FIELDS, "chosen", "title", "body")
    with database.cursor().copy(f"COPY delivered ({', '.join(columns)}, meaning) FROM STDIN") as copy:
        for offer, vector in zip(material.offers, material.vectors, strict=True):
            copy.write_row([*(offer[column] for column in columns), str(vector.tolist())])
    database.execute(
        f"""INSERT INTO offer SELECT row, {", ".join(FIELDS)}, chosen,
            setweight(to_tsvector('german', title), 'A') || setweight(to_tsvector('german', body), 'B'), meaning FROM delivered"""
    )
    database.execute("DROP TABLE delivered")
    database.execute("CREATE INDEX ON offer USING gin (words)")
    database.execute("CREATE INDEX ON offer (chosen)")
    database.execute("CREATE INDEX ON offer USING hnsw (meaning vector_ip_ops)")
    database.execute("VACUUM ANALYZE offer")
    database.execute(f"SET hnsw.ef_search = {_EACH}")


def _question(database: Any, material: Material, where: str) -> Callable[[int], object]:
    statement = f"""
        WITH meant AS (SELECT row, row_number() OVER (ORDER BY meaning <#> %(vector)s::vector) AS nth FROM offer
                       WHERE true {where} ORDER BY meaning <#> %(vector)s::vector LIMIT {_EACH}),
             said AS (SELECT row, row_number() OVER (ORDER BY ts_rank(words, query) DESC) AS nth
                      FROM offer, to_tsquery('german', %(words)s) AS query
                      WHERE words @@ query {where} ORDER BY ts_rank(words, query) DESC LIMIT {_EACH})
        SELECT {", ".join(FIELDS)}, coalesce(1.0 / (60 + meant.nth), 0) + coalesce(1.0 / (60 + said.nth), 0) AS score
        FROM meant FULL JOIN said USING (row) JOIN offer USING (row) ORDER BY score DESC LIMIT {_COUNT}"""
    vectors = [str(vector.tolist()) for vector in material.asked]
    words = [" | ".join(re.findall(r"[^\W_]+", question)) for question in material.questions]

    def ask(number: int) -> object:
        values = {"vector": vectors[number], "words": words[number]}
        return database.execute(statement, values, prepare=True).fetchall()

    return ask


def _txtai(material: Material) -> dict[str, list[float]]:
    from txtai import Embeddings

    texts = [f"{offer['title']}\n{offer['body']}" for offer in material.offers]
    known = dict(zip(texts, material.vectors, strict=True)) | dict(zip(material.questions, material.asked, strict=True))

    def transform(asked: Sequence[str]) -> Vectors:
        return np.stack([known[text] for text in asked])

    index = Embeddings({"method": "external", "transform": transform, "content": True, "hybrid": True})
    index.index(
        (offer["row"], {"text": text, "chosen": offer["chosen"], **{name: offer[name] for name in FIELDS}}, None)
        for offer, text in zip(material.offers, texts, strict=True)
    )
    fields = ", ".join(FIELDS)
    whole = f"SELECT {fields}, score FROM txtai WHERE similar(:asked) LIMIT {_COUNT}"
    sieved = f"SELECT {fields}, score FROM txtai WHERE similar(:asked, {_SIEVED}) AND chosen = 1 LIMIT {_COUNT}"
    return {
        name: milliseconds(
            lambda number, statement=statement: index.search(
                statement, parameters={"asked": material.questions[number]}
            ),  # type: ignore[misc]
            len(material.questions),
        )
        for name, statement in (("hybrid", whole), ("filtered", sieved))
    }


if __name__ == "__main__":
    contender = {"postgres": _postgres, "txtai": _txtai}[sys.argv[1]]
    print(json.dumps(contender(Material.read(Path(sys.argv[2])))))
