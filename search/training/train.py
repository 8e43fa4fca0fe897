"""Teaches the encoder what people mean: a low-rank change of its question side, learnt from the pairs. Offers' vectors stay as they are.

python -m search.training.train ADAPTER.npz [--epochs 3] [--rank 16] [--held-out 0.03]

A question's vector is drawn to the vectors of the need behind it and of titles that would meet it, away from all other titles
(InfoNCE over the whole pool). About half an hour on two cores; an accelerator is used where torch finds one.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
from torch import Tensor, nn

from search.encoder.network import Network
from search.encoder.packed import PackedModel, weights_file
from search.encoder.text import clean
from search.encoder.tokens import Tokens
from search.encoder.unpack import PARTS, unpack_bert
from search.training.pairs import Pair, read_pairs

_TEMPERATURE = 0.05
_TOO_ALIKE = 0.93  # titles of other pairs nearer than this to an own one are no negatives
_KEPT = 0.7  # of the learnt change: a step back towards the published weights generalises better (on the development questions)
_LONGEST = 160  # tokens of a question that are learnt from
_CHANGED = ("query", "key", "value", "attention.output.dense", "intermediate.dense", "output.dense")


class LowRank(nn.Module):
    """A frozen linear layer plus ``up @ down`` of low rank; starts as the layer itself."""

    def __init__(self, layer: nn.Linear, rank: int) -> None:
        super().__init__()
        self.layer = layer
        self.down = nn.Parameter(torch.randn(rank, layer.in_features) / layer.in_features**0.5)
        self.up = nn.Parameter(torch.zeros(layer.out_features, rank))

    def forward(self, x: Tensor) -> Tensor:
        """The layer's output, changed."""
        out: Tensor = self.layer(x) + (x @ self.down.T) @ self.up.T
        return out


class QuestionSide(nn.Module):
    """The encoder with low-rank changes, and the mean question that is taken off at its end."""

    def __init__(self, bert: nn.Module, rank: int, centre: Tensor) -> None:
        super().__init__()
        self.bert = bert
        self.centre = nn.Parameter(centre)
        for parameter in bert.parameters():
            parameter.requires_grad_(False)
        self.changed: dict[str, LowRank] = {}
        for name, layer in list(bert.named_modules()):
            if isinstance(layer, nn.Linear) and name.startswith("encoder.layer.") and name.endswith(_CHANGED):
                parent = bert.get_submodule(name.rpartition(".")[0])
                self.changed[name] = LowRank(layer, rank)
                setattr(parent, name.rpartition(".")[2], self.changed[name])

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Centred, L2-normalised vectors of questions (n, dim)."""
        states = self.bert(input_ids=tokens, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(states.dtype)
        pooled = nn.functional.normalize((states * weights).sum(1) / weights.sum(1), dim=1)
        return nn.functional.normalize(pooled - self.centre, dim=1)


class Data:
    """Questions as token numbers, and the pool of targets: needs and titles, centred."""

    def __init__(self, pairs: Sequence[Pair], device: str) -> None:
        packed = PackedModel(weights_file())
        vocabulary, network = Tokens(packed), Network(packed)

        def tokens(text: str) -> list[int]:
            return vocabulary.numbers(clean(text), packed.positions)

        def vectors_of(texts: Sequence[list[int]]) -> Tensor:
            rows = sorted(range(len(texts)), key=lambda row: len(texts[row]))
            parts = [rows[start : start + 8] for start in range(0, len(rows), 8)]
            found = torch.empty(len(texts), packed.hidden)
            # one thread for each part: BLAS's own threads wait for each other by spinning
            with threadpool_limits(limits=1, user_api="blas"), ThreadPoolExecutor() as pool:
                for part, vectors in zip(
                    parts, pool.map(lambda p: network.run([texts[row] for row in p]), parts), strict=True
                ):
                    found[part] = torch.from_numpy(vectors)
            return found

        self.pairs = list(pairs)
        self.tokens = [tokens(f"query: {pair.question}")[:_LONGEST] for pair in pairs]
        self.question_centre = vectors_of(self.tokens).mean(0)
        texts = [text for pair in pairs for text in (pair.need, *pair.titles)]
        owners = [number for number, pair in enumerate(pairs) for _ in (pair.need, *pair.titles)]
        vectors = vectors_of([tokens(f"passage: {text}") for text in texts])
        self.offer_centre = vectors.mean(0)
        sys.stderr.write(f"{len(self.pairs)} pairs, {len(texts)} targets encoded\n")
        self.pool = nn.functional.normalize(vectors - self.offer_centre, dim=1).to(device)
        self.owners = torch.tensor(owners, device=device)
        self.device = device

    def batch(self, numbers: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Token numbers and mask, padded."""
        longest = max(len(self.tokens[number]) for number in numbers)
        tokens = torch.ones(len(numbers), longest, dtype=torch.long)  # 1 pads in XLM-RoBERTa's vocabulary
        mask = torch.zeros(len(numbers), longest, dtype=torch.long)
        for row, number in enumerate(numbers):
            found = torch.tensor(self.tokens[number])
            tokens[row, : len(found)], mask[row, : len(found)] = found, 1
        return tokens.to(self.device), mask.to(self.device)

    def loss(self, vectors: Tensor, numbers: Sequence[int]) -> Tensor:
        """Mean negative log-likelihood of each question's own targets among all that are not nearly the same."""
        own = self.owners[None, :] == torch.tensor(numbers, device=self.device)[:, None]
        logits = vectors @ self.pool.T / _TEMPERATURE
        nearness = torch.stack([(self.pool[mine] @ self.pool.T).amax(0) for mine in own])
        logits = logits.masked_fill((nearness > _TOO_ALIKE) & ~own, float("-inf"))
        likelihood = logits.log_softmax(1)
        return -(likelihood.masked_fill(~own, 0).sum(1) / own.sum(1)).mean()

    def reciprocal_rank(self, vectors: Tensor, numbers: Sequence[int]) -> float:
        """Mean over the questions of 1 / rank of the first own target in the pool."""
        own = self.owners[None, :] == torch.tensor(numbers, device=self.device)[:, None]
        scores = vectors @ self.pool.T
        best = scores.masked_fill(~own, float("-inf")).amax(1, keepdim=True)
        ranks = (scores > best).sum(1) + 1
        return float((1 / ranks).mean())


