"""A small tokenizer that the training tests share."""

# transformers' tokenizers are typed in part only
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import random
from pathlib import Path

import pytest

from training.encode import prompt_of
from training.synthesis.sample import generate
from training.tokenizer import train_tokenizer


@pytest.fixture(scope="session")
def tokenizer_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small tokenizer trained on a few synthetic pages."""
    rng = random.Random(0)
    texts = [message.content for _ in range(60) for message in prompt_of(generate(rng)).messages]
    folder = tmp_path_factory.mktemp("tokenizer")
    train_tokenizer(texts, vocab_size=512).save_pretrained(folder)
    return folder
