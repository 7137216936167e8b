"""Which heads there are, which tokens belong together, and how positions turn queries and keys."""

# torch is typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

# Half-open token ranges of the conversations, one after the other.
Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """`n_query` heads of `size` numbers, in groups that share one of `n_key` keys and values."""

    n_query: int
    n_key: int
    size: int

    @property
    def n_shared(self) -> int:
        """Return how many queries share a key."""
        return self.n_query // self.n_key


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """Cosine and sine of each token's angles, (t, 1, size / 2), in the dtype of the arithmetic."""

    cos: Tensor
    sin: Tensor


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair (xᵢ, xᵢ₊ₛ), s half of the head, by its angle: (t, heads, size) to the same."""
    turned = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    (a, b), (c, d) = x.chunk(2, -1), turned.chunk(2, -1)
    torch.mul(a, cos, out=c).addcmul_(b, sin, value=-1.0)
    torch.mul(b, cos, out=d).addcmul_(a, sin)
    return turned
