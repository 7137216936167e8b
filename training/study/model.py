"""The study's model: a character-level transformer whose matrices are dense or products of two factors."""

# torch is typed in part only, and matrices keep the capitals of the papers
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false
from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from training.param_groups import LoRAPair

_HEAD_SIZE = 32
_MLP_FACTOR = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Size of a model: `rank` None for dense matrices; `rescaling` κ multiplies A and divides B."""

    n_characters: int
    context: int = 64
    width: int = 128
    depth: int = 2
    rank: int | None = None
    rescaling: float = 1.0


class Factorised(nn.Module):
    """x ↦ x Aᵀ Bᵀ with A (r, n) and B (m, r): a linear layer of which W₀ = 0 and W = B A."""

    def __init__(self, W: Tensor, *, rank: int, rescaling: float) -> None:
        """Start from the best approximation of W (m, n) of this rank, split evenly, then rescaled."""
        super().__init__()
        U, S, Vh = torch.linalg.svd(W.double(), full_matrices=False)
        root = S[:rank].sqrt()
        self.A = nn.Parameter((rescaling * root[:, None] * Vh[:rank]).float())  # (r, n)
        self.B = nn.Parameter((U[:, :rank] * root / rescaling).float())  # (m, r)

    def forward(self, x: Tensor) -> Tensor:
        """Map (..., n) to (..., m)."""
        return F.linear(F.linear(x, self.A), self.B)


class Block(nn.Module):
    """Causal self-attention and a network of four times the width with ReLU², each after a norm."""

    def __init__(self, shape: Shape, generator: torch.Generator) -> None:
        super().__init__()
        d, hidden = shape.width, _MLP_FACTOR * shape.width
        self.n_heads = d // _HEAD_SIZE
        self.attention_norm, self.mlp_norm = nn.RMSNorm(d), nn.RMSNorm(d)
        self.query, self.key, self.value, self.out = (_matrix(shape, d, d, generator) for _ in range(4))
        self.up, self.down = _matrix(shape, hidden, d, generator), _matrix(shape, d, hidden, generator)

    def forward(self, x: Tensor) -> Tensor:
        """Map (b, t, d) to (b, t, d)."""
        normed = self.attention_norm(x)
        q, k, v = (self._heads(layer(normed)) for layer in (self.query, self.key, self.value))
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)  # (b, heads, t, 32)
        x = x + self.out(mixed.transpose(1, 2).flatten(2))
        return x + self.down(F.relu(self.up(self.mlp_norm(x))).square())

    def _heads(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.n_heads, _HEAD_SIZE)).transpose(1, 2)


def _matrix(shape: Shape, m: int, n: int, generator: torch.Generator) -> nn.Module:
    """Return a layer W (m, n) of normal entries with variance 1 / 3n, dense or factorised.

    The same seed gives a factorised model that starts as the truncation of the dense one.
    """
    W = torch.randn(m, n, generator=generator) / (3 * n) ** 0.5
    if shape.rank is not None:
        return Factorised(W, rank=min(shape.rank, m, n), rescaling=shape.rescaling)
    layer = nn.Linear(n, m, bias=False)
    with torch.no_grad():
        layer.weight.copy_(W)
    return layer


class CharacterModel(nn.Module):
    """Embeddings of characters and positions, blocks, a norm and a head of its own."""

    def __init__(self, shape: Shape, *, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.characters = nn.Embedding(shape.n_characters, shape.width)
        self.positions = nn.Embedding(shape.context, shape.width)
        self.head = nn.Linear(shape.width, shape.n_characters, bias=False)
        with torch.no_grad():
            for weight in (self.characters.weight, self.positions.weight, self.head.weight):
                weight.copy_(0.02 * torch.randn(weight.shape, generator=generator))
        self.blocks = nn.ModuleList(Block(shape, generator) for _ in range(shape.depth))
        self.norm = nn.RMSNorm(shape.width)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the logits (b, t, n_characters) of the next character for ids (b, t)."""
        positions = self.positions.weight[: ids.shape[1]]
        x = self.characters(ids) + positions
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))

    def pairs(self) -> tuple[LoRAPair, ...]:
        """Return the factors of every factorised matrix."""
        found = ((name, m) for name, m in self.named_modules() if isinstance(m, Factorised))
        return tuple(LoRAPair(name=name, A=m.A, B=m.B) for name, m in found)

    def matrices(self) -> list[Tensor]:
        """Return the dense matrices inside the blocks."""
        return [m.weight for m in self.blocks.modules() if isinstance(m, nn.Linear)]

    def others(self) -> list[Tensor]:
        """Return what is not inside a block's matrices: embeddings, norms and head."""
        inside = {id(p) for p in self.matrices()}
        inside.update(id(p) for pair in self.pairs() for p in (pair.A, pair.B))
        return [p for p in self.parameters() if id(p) not in inside]
