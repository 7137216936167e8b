"""The lean step is Transformers' and PEFT's step: losses and gradients, whatever is adapted and packed."""

# torch, transformers and peft are typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from schemas.errors import ConfigurationError
from training.lean import attention
from training.lean.llama import LeanLlama, spans_of
from training.lora_muon import LoRAMuon, lora_pairs
from training.sft.model import packed_loss
from training.sft.packing import PackedRow

# Conversations shorter than a block, of exactly one (128), of more than two.
LENGTHS = (37, 128, 300, 2)
ALL = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


def llama(**changes: Any) -> Any:  # noqa: ANN401
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    settings: dict[str, Any] = {
        "vocab_size": 97,
        "hidden_size": 48,
        "intermediate_size": 80,
        "num_hidden_layers": 3,
        "num_attention_heads": 6,
        "num_key_value_heads": 2,
        "rms_norm_eps": 1e-5,
        "tie_word_embeddings": True,
        **changes,
    }
    model = LlamaForCausalLM(LlamaConfig(**settings))
    for name, parameter in model.named_parameters():
        if "norm" in name:
            parameter.data += 0.3 * torch.randn(parameter.shape)
        else:
            parameter.data *= 5.0  # attention that is not flat
    return model


def adapted(model: Any, targets: Sequence[str] = ALL, **changes: Any) -> Any:  # noqa: ANN401
    """Return the model with factors that are both random: with B = 0 half of the gradients would be 0."""
    from peft import LoraConfig, get_peft_model

    settings: dict[str, Any] = {"r": 4, "lora_alpha": 12, "target_modules": list(targets), **changes}
    made = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **settings))
    for pair in lora_pairs(made):
        torch.nn.init.normal_(pair.B, std=0.2)
    return made


def row(lengths: Sequence[int] = LENGTHS, *, seed: int = 0) -> PackedRow:
    """Return random tokens; a third carries weight, of two sizes, never a conversation's first."""
    rng = np.random.default_rng(seed)
    positions = np.concatenate([np.arange(n, dtype=np.int32) for n in lengths])
    weights = rng.choice([0.0, 0.0, 0.0, 0.0, 1.0, 0.5], len(positions)).astype(np.float32)
    weights[positions == 0] = 0.0
    token_ids = rng.integers(97, size=len(positions)).astype(np.int32)
    return PackedRow(token_ids=token_ids, positions=positions, weights=weights)


def loss_and_gradients(model: Any, loss: Callable[[], tuple[Tensor, float]]) -> tuple[float, float, Tensor]:  # noqa: ANN401
    model.zero_grad()
    total, weight = loss()
    total.backward()
    grads = [p.grad.flatten() for p in model.parameters() if p.requires_grad]
    return total.item(), weight, torch.cat(grads)


def plain(model: Any, packed: PackedRow) -> tuple[float, float, Tensor]:  # noqa: ANN401
    return loss_and_gradients(model, lambda: packed_loss(model, packed))


def lean(model: Any, packed: PackedRow, dtype: torch.dtype) -> tuple[float, float, Tensor]:  # noqa: ANN401
    made = LeanLlama.of_peft(model, dtype=dtype)
    return loss_and_gradients(model, lambda: made.loss(packed))


def distance(a: Tensor, b: Tensor) -> float:
    return ((a - b).norm() / b.norm()).item()


MODELS: dict[str, Callable[[], Any]] = {
    "all layers": lambda: adapted(llama()),
    "some layers": lambda: adapted(llama(), ("q_proj", "v_proj", "down_proj")),
    "one layer": lambda: adapted(llama(), ("up_proj",)),
    "ranks and scales of their own": lambda: adapted(
        llama(), rank_pattern={"k_proj": 7, "down_proj": 1}, alpha_pattern={"q_proj": 3}
    ),
    "heads without sharing": lambda: adapted(llama(num_key_value_heads=6)),
    "one key for all": lambda: adapted(llama(num_key_value_heads=1)),
    "heads of another size": lambda: adapted(llama(head_dim=16)),
    "a head of its own": lambda: adapted(llama(tie_word_embeddings=False)),
    "one block": lambda: adapted(llama(num_hidden_layers=1)),
    "stretched positions": lambda: adapted(
        llama(rope_parameters={"rope_type": "linear", "factor": 4.0, "rope_theta": 1e4})
    ),
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS.keys())
def test_in_float32_loss_and_gradients_are_those_of_transformers(make: Callable[[], Any]) -> None:
    model = make()
    expected, weight, gradients = plain(model, row())
    found, found_weight, found_gradients = lean(model, row(), torch.float32)
    assert found == pytest.approx(expected, rel=1e-5)
    assert found_weight == weight
    assert distance(found_gradients, gradients) < 1e-5


def test_in_bfloat16_it_is_no_further_from_float32_than_transformers_is() -> None:
    model = adapted(llama())
    expected, _, gradients = plain(model, row())
    found, _, lean_gradients = lean(model, row(), torch.bfloat16)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        theirs, _, their_gradients = plain(model, row())
    assert found == pytest.approx(expected, rel=1e-2)
    assert theirs == pytest.approx(expected, rel=1e-2)
    assert distance(lean_gradients, gradients) < 1.2 * distance(their_gradients, gradients)


