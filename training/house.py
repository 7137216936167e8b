"""The house model: a small Llama trained from scratch on synthetic documents."""

# torch, transformers and matplotlib are typed in part only
# pyright: reportUnknownMemberType=false
from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from decoding.engines.threads import set_threads
from training.copying_init import write_copying_circuit
from training.hf import load_tokenizer
from training.run_folder import TrainingFolder
from training.schedule import Schedule, note_rates, scale_rates
from training.stream import BatchStream, StreamConfig, TokenBatch

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM

logger = logging.getLogger(__name__)

# What a run cannot change on its way: weights would not fit, or be others.
_FIXED = ("n_layers", "width", "max_tokens", "rope_theta", "seed")


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseConfig:
    """Size, length and rates of a house run.

    `minutes` is the wall-clock budget: the learning rate and the curriculum follow the share of it
    that is spent, so that a busy machine still ends with a cooled-down model. Attention heads have
    64 dimensions, which every kernel of vLLM supports.
    """

    minutes: float = 110.0
    n_layers: int = 5
    width: int = 256
    max_tokens: int = 4096
    batch_tokens: int = 8192
    # Higher rates wear the copying circuit away (docs/log.md).
    muon_lr: float = 0.004
    adamw_lr: float = 1e-3
    weight_decay: float = 0.01
    warmup_share: float = 0.01
    cooldown_share: float = 0.4
    embedding_std: float = 0.1
    # Long wavelengths leave half of each head's dimensions free to compare content at any distance.
    rope_theta: float = 1e6
    grad_clip: float = 1.0
    seed: int = 0
    n_threads: int = 1
    n_data_processes: int = 1
    checkpoint_minutes: float = 10.0
    device: str = "cpu"
    # Fused kernels: 1.6 times the tokens a second on two cores, after half a minute of compiling. Needs g++.
    compiled: bool = False

    @property
    def schedule(self) -> Schedule:
        """Return the learning rate's course: warm-up, plateau, linear cool-down to 0."""
        return Schedule(warmup_share=self.warmup_share, cooldown_share=self.cooldown_share)


def new_model(config: HouseConfig, *, vocab_size: int) -> LlamaForCausalLM:
    """Return an untrained model: tied embeddings, SwiGLU of 8/3 the width, heads of 64."""
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(config.seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocab_size,
            hidden_size=config.width,
            intermediate_size=math.ceil(config.width * 8 / 3 / 64) * 64,
            num_hidden_layers=config.n_layers,
            num_attention_heads=config.width // 64,
            num_key_value_heads=config.width // 64,
            max_position_embeddings=config.max_tokens,
            tie_word_embeddings=True,
            rope_parameters={"rope_type": "default", "rope_theta": config.rope_theta},
            bos_token_id=None,
            eos_token_id=2,
            pad_token_id=0,
        )
    )
    write_copying_circuit(model, embedding_std=config.embedding_std)
    return model


