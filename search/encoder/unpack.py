"""Unpacks the embedded model, with what training added, into a folder that sentence-transformers loads without a hub.

python -m search.encoder.unpack FOLDER
"""

from __future__ import annotations

import json
import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.encoder import EncoderUnavailable
from search.encoder.adapter import Change, load_adapter
from search.encoder.packed import PackedModel, weights_file
from search.encoder.text import DROPPED, SPACES

__all__ = ["PARTS", "unpack", "unpack_bert"]

PARTS = {
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
    """Write the model into `folder` (about 1 GB: float32, questions and offers apart), creating it.

    Raises EncoderUnavailable, OSError; ImportError where sentence-transformers is not installed.
    """
    adapter = load_adapter()
    library = import_module("sentence_transformers")
    modules = import_module("sentence_transformers.sentence_transformer.modules")
    routes = {}
    with tempfile.TemporaryDirectory() as scratch:
        for route, change, centre in (
            ("query", adapter.questions, adapter.question_centre),
            ("document", adapter.offers, adapter.offer_centre),
        ):
            part = Path(scratch, route)
            unpack_bert(part, change)
            transformer = modules.Transformer(str(part), max_seq_length=PackedModel(weights_file()).positions)
            pooling = modules.Pooling(transformer.get_embedding_dimension(), pooling_mode="mean")
            routes[route] = [transformer, pooling, modules.Normalize(), _shift(modules, centre), modules.Normalize()]
        router = modules.Router.for_query_document(routes["query"], routes["document"])
        model = library.SentenceTransformer(modules=[router], prompts={"query": "query: ", "document": "passage: "})
        model.save(str(folder), create_model_card=False)


def _shift(modules: Any, centre: NDArray[np.float32]) -> Any:
    """A dense layer that takes the centre off."""
    torch = import_module("torch")
    identity = torch.eye(len(centre))
    return modules.Dense(
        len(centre),
        len(centre),
        activation_function=torch.nn.Identity(),
        init_weight=identity,
        init_bias=torch.from_numpy(-centre),
    )


def unpack_bert(folder: Path, change: Change | None) -> None:
    """Write one BERT with its tokenizer, as transformers reads it; changed as one side uses it, or as it was published."""
    packed = PackedModel(weights_file())
    folder.mkdir(parents=True, exist_ok=True)
    import_module("safetensors.numpy").save_file(
        _tensors(packed, change) | _pooler(packed.hidden),
        folder / "model.safetensors",
        metadata={"format": "pt"},
    )
    _tokenizer(packed).save(str(folder / "tokenizer.json"), pretty=False)
    for name, content in _configurations(packed).items():
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _tensors(packed: PackedModel, change: Change | None) -> dict[str, NDArray[np.float32]]:
    """The weights under the names that transformers' BertModel gives them."""
    tensors = {
        "embeddings.word_embeddings.weight": packed.matrix("emb.word", packed.hidden),
        "embeddings.position_embeddings.weight": packed.vector("emb.pos").reshape(-1, packed.hidden),
        "embeddings.token_type_embeddings.weight": packed.vector("emb.type").reshape(-1, packed.hidden),
        "embeddings.LayerNorm.weight": packed.vector("emb.ln.w"),
        "embeddings.LayerNorm.bias": packed.vector("emb.ln.b"),
    }
    for layer in range(packed.layers):
        for part, called in PARTS.items():
            name, weight = f"encoder.layer.{layer}.{called}", f"l{layer}.{part}.w"
            columns = packed.inner if part == "fo" else packed.hidden
            if part in _NORMS:
                tensors[f"{name}.weight"] = packed.vector(weight)
            else:
                matrix = packed.matrix(weight, columns)
                tensors[f"{name}.weight"] = matrix if change is None else change.applied(f"l{layer}.{part}", matrix)
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


def _configurations(packed: PackedModel) -> dict[str, dict[str, Any]]:
    """Contents of the configuration files by name, as transformers 5 reads them."""
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
