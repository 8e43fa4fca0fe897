"""The BERT encoder of multilingual-e5-small: token numbers to sentence vectors, in float32, so that it agrees with sentence-transformers
to rounding.

ONNX Runtime computes the layers; ``layers.onnx`` says how they follow each other and holds no weights (`search.encoder.graph` makes it).
The weights are unpacked into memory on opening: docs/adr/0002-encoder.md says why.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from search.encoder.adapter import Change
from search.encoder.packed import PackedModel, unpacked

__all__ = ["WEIGHTS", "Network", "shapes"]

WEIGHTS = "weights"  # what layers.onnx calls the file of its weights, which is never written
_SERIOUS = 3  # ONNX Runtime's log level of errors

Floats = NDArray[np.float32]


class Network:
    """Token numbers in, sentence vectors out. Holds 85 MB; the word embeddings stay packed in the mapped file. Reentrant."""

    def __init__(self, packed: PackedModel, change: Change) -> None:
        """Unpack the layers, changed as one side uses them."""
        self._words = packed.blocks("emb.word", packed.hidden)
        token_type = packed.vector("emb.type")[: packed.hidden]
        self._places = packed.vector("emb.pos").reshape(-1, packed.hidden) + token_type
        self._session = _session(_weights(packed, change))

    def run(self, texts: Sequence[Sequence[int]]) -> Floats:
        """Mean of the last layer over each text's tokens, L2-normalised: float32 (texts, features).

        Shorter texts are filled up to the longest, and cost as much.
        """
        lengths = np.array([len(text) for text in texts])
        filled = np.zeros((len(texts), lengths.max(), self._places.shape[1]), np.float32)
        present = np.arange(filled.shape[1]) < lengths[:, None]
        filled[present] = unpacked(self._words[np.concatenate([np.asarray(text) for text in texts])])
        filled += self._places[: filled.shape[1]]
        (last,) = self._session.run(None, {"embedded": filled, "present": present.astype(np.int32)})
        means: Floats = np.einsum("tif,ti->tf", last, present.astype(np.float32))  # lengths do not matter: all become 1
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        return means


def shapes(layers: int, hidden: int, inner: int) -> dict[str, tuple[int, ...]]:
    """The weights by name, in the order in which they lie one behind the other; matrices are (inputs, outputs)."""
    found: dict[str, tuple[int, ...]] = {"emb.ln.w": (hidden,), "emb.ln.b": (hidden,)}
    for number in range(layers):
        parts = {
            "qkv": (hidden, 3 * hidden),
            "ao": (hidden, hidden),
            "aln": (hidden,),
            "fi": (hidden, inner),
            "fo": (inner, hidden),
            "oln": (hidden,),
        }
        for part, shape in parts.items():
            found |= {f"l{number}.{part}.w": shape, f"l{number}.{part}.b": shape[-1:]}
    return found


def _session(weights: Floats) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1  # texts are spread over the cores, not products
    options.log_severity_level = _SERIOUS
    options.add_external_initializers_from_files_in_memory([WEIGHTS], [weights.view(np.uint8)], [weights.nbytes])
    layers = files("search.encoder").joinpath("layers.onnx").read_bytes()
    return onnxruntime.InferenceSession(layers, options, providers=["CPUExecutionProvider"])


def _weights(packed: PackedModel, change: Change) -> Floats:
    """All weights of the layers, one behind the other."""
    places = shapes(packed.layers, packed.hidden, packed.inner)
    weights = np.empty(sum(int(np.prod(shape)) for shape in places.values()), np.float32)
    start = 0
    for name, shape in places.items():
        end = start + int(np.prod(shape))
        weights[start:end].reshape(shape)[...] = _tensor(packed, change, name, shape)
        start = end
    return weights


def _tensor(packed: PackedModel, change: Change, name: str, shape: Sequence[int]) -> Floats:
    layer, _, kind = name.rpartition(".")
    if layer.endswith(".qkv"):
        return np.concatenate(
            [_tensor(packed, change, f"{layer[:-3]}{part}.{kind}", (*shape[:-1], shape[-1] // 3)) for part in "qkv"],
            axis=-1,
        )
    if len(shape) == 1:
        return packed.vector(name)
    return change.applied(layer, packed.matrix(name, shape[0])).T