def train(
    pairs: Sequence[Pair], held_out: Sequence[Pair], epochs: int, rank: int, seed: int = 7
) -> dict[str, np.ndarray]:
    """Learns from ``pairs`` and prints what it does for ``held_out`` ones; the arrays of the adapter."""
    random.seed(seed)
    torch.manual_seed(seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    data = Data([*pairs, *held_out], device)
    model = QuestionSide(_bert(), rank, data.question_centre).to(device)
    low_rank = [parameter for part in model.changed.values() for parameter in (part.down, part.up)]
    optimizer = torch.optim.AdamW(
        [{"params": low_rank, "lr": 1e-3, "weight_decay": 0.01}, {"params": [model.centre], "lr": 1e-3}]
    )
    numbers, kept = list(range(len(pairs))), list(range(len(pairs), len(data.pairs)))
    size = 32
    steps = epochs * (len(numbers) // size + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1e-3, total_steps=steps, pct_start=0.1)
    _report(model, data, kept, 0)
    for epoch in range(1, epochs + 1):
        model.train()
        for batch in _batches(data, numbers, size):
            loss = data.loss(model(*data.batch(batch)), batch)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
        _report(model, data, kept, epoch)
    arrays = {"question_centre": model.centre.detach().cpu().numpy(), "offer_centre": data.offer_centre.numpy()}
    for called, part in model.changed.items():
        name = _packed_name(called)
        arrays[f"{name}.down"] = part.down.detach().cpu().numpy().astype(np.float16)
        arrays[f"{name}.up"] = (_KEPT * part.up.detach()).cpu().numpy().astype(np.float16)
    return arrays


def _packed_name(called: str) -> str:
    """ "encoder.layer.3.attention.self.query" is "l3.q" in the packed file."""
    _, _, number, layer = called.split(".", 3)
    return f"l{number}.{next(part for part, name in PARTS.items() if name == layer)}"


def _bert() -> nn.Module:
    from transformers import AutoModel

    with tempfile.TemporaryDirectory() as folder:
        unpack_bert(Path(folder), None)
        bert: nn.Module = AutoModel.from_pretrained(folder)
    return bert


def _batches(data: Data, numbers: list[int], size: int) -> list[list[int]]:
    """Batches of questions of like length, in random order: little is wasted on padding."""
    shuffled = sorted(numbers, key=lambda number: len(data.tokens[number]) + random.uniform(0, 12))  # noqa: S311
    batches = [shuffled[start : start + size] for start in range(0, len(shuffled), size)]
    random.shuffle(batches)
    return batches


@torch.no_grad()
def _report(model: QuestionSide, data: Data, kept: Sequence[int], epoch: int) -> None:
    if not kept:
        return
    model.eval()
    vectors = torch.cat([model(*data.batch(kept[start : start + 64])) for start in range(0, len(kept), 64)])
    sys.stderr.write(f"epoch {epoch}: held-out reciprocal rank {data.reciprocal_rank(vectors, kept):.3f}\n")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--held-out", type=float, default=0.03)
    options = parser.parse_args()
    pairs = read_pairs()
    random.Random(1).shuffle(pairs)  # noqa: S311
    border = round(len(pairs) * options.held_out)
    arrays: dict[str, Any] = train(pairs[border:], pairs[:border], options.epochs, options.rank)
    np.savez(options.adapter, **arrays)


if __name__ == "__main__":
    main()
