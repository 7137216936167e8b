"""Warm-up samples: text said once and then again, so that copying is learned before anything else.

Extraction is copying from the right place. On documents alone the circuit that copies did not form in
5 M tokens; on repeated random tokens it forms in half a million.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from ocr.layout import layout_text
from training.encode import EncodedSample
from training.synthesis.sample import generate

# Half of the warm-up repeats random tokens (no other cue), half lines of documents in another order.
_RANDOM_SHARE = 0.5
_FIRST_ORDINARY_TOKEN = 3


def copy_sample(rng: random.Random, tokenizer: Any) -> EncodedSample:  # noqa: ANN401
    """Return a passage and its repetition; only the repetition carries loss, in [0, 1]."""
    if rng.random() < _RANDOM_SHARE:
        return _random_tokens(rng, len(tokenizer))
    return _shuffled_lines(rng, tokenizer)


def _random_tokens(rng: random.Random, vocab_size: int) -> EncodedSample:
    passage = [rng.randrange(_FIRST_ORDINARY_TOKEN, vocab_size) for _ in range(rng.randint(20, 80))]
    return _sample(passage, passage)


def _shuffled_lines(rng: random.Random, tokenizer: Any) -> EncodedSample:  # noqa: ANN401
    text = layout_text(generate(rng, difficulty=0.0).document).text
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    chosen = rng.sample(lines, min(len(lines), rng.randint(3, 8)))
    passage = "\n".join(chosen) + "\n"
    rng.shuffle(chosen)
    again = "\n".join(chosen) + "\n"
    ids = tokenizer([passage, again], add_special_tokens=False)["input_ids"]
    return _sample(ids[0], ids[1])


def _sample(passage: list[int], again: list[int]) -> EncodedSample:
    weights = np.zeros(len(passage) + len(again), dtype=np.float32)
    weights[len(passage) :] = 1.0
    return EncodedSample(
        token_ids=np.asarray([*passage, *again], dtype=np.int32), weights=weights, n_asked=len(passage)
    )
