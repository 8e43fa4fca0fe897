"""Teaches the encoder what people mean, in two stages of low-rank changes; docs/adr/0004-question-side.md says why.

python -m search.training.train ADAPTER.npz [--held-out 0.05]

1. Both sides together: questions and offers move, so that titles as terse as providers write them lie where needs lie. From the first 3,364
   pairs, two times: with more pairs or steps the sides learn the pairs by heart, and held-out questions get worse.
2. Questions alone, on top of that, from all pairs; offers stay.

A question is drawn to the need behind it and to titles that would meet it, away from all other needs and titles (InfoNCE over the whole
pool). Half an hour on two cores with AMX; an accelerator is used where torch finds one. ``OMP_NUM_THREADS=1`` is faster beside other work.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from search.training.pairs import Pair, read_pairs
from search.training.sides import Side, Tokenizer, centred, open_bert

_TEMPERATURE = 0.05
_TOO_ALIKE = 0.93  # targets of other examples nearer than this to an own one are no negatives
_LONGEST = 96  # tokens of a question that are learnt from
_RANK = 16
_AT_ONCE = 32  # questions of one step
_CONTINUED = (
    0.4  # share of titles that are learnt with the beginning of the need behind them, as offers have descriptions
)
_CENTRE_RATE = 1e-3
_FIRST = frozenset(
    ("adults", "families", "life", "newcomers", "occupations", "services", "study", "work")
)  # files of the first stage


class Pool:
    """Needs and titles of all pairs: token numbers, the pair that each belongs to, and vectors (targets, dim), not yet centred."""

    def __init__(self, pairs: Sequence[Pair], tokenizer: Tokenizer) -> None:
        self.texts = tokenizer.offers([text for pair in pairs for text in (pair.need, *pair.titles)])
        owners = [number for number, pair in enumerate(pairs) for _ in (pair.need, *pair.titles)]
        self.owners = torch.tensor(owners)
        self.of: list[list[int]] = [[] for _ in pairs]
        for row, owner in enumerate(owners):
            self.of[owner].append(row)
        self.vectors = torch.empty(0)

    def encode(self, side: Side) -> None:
        """Computes all vectors anew."""
        self.vectors = side.encode(self.texts)

    def chosen(self, numbers: Sequence[int], chance: random.Random) -> tuple[list[int], list[list[int]]]:
        """For each pair its need and one title: rows, and token numbers, some titles continued by words of the need."""
        rows, texts = [], []
        for number in numbers:
            need, *titles = self.of[number]
            title = chance.choice(titles)
            text = self.texts[title]
            if chance.random() < _CONTINUED:
                more = self.texts[need][3:-1]  # without the start, "passage", ":" and the end
                text = [*text[:-1], *more[: chance.randint(1, max(1, len(more) // 2))], text[-1]]
            rows += [need, title]
            texts += [self.texts[need], text]
        return rows, texts


class Stage:
    """One stage of learning. ``offers_move``: whether offers are learnt too."""

    def __init__(self, side: Side, pairs: Sequence[Pair], kept: int, offers: Tensor | None = None) -> None:
        """The last ``kept`` pairs are only measured. ``offers``: the centre of offers that do not move; None where they are learnt."""
        tokenizer = Tokenizer()
        self.side, self.offers_move = side, offers is None
        self.learnt, self.held = range(len(pairs) - kept), range(len(pairs) - kept, len(pairs))
        self.chance, self.started = random.Random(7), time.monotonic()  # noqa: S311
        self.device = side.parts()[0].device
        self.pool = Pool(pairs, tokenizer)
        self.pool.encode(side)
        centre = self.pool.vectors.mean(0) if offers is None else offers
        self.offer_centre = nn.Parameter(centre.to(self.device), requires_grad=self.offers_move)
        self.questions = tokenizer.questions([pair.question for pair in pairs], _LONGEST)
        self.question_centre = nn.Parameter(side.encode(self.questions).mean(0).to(self.device))

    def learn(self, epochs: int, rate: float) -> None:
        """All pairs ``epochs`` times, at most at this learning rate."""
        centres = [self.question_centre, *([self.offer_centre] if self.offers_move else [])]
        optimizer = torch.optim.AdamW(
            [
                {"params": self.side.parts(), "lr": rate, "weight_decay": 0.01},
                {"params": centres, "lr": _CENTRE_RATE, "weight_decay": 0.0},
            ]
        )
        steps = epochs * math.ceil(len(self.learnt) / _AT_ONCE)
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, max_lr=[rate, _CENTRE_RATE], total_steps=steps + 1, pct_start=0.1
        )
        self._report(0)
        for epoch in range(1, epochs + 1):
            self.side.train()
            targets = centred(self.pool.vectors.to(self.device), self.offer_centre.detach())
            for numbers, questions in self._batches():
                loss = self._loss(numbers, questions, targets)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                schedule.step()
            if self.offers_move:
                self.pool.encode(self.side)
            self._report(epoch)

    def _batches(self) -> list[tuple[list[int], list[list[int]]]]:
        """Questions of like length together, in random order: little is wasted on padding."""
        order = sorted(self.learnt, key=lambda number: len(self.questions[number]) + self.chance.uniform(0, 12))
        parts = [order[start : start + _AT_ONCE] for start in range(0, len(order), _AT_ONCE)]
        self.chance.shuffle(parts)
        return [(part, [self.questions[number] for number in part]) for part in parts]

    def _loss(self, numbers: list[int], questions: list[list[int]], targets: Tensor) -> Tensor:
        """Mean negative log-likelihood of each question's own targets among all that are not nearly the same."""
        asked = centred(self.side(questions), self.question_centre)
        own = self.pool.owners[None, :] == torch.tensor(numbers)[:, None]
        own = own.to(self.device)
        nearness = torch.stack([(targets[self.pool.of[number]] @ targets.T).amax(0) for number in numbers])
        among = targets
        if self.offers_move:
            rows, texts = self.pool.chosen(numbers, self.chance)
            fresh = centred(self.side(texts), self.offer_centre)
            among = targets.index_copy(0, torch.tensor(rows, device=self.device), fresh)
            targets[rows] = fresh.detach()
        logits = asked @ among.T / _TEMPERATURE
        likelihood = logits.masked_fill((nearness > _TOO_ALIKE) & ~own, float("-inf")).log_softmax(1)
        return -(likelihood.masked_fill(~own, 0).sum(1) / own.sum(1)).mean()

    @torch.no_grad()
    def _report(self, epoch: int) -> None:
        """Mean over the held-out questions of 1 / rank of the first own target in the pool."""
        if not self.held:
            return
        asked = centred(self.side.encode([self.questions[number] for number in self.held]), self.question_centre.cpu())
        scores = asked @ centred(self.pool.vectors, self.offer_centre.cpu()).T
        own = self.pool.owners[None, :] == torch.tensor(self.held)[:, None]
        best = scores.masked_fill(~own, float("-inf")).amax(1, keepdim=True)
        rank = (1 / ((scores > best).sum(1) + 1.0)).mean()
        seconds = time.monotonic() - self.started
        sys.stderr.write(f"epoch {epoch}: held-out reciprocal rank {rank:.3f}, {seconds:.0f} s\n")


