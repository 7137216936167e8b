"""A training step's tokens a second: the lean one beside PEFT's, on one base and the same conversations.

    python -m benchmarks.lean_step --base BASE --conversations FILE.pkl.gz

Forward and backward, without the optimizer, of some 2,048 tokens of whole conversations (BASE and FILE as in
`benchmarks.optimizers_pretrained`). PEFT's step is the service's, `training.sft.model.packed_loss` under
autocast, on packed rows of 1,024 tokens and on one conversation a row. All take turns in one process; seconds
are of the processor, so that other programs on the machine count less, and the least of them is given.
"""

# torch is typed in part only
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import argparse
import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from decoding.engines.threads import set_threads
from training.lean.llama import LeanLlama
from training.lora_muon import lora_pairs
from training.sft.model import LoraShape, adapted_model, packed_loss
from training.sft.packing import PackedRow, pack, row_of
from training.study.conversations_file import SourcedSample, read_conversations

Loss = Callable[[PackedRow], tuple[Tensor, float]]


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--conversations", type=Path, required=True)
    parser.add_argument("--rank", type=int, default=32)
    parser.add_argument("--tokens", type=int, default=2048)
    parser.add_argument("--max-tokens", type=int, default=1024, help="of a conversation")
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    arguments = parser.parse_args()
    set_threads(arguments.threads)
    conversations = read_conversations(arguments.conversations, max_tokens=arguments.max_tokens)
    chosen = _chosen(conversations, arguments.tokens)
    model = _model(arguments.base, arguments.rank)
    steps = _steps(model, chosen, arguments.max_tokens)
    n_tokens = sum(len(one.sample) for one in chosen)
    n_learned = int(sum((one.sample.weights > 0).sum() for one in chosen))
    print(f"{len(chosen)} conversations, {n_tokens} tokens, {n_learned} learned, rank {arguments.rank}\n")
    print("| step | seconds | tokens a second | of the lean one | loss |\n|---|---|---|---|---|")
    seconds, losses = _timed(model, steps, arguments.rounds)
    for name, found in seconds.items():
        ratio = found / seconds["lean"]
        print(f"| {name} | {found:.2f} | {n_tokens / found:.0f} | {ratio:.2f} | {losses[name]:.4f} |")


def _chosen(conversations: Sequence[SourcedSample], n_tokens: int) -> list[SourcedSample]:
    order = list(conversations)
    random.Random(1).shuffle(order)
    chosen: list[SourcedSample] = []
    for one in order:
        if sum(len(other.sample) for other in chosen) + len(one.sample) <= n_tokens:
            chosen.append(one)
    return chosen


def _model(base: Path, rank: int) -> Any:  # noqa: ANN401
    model = adapted_model(base, LoraShape(rank=rank, alpha=2.0 * rank), seed=0, device="cpu")
    for pair in lora_pairs(model):
        torch.nn.init.normal_(pair.B, std=0.01)  # as after some steps
    return model


def _steps(
    model: Any,  # noqa: ANN401
    conversations: Sequence[SourcedSample],
    max_tokens: int,
) -> dict[str, Callable[[], float]]:
    samples = [one.sample for one in conversations]
    rows = pack(samples, max_tokens=max_tokens, rng=random.Random(0))

    def peft(row: PackedRow) -> tuple[Tensor, float]:
        with torch.autocast("cpu", dtype=torch.bfloat16):
            return packed_loss(model, row)

    return {
        "lean": _step(LeanLlama.of_peft(model).loss, [row_of(samples)]),
        f"PEFT, packed rows of {max_tokens:,}": _step(peft, rows),
        "PEFT, one conversation a row": _step(peft, [row_of([sample]) for sample in samples]),
    }


def _step(loss: Loss, rows: Sequence[PackedRow]) -> Callable[[], float]:
    def step() -> float:
        summed = weights = 0.0
        for row in rows:
            total, weight = loss(row)
            total.backward()
            summed, weights = summed + total.item(), weights + weight
        return summed / weights

    return step


def _timed(
    model: Any,  # noqa: ANN401
    steps: dict[str, Callable[[], float]],
    n_rounds: int,
) -> tuple[dict[str, float], dict[str, float]]:
    seconds: dict[str, list[float]] = defaultdict(list)
    losses: dict[str, float] = {}
    for _ in range(n_rounds):
        for name, step in steps.items():
            model.zero_grad(set_to_none=True)
            started = time.process_time()
            losses[name] = step()
            seconds[name].append(time.process_time() - started)
    return {name: min(found) for name, found in seconds.items()}, losses


if __name__ == "__main__":
    main()
