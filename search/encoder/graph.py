"""Makes ``layers.onnx``, which says how the encoder's layers follow each other, for ONNX Runtime:

    python -m search.encoder.graph

Shapes are those of multilingual-e5-small (https://arxiv.org/abs/2402.05672). It holds no weights, only where they lie. Needs the package
onnx, which nothing else does.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper

from search.encoder.network import WEIGHTS, shapes

__all__ = ["layers"]

_LAYERS, _HIDDEN, _HEADS, _INNER = 12, 384, 12, 1536
_EPSILON = 1e-12
_FUSED = "com.microsoft"  # ONNX Runtime's operators that do several steps of BERT at once; it documents them in ContribOperators.md


def layers() -> ModelProto:
    """From ``embedded``, float32 (texts, tokens, features), and ``present``, int32 (texts, tokens) of 0 and 1, to the last layer."""
    nodes = [_node("LayerNormalization", ["embedded", "emb.ln.w", "emb.ln.b"], "emb", "", epsilon=_EPSILON)]
    for number in range(_LAYERS):
        nodes += _layer(f"l{number}", nodes[-1].output[0])
    activations: list[str | int | None] = ["texts", "tokens", _HIDDEN]
    graph = helper.make_graph(
        nodes,
        "layers",
        [
            helper.make_tensor_value_info("embedded", TensorProto.FLOAT, activations),
            helper.make_tensor_value_info("present", TensorProto.INT32, activations[:2]),
        ],
        [helper.make_tensor_value_info(nodes[-1].output[0], TensorProto.FLOAT, activations)],
        _weights(),
    )
    versions = [helper.make_opsetid("", 17), helper.make_opsetid(_FUSED, 1)]
    return helper.make_model(graph, opset_imports=versions, ir_version=9)


def _layer(name: str, x: str) -> list[NodeProto]:
    def weights(part: str) -> list[str]:
        return [f"{name}.{part}.w", f"{name}.{part}.b"]

    def added(y: str, before: str, norm: str, part: str) -> NodeProto:
        """y and its bias added to what was before, normalised."""
        ins = [y, before, *weights(norm), f"{name}.{part}.b"]
        return _node("SkipLayerNormalization", ins, f"{name}.{norm}", epsilon=_EPSILON)

    attended, finished = added(f"{name}.ao", x, "aln", "ao"), added(f"{name}.fo", f"{name}.aln", "oln", "fo")
    return [
        _node("Attention", [x, *weights("qkv"), "present"], f"{name}.attention", num_heads=_HEADS),
        _node("MatMul", [f"{name}.attention", f"{name}.ao.w"], f"{name}.ao", ""),
        attended,
        _node("MatMul", [attended.output[0], f"{name}.fi.w"], f"{name}.fi", ""),
        _node("BiasGelu", [f"{name}.fi", f"{name}.fi.b"], f"{name}.gelu"),
        _node("MatMul", [f"{name}.gelu", f"{name}.fo.w"], f"{name}.fo", ""),
        finished,
    ]


def _node(operator: str, ins: Sequence[str], out: str, domain: str = _FUSED, **attributes: Any) -> NodeProto:
    return helper.make_node(operator, ins, [out], domain=domain, **attributes)


def _weights() -> list[TensorProto]:
    tensors = []
    start = 0
    for name, shape in shapes(_LAYERS, _HIDDEN, _INNER).items():
        size = 4 * int(np.prod(shape))
        tensor = TensorProto(name=name, dims=shape, data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
        for key, value in {"location": WEIGHTS, "offset": str(start), "length": str(size)}.items():
            tensor.external_data.add(key=key, value=value)
        tensors.append(tensor)
        start += size
    return tensors


if __name__ == "__main__":
    Path(__file__).with_name("layers.onnx").write_bytes(layers().SerializeToString(deterministic=True))