def answer_loss(model: LlamaForCausalLM, token_ids: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    """Return (sum of weighted cross-entropies in nats, sum of weights) of next-token prediction.

    Logits are computed at the answer's positions only: the head is a fifth of the model's work.

    Parameters
    ----------
    token_ids, weights
        (b, t); position i is predicted from the tokens before it, with weight weights[:, i].
    """
    hidden = model.model(input_ids=token_ids).last_hidden_state[:, :-1]  # (b, t-1, width)
    chosen = weights[:, 1:] > 0
    logits = model.lm_head(hidden[chosen]).float()  # (n, vocab)
    losses = F.cross_entropy(logits, token_ids[:, 1:][chosen], reduction="none")
    return (losses * weights[:, 1:][chosen]).sum(), weights[:, 1:][chosen].sum()


def make_optimizers(model: nn.Module, config: HouseConfig) -> tuple[torch.optim.Optimizer, ...]:
    """Return Muon for the matrices inside the blocks and AdamW for embeddings and norms."""
    matrices = [p for name, p in model.named_parameters() if p.ndim == 2 and "embed" not in name]
    others = [p for name, p in model.named_parameters() if p.ndim != 2 or "embed" in name]
    muon = torch.optim.Muon(
        matrices, lr=config.muon_lr, momentum=0.95, weight_decay=config.weight_decay, adjust_lr_fn="original"
    )
    adamw = torch.optim.AdamW(others, lr=config.adamw_lr, betas=(0.9, 0.95), weight_decay=0.0)
    note_rates((muon, adamw))
    return muon, adamw


@dataclass(slots=True)
class RunState:
    """Where a run stands; saved with each checkpoint."""

    step: int = 0
    n_tokens: int = 0
    n_answer_tokens: int = 0
    spent_s: float = 0.0


def train_house(
    config: HouseConfig,
    stream_config: StreamConfig,
    folder: Path,
    *,
    evaluate: Callable[[Any], dict[str, float]] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> RunState:
    """Train, or resume, the run in `folder`; return its final state.

    Writes the log (one line a step); every few minutes and at the end the checkpoint, and `model/` (Hugging
    Face folder, fp32).

    Raises
    ------
    ConfigurationError
        If a setting of the learning rate is out of range, or the folder's files are no run's.
    """
    run = TrainingFolder(path=folder)
    set_threads(config.n_threads)
    model = new_model(config, vocab_size=_vocab_size(stream_config))
    nn.Module.to(model, config.device)
    if config.compiled:
        # In place, so that the checkpoints' parameter names stay the model's own.
        model.model.compile(dynamic=True)
    optimizers = make_optimizers(model, config)
    state = _resume(run, model, optimizers)
    # A resumed run goes on with documents that it has not seen.
    fresh = replace(stream_config, seed=stream_config.seed + state.step)
    stream = BatchStream(fresh, n_processes=config.n_data_processes)
    try:
        _loop(model, optimizers, state, stream, config, run, evaluate, stop)
    finally:
        stream.close()
    _checkpoint(run, model, optimizers, state)
    return state


def _loop(
    model: LlamaForCausalLM,
    optimizers: tuple[torch.optim.Optimizer, ...],
    state: RunState,
    stream: BatchStream,
    config: HouseConfig,
    run: TrainingFolder,
    evaluate: Callable[[Any], dict[str, float]] | None,
    stop: Callable[[], bool],
) -> None:
    budget_s = config.minutes * 60
    last_checkpoint = time.monotonic()
    while state.spent_s < budget_s and not stop():
        started = time.monotonic()
        progress = state.spent_s / budget_s
        stream.set_progress(progress)
        loss = train_step(model, optimizers, stream.next(), config, factor=config.schedule.factor(progress))
        state.step += 1
        state.n_tokens += loss.n_tokens
        state.n_answer_tokens += loss.n_answer_tokens
        state.spent_s += time.monotonic() - started
        record: dict[str, float] = {"loss": loss.nats, **asdict(state)}
        if time.monotonic() - last_checkpoint > config.checkpoint_minutes * 60:
            _checkpoint(run, model, optimizers, state)
            record |= evaluate(_twin(model)) if evaluate else {}
            last_checkpoint = time.monotonic()
        run.log.append(record)


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLoss:
    """Mean weighted loss of a step in nats, and how much text it saw."""

    nats: float
    n_tokens: int
    n_answer_tokens: int


def train_step(
    model: LlamaForCausalLM,
    optimizers: tuple[torch.optim.Optimizer, ...],
    batch: TokenBatch,
    config: HouseConfig,
    *,
    factor: float,
) -> StepLoss:
    """Take one step of every optimizer at `factor` times its learning rate."""
    token_ids = torch.from_numpy(batch.token_ids).long().to(config.device)
    weights = torch.from_numpy(batch.weights).to(config.device)
    with torch.autocast(config.device.split(":")[0], dtype=torch.bfloat16):
        total, weight = answer_loss(model, token_ids, weights)
    loss = total / weight
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), config.grad_clip)
    scale_rates(optimizers, factor)
    for optimizer in optimizers:
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
    return StepLoss(
        nats=loss.item(), n_tokens=token_ids.numel(), n_answer_tokens=int((batch.weights > 0).sum())
    )


def _twin(model: LlamaForCausalLM) -> LlamaForCausalLM:
    """Return an uncompiled copy: an evaluation's shapes would make the compiler start again."""
    twin = type(model)(model.config)
    twin.load_state_dict(model.state_dict())
    nn.Module.to(twin, model.device)
    return twin


def _vocab_size(stream_config: StreamConfig) -> int:
    return len(load_tokenizer(stream_config.tokenizer_folder))


def check_resumable(config: HouseConfig, folder: Path) -> None:
    """Raise if the folder holds a run of another shape or seed; other settings may change on its way.

    Raises
    ------
    ConfigurationError
        Naming the first setting that differs, or that the folder's settings cannot be read.
    """
    run = TrainingFolder(path=folder)
    if run.has_checkpoint and run.is_begun:
        asked = asdict(config)
        run.check({name: asked[name] for name in _FIXED})


def checkpoint_state(folder: Path) -> RunState:
    """Return where the run's checkpoint stands; step 0 if there is none."""
    saved = TrainingFolder(path=folder).checkpoint()
    return RunState() if saved is None else RunState(**saved["state"])


def _resume(
    run: TrainingFolder, model: LlamaForCausalLM, optimizers: tuple[torch.optim.Optimizer, ...]
) -> RunState:
    saved = run.resume()
    if saved is None:
        return RunState()
    model.load_state_dict(saved["model"])
    for optimizer, values in zip(optimizers, saved["optimizers"], strict=True):
        optimizer.load_state_dict(values)
    return RunState(**saved["state"])


def _checkpoint(
    run: TrainingFolder,
    model: LlamaForCausalLM,
    optimizers: tuple[torch.optim.Optimizer, ...],
    state: RunState,
) -> None:
    run.save(
        {
            "model": model.state_dict(),
            "optimizers": [optimizer.state_dict() for optimizer in optimizers],
            "state": asdict(state),
        }
    )
    model.save_pretrained(run.path / "model")
    logger.info("checkpoint at step %s after %s tokens", state.step, state.n_tokens)
