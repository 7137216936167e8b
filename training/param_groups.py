"""LoRA factors found in a model, pair by pair, and nothing guessed."""

# torch is typed in part only, and matrices keep the capitals of the papers
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from schemas.errors import ConfigurationError

# Parameters that PEFT adds beside the two factors of a linear layer, and what they would need.
_UNKNOWN_PARTS = {
    "lora_magnitude_vector": "DoRA's magnitudes",
    "lora_embedding_A": "factors of an embedding",
    "lora_embedding_B": "factors of an embedding",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LoRAPair:
    """The two factors of one adapted matrix, W = W₀ + scale · B A.

    Parameters
    ----------
    name
        The adapted module's name in its model.
    A, B
        Leaf parameters of shapes (r, n) and (m, r) for W of (m, n): PEFT's `lora_A.weight` and
        `lora_B.weight`. The LoRA-Muon paper writes W = W₀ + A Bᵀ: its A is this B, its B this Aᵀ.
    scale
        PEFT's `scaling` (alpha / r, or alpha / √r), not zero.

    Raises
    ------
    ValueError
        If the shapes or devices do not fit together, or the scale is zero.
    """

    name: str
    A: Tensor
    B: Tensor
    scale: float = 1.0

    def __post_init__(self) -> None:
        shapes = f"A {tuple(self.A.shape)} and B {tuple(self.B.shape)} of {self.name!r}"
        if self.A.ndim != 2 or self.B.ndim != 2 or self.A.shape[0] != self.B.shape[1]:
            raise ValueError(f"a pair has A of (r, n) and B of (m, r), not {shapes}")
        if self.A.shape[0] < 1:
            raise ValueError(f"a pair has a rank of at least 1, not {shapes}")
        if self.A.device != self.B.device or self.A.dtype != self.B.dtype:
            raise ValueError(f"{shapes} are on different devices or of different dtypes")
        if not self.scale:
            raise ValueError(f"the scale of {self.name!r} is zero: no step can reach its matrix")

    @property
    def rank(self) -> int:
        """Return r."""
        return self.A.shape[0]


def lora_pairs(model: nn.Module) -> tuple[LoRAPair, ...]:
    """Return the trainable LoRA pairs of a PEFT model, in the order of its modules.

    A pair is `lora_A[name].weight` and `lora_B[name].weight` of one linear layer, both trainable; frozen
    adapters are left out. Scales are read at the time of the call.

    Raises
    ------
    ConfigurationError
        If there is no pair, or a trainable parameter belongs to none (modules_to_save, biases, DoRA,
        factors of embeddings or convolutions): what this function does not know it does not leave out
        silently. Give such parameters to another optimizer and freeze them for this call, or train
        without them.
    """
    pairs = tuple(pair for name, module in model.named_modules() for pair in _pairs_of(name, module))
    paired = {id(factor) for pair in pairs for factor in (pair.A, pair.B)}
    others = [name for name, p in model.named_parameters() if p.requires_grad and id(p) not in paired]
    if others:
        raise ConfigurationError(
            f"{len(others)} trainable parameters are not a factor of a LoRA pair: {_described(others)}",
            hint="train plain LoRA on linear layers, or give these to an optimizer of their own",
        )
    if not pairs:
        raise ConfigurationError(
            "the model has no trainable LoRA pair", hint="wrap it with peft.get_peft_model first"
        )
    return pairs


def _pairs_of(name: str, module: nn.Module) -> Iterator[LoRAPair]:
    factors: Any = getattr(module, "lora_A", None)
    if not isinstance(factors, nn.ModuleDict):
        return
    for adapter, layer in factors.items():
        A = getattr(layer, "weight", None)
        B = getattr(_item(module, "lora_B", adapter), "weight", None)
        if not isinstance(A, nn.Parameter) or not isinstance(B, nn.Parameter):
            continue
        if A.requires_grad and B.requires_grad and A.ndim == B.ndim == 2:
            scaling: Any = module.scaling
            yield LoRAPair(name=f"{name}.{adapter}", A=A, B=B, scale=float(scaling[adapter]))


def _item(module: nn.Module, attribute: str, key: str) -> Any:  # noqa: ANN401
    items: Any = getattr(module, attribute)
    return items[key] if key in items else None  # noqa: SIM401 - a ModuleDict has no get


def _described(names: list[str]) -> str:
    shown = [f"{name}{_reason(name)}" for name in names[:3]]
    return ", ".join([*shown, "..."] if len(names) > len(shown) else shown)


def _reason(name: str) -> str:
    return next((f" ({what})" for part, what in _UNKNOWN_PARTS.items() if part in name), "")
