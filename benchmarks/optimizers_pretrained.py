"""LoRA-Muon beside AdamW on a pretrained base, at equal tokens in the same order.

    python -m benchmarks.optimizers_pretrained --base BASE --conversations FILE.pkl.gz --out runs/optimizers

BASE is a Hugging Face folder of a Llama; the file a gzipped pickle of tuples (source, kind, token ids,
weights, tokens of the prompt). First each optimizer is tried at as many rates as the other (`--adamw-rates`,
`--lora-muon-rates`) for `--tuning-tokens` on one seed, then each at its best rate for `--tokens` on `--seeds`
others. Of each source some pages are never trained on: half of them choose the rates, half are compared on,
four times in a run. Factors are float32, arithmetic bfloat16 on one thread (`training.lean`); a run whose
loss leaves its start is stopped and says so.

The command can be killed and given again, and given twice at a time to keep two cores busy: outcomes are
lines of `outcomes.jsonl`, each run's losses, norms and speed lines of its `log.jsonl`. What there is of a
report is written to `report.md` at each end; `--report` runs nothing and prints it.

At 240 tokens a second the defaults take 10 x 100,000 tokens for the rates, 6 x 500,000 for the comparison and
64 evaluations of 40 s: some five and a half hours of one core, half of that on two.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import signal
from pathlib import Path

from schemas.adapter import weights_sha256
from training.study.conversations_file import keep_out, read_conversations
from training.study.finetune_grid import FinetuneStudy
from training.study.finetune_report import finetune_report
from training.study.finetune_trial import FinetuneSettings


def main() -> None:
    """Run what is not done yet and print the report."""
    arguments = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda caught, _: stopped.append(caught))
    study = _study(arguments, stopped)
    if not arguments.report:
        _use_threads(arguments.threads)
        study.run()
    report = finetune_report(study)
    (arguments.out / "report.md").write_text(report, encoding="utf-8")
    print(report)


def _study(arguments: argparse.Namespace, stopped: list[int]) -> FinetuneStudy:
    conversations = read_conversations(arguments.conversations, max_tokens=arguments.max_tokens)
    parts = keep_out(conversations, n_pages=arguments.pages)
    study = FinetuneStudy(
        base=arguments.base,
        parts=parts,
        folder=arguments.out,
        settings=FinetuneSettings(
            rank=arguments.rank,
            alpha=2.0 * arguments.rank,
            batch_tokens=arguments.batch_tokens,
            norms_every=arguments.norms_every,
        ),
        rates={"adamw": arguments.adamw_rates, "lora-muon": arguments.lora_muon_rates},
        tuning_seed=arguments.tuning_seed,
        tuning_tokens=arguments.tuning_tokens,
        seeds=tuple(range(arguments.seeds)),
        n_tokens=arguments.tokens,
        device=arguments.device,
        stop=lambda: bool(stopped),
    )
    study.begin(
        base_sha256=weights_sha256(arguments.base),
        conversations_sha256=hashlib.sha256(arguments.conversations.read_bytes()).hexdigest(),
        max_tokens=arguments.max_tokens,
        pages=arguments.pages,
    )
    return study


def _use_threads(n_threads: int) -> None:
    from decoding.engines.threads import set_threads

    set_threads(n_threads)


def _rates(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.split(","))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--conversations", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    # Around the best of a few trials: AdamW 0.001, LoRA-Muon 0.004; 0.012 was too much.
    parser.add_argument("--adamw-rates", type=_rates, default=(2.5e-4, 5e-4, 1e-3, 2e-3, 4e-3))
    parser.add_argument("--lora-muon-rates", type=_rates, default=(1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2))
    parser.add_argument("--tuning-tokens", type=int, default=100_000)
    parser.add_argument("--tuning-seed", type=int, default=1000)
    parser.add_argument("--tokens", type=int, default=500_000)
    parser.add_argument("--seeds", type=int, default=3, help="0 to SEEDS - 1")
    parser.add_argument("--rank", type=int, default=32, help="alpha is twice the rank")
    parser.add_argument("--batch-tokens", type=int, default=2048, help="of a step")
    parser.add_argument("--max-tokens", type=int, default=2048, help="longer conversations are left out")
    parser.add_argument("--pages", type=int, default=8, help="kept out of each source, twice")
    # On a GPU a measurement takes as long as twenty steps.
    parser.add_argument("--norms-every", type=int, default=10, help="steps")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--report", action="store_true", help="run nothing")
    return parser


if __name__ == "__main__":
    main()
