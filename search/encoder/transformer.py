"""Any sentence-transformers model in place of the embedded one; importing torch takes seconds and is done on opening."""

from __future__ import annotations

import hashlib
import importlib
import re
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.encoder import EncoderUnavailable

__all__ = ["TransformerEncoder"]

_E5_PROMPTS = {"query": "query: ", "document": "passage: "}  # the model card of the E5 family


class TransformerEncoder:
    """A sentence-transformers model by its hub name or folder. A text is cut where the model cuts it.

    The model's own prompts for questions and documents are used; where it names none, those of E5 for a model called so.
    """

    def __init__(self, model: str) -> None:
        """Load the model, fetching it from the hub unless `model` is a folder; raises EncoderUnavailable."""
        try:
            library = importlib.import_module("sentence_transformers")
        except ImportError as error:
            raise EncoderUnavailable(
                f"Das Modell {model} braucht das Paket sentence-transformers, das nicht installiert ist."
            ) from error
        try:
            self._model: Any = library.SentenceTransformer(model, device="cpu", local_files_only=Path(model).is_dir())
        except (OSError, ValueError, RuntimeError) as error:
            raise EncoderUnavailable(
                f"Es gibt weder einen Ordner noch ein erreichbares Modell von sentence-transformers namens {model}: {error}"
            ) from error
        called = Path(model).name
        # Without "instruct": those of E5 want a task description before the question, which only their card knows.
        if not any(self._model.prompts.values()) and re.search(r"\be5\b(?!.*instruct)", called, re.IGNORECASE):
            self._model.prompts = dict(_E5_PROMPTS)
        self.dimension: int = self._model.get_embedding_dimension()
        self.name = f"{called}@{_digest(self._model)}"
        self._one_at_a_time = threading.Lock()  # the tokenizer's truncation is a setting, not an argument

    def encode_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of what people ask: float32 (n, dimension), L2-normalised."""
        return self._encode(self._model.encode_query, texts)

    def encode_offers(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of what is offered: float32 (n, dimension), L2-normalised."""
        return self._encode(self._model.encode_document, texts)

    def _encode(self, encode: Any, texts: Sequence[str]) -> NDArray[np.float32]:
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        whole = [text.encode("utf-8", "replace").decode() for text in texts]  # half a surrogate pair becomes "?"
        with self._one_at_a_time:
            vectors = encode(whole, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)


def _digest(model: Any) -> str:
    """Twelve hexadecimal digits over weights and prompts: what decides the vectors, wherever the model lies."""
    digest = hashlib.sha256(repr(sorted(model.prompts.items())).encode())
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(np.ascontiguousarray(tensor.float().numpy()).data)
    return digest.hexdigest()[:12]
