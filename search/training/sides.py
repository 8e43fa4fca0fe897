"""The encoder with low-rank changes, as torch trains it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from search.encoder.packed import PackedModel, weights_file
from search.encoder.text import clean
from search.encoder.tokens import Tokens
from search.encoder.unpack import PARTS, unpack_bert

__all__ = ["LowRank", "Side", "Tokenizer", "centred", "open_bert"]

_CHANGED = ("query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense")
_PADDING = 1  # in XLM-RoBERTa's vocabulary


class Tokenizer:
    """Texts to token numbers, as the encoder does it."""

    def __init__(self) -> None:
        self._packed = PackedModel(weights_file())
        self._tokens = Tokens(self._packed)

    def questions(self, texts: Sequence[str], longest: int) -> list[list[int]]:
        """Token numbers of questions, the first ``longest`` of each."""
        return [self._tokens.numbers(clean(f"query: {text}"), longest) for text in texts]

    def offers(self, texts: Sequence[str]) -> list[list[int]]:
        """Token numbers of offers."""
        return [self._tokens.numbers(clean(f"passage: {text}"), self._packed.positions) for text in texts]


class LowRank(nn.Module):
    """A frozen linear layer plus ``up @ down`` of low rank; starts as the layer itself."""

    def __init__(self, layer: nn.Linear, rank: int, dropout: float) -> None:
        super().__init__()
        self.layer = layer
        self.dropout = dropout
        self.down = nn.Parameter(torch.randn(rank, layer.in_features) / layer.in_features**0.5)
        self.up = nn.Parameter(torch.zeros(layer.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        """The layer's output, changed."""
        narrow = nn.functional.dropout(x @ self.down.T.to(x.dtype), self.dropout, self.training)
        out: Tensor = self.layer(x) + narrow @ self.up.T.to(x.dtype)
        return out


class Side(nn.Module):
    """BERT with a low-rank change of every linear layer of its blocks, mean-pooled."""

    def __init__(self, bert: nn.Module, rank: int, dropout: float) -> None:
        super().__init__()
        self.bert = bert
        self.changed: dict[str, LowRank] = {}
        for parameter in bert.parameters():
            parameter.requires_grad_(False)
        for name, layer in list(bert.named_modules()):
            if isinstance(layer, nn.Linear) and name.startswith("encoder.layer.") and name.endswith(_CHANGED):
                parent = bert.get_submodule(name.rpartition(".")[0])
                self.changed[name] = LowRank(layer, rank, dropout)
                setattr(parent, name.rpartition(".")[2], self.changed[name])

    def forward(self, texts: Sequence[Sequence[int]]) -> Tensor:
        """Mean of the last layer over each text's tokens, L2-normalised, float32 (texts, dim)."""
        device = next(self.bert.parameters()).device
        longest = max(map(len, texts))
        tokens = torch.full((len(texts), longest), _PADDING)
        mask = torch.zeros(len(texts), longest, dtype=torch.long)
        for row, text in enumerate(texts):
            tokens[row, : len(text)], mask[row, : len(text)] = torch.tensor(text), 1
        tokens, mask = tokens.to(device), mask.to(device)
        states = self.bert(input_ids=tokens, attention_mask=mask).last_hidden_state.float()
        weights = mask.unsqueeze(-1).float()
        return nn.functional.normalize((states * weights).sum(1) / weights.sum(1), dim=1)

    @torch.no_grad()
    def encode(self, texts: Sequence[Sequence[int]], at_once: int = 96) -> Tensor:
        """The same for many texts, without learning."""
        self.eval()
        order = sorted(range(len(texts)), key=lambda row: len(texts[row]))
        parts = [order[start : start + at_once] for start in range(0, len(order), at_once)]
        vectors = torch.cat([self([texts[row] for row in part]).cpu() for part in parts])
        self.train()
        return vectors[torch.argsort(torch.tensor(order))]

    def parts(self) -> list[nn.Parameter]:
        """What is learnt."""
        return [parameter for layer in self.changed.values() for parameter in (layer.down, layer.up)]

    def arrays(self) -> dict[str, NDArray[np.float16]]:
        """What was learnt, by the names of the packed file: ``l3.q.down`` (rank, inputs) and ``l3.q.up`` (outputs, rank)."""
        arrays = {}
        for called, layer in self.changed.items():
            _, _, number, within = called.split(".", 3)
            name = f"l{number}.{next(part for part, known in PARTS.items() if known == within)}"
            arrays[f"{name}.down"] = layer.down.detach().cpu().numpy().astype(np.float16)
            arrays[f"{name}.up"] = layer.up.detach().cpu().numpy().astype(np.float16)
        return arrays


def centred(vectors: Tensor, centre: Tensor) -> Tensor:
    """Without what all have in common, L2-normalised."""
    return nn.functional.normalize(vectors - centre, dim=1)


def open_bert(changes: Side | None = None) -> nn.Module:
    """The published weights, with the changes of a side made part of them. In bfloat16 where the processor multiplies that natively."""
    from transformers import AutoModel

    with tempfile.TemporaryDirectory() as folder:
        unpack_bert(Path(folder), None)
        bert: nn.Module = AutoModel.from_pretrained(folder, attn_implementation="eager")
    for name, layer in (changes.changed if changes else {}).items():
        weight = bert.get_submodule(name).weight
        assert isinstance(weight, nn.Parameter)
        weight.data += (layer.up @ layer.down).detach().cpu()
    for module in bert.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0  # the dropout of the low-rank changes is the only one
    if torch.cuda.is_available():
        return bert.to("cuda", torch.bfloat16)
    return bert.to(torch.bfloat16) if torch.cpu.get_capabilities().get("amx_bf16") else bert
