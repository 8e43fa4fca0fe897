"""Questions that are asked at the same time are encoded together, and what was asked is remembered for a while.

The model's weights are read from memory once for all of them: eight short questions take little longer than two.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from concurrent.futures import Future

import numpy as np
from numpy.typing import NDArray

from search.encoder import Encoder

__all__ = ["QuestionEncoder"]

_REMEMBERED = 1024  # questions: each is asked anew for every page of hits and every wish that is taken away
_LONGEST = 1000  # characters: who tells more has said by then what is looked for, and a question is to take half a second at most
_CHARACTERS = 600  # encoded together: who asks briefly does not wait for a long story

Vector = NDArray[np.float32]


class QuestionEncoder:
    """Vectors of single questions, for many threads. ``name`` is that of the model."""

    def __init__(self, encoder: Encoder) -> None:
        self.name = encoder.name
        self._encoder = encoder
        self._known: OrderedDict[str, Vector] = OrderedDict()
        self._waiting: dict[str, Future[Vector]] = {}  # in the order in which they came
        self._encoding = False
        self._changed = threading.Condition()  # of all three

    def __call__(self, text: str) -> Vector:
        """The vector (dim,) of a question; of a long one of its beginning."""
        text = text[:_LONGEST]
        with self._changed:
            if text in self._known:
                self._known.move_to_end(text)
                return self._known[text]
            asked = self._waiting.setdefault(text, Future())
        while not asked.done():
            with self._changed:
                self._changed.wait_for(lambda: asked.done() or not self._encoding)
                if asked.done():
                    break
                self._encoding = True  # whoever is awake first encodes for those who have waited longest
                texts = self._next()
            self._encode(texts)
        return asked.result()

    def _next(self) -> list[str]:
        texts: list[str] = []
        for text in self._waiting:
            if texts and sum(map(len, texts)) + len(text) > _CHARACTERS:
                break
            texts.append(text)
        return texts

    def _encode(self, texts: list[str]) -> None:
        try:
            vectors = self._encoder.encode_questions(texts)
        except BaseException as error:
            with self._changed:
                for text in texts:
                    self._waiting.pop(text).set_exception(error)
        else:
            with self._changed:
                for text, vector in zip(texts, vectors, strict=True):
                    self._known[text] = vector
                    self._waiting.pop(text).set_result(vector)
                while len(self._known) > _REMEMBERED:
                    self._known.popitem(last=False)
        finally:
            with self._changed:
                self._encoding = False
                self._changed.notify_all()
