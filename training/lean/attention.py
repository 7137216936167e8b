"""Causal attention within each of the conversations that are laid end to end, with rotary positions.

Torch's fused kernel takes two and a half times as long on a CPU in bfloat16; on a GPU it is taken
(`fused_attention`). Here it is plain products of matrices, for some queries at a time and only up to their
last key: half of the products are never made, no mask is larger than a block, and the heads that share a key
are one matrix.
"""

# torch is typed in part only, and matrices keep the capitals of the papers
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false, reportIncompatibleMethodOverride=false
from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any, cast

import torch
from torch import Tensor
from torch.autograd import Function

from training.lean.fused_attention import FUSED_DTYPES, FusedAttention
from training.lean.rotation import Heads, Rotation, Spans, rotate

# Queries at a time: of 64 to 512 the fastest at conversations of 200 to 1,500 tokens on one core.
_BLOCK = 128
# Of one layer. Probabilities are kept up to that, some 1,800 tokens of one conversation with nine heads;
# beyond it they are computed a second time, which takes a sixth longer.
_KEPT_BYTES = 32 * 2**20


def attend(qkv: Tensor, *, rotation: Rotation, spans: Spans, heads: Heads) -> Tensor:
    """Return softmax(Q Kᵀ / √size) V of every head; a token sees its conversation up to itself.

    Parameters
    ----------
    qkv
        (t, (n_query + 2 n_key) size): queries, keys, values, before rotation.
    spans
        They cover the t tokens.

    Returns
    -------
    Tensor
        (t, n_query size).
    """
    is_fused = qkv.is_cuda and qkv.dtype in FUSED_DTYPES
    attention = FusedAttention if is_fused else _Attention
    return cast("Tensor", attention.apply(qkv, rotation, spans, heads))


class _Attention(Function):
    @staticmethod
    def forward(ctx: Any, qkv: Tensor, rotation: Rotation, spans: Spans, heads: Heads) -> Tensor:  # noqa: ANN401
        t, h, k, d = len(qkv), heads.n_query, heads.n_key, heads.size
        x = qkv.view(t, h + 2 * k, d)
        turned = rotate(x[:, : h + k], rotation.cos, rotation.sin)
        Q = turned[:, :h].view(t, k, -1, d).transpose(0, 1).contiguous().mul_(d**-0.5)  # (k, t, shared, d)
        K = turned[:, h:].transpose(0, 1).contiguous()  # (k, t, d)
        V = x[:, h + k :].transpose(0, 1).contiguous()
        out = torch.empty(t, k, heads.n_shared, d, dtype=qkv.dtype, device=qkv.device)
        is_kept = ctx.needs_input_grad[0] and _kept_bytes(spans, heads, qkv.dtype) <= _KEPT_BYTES
        kept: list[Tensor] = []
        for start, a, b in _blocks(spans):
            P = _probabilities(Q[:, a:b], K[:, start:b])
            out[a:b] = torch.bmm(P, V[:, start:b]).view(k, b - a, -1, d).transpose(0, 1)
            if is_kept:
                kept.append(P)
        ctx.save_for_backward(Q, K, V, out, *kept)
        ctx.rotation, ctx.spans, ctx.heads, ctx.is_kept = rotation, spans, heads, is_kept
        return out.view(t, h * d)

    @staticmethod
    def backward(ctx: Any, d_out: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        Q, K, V, out, *kept = ctx.saved_tensors
        k, t, _, d = Q.shape
        wide = torch.promote_types(Q.dtype, torch.float32)
        d_out = d_out.view(out.shape).transpose(0, 1).contiguous()  # (k, t, shared, d)
        # Σ P dP over the keys, which is the output times its gradient.
        slope = (d_out * out.transpose(0, 1)).sum(-1, keepdim=True, dtype=wide).to(Q.dtype)
        dQ = torch.empty_like(Q)
        dK, dV = torch.zeros(2, k, t, d, dtype=wide, device=Q.device)  # sums over blocks
        for i, (start, a, b) in enumerate(_blocks(ctx.spans)):
            q, g = Q[:, a:b].flatten(1, 2), d_out[:, a:b].flatten(1, 2)  # (k, (b - a) shared, d)
            P = kept[i] if ctx.is_kept else _probabilities(Q[:, a:b], K[:, start:b])
            dV[:, start:b] += torch.bmm(P.mT, g)
            dS = torch.bmm(g, V[:, start:b].mT).sub_(slope[:, a:b].flatten(1, 2)).mul_(P)
            dQ[:, a:b] = torch.bmm(dS, K[:, start:b]).view(k, b - a, -1, d)
            dK[:, start:b] += torch.bmm(dS.mT, q)
        return _gathered(dQ.mul_(d**-0.5), dK, dV, ctx.rotation), None, None, None


def _gathered(dQ: Tensor, dK: Tensor, dV: Tensor, rotation: Rotation) -> Tensor:
    """Return the gradients of queries, keys and values as one of `qkv`, turned back."""
    k, t, shared, d = dQ.shape
    h = k * shared
    turned = torch.empty(t, h + k, d, dtype=dQ.dtype, device=dQ.device)
    turned[:, :h].view(t, k, shared, d).copy_(dQ.transpose(0, 1))
    turned[:, h:] = dK.transpose(0, 1)
    back = rotate(turned, rotation.cos, -rotation.sin)
    return torch.cat((back, dV.transpose(0, 1).to(dQ.dtype)), 1).flatten(1)


def _blocks(spans: Spans) -> Iterator[tuple[int, int, int]]:
    """Yield (where the conversation starts, first query, one past the last) of each block."""
    for start, end in spans:
        for a in range(start, end, _BLOCK):
            yield start, a, min(a + _BLOCK, end)


def _kept_bytes(spans: Spans, heads: Heads, dtype: torch.dtype) -> int:
    n = sum((b - a) * (b - start) for start, a, b in _blocks(spans))
    return n * heads.n_query * torch.finfo(dtype).bits // 8


def _probabilities(Q: Tensor, K: Tensor) -> Tensor:
    """Return what each query of a block gives each key up to its own: (k, n shared, keys), rows sum to 1."""
    k, n, shared, _ = Q.shape
    S = torch.bmm(Q.flatten(1, 2), K.mT)  # (k, n shared, keys)
    S.view(k, n, shared, -1)[..., -n:] += _mask(S.dtype, S.device)[:n, :, :n]
    return torch.softmax(S, -1)


@lru_cache(maxsize=8)
def _mask(dtype: torch.dtype, device: torch.device) -> Tensor:
    """Return (queries, 1, keys) of a block on the diagonal: minus infinity where the key comes later."""
    return torch.full((_BLOCK, _BLOCK), -torch.inf, dtype=dtype, device=device).triu_(1)[:, None]
