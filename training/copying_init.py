"""Weights to start from in which two layers already copy: previous-token heads, then induction heads.

Extraction is copying: find where the words just written stand on the page, write the word after them.
The circuit that does so (Olsson et al. 2022, arXiv 2209.11895) forms by itself in large models, late and
suddenly; on the few million tokens that a CPU can show, it did not. Here it is written into the first
two blocks and training goes on from there (the idea of mimetic initialisation, arXiv 2305.09828).

The hidden dimensions are shared out: 0 is a constant, 1..w/2-1 hold the token, the next quarter the token
before it and the last quarter the one before that. Block 0 fills the last two by attention at relative
offsets 1 and 2, which rotary embeddings express as phases. Block 1 looks for places whose
previous tokens are the current ones, and adds the token that stands there to the output.
"""

# torch and transformers are typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import math
from typing import Any

import torch

# Rotary pairs used for positions (short wavelengths) and for content (long ones) of 32 pairs a head.
_N_POSITION_PAIRS = 12
_FIRST_CONTENT_PAIR = 16
_CONSTANT = 4.0  # of dimension 0, in units of the embeddings' standard deviation
_POSITION_SHARPNESS = 10.0  # gives the wanted offset about e**13 times the weight of its neighbours
_MATCH_SHARPNESS = 3.0
_SHIFT_GAIN = 2.0  # of previous tokens, in units of the embeddings' standard deviation
_COPY_GAIN = 12.0


@torch.no_grad()
def write_copying_circuit(model: Any, *, embedding_std: float) -> None:  # noqa: ANN401
    """Overwrite embeddings and the attention of blocks 0 and 1 of a Llama with heads of 64.

    Raises
    ------
    ValueError
        If the model is narrower than 256, has fewer than 2 blocks, or other heads.
    """
    config = model.config
    width, n_heads = config.hidden_size, config.num_attention_heads
    if width < 256 or config.num_hidden_layers < 2 or width // n_heads != 64:
        raise ValueError("the copying circuit needs a width of 256 or more, 2 blocks and heads of 64")
    half, quarter = width // 2, width // 4
    table = model.get_input_embeddings().weight
    table.normal_(std=embedding_std)
    table[:, 0] = _CONSTANT * embedding_std
    table[:, half:] = 0.0
    theta = config.rope_parameters["rope_theta"]
    shift, match = model.model.layers[0].self_attn, model.model.layers[1].self_attn
    for head, (offset, target) in enumerate(((1, half), (2, half + quarter))):
        _attend_back(shift, head, offset=offset, theta=theta)
        _move(shift, head, source=1, target=target, n=min(quarter, 64) - 1, gain=_SHIFT_GAIN * embedding_std)
    pairs = range(_FIRST_CONTENT_PAIR, 32)
    for head in range(2):
        at = 1 + 32 * head
        _match(match, head, [(1 + i, half + i) for i in range(32)] if head else _bigram(half, quarter), pairs)
        _move(match, head, source=at, target=at, n=min(63, half - at), gain=_COPY_GAIN * embedding_std)


def _bigram(half: int, quarter: int) -> list[tuple[int, int]]:
    """Return (query dimension, key dimension) pairs that compare the last two tokens of both places."""
    current = [(1 + i, half + i) for i in range(16)]
    previous = [(half + i, half + quarter + i) for i in range(16)]
    return current + previous


def _attend_back(attention: Any, head: int, *, offset: int, theta: float) -> None:  # noqa: ANN401
    """Make a head attend `offset` tokens back: keys are turned by the angle of that distance."""
    start = 64 * head
    query, key = attention.q_proj.weight, attention.k_proj.weight
    query[start : start + 64] = 0.0
    key[start : start + 64] = 0.0
    amplitude = _POSITION_SHARPNESS / _CONSTANT
    for pair in range(_N_POSITION_PAIRS):
        angle = offset * theta ** (-2 * pair / 64)
        query[start + pair, 0] = amplitude
        key[start + pair, 0] = amplitude * math.cos(angle)
        key[start + pair + 32, 0] = amplitude * math.sin(angle)


def _match(attention: Any, head: int, compared: list[tuple[int, int]], pairs: range) -> None:  # noqa: ANN401
    """Make a head attend to places whose key dimensions equal the query dimensions here."""
    start = 64 * head
    query, key = attention.q_proj.weight, attention.k_proj.weight
    query[start : start + 64] = 0.0
    key[start : start + 64] = 0.0
    slots = [start + p for p in pairs] + [start + p + 32 for p in pairs]
    for slot, (query_at, key_at) in zip(slots, compared, strict=True):
        query[slot, query_at] = _MATCH_SHARPNESS
        key[slot, key_at] = _MATCH_SHARPNESS


def _move(attention: Any, head: int, *, source: int, target: int, n: int, gain: float) -> None:  # noqa: ANN401
    """Make a head carry dimensions [source, source + n) to [target, target + n)."""
    start = 64 * head
    value, out = attention.v_proj.weight, attention.o_proj.weight
    value[start : start + 64] = 0.0
    out[:, start : start + 64] = 0.0
    for i in range(n):
        value[start + i, source + i] = 1.0
        out[target + i, start + i] = gain
