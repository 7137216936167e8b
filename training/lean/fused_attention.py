"""The same attention on a GPU: one kernel for all conversations of a row, FlashAttention's.

In blocks, as on a CPU, a row of 32 k tokens would launch some thousand kernels a layer.
"""

# torch is typed in part only, and matrices keep the capitals of the papers
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false, reportIncompatibleMethodOverride=false
from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from training.lean.rotation import Heads, Rotation, Spans, rotate

# What the kernel computes in.
FUSED_DTYPES = (torch.bfloat16, torch.float16)


class FusedAttention(Function):
    """`training.lean.attention.attend` where a CUDA device computes in bfloat16 or float16."""

    @staticmethod
    def forward(ctx: Any, qkv: Tensor, rotation: Rotation, spans: Spans, heads: Heads) -> Tensor:  # noqa: ANN401, D102
        t, h, k, d = len(qkv), heads.n_query, heads.n_key, heads.size
        x = qkv.view(t, h + 2 * k, d)
        turned = rotate(x[:, : h + k], rotation.cos, rotation.sin)
        Q, K, V = turned[:, :h], turned[:, h:], x[:, h + k :]
        edges, longest = _edges(spans, qkv.device)
        out, log_sums, state, unused, _ = torch.ops.aten._flash_attention_forward(
            Q, K, V, edges, edges, longest, longest, 0.0, True, False, scale=d**-0.5
        )
        ctx.save_for_backward(Q, K, V, out, log_sums, state, unused)
        ctx.rotation, ctx.spans = rotation, spans
        return out.view(t, h * d)

    @staticmethod
    def backward(ctx: Any, d_out: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401, D102
        Q, K, V, out, log_sums, state, unused = ctx.saved_tensors
        edges, longest = _edges(ctx.spans, Q.device)
        dQ, dK, dV = torch.ops.aten._flash_attention_backward(
            d_out.contiguous().view(out.shape),
            *(Q, K, V, out, log_sums, edges, edges, longest, longest, 0.0, True, state, unused),
            scale=Q.shape[-1] ** -0.5,
        )
        turned = torch.cat((dQ, dK), 1)
        back = rotate(turned, ctx.rotation.cos, -ctx.rotation.sin)
        return torch.cat((back, dV), 1).flatten(1), None, None, None


@lru_cache(maxsize=2)
def _edges(spans: Spans, device: torch.device) -> tuple[Tensor, int]:
    """Return where conversations begin and the last ends, (n + 1,) int32, and the longest's tokens."""
    edges = torch.tensor([0, *(end for _, end in spans)], dtype=torch.int32)
    return edges.to(device), max(end - start for start, end in spans)
