"""Pairs are found in real PEFT models, and what is not a pair is refused."""

# torch is typed in part only, and matrices keep the capitals of the papers
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false
from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from schemas.errors import ConfigurationError
from training.lora_muon import LoRAMuon, LoRAPair, lora_pairs


class TwoLayers(nn.Module):
    """An embedding, two linear layers and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(10, 6)
        self.first = nn.Linear(6, 8)
        self.second = nn.Linear(8, 6, bias=False)
        self.head = nn.Linear(6, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.second(torch.relu(self.first(self.embed(x)))))


def peft_model(**settings: Any) -> Any:  # noqa: ANN401
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(0)
    given = {"r": 2, "lora_alpha": 8, "target_modules": ["first", "second"], **settings}
    return get_peft_model(TwoLayers(), LoraConfig(**given))  # type: ignore[arg-type]


def test_pairs_have_the_shapes_and_scale_of_peft() -> None:
    first, second = lora_pairs(peft_model())
    assert (first.A.shape, first.B.shape) == ((2, 6), (8, 2))
    assert (second.A.shape, second.B.shape) == ((2, 8), (6, 2))
    assert first.scale == 4.0  # alpha / r = 8 / 2
    assert first.rank == 2
    assert "first" in first.name


def test_rank_stabilised_scales_are_read() -> None:
    assert lora_pairs(peft_model(use_rslora=True))[0].scale == pytest.approx(8 / 2**0.5)


def test_a_frozen_second_adapter_is_left_out() -> None:
    from peft import LoraConfig

    model = peft_model()
    model.add_adapter("other", LoraConfig(r=3, target_modules=["first"]))
    assert {pair.rank for pair in lora_pairs(model)} == {2}
    model.set_adapter("other")
    assert {pair.rank for pair in lora_pairs(model)} == {3}


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"bias": "all"}, "bias"),
        ({"modules_to_save": ["head"]}, "head"),
        ({"use_dora": True}, "DoRA"),
        ({"target_modules": ["embed"]}, "embedding"),
    ],
)
def test_what_is_not_a_pair_is_refused_by_name(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        lora_pairs(peft_model(**settings))


def test_a_model_without_lora_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="not a factor of"):
        lora_pairs(TwoLayers())
    with pytest.raises(ConfigurationError, match="no trainable LoRA pair"):
        lora_pairs(TwoLayers().requires_grad_(requires_grad=False))


@pytest.mark.parametrize(
    ("A", "B", "scale"),
    [((2, 6), (8, 3), 1.0), ((0, 6), (8, 0), 1.0), ((2, 6), (8, 2), 0.0), ((2, 6, 1), (8, 2), 1.0)],
)
def test_what_does_not_fit_is_no_pair(A: tuple[int, ...], B: tuple[int, ...], scale: float) -> None:
    with pytest.raises(ValueError, match=r"pair|scale"):
        LoRAPair(name="w", A=torch.zeros(A), B=torch.zeros(B), scale=scale)


def test_a_peft_model_learns() -> None:
    model = peft_model()
    inputs, gold = torch.arange(10), torch.arange(9, -1, -1)
    optimizer = LoRAMuon(lora_pairs(model), lr=0.3, weight_decay=0.0)
    losses: list[float] = []
    for _ in range(40):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(inputs), gold)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.6 * losses[0]
