"""An endless stream of training batches, made in a spawned process beside the training loop.

The process must be spawned: a forked one inherits torch's thread pool and hangs or crawls.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from schemas.prompt import ReasoningMode
from training.copying import copy_sample
from training.encode import EncodedSample, encode, prompt_of
from training.hf import load_tokenizer
from training.producers import CONTEXT, Producers
from training.refill.refilling import Refiller
from training.refill.template import read_templates
from training.synthesis.annexes import with_annex
from training.synthesis.sample import SyntheticDocument, generate, generate_pair

_QUEUED_BATCHES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenBatch:
    """Right-padded samples of similar length: token ids (b, t) int32 and loss weights (b, t)."""

    token_ids: NDArray[np.int32]
    weights: NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamConfig:
    """What the stream holds.

    `pool_size` samples are sorted by length before they are cut into batches of at most
    `batch_tokens` padded tokens; longer samples than `max_tokens` are left out. Shares are in [0, 1].
    With `templates` (a file that `rasg-train refill prepare` made), `refilled_share` of the documents are
    real pages with other values, of full difficulty from the start. `annex_share` of the documents that are
    shown without an example stand among pages of running text.
    """

    tokenizer_folder: str
    seed: int = 0
    batch_tokens: int = 8192
    max_tokens: int = 2048
    pool_size: int = 192
    example_share: float = 0.15
    reasoning_share: float = 0.12
    plain_share: float = 0.08
    warmup_end: float = 0.03
    curriculum_start: float = 0.35
    curriculum_end: float = 0.75
    templates: str | None = None
    refilled_share: float = 0.5
    refilled_example_share: float = 0.3
    annex_share: float = 0.0

    def difficulty(self, progress: float) -> float:
        """Return the documents' difficulty in [0, 1]: short pages until `curriculum_start`, then harder."""
        span = self.curriculum_end - self.curriculum_start
        return min(1.0, max(0.0, (progress - self.curriculum_start) / span))

    def copy_share(self, progress: float) -> float:
        """Return the share of warm-up samples: all at first, falling linearly to none."""
        return max(0.0, 1.0 - progress / self.warmup_end)


def draw(
    rng: random.Random, config: StreamConfig, *, difficulty: float, refiller: Refiller | None = None
) -> tuple[SyntheticDocument, SyntheticDocument | None, ReasoningMode, bool]:
    """Return a document, the example shown with it (or None), the reasoning mode and layout switch."""
    if refiller is not None and rng.random() < config.refilled_share:
        return _draw_refilled(rng, config, refiller)
    reasoning: ReasoningMode = "brief" if rng.random() < config.reasoning_share * difficulty else "off"
    structured = rng.random() >= config.plain_share
    if rng.random() < config.example_share * difficulty:
        example, sample = generate_pair(rng)
        return sample, example, reasoning, structured
    return generate(rng, difficulty=difficulty), None, reasoning, structured


def _draw_refilled(
    rng: random.Random, config: StreamConfig, refiller: Refiller
) -> tuple[SyntheticDocument, SyntheticDocument | None, ReasoningMode, bool]:
    reasoning: ReasoningMode = "brief" if rng.random() < config.reasoning_share else "off"
    structured = rng.random() >= config.plain_share
    if rng.random() < config.refilled_example_share:
        example, sample = refiller.pair(rng)
        return sample, example, reasoning, structured
    return refiller.sample(rng), None, reasoning, structured


def sample_stream(
    tokenizer: Any,  # noqa: ANN401
    config: StreamConfig,
    progress: Callable[[], float],
) -> Iterator[EncodedSample]:
    """Yield encoded samples; what they are follows `progress()`, the share of the run that is over."""
    rng = random.Random(config.seed)
    refiller = None if config.templates is None else Refiller(read_templates(Path(config.templates)))
    while True:
        spent = progress()
        if rng.random() < config.copy_share(spent):
            yield copy_sample(rng, tokenizer)
            continue
        document, example, reasoning, structured = draw(
            rng, config, difficulty=config.difficulty(spent), refiller=refiller
        )
        if example is None and rng.random() < config.annex_share:
            document = with_annex(document, rng, may_be_alone=reasoning == "off")
        prompt = prompt_of(document, example=example, reasoning=reasoning, structured=structured)
        sample = encode(tokenizer, prompt, document, reasoning=reasoning)
        if len(sample) <= config.max_tokens:
            yield sample


def batches(samples: Iterator[EncodedSample], config: StreamConfig) -> Iterator[TokenBatch]:
    """Yield padded batches of similar lengths, in random order within a pool."""
    rng = random.Random(config.seed + 1)
    while True:
        pool = sorted((next(samples) for _ in range(config.pool_size)), key=len)
        groups: list[list[EncodedSample]] = [[]]
        for sample in pool:
            if groups[-1] and (len(groups[-1]) + 1) * len(sample) > config.batch_tokens:
                groups.append([])
            groups[-1].append(sample)
        rng.shuffle(groups)
        yield from (pad(group) for group in groups)


def pad(samples: list[EncodedSample]) -> TokenBatch:
    """Return the samples as one right-padded batch; padding has weight 0."""
    longest = max(len(sample) for sample in samples)
    token_ids = np.zeros((len(samples), longest), dtype=np.int32)
    weights = np.zeros((len(samples), longest), dtype=np.float32)
    for row, sample in enumerate(samples):
        token_ids[row, : len(sample)] = sample.token_ids
        weights[row, : len(sample)] = sample.weights
    return TokenBatch(token_ids=token_ids, weights=weights)


class BatchStream:
    """Batches from a spawned process; `set_progress` moves its curriculum."""

    def __init__(self, config: StreamConfig, *, n_processes: int = 1) -> None:
        self._progress: Any = CONTEXT.Value("d", 0.0)
        self._producers: Producers[TokenBatch] = Producers(
            _produce,
            [(config, index, self._progress) for index in range(n_processes)],
            n_queued=_QUEUED_BATCHES,
        )

    def set_progress(self, progress: float) -> None:
        """Tell the producers which share of the run is over, in [0, 1]."""
        self._progress.value = progress

    def next(self) -> TokenBatch:
        """Return the next batch; raises RuntimeError when every producer has died."""
        return self._producers.next()

    def close(self) -> None:
        """Stop the producers."""
        self._producers.close()


def _produce(config: StreamConfig, index: int, progress: Any, queue: Any) -> None:  # noqa: ANN401
    seeded = replace(config, seed=config.seed + 1000 * index)
    samples = sample_stream(load_tokenizer(config.tokenizer_folder), seeded, lambda: progress.value)
    for batch in batches(samples, seeded):
        queue.put(batch)
