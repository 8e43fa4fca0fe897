"""The training pairs: what people type, and what would satisfy them. Written by hand for this project, see pairs/README.md."""

from __future__ import annotations

from importlib.resources import files

import msgspec

__all__ = ["LANGUAGES", "Pair", "read_pairs"]

LANGUAGES = ("de", "en", "uk", "ru", "tr", "ar", "fr", "pl")


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """A question in its language and style, the plain need behind it, and titles of offers that would meet it (both German).

    ``file``: the name of the file that it stands in, without its ending.
    """

    file: str
    lang: str
    style: str
    question: str
    need: str
    titles: tuple[str, ...]


def read_pairs() -> list[Pair]:
    """All pairs, in order of file and line."""
    folder = files("search.training").joinpath("pairs")
    pairs = []
    for file in sorted(folder.iterdir(), key=lambda path: path.name):
        if file.name.endswith(".tsv"):
            for line in file.read_text(encoding="utf-8").splitlines():
                lang, style, question, need, titles = line.split("\t")
                found = tuple(title.strip() for title in titles.split(" | "))
                pairs.append(
                    Pair(
                        file=file.name.removesuffix(".tsv"),
                        lang=lang,
                        style=style,
                        question=question,
                        need=need,
                        titles=found,
                    )
                )
    return pairs
