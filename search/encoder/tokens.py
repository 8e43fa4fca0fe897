"""The SentencePiece Unigram tokenizer of XLM-RoBERTa over the packed vocabulary; same tokens as the package `tokenizers`,
which needs a second and 290 MB to open this vocabulary."""

from __future__ import annotations

from functools import lru_cache

from search.encoder.packed import PackedModel

__all__ = ["Tokens"]

_MARK = "\u2581"  # stands for the space before a word
_PENALTY = 10.0  # an unknown character is this much less likely than the rarest piece


class Tokens:
    """Splits cleaned text (`search.encoder.text`) into numbers of pieces. Safe to use from several threads."""

    def __init__(self, packed: PackedModel) -> None:
        """Build the look-up (about 0.1 s, 45 MB)."""
        pieces, scores = packed.vocabulary()
        self._numbers = dict(zip(pieces, range(len(pieces)), strict=True))
        self._scores = memoryview(scores.data)
        self._longest = max(map(len, pieces))
        self._unknown = packed.unknown
        self._unknown_score = float(scores.min()) - _PENALTY
        self._start, self._end = packed.start, packed.end
        self.split = lru_cache(maxsize=20_000)(self._split)

    def numbers(self, text: str, most: int) -> list[int]:
        """Start mark, pieces, end mark; of a text with more than `most` tokens its beginning, then the end mark."""
        tokens = [self._start]
        for word in text.split(" "):
            if len(tokens) >= most:
                break
            tokens += self.split(word)
        return [*tokens[: most - 1], self._end]

    def _split(self, word: str) -> tuple[int, ...]:
        """The likeliest sequence of pieces (Viterbi); neighbouring unknown characters are one unknown piece."""
        text = (_MARK + word).encode()
        borders = [place for place, byte in enumerate(text) if byte & 0xC0 != 0x80] + [len(text)]
        best: list[tuple[float, int, int]] = [(0.0, 0, 0)] + [(float("-inf"), 0, 0)] * (len(borders) - 1)
        for first, start in enumerate(borders[:-1]):
            score = best[first][0]
            for last in range(first + 1, len(borders)):
                end = borders[last]
                if end - start > self._longest:
                    break
                number = self._numbers.get(text[start:end])
                if number is not None:
                    if score + self._scores[number] > best[last][0]:
                        best[last] = (score + self._scores[number], first, number)
                elif last == first + 1 and score + self._unknown_score > best[last][0]:
                    best[last] = (score + self._unknown_score, first, self._unknown)
        tokens: list[int] = []
        place = len(borders) - 1
        while place:
            _, place, number = best[place]
            if number != self._unknown or tokens[-1:] != [number]:
                tokens.append(number)
        return tuple(reversed(tokens))
