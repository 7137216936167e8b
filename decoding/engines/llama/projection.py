"""Products with a weight matrix, fast for one row and for a thousand.

One row costs what reading the weights costs: a quarter of it where they have four bits. Many rows cost what
the arithmetic costs, which is least in bfloat16; either kind on weights that lie as the kernel wants them.
"""

# Torch leaves parts of its interface untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportPrivateUsage=false, reportPrivateImportUsage=false
from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor

# From five rows on, four bits cost more than sixteen (the kernels' times are in docs/results/decoding.md).
_MOST_ROWS_IN_FOUR_BITS = 4
# From nine on, an adapter's eight bits do.
_MOST_ROWS_IN_EIGHT_BITS = 8
GROUP = 32
_ROWS_AT_ONCE = 256
# Weights are taken for four bits if none is further from them than rounding to bfloat16 has brought it: by
# 2^-8 of itself, and by as much with the ends that its level is reckoned from. Where that is a quarter of a
# level and more, any weight would pass, and none is taken.
_BFLOAT16_STEP = 2.0**-7
_LEVEL_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class FourBits:
    """A matrix (m, n) in four bits a weight, with a scale and an offset for each 32 of a row.

    Attributes
    ----------
    packed
        As `torch._weight_int4pack_mm_for_cpu` wants it, uint8.
    scales
        (n / 32, m, 2) bfloat16: weight = (bits - 8) · scale + offset.
    """

    packed: Tensor
    scales: Tensor

    def apply(self, x: Tensor) -> Tensor:
        """Return x @ W.T of `x` (t, n), in its dtype."""
        y = torch._weight_int4pack_mm_for_cpu(x.to(torch.bfloat16), self.packed, GROUP, self.scales)
        return y.to(x.dtype)


