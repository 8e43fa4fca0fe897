"""The BERT encoder of multilingual-e5-small in numpy: float32 throughout, so that it agrees with sentence-transformers to rounding.

Activations lie feature by feature, (features, tokens): with the few tokens of a question, BLAS is half as fast the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from search.encoder.adapter import Change
from search.encoder.packed import PackedModel, unpacked

__all__ = ["Network"]

_COLUMNS = 8  # tokens are filled up to a multiple: BLAS takes half as long again for 7 columns as for 8

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class _Linear:
    weight: Floats  # (outputs, inputs)
    bias: Floats  # (outputs, 1)

    def __call__(self, x: Floats) -> Floats:
        y: Floats = self.weight @ x
        y += self.bias
        return y


@dataclass(frozen=True)
class _Norm:
    weight: Floats  # (features, 1)
    bias: Floats
    epsilon: np.float32

    def __call__(self, x: Floats) -> Floats:
        """Normalise each column in place."""
        x -= x.mean(axis=0)
        x /= np.sqrt(np.einsum("ij,ij->j", x, x) / np.float32(len(x)) + self.epsilon)
        x *= self.weight
        x += self.bias
        return x


@dataclass(frozen=True)
class _Layer:
    attend: _Linear  # queries, keys and values, one below the other
    project: _Linear
    attended: _Norm
    widen: _Linear
    narrow: _Linear
    finished: _Norm


class Network:
    """Token numbers in, sentence vectors out. Holds 85 MB; the word embeddings stay packed in the mapped file. Reentrant."""

    def __init__(self, packed: PackedModel, change: Change) -> None:
        """Unpack the layers, changed as one side uses them."""
        self._heads = packed.heads
        self._words = packed.blocks("emb.word", packed.hidden)
        token_type = packed.vector("emb.type")[: packed.hidden]
        self._places = packed.vector("emb.pos").reshape(-1, packed.hidden) + token_type
        self._embedded = _norm(packed, "emb.ln")
        self._layers = [_layer(packed, number, change) for number in range(packed.layers)]

    def run(self, texts: Sequence[Sequence[int]]) -> Floats:
        """Mean of the last layer over each text's tokens, L2-normalised: float32 (texts, features)."""
        borders = [0, *np.cumsum([len(text) for text in texts]).tolist()]
        spans = list(pairwise(borders))
        rows = np.zeros((-(-borders[-1] // _COLUMNS) * _COLUMNS, self._places.shape[1]), np.float32)
        rows[: borders[-1]] = unpacked(self._words[np.concatenate([np.asarray(text) for text in texts])])
        for start, end in spans:
            rows[start:end] += self._places[: end - start]
        x = self._embedded(np.ascontiguousarray(rows.T))
        for layer in self._layers:
            x += layer.project(self._attention(layer.attend(x), spans))
            layer.attended(x)
            x += layer.narrow(_gelu(layer.widen(x)))
            layer.finished(x)
        means = np.stack([x[:, start:end].mean(axis=1) for start, end in spans])
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        return means

    def _attention(self, attend: Floats, spans: Sequence[tuple[int, int]]) -> Floats:
        """Each text attends to itself: (3 features, tokens) to (features, tokens)."""
        tokens = attend.shape[1]
        heads = attend.reshape(3, self._heads, -1, tokens)
        mixed = np.zeros(heads.shape[1:], dtype=np.float32)
        for start, end in spans:
            query, key, value = heads[..., start:end]
            weights = query.transpose(0, 2, 1) @ key
            weights -= weights.max(axis=-1, keepdims=True)
            np.exp(weights, out=weights)
            weights /= weights.sum(axis=-1, keepdims=True)
            mixed[..., start:end] = value @ weights.transpose(0, 2, 1)
        return mixed.reshape(-1, tokens)


def _gelu(x: Floats) -> Floats:
    """x Φ(x) in place, with erfc by formula 7.1.26 of Abramowitz and Stegun (error below 1.5e-7)."""
    z = np.abs(x)
    z *= np.float32(0.5**0.5)
    t = z * np.float32(0.3275911)
    t += 1
    np.reciprocal(t, out=t)
    tail = t * np.float32(1.061405429)
    for coefficient in (-1.453152027, 1.421413741, -0.284496736, 0.254829592):
        tail += np.float32(coefficient)
        tail *= t
    np.multiply(z, z, out=t)
    np.negative(t, out=t)
    np.exp(t, out=t)
    tail *= t  # erfc(|x| / √2)
    tail *= z
    tail *= np.float32(0.5**0.5)  # |x| / 2 · erfc
    np.maximum(x, 0, out=x)
    x -= tail
    return x


def _layer(packed: PackedModel, number: int, change: Change) -> _Layer:
    def linear(part: str, columns: int) -> _Linear:
        name = f"l{number}.{part}"
        weight = change.applied(name, packed.matrix(f"{name}.w", columns))
        return _Linear(weight, packed.vector(f"{name}.b")[:, None])

    query, key, value = (linear(part, packed.hidden) for part in "qkv")
    scale = np.float32((packed.hidden // packed.heads) ** -0.5)
    return _Layer(
        attend=_Linear(
            np.concatenate([query.weight * scale, key.weight, value.weight]),
            np.concatenate([query.bias * scale, key.bias, value.bias]),
        ),
        project=linear("ao", packed.hidden),
        attended=_norm(packed, f"l{number}.aln"),
        widen=linear("fi", packed.hidden),
        narrow=linear("fo", packed.inner),
        finished=_norm(packed, f"l{number}.oln"),
    )


def _norm(packed: PackedModel, name: str) -> _Norm:
    return _Norm(packed.vector(f"{name}.w")[:, None], packed.vector(f"{name}.b")[:, None], np.float32(packed.epsilon))
