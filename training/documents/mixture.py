"""What the documents adapter sees: real conversations, real pages refilled, and made-up documents, mixed."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from schemas.errors import ConfigurationError
from training.encode import EncodedSample
from training.hf import load_tokenizer
from training.producers import Producers
from training.sft.packing import PackedRow, pack_in_order
from training.stream import StreamConfig, sample_stream
from training.study.conversations_file import SourcedSample

_QUEUED_ROWS = 32
# Of a source of n conversations, as often as this power of n: a large one does not drown the others.
_SOURCE_POWER = 0.7
# Of a source's conversations by their kind, relative to the most frequent.
_KIND_WEIGHTS: Mapping[str, float] = {"plain": 1.0, "alias": 1.0, "example": 1.0, "reasoning": 0.4}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixture:
    """Which share of the conversations is of which kind; what is left is made up.

    Attributes
    ----------
    real_share, refilled_share
        Of conversations about real documents, and about real pages with other values; in [0, 1] together.
    templates
        File that `rasg-train refill prepare` made; None where nothing is refilled.
    max_tokens
        Longer conversations are left out.
    row_tokens
        A step's conversations together have about so many.
    annex_share
        Of refilled and made-up documents that are shown without an example: among pages of running text.
    """

    real_share: float = 0.35
    refilled_share: float = 0.45
    templates: str | None = None
    max_tokens: int = 4096
    row_tokens: int = 4096
    example_share: float = 0.25
    reasoning_share: float = 0.1
    plain_share: float = 0.03
    annex_share: float = 0.1

    def __post_init__(self) -> None:
        if min(self.real_share, self.refilled_share) < 0 or self.real_share + self.refilled_share > 1:
            raise ConfigurationError("shares of conversations must be in [0, 1], together too")
        if self.refilled_share and self.templates is None:
            raise ConfigurationError("refilled pages need a file of templates")


def mix(
    mixture: Mixture, conversations: Sequence[SourcedSample], tokenizer_folder: str, *, seed: int
) -> Iterator[EncodedSample]:
    """Yield conversations without end; the seed alone decides which.

    Raises
    ------
    ConfigurationError
        If real ones are asked for and there is none.
    """
    if mixture.real_share and not conversations:
        raise ConfigurationError("there is no real conversation; ask for none, or give a file of them")
    rng = random.Random(f"mixture/{seed}")
    real = _draw_real([one for one in conversations if len(one.sample) <= mixture.max_tokens], rng)
    made = _streams(mixture, tokenizer_folder, seed)
    while True:
        point = rng.random()
        if point < mixture.real_share:
            yield next(real)
        else:
            yield next(made[point < mixture.real_share + mixture.refilled_share])


def _streams(mixture: Mixture, tokenizer_folder: str, seed: int) -> Mapping[bool, Iterator[EncodedSample]]:
    """Return the streams of made-up documents (False) and refilled pages (True)."""
    config = StreamConfig(
        tokenizer_folder=tokenizer_folder,
        seed=seed,
        max_tokens=mixture.max_tokens,
        example_share=mixture.example_share,
        reasoning_share=mixture.reasoning_share,
        plain_share=mixture.plain_share,
        refilled_example_share=mixture.example_share,
        annex_share=mixture.annex_share,
    )
    tokenizer = load_tokenizer(tokenizer_folder)
    made = {False: sample_stream(tokenizer, config, _at_the_end)}
    if mixture.templates is not None:
        only = replace(config, templates=mixture.templates, refilled_share=1.0)
        made[True] = sample_stream(tokenizer, only, _at_the_end)
    return made


def _at_the_end() -> float:
    """Return the share of the curriculum that is over: a pretrained base needs no easy pages first."""
    return 1.0


def _draw_real(conversations: Sequence[SourcedSample], rng: random.Random) -> Iterator[EncodedSample]:
    by_source: dict[str, list[SourcedSample]] = defaultdict(list)
    for one in conversations:
        by_source[one.source].append(one)
    names = sorted(by_source)
    weights = [len(by_source[name]) ** _SOURCE_POWER for name in names]
    while names:
        pool = by_source[rng.choices(names, weights)[0]]
        one = rng.choice(pool)
        if rng.random() < _KIND_WEIGHTS.get(one.kind, 1.0):
            yield one.sample


def produce_rows(
    mixture: Mixture,
    conversations: Sequence[SourcedSample],
    tokenizer_folder: Path,
    *,
    seed: int,
    n_processes: int,
) -> Producers[PackedRow]:
    """Return processes that make the mixture's rows, each from a seed of its own."""
    seen = tuple(conversations)
    arguments = [(mixture, seen, str(tokenizer_folder), seed + 1000 * index) for index in range(n_processes)]
    return Producers(_produce, arguments, n_queued=_QUEUED_ROWS)


def _produce(
    mixture: Mixture,
    conversations: Sequence[SourcedSample],
    tokenizer_folder: str,
    seed: int,
    queue: Any,  # noqa: ANN401
) -> None:
    samples = mix(mixture, conversations, tokenizer_folder, seed=seed)
    for row in pack_in_order(samples, max_tokens=mixture.row_tokens):
        queue.put(row)