def find_four_bits(weight: Tensor) -> FourBits | None:
    """Return a matrix in four bits if it holds no more than that; None if it does.

    Each 32 weights of a row that came from a file in four bits are sixteen levels between the least and the
    largest of them, up to the rounding to bfloat16 in which they are kept.
    """
    n_rows, n_columns = weight.shape
    if n_columns % GROUP or n_rows % 16 or weight.dtype != torch.bfloat16:
        return None
    bits = torch.empty((n_rows, n_columns), dtype=torch.int32)
    scales = torch.empty((n_columns // GROUP, n_rows, 2), dtype=torch.bfloat16)
    # In parts that stay in a processor's cache; most others' weights are known for such by the first one.
    for first in range(0, n_rows, _ROWS_AT_ONCE):
        part = slice(first, first + _ROWS_AT_ONCE)
        found = _find_levels(weight[part].float().view(-1, n_columns // GROUP, GROUP))
        if found is None:
            return None
        levels, line = found
        scales[:, part] = line.transpose(0, 1)
        bits[part] = levels.view(-1, n_columns)
    return FourBits(torch._convert_weight_to_int4pack_for_cpu(bits, 1), scales)


def _find_levels(groups: Tensor) -> tuple[Tensor, Tensor] | None:
    """Return levels 0 to 15 (m, g, 32), and scales and offsets (m, g, 2); None if groups hold more."""
    low, high = torch.aminmax(groups, dim=-1, keepdim=True)
    step = ((high - low) / 15).clamp_(min=1e-12)
    levels = ((groups - low) / step).round_()
    off = (groups - low).addcmul_(levels, step, value=-1).abs_()
    largest = torch.maximum(low.abs(), high.abs())
    if not bool((off <= torch.minimum(_BFLOAT16_STEP * largest, _LEVEL_SHARE * step)).all()):
        return None  # also where weights are no numbers
    # The ends are rounded too: the line through all 32 is nearer to what they were.
    middle, mean = levels.mean(-1, keepdim=True), groups.mean(-1, keepdim=True)
    spread = (levels - middle).square_().sum(-1, keepdim=True)
    scale = ((levels - middle) * (groups - mean)).sum(-1, keepdim=True) / spread.clamp(min=1e-12)
    scale = torch.where(spread > 0, scale, step).bfloat16().float()
    return levels, torch.cat([scale, mean - scale * (middle - 8)], -1)


class Projection:
    """x @ W.T, with the factors of an adapter beside it.

    Parameters
    ----------
    weight
        (m, n), in the dtype of the arithmetic, with an adapter's update or without.
    four_bits
        The weight without an update in four bits, if that is all it holds.
    """

    def __init__(self, weight: Tensor, four_bits: FourBits | None) -> None:
        self._four_bits = four_bits
        self._many = Ordered(weight)

    def __call__(self, x: Tensor, beside: Beside | None = None) -> Tensor:
        """Return (t, m) of `x` (t, n)."""
        n_rows = x.shape[0]
        if self._four_bits is not None and n_rows <= _MOST_ROWS_IN_FOUR_BITS:
            y, factors = self._four_bits.apply(x), None if beside is None else beside.base
        else:
            x = F.pad(x, (0, 0, 0, padded_rows(n_rows) - n_rows))
            y, factors = self._many.apply(x), None if beside is None else beside.weights
        return (y if factors is None else factors.add(y, x))[:n_rows]


def padded_rows(n: int) -> int:
    """Return how many rows are multiplied where there are `n`: 4, 8, 16, 32, 48, ..., 128, 192, 256, ...

    oneDNN keeps a kernel of a megabyte or so for every number of rows that it has ever met, up to 1,024 of
    them: texts have all lengths, and a process would grow by a gigabyte. One row would be the cheapest by a
    little, but its sums are parted among threads on every processor, and those of four on few: with another
    number of threads they come to other last bits.
    """
    step = 4 if n <= 8 else 8 if n <= 16 else 16 if n <= 128 else 64
    return -(-n // step) * step


class Ordered:
    """A matrix as oneDNN wants it, unless it `stays` as it is; it would be put in order for every product."""

    def __init__(self, weight: Tensor, *, stays: bool = False) -> None:
        self._weight = weight
        self._is_ordered = (
            not stays
            and hasattr(torch.ops.mkldnn, "_linear_pointwise")
            and torch.backends.mkldnn.is_available()
            # Some processors' kernels of bfloat16 emulate it, and refuse to put weights in order.
            and (weight.dtype != torch.bfloat16 or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported()))
        )
        if self._is_ordered:
            self._weight = torch.ops.mkldnn._reorder_linear_weight(weight)

    def apply(self, x: Tensor) -> Tensor:
        """Return x @ W.T of `x` (t, n)."""
        if not self._is_ordered:
            return F.linear(x, self._weight)
        return torch.ops.mkldnn._linear_pointwise(x, self._weight, None, "none", [], "")

    def apply_onto(self, y: Tensor, x: Tensor) -> Tensor:
        """Return `y` (t, m) + x @ W.T."""
        if not self._is_ordered:
            return y.addmm_(x, self._weight.mT)
        return torch.ops.mkldnn._linear_pointwise.binary(x, y, self._weight, None, "add")


class Factors:
    """An adapter's factors of one projection: x @ A @ B is added to what it makes of x.

    Parameters
    ----------
    A, B
        (n, r) and (r, m), the scale of the adapter in B.
    dtype
        Of the arithmetic. In bfloat16 few rows are multiplied in eight bits, each row of a factor with a
        scale of its own: half the bytes, and as near to the factor as bfloat16 is.
    for_few
        Only products of few rows are asked for; where eight bits do for these, nothing else is kept.
    """

    def __init__(self, A: Tensor, B: Tensor, *, dtype: torch.dtype, for_few: bool = False) -> None:
        self._few: tuple[_EightBits, _EightBits] | None = None
        if dtype == torch.bfloat16 and A.shape[0] % GROUP == 0:
            filled = -A.shape[1] % GROUP
            self._few = (_EightBits(F.pad(A, (0, filled))), _EightBits(F.pad(B, (0, 0, 0, filled))))
        # In float32 another library takes them as they are, and half the time for products as small as these.
        stays = dtype == torch.float32
        halves = () if for_few and self._few is not None else (A, B)
        self._many = tuple(Ordered(half.to(dtype).mT.contiguous(), stays=stays) for half in halves)

    def add(self, y: Tensor, x: Tensor) -> Tensor:
        """Return `y` (t, m) with what the adapter makes of `x` (t, n) added in place."""
        if self._few is not None and (x.shape[0] <= _MOST_ROWS_IN_EIGHT_BITS or not self._many):
            return y.add_(self._few[1].apply(self._few[0].apply(x)))
        first, second = self._many
        return second.apply_onto(y, first.apply(x))


@dataclass(frozen=True, slots=True)
class Beside:
    """What is added to a projection's products, by the weights that these are with.

    Attributes
    ----------
    base
        To those with the base's four bits.
    weights
        To those with the weights: less, where an update is in these already.
    """

    base: Factors | None
    weights: Factors | None


class _EightBits:
    """A matrix (n, m) in eight bits a weight, with a scale for each column; n is a multiple of 32.

    The kernel reads 32 weights at once, and beyond the end of fewer.
    """

    def __init__(self, matrix: Tensor) -> None:
        columns = matrix.mT.float().contiguous()
        scales = columns.abs().amax(1).clamp(min=1e-12) / 127
        self._scales = scales.bfloat16()
        self._bits = (columns / self._scales.float()[:, None]).round_().clamp_(-128, 127).to(torch.int8)

    def apply(self, x: Tensor) -> Tensor:
        return torch._weight_int8pack_mm(x, self._bits, self._scales)