def train(pairs: Sequence[Pair], held_out: Sequence[Pair]) -> dict[str, Any]:
    """Learns from ``pairs`` and prints what it does for ``held_out`` ones; the arrays of the adapter."""
    torch.manual_seed(7)
    sys.stderr.write(f"{len(pairs)} pairs, {len(held_out)} held out\n")
    both = Side(open_bert(), _RANK, dropout=0.0)
    first = Stage(both, [*(pair for pair in pairs if pair.file in _FIRST), *held_out], len(held_out))
    first.learn(epochs=2, rate=4e-4)
    questions = Side(open_bert(both), _RANK, dropout=0.1)
    second = Stage(questions, [*pairs, *held_out], len(held_out), first.offer_centre.detach().cpu())
    second.learn(epochs=3, rate=5e-4)
    arrays: dict[str, Any] = {f"both.{name}": array for name, array in both.arrays().items()}
    arrays |= {f"questions.{name}": array for name, array in questions.arrays().items()}
    arrays["offer_centre"] = first.offer_centre.detach().cpu().numpy()
    arrays["question_centre"] = second.question_centre.detach().cpu().numpy()
    return arrays


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("adapter", type=Path)
    parser.add_argument("--held-out", type=float, default=0.05)
    options = parser.parse_args()
    pairs = read_pairs()
    random.Random(1).shuffle(pairs)  # noqa: S311
    border = round(len(pairs) * options.held_out)
    np.savez(options.adapter, **train(pairs[border:], pairs[:border]))


if __name__ == "__main__":
    main()
