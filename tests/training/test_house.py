"""The house model's code paths: tokens, loss weights, batches, training that lowers the loss, resuming."""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import asdict, replace
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest

from decoding.prompt import build_prompt
from ocr.layout import layout_text
from schemas.errors import ConfigurationError
from training.encode import chat_text, encode, prompt_of
from training.hf import load_tokenizer
from training.house import HouseConfig, RunState, check_resumable, checkpoint_state, train_house
from training.publish import publish
from training.run_folder import TrainingFolder
from training.stream import StreamConfig, batches, pad, sample_stream
from training.synthesis.sample import generate

Tokenizer: TypeAlias = Any  # transformers' tokenizers are typed in part only


@pytest.fixture(scope="module")
def tokenizer(tokenizer_folder: Path) -> Tokenizer:
    return load_tokenizer(tokenizer_folder)


def test_a_word_has_the_same_tokens_after_a_space_and_after_a_quote(tokenizer: Tokenizer) -> None:
    on_page = tokenizer.tokenize("SOLD BY ACME TRADING 2018")
    in_json = tokenizer.tokenize('"ACME TRADING 2018"')
    start = on_page.index(in_json[1])
    assert on_page[start:] == in_json[1:-1]


def test_each_digit_is_a_token_and_any_text_comes_back(tokenizer: Tokenizer) -> None:
    text = "12.50- \u20ac Z\u00fcrich \u4e2d\u6587   \n\ttab"
    assert tokenizer.decode(tokenizer(text, add_special_tokens=False)["input_ids"]) == text
    assert "12" not in tokenizer.tokenize("12.50")


def test_the_training_text_is_what_the_chat_template_writes(tokenizer: Tokenizer) -> None:
    sample = generate(random.Random(3))
    messages = prompt_of(sample).messages
    turns = [{"role": message.role, "content": message.content} for message in messages]
    assert chat_text(messages) == tokenizer.apply_chat_template(
        turns, tokenize=False, add_generation_prompt=True
    )


def test_the_training_prompt_is_the_services_prompt() -> None:
    sample = generate(random.Random(4))
    assert prompt_of(sample) == build_prompt(sample.schema, layout_text(sample.document).text)


def test_only_the_answer_carries_loss(tokenizer: Tokenizer) -> None:
    sample = generate(random.Random(5))
    encoded = encode(tokenizer, prompt_of(sample), sample)
    answer = tokenizer.decode(encoded.token_ids[encoded.weights > 0].tolist())
    assert json.loads(answer.removesuffix("<|im_end|>")) == sample.gold
    assert encoded.weights.max() == 1.0


def test_padding_has_no_weight_and_batches_are_bounded(tokenizer: Tokenizer, tokenizer_folder: Path) -> None:
    config = StreamConfig(
        tokenizer_folder=str(tokenizer_folder), batch_tokens=3000, max_tokens=1500, pool_size=24
    )
    for batch in islice(batches(sample_stream(tokenizer, config, lambda: 0.3), config), 6):
        assert batch.token_ids.shape == batch.weights.shape
        assert batch.token_ids.size <= 3000
    short, long = (encode(tokenizer, prompt_of(s), s) for s in (generate(random.Random(i)) for i in (1, 2)))
    padded = pad([short, long])
    assert padded.weights[0, len(short) :].sum() == 0
    assert np.array_equal(padded.token_ids[1, : len(long)], long.token_ids)


def test_the_learning_rate_warms_up_stays_and_ends_at_zero() -> None:
    config = HouseConfig(warmup_share=0.1, cooldown_share=0.5)
    factors = [config.schedule.factor(p) for p in (0.0, 0.05, 0.3, 0.75, 1.0)]
    assert factors == pytest.approx([0.0, 0.5, 1.0, 0.5, 0.0])


