"""What is left of a question to be searched by meaning when its wishes are taken out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from search.question.folding import Folded, fold_text
from search.question.lexicon import Patterns
from search.question.sieve import Sieve

__all__ = ["TopicReader"]

_TOKEN = re.compile(r"\w+(?:[-'.+#/&]+\w+)*[+#]*|[^\w\s]")
_EDGE = re.compile(r"^[\s,;:.\-–!?&/|()+\"„“]+|[\s,;:.\-–!?&/|(\"„“]+$")
_PART_GONE = re.compile(r"(?<=\w)-(?=\w)")
_CLOSED = 2  # marks what is gone without leaving a gap
_SPACE = re.compile(r"\s+(?=[,;.!?)])|(?<=\()\s+|\s{2,}")
_EMPTY = re.compile(r"\(\s*\)|\"\s*\"|[,;:–-]\s*(?=[,;.!?])")


class TopicReader:
    """Takes wishes and ways of asking out; ``table`` is words/topic.toml."""

    def __init__(self, table: Mapping[str, list[str]], patterns: Patterns) -> None:
        self._filler = Sieve((phrase.needs, phrase) for phrase in map(patterns.phrase, table["filler"]))
        self._before = {fold_text(word) for word in table["dangling_before"]}
        self._leading = {fold_text(word) for word in table["leading"]}
        self._denying = {fold_text(word) for word in table["denying"]}
        self._behind = {fold_text(word) for word in table["dangling_behind"]}

    def __call__(self, folded: Folded, spans: Iterable[tuple[int, int]]) -> str:
        """The topic; the whole question where nothing would be left. ``spans`` are offsets in the original."""
        original = folded.original
        gone = bytearray(len(original))
        for start, end in spans:
            gone[start:end] = b"\1" * (end - start)
        text = folded.text
        matches = [match for phrase in self._filler.of(text) for match in phrase.found_in(text)]
        for match in sorted(matches, key=lambda match: match.start() - match.end()):
            start, end = folded.span(match.start(), match.end())
            if not any(gone[start:end]):
                gone[start:end] = b"\1" * (end - start)
        self._drop_dangling(original, gone)
        _close_compounds(original, gone)
        left = "".join(" " if gone[i] else character for i, character in enumerate(original) if gone[i] < _CLOSED)
        left = _SPACE.sub(
            lambda m: (
                " " if len(m[0]) > 1 and m[0].isspace() and m.end() < len(left) and left[m.end()].isalnum() else ""
            ),
            left,
        )
        left = " ".join(_EMPTY.sub("", left).split())
        words = _EDGE.sub("", left).split(" ")
        while len(words) > 1 and fold_text(words[0]) in self._leading:
            del words[0]
        return " ".join(words)

    def _drop_dangling(self, original: str, gone: bytearray) -> None:
        tokens = list(_TOKEN.finditer(original))
        taken = [bool(gone[token.start()]) for token in tokens]
        for index in range(len(tokens) - 1, -1, -1):  # "in", "für" before what is gone
            last = index + 1 == len(tokens)
            if (
                not taken[index]
                and fold_text(tokens[index][0]) in self._before
                and (last or taken[index + 1])
                and (not last or any(taken))
            ):
                taken[index] = True
        for index, token in enumerate(tokens):  # "und", "geeignet" behind it
            word = fold_text(token[0])
            if taken[index] or not index or not taken[index - 1] or word not in self._behind:
                continue
            goes_on = index + 1 < len(tokens) and not taken[index + 1] and tokens[index + 1][0][0].isalnum()
            taken[index] = not (goes_on and word in self._denying)
        for token, is_taken in zip(tokens, taken, strict=True):
            if is_taken and not gone[token.start()]:  # of "Online-Kurs" only a part may be gone
                gone[token.start() : token.end()] = b"\1" * (token.end() - token.start())


def _close_compounds(original: str, gone: bytearray) -> None:
    """Of "Excel-Onlinekurs" is left "Excel-kurs", of "Rhetorik-Blockseminar" only "Rhetorik"."""
    for match in _PART_GONE.finditer(original):
        begin = end = match.end()
        while end < len(original) and gone[end]:
            end += 1
        if gone[match.start()] or begin == end:
            continue
        if end < len(original) and original[end].isalnum():
            gone[begin:end] = bytes([_CLOSED]) * (end - begin)
        else:
            gone[match.start()] = 1
