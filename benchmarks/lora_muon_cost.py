"""What a LoRA-Muon step costs beside its paper's form, AdamW, dense Muon and the QR form: time and memory.

    python -m benchmarks.lora_muon_cost [--device cuda] [--compiled]

LoRA-Muon takes its halves one after the other, the paper both at once; the QR form is the paper's. First
the optimizers' steps alone, on pairs of one shape, for a grid of shapes and ranks; then whole training
steps (forward, backward, optimizer) of a Llama of 30 M parameters with adapters on every linear layer. All
of a row is measured in turns, in one process; figures are medians, and ratios are what to trust.
"""

# torch, transformers and peft are typed in part only
# pyright: reportUnknownMemberType=false

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from decoding.engines.threads import set_threads
from training.lora_muon import LoRAMuon, LoRAPair, lora_pairs
from training.lora_rite import LoRARite
from training.pair_optimizer import PairOptimizer

SHAPES = ((256, 256), (1024, 1024), (4096, 4096), (4096, 14336))
RANKS = (8, 16, 32, 64)
_MSIGN_STEPS, _ROOT_STEPS = 8, 7
# A dense step on a larger matrix takes a CPU most of a minute.
_MAX_DENSE_ON_CPU = 1024 * 1024
_LR = 1e-3


def flops(m: int, n: int, r: int) -> float:
    """Return the paper's cost of one pair's step: (6 + 4 T_o)(m + n) r² + (16 T_r + 4 T_o) r³.

    `training.polar.msign` needs less, 12 (m + n) r² instead of 4 T_o (m + n) r².
    """
    return (6 + 4 * _MSIGN_STEPS) * (m + n) * r**2 + (16 * _ROOT_STEPS + 4 * _MSIGN_STEPS) * r**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """Median seconds of calls that take turns, so that a busy moment hits all of them."""

    device: str
    n_rounds: int

    def medians(self, calls: dict[str, Callable[[], object]]) -> dict[str, float]:
        """Return the median seconds of each call, two rounds of warm-up not counted."""
        seconds: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(self.n_rounds + 2):
            for name, call in calls.items():
                started = time.perf_counter()
                call()
                if self.device.startswith("cuda"):
                    torch.cuda.synchronize()
                seconds[name].append(time.perf_counter() - started)
        return {name: statistics.median(found[2:]) for name, found in seconds.items()}


def _pairs(m: int, n: int, r: int, *, count: int, device: str) -> list[LoRAPair]:
    torch.manual_seed(0)
    made: list[LoRAPair] = []
    for i in range(count):
        A = nn.Parameter(torch.randn(r, n, device=device) / n**0.5)
        B = nn.Parameter(torch.randn(m, r, device=device) / r**0.5)
        A.grad, B.grad = torch.randn_like(A), torch.randn_like(B)
        made.append(LoRAPair(name=str(i), A=A, B=B))
    return made


def _factors(pairs: Sequence[LoRAPair]) -> list[torch.Tensor]:
    return [factor for pair in pairs for factor in (pair.A, pair.B)]


def _dense(m: int, n: int, *, count: int, device: str) -> list[nn.Parameter]:
    made = [nn.Parameter(torch.randn(m, n, device=device)) for _ in range(count)]
    for p in made:
        p.grad = torch.randn_like(p)
    return made


def _state_mb(optimizer: torch.optim.Optimizer) -> float:
    tensors = [x for state in optimizer.state.values() for x in state.values() if isinstance(x, torch.Tensor)]
    return sum(x.numel() * x.element_size() for x in tensors) / 1e6


def _step(optimizer: PairOptimizer, *, compiled: bool) -> Callable[[], object]:
    if not compiled:
        return optimizer.step
    for group in optimizer.param_groups:
        group["lr"] = torch.tensor(_LR)
    return torch.compile(optimizer.step)