@pytest.mark.slow
def test_training_lowers_the_loss_and_resumes_where_it_stopped(
    tokenizer_folder: Path, tmp_path: Path
) -> None:
    config = HouseConfig(minutes=30, n_layers=2, batch_tokens=1500, checkpoint_minutes=100)
    asked = iter(range(40))  # steps, however long a busy machine takes for them
    # Of one difficulty from start to end: a loss on documents is not less than one on warm-up text.
    stream = StreamConfig(
        tokenizer_folder=str(tokenizer_folder),
        batch_tokens=1500,
        max_tokens=1500,
        pool_size=16,
        warmup_end=1e9,
    )
    first = train_house(config, stream, tmp_path, stop=lambda: next(asked, None) is None)
    again = train_house(config, stream, tmp_path, stop=lambda: True)
    losses = [json.loads(line)["loss"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert again.step == first.step == len(losses)
    assert np.mean(losses[-5:]) < np.mean(losses[:5])
    assert (tmp_path / "model" / "model.safetensors").is_file()


def _small_run(tokenizer_folder: Path, folder: Path, *, minutes: float) -> HouseConfig:
    config = HouseConfig(minutes=minutes, n_layers=2, batch_tokens=800, max_tokens=800)
    stream = StreamConfig(
        tokenizer_folder=str(tokenizer_folder), batch_tokens=800, max_tokens=800, pool_size=4
    )
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps(asdict(config)))
    train_house(config, stream, folder)
    return config


@pytest.mark.slow
def test_steps_after_the_checkpoint_are_forgotten_and_not_published(
    tokenizer_folder: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    config = _small_run(tokenizer_folder, run, minutes=0.05)
    shutil.copytree(tokenizer_folder, run / "tokenizer")
    state = checkpoint_state(run)
    log = run / "log.jsonl"
    ahead = json.dumps({"loss": 1.0, **asdict(state), "step": state.step + 5})
    log.write_text(log.read_text() + ahead + "\n" + ahead[:10])
    publish(run, tmp_path / "model")
    assert json.loads((tmp_path / "model" / "training_state.json").read_text())["step"] == state.step
    check_resumable(config, run)
    with pytest.raises(ConfigurationError, match="width 256, not 512"):
        check_resumable(replace(config, width=512), run)
    _small_run(tokenizer_folder, run, minutes=state.spent_s / 60 + 0.02)
    steps = [json.loads(line)["step"] for line in log.read_text().splitlines()]
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) > state.step


def test_a_run_killed_before_its_first_checkpoint_begins_its_log_anew(
    tokenizer_folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "log.jsonl").write_text('{"step": 1, "loss": 9.0}\n{"step": 2, "lo')
    _small_run(tokenizer_folder, tmp_path, minutes=0.0)
    assert not (tmp_path / "log.jsonl").is_file()


def test_settings_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    TrainingFolder(path=tmp_path).save({"state": asdict(RunState())})
    check_resumable(HouseConfig(), tmp_path)  # nothing says that it is another run
    (tmp_path / "config.json").write_text("")
    with pytest.raises(ConfigurationError, match=r"config\.json"):
        check_resumable(HouseConfig(), tmp_path)


def test_a_run_may_go_on_with_other_threads_devices_and_lengths(tmp_path: Path) -> None:
    run = TrainingFolder(path=tmp_path)
    run.write_config(asdict(HouseConfig()))
    check_resumable(HouseConfig(seed=1), tmp_path)  # without a checkpoint nothing goes on
    run.save({"state": asdict(RunState())})
    other = HouseConfig(minutes=9.0, n_threads=7, device="cuda", compiled=True, cooldown_share=0.1)
    check_resumable(other, tmp_path)
    with pytest.raises(ConfigurationError, match="another seed"):
        check_resumable(HouseConfig(seed=1), tmp_path)


def test_a_run_without_a_step_is_not_published(tokenizer_folder: Path, tmp_path: Path) -> None:
    _small_run(tokenizer_folder, tmp_path / "run", minutes=0.0)
    with pytest.raises(ConfigurationError, match="no model"):
        publish(tmp_path / "run", tmp_path / "model")
