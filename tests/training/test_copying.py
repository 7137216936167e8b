"""The circuit written into a new model copies before any training; warm-up samples repeat themselves."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch

from training.copying import copy_sample
from training.hf import load_tokenizer
from training.house import HouseConfig, answer_loss, new_model

VOCAB_SIZE = 2000


def repeated(rng: random.Random, *, with_spaces: bool) -> tuple[list[int], list[int]]:
    """Return a random passage said twice and the weights of its repetition, but for its first two tokens."""
    words = [rng.randrange(6, VOCAB_SIZE) for _ in range(rng.randint(10, 30))]
    passage = [token for word in words for token in ([word, 5] if with_spaces else [word])]
    gap = [rng.randrange(6, VOCAB_SIZE) for _ in range(rng.randint(0, 10))]
    tokens = [*passage, *gap, *passage]
    n_free = len(passage) + len(gap) + 2
    return tokens, [0] * n_free + [1] * (len(tokens) - n_free)


@pytest.mark.parametrize("with_spaces", [False, True])
def test_a_new_model_copies_passages_at_any_distance(with_spaces: bool) -> None:
    model = new_model(HouseConfig(n_layers=2), vocab_size=VOCAB_SIZE)
    rng = random.Random(1)
    losses: list[float] = []
    for _ in range(20):
        tokens, weights = repeated(rng, with_spaces=with_spaces)
        with torch.no_grad():
            total, n = answer_loss(
                model, torch.tensor([tokens]), torch.tensor([weights], dtype=torch.float32)
            )
        losses.append((total / n).item())
    # Guessing costs ln 2000 = 7.6 nats a token; copying with the untrained rest of the model under 3.
    assert sum(losses) / len(losses) < 3.0


def test_a_model_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="width of 256"):
        new_model(HouseConfig(width=128), vocab_size=VOCAB_SIZE)


def test_only_the_repetition_of_a_warm_up_sample_carries_loss(tokenizer_folder: Path) -> None:
    tokenizer = load_tokenizer(tokenizer_folder)
    for seed in range(10):
        sample = copy_sample(random.Random(seed), tokenizer)
        half = len(sample) // 2
        assert abs(int(sample.weights.sum()) - half) <= half // 4 + 2
        assert sorted(sample.token_ids[sample.weights > 0].tolist()) == sorted(
            sample.token_ids[sample.weights == 0].tolist()
        )