def steps(timer: Timer, *, count: int, compiled: bool) -> Iterator[str]:
    """Yield the table of the optimizers' steps, line by line."""
    yield (
        "| m x n | rank | LoRA-Muon ms | of both halves at once | of AdamW on factors | QR form / LoRA-Muon "
        "| dense Muon / LoRA-Muon "
        "| GFLOP by the paper | of them a second | state MB | AdamW's state MB | dense Muon's |"
    )
    yield "|---|" + "---|" * 11
    for (m, n), r in ((shape, r) for shape in SHAPES for r in RANKS):
        ours = LoRAMuon(_pairs(m, n, r, count=count, device=timer.device), lr=_LR)
        paper = LoRAMuon(_pairs(m, n, r, count=count, device=timer.device), lr=_LR, halves="simultaneous")
        qr = LoRARite(_pairs(m, n, r, count=count, device=timer.device), lr=_LR)
        adamw = torch.optim.AdamW(_factors(_pairs(m, n, r, count=count, device=timer.device)), lr=_LR)
        calls: dict[str, Callable[[], object]] = {
            "ours": _step(ours, compiled=compiled),
            "paper": _step(paper, compiled=compiled),
            "qr": _step(qr, compiled=compiled),
            "adamw": adamw.step,
        }
        dense: torch.optim.Optimizer | None = None
        if timer.device != "cpu" or m * n <= _MAX_DENSE_ON_CPU:
            dense = torch.optim.Muon(_dense(m, n, count=count, device=timer.device), lr=_LR)
            calls["dense"] = dense.step
        found = timer.medians(calls)
        gflop = count * flops(m, n, r) / 1e9
        cells = (
            f"{m} x {n}",
            str(r),
            f"{1000 * found['ours']:.2f}",
            f"{found['ours'] / found['paper']:.2f}",
            f"{found['ours'] / found['adamw']:.1f}",
            f"{found['qr'] / found['ours']:.1f}",
            f"{found['dense'] / found['ours']:.1f}" if "dense" in found else "",
            f"{gflop:.2f}",
            f"{gflop / found['ours']:.0f}",
            f"{_state_mb(ours):.1f}",
            f"{_state_mb(adamw):.1f}",
            "" if dense is None else f"{_state_mb(dense):.1f}",
        )
        yield f"| {' | '.join(cells)} |"


def _llama(device: str, rank: int) -> Any:  # noqa: ANN401
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=4096,
        hidden_size=512,
        intermediate_size=1408,
        num_hidden_layers=9,
        num_attention_heads=8,
        num_key_value_heads=8,
        tie_word_embeddings=True,
    )
    model = get_peft_model(LlamaForCausalLM(config), LoraConfig(r=rank, target_modules="all-linear"))
    with torch.no_grad():
        for pair in lora_pairs(model):
            pair.B.normal_(std=0.02)  # as after the first steps: the QR form needs full rank
    return model.to(device).train()


def whole_steps(timer: Timer, *, n_tokens: int, compiled: bool) -> Iterator[str]:
    """Yield the table of whole training steps of a 30 M Llama, line by line."""
    yield "| rank | optimizer | step ms | of AdamW's step | optimizer alone ms | state MB |"
    yield "|---|---|---|---|---|---|"
    for rank in (8, 32):
        model = _llama(timer.device, rank)
        ids = torch.randint(4096, (1, n_tokens), device=timer.device)
        factors = [p for p in model.parameters() if p.requires_grad]
        pairs = lora_pairs(model)
        optimizers: dict[str, torch.optim.Optimizer] = {
            "AdamW": torch.optim.AdamW(factors, lr=1e-6),
            "LoRA-Muon": LoRAMuon(pairs, lr=1e-6),
            "both halves at once": LoRAMuon(pairs, lr=1e-6, halves="simultaneous"),
            "QR form": LoRARite(pairs, lr=1e-6),
        }
        calls = {name: _training_step(model, ids, o, compiled=compiled) for name, o in optimizers.items()}
        found = timer.medians(calls)
        alone = timer.medians({name: o.step for name, o in optimizers.items()})
        for name, optimizer in optimizers.items():
            cells = (
                str(rank),
                name,
                f"{1000 * found[name]:.1f}",
                f"{found[name] / found['AdamW']:.2f}",
                f"{1000 * alone[name]:.1f}",
                f"{_state_mb(optimizer):.1f}",
            )
            yield f"| {' | '.join(cells)} |"


def _training_step(
    model: Any,  # noqa: ANN401
    ids: torch.Tensor,
    optimizer: torch.optim.Optimizer,
    *,
    compiled: bool,
) -> Callable[[], object]:
    step = _step(optimizer, compiled=compiled) if isinstance(optimizer, PairOptimizer) else optimizer.step

    def train() -> None:
        with torch.autocast(ids.device.type, dtype=torch.bfloat16):
            loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        step()
        # Kept, not freed: the optimizer alone is measured with the last gradients.
        for p in model.parameters():
            if p.grad is not None:
                p.grad.mul_(0.5)

    return train


def main() -> None:
    """Print both tables as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--compiled", action="store_true", help="torch.compile the steps of pairs")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=4, help="pairs of one shape that are stepped at a time")
    parser.add_argument("--tokens", type=int, default=2048, help="of a whole training step")
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    set_threads(arguments.threads)
    timer = Timer(device=arguments.device, n_rounds=arguments.rounds)
    for line in steps(timer, count=arguments.pairs, compiled=arguments.compiled):
        print(line, flush=True)
    print()
    for line in whole_steps(timer, n_tokens=arguments.tokens, compiled=arguments.compiled):
        print(line, flush=True)


if __name__ == "__main__":
    main()
