"""On a GPU attention as one kernel is attention in blocks, and so are its gradients."""

# torch is typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Any

import pytest
import torch

from training.lean import attention
from training.lean.rotation import Heads, Rotation

# Conversations of one token, of a block and of several, in no order.
LENGTHS = (100, 700, 333, 1, 1500, 128)


@pytest.mark.gpu
def test_one_kernel_gives_what_blocks_give(monkeypatch: pytest.MonkeyPatch) -> None:
    if not torch.cuda.is_available():
        pytest.skip("there is no GPU")
    heads = Heads(n_query=9, n_key=3, size=64)
    spans = tuple(pairwise(accumulate(LENGTHS, initial=0)))
    positions = torch.cat([torch.arange(n) for n in LENGTHS]).float()[:, None, None]
    angles = positions * 1e5 ** (-torch.arange(32) / 32)
    place: dict[str, Any] = {"device": "cuda", "dtype": torch.bfloat16}
    rotation = Rotation(cos=angles.cos().to(**place), sin=angles.sin().to(**place))
    torch.manual_seed(0)
    qkv = torch.randn(sum(LENGTHS), 15 * 64, **place).requires_grad_()
    given = torch.randn(sum(LENGTHS), 9 * 64, **place)

    def run() -> tuple[torch.Tensor, torch.Tensor]:
        out = attention.attend(qkv, rotation=rotation, spans=spans, heads=heads)
        return out, torch.autograd.grad(out, qkv, given)[0]

    fused = run()
    monkeypatch.setattr(attention, "FUSED_DTYPES", ())
    for found, wanted in zip(fused, run(), strict=True):
        assert (found - wanted).float().norm() < 0.02 * wanted.float().norm()