def test_in_float64_a_gradient_is_the_slope_of_the_loss() -> None:
    model = adapted(llama()).double()
    made = LeanLlama.of_peft(model, dtype=torch.float64)
    _, _, gradients = loss_and_gradients(model, lambda: made.loss(row()))
    factors = [p for p in model.parameters() if p.requires_grad]
    generator = torch.Generator().manual_seed(1)
    way = [torch.randn(p.shape, generator=generator, dtype=p.dtype) for p in factors]
    ends: list[float] = []
    for step in (1e-6, -2e-6):  # to + 1e-6, then to - 1e-6
        with torch.no_grad():
            for p, d in zip(factors, way, strict=True):
                p += step * d
        ends.append(made.loss(row())[0].item())
    slope = torch.dot(gradients, torch.cat([d.flatten() for d in way])).item()
    assert (ends[0] - ends[1]) / 2e-6 == pytest.approx(slope, rel=1e-6)


def test_a_conversation_alone_and_among_others_has_one_loss() -> None:
    made = LeanLlama.of_peft(adapted(llama()), dtype=torch.float64)
    whole = row()
    ends = np.cumsum(LENGTHS)
    alone = 0.0
    for start, end in zip([0, *ends[:-1]], ends, strict=True):
        part = PackedRow(
            token_ids=whole.token_ids[start:end],
            positions=whole.positions[start:end],
            weights=whole.weights[start:end],
        )
        alone += made.loss(part)[0].item()
    assert made.loss(whole)[0].item() == pytest.approx(alone, rel=1e-12)


def test_probabilities_that_are_not_kept_are_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    model = adapted(llama())
    kept = lean(model, row(), torch.float32)
    monkeypatch.setattr(attention, "_KEPT_BYTES", 0)
    again = lean(model, row(), torch.float32)
    assert torch.equal(kept[2], again[2])


def test_without_gradients_the_loss_is_the_same() -> None:
    made = LeanLlama.of_peft(adapted(llama()), dtype=torch.float32)
    with torch.no_grad():
        measured = made.loss(row())[0]
    assert not measured.requires_grad
    assert measured.item() == made.loss(row())[0].item()


def test_a_row_without_weight_has_no_loss_and_no_gradient() -> None:
    model = adapted(llama())
    packed = row()
    empty = PackedRow(
        token_ids=packed.token_ids, positions=packed.positions, weights=np.zeros_like(packed.weights)
    )
    loss, weight, gradients = lean(model, empty, torch.float32)
    assert (loss, weight) == (0.0, 0.0)
    assert not gradients.any()


def test_a_row_that_is_learned_from_end_to_end_is_counted_whole() -> None:
    model = adapted(llama())
    packed = row((400,))
    full = PackedRow(
        token_ids=packed.token_ids,
        positions=packed.positions,
        weights=(packed.positions > 0).astype(np.float32),
    )
    expected, _, gradients = plain(model, full)
    found, _, lean_gradients = lean(model, full, torch.float32)
    assert found == pytest.approx(expected, rel=1e-5)
    assert distance(lean_gradients, gradients) < 1e-5


def test_an_optimizer_of_the_pairs_trains_what_it_computes() -> None:
    model = adapted(llama())
    made = LeanLlama.of_peft(model, dtype=torch.float32)
    optimizer = LoRAMuon(lora_pairs(model), lr=0.1)
    losses: list[float] = []
    for _ in range(8):
        optimizer.zero_grad()
        total, weight = made.loss(row())
        (total / weight).backward()
        optimizer.step()
        losses.append(total.item())
    assert losses[-1] < 0.8 * losses[0]
    assert plain(model, row())[0] == pytest.approx(made.loss(row())[0].item(), rel=1e-5)


def test_the_base_s_weights_get_no_gradient_and_are_not_touched() -> None:
    model = adapted(llama())
    before = {name: p.detach().clone() for name, p in model.named_parameters()}
    lean(model, row(), torch.float32)
    for name, p in model.named_parameters():
        assert torch.equal(p, before[name])
        assert (p.grad is None) == ("lora" not in name)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: adapted(llama(attention_bias=True)), "biases"),
        (lambda: adapted(llama(hidden_act="gelu")), "gelu"),
        (lambda: adapted(llama(attention_dropout=0.1)), "dropout"),
        (
            lambda: adapted(
                llama(rope_parameters={"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4})
            ),
            "dynamic",
        ),
        (lambda: adapted(llama(), lora_dropout=0.1), "dropout"),
        (lambda: adapted(llama(tie_word_embeddings=False), (*ALL, "lm_head")), "lm_head"),
    ],
)
def test_what_is_not_a_plain_llama_is_refused(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        LeanLlama.of_peft(make())


def test_another_family_is_refused() -> None:
    from transformers import GPT2Config, GPT2LMHeadModel

    model = GPT2LMHeadModel(GPT2Config(n_layer=1, n_embd=8, n_head=1, vocab_size=9))
    with pytest.raises(ConfigurationError, match="gpt2"):
        LeanLlama(model, {})


def test_spans_begin_where_positions_do() -> None:
    assert spans_of(np.array([0, 1, 2, 0, 0, 1], dtype=np.int32)) == ((0, 3), (3, 4), (4, 6))


@pytest.mark.parametrize("positions", [[], [3, 4], [1, 0]])
def test_a_row_that_begins_in_the_middle_is_refused(positions: list[int]) -> None:
    with pytest.raises(ValueError, match="begins with"):
        spans_of(np.array(positions, dtype=np.int32))
