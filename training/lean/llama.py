"""A Llama with LoRA factors as one function from packed conversations to their loss."""

# torch, transformers and peft are typed in part only
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportConstantRedefinition=false
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from schemas.errors import ConfigurationError
from training.lean.attention import attend
from training.lean.layers import Adapted
from training.lean.rotation import Heads, Rotation, Spans
from training.param_groups import LoRAPair, lora_pairs
from training.sft.packing import PackedRow

_PEFT_PREFIX = "base_model.model."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layer:
    attention_norm: Tensor
    qkv: Adapted
    out: Adapted
    mlp_norm: Tensor
    gate_up: Adapted
    down: Adapted


class LeanLlama:
    """The loss of packed conversations under a frozen Llama and trained factors.

    It holds its own copy of the frozen weights and the very factors of the pairs: `loss(row)[0].backward()`
    fills their gradients, any optimizer of them steps, and whoever has the pairs saves them. What is added
    from block to block is float32, as are norms and losses; products of matrices are in `dtype`.

    Parameters
    ----------
    model
        A `LlamaForCausalLM`, or what PEFT has made of one.
    pairs
        The factors by the names of their modules in the Llama, such as "model.layers.0.mlp.down_proj";
        layers without one are only the base's. Ranks and scales may differ.
    dtype
        Of the arithmetic: bfloat16, float32 or float64.

    Raises
    ------
    ConfigurationError
        If the model computes anything else than a plain Llama does, or a pair is of no layer of it.
    """

    def __init__(
        self,
        model: Any,  # noqa: ANN401
        pairs: Mapping[str, LoRAPair],
        *,
        dtype: torch.dtype = torch.bfloat16,
    ) -> None:
        llama = model.get_base_model() if hasattr(model, "get_base_model") else model
        _check(llama, pairs)
        config = llama.config
        self.dtype = dtype
        self._wide = torch.promote_types(dtype, torch.float32)
        self._eps = float(config.rms_norm_eps)
        size = llama.model.layers[0].self_attn.head_dim
        self._heads = Heads(n_query=config.num_attention_heads, n_key=config.num_key_value_heads, size=size)
        self._embedding = _frozen(llama.model.embed_tokens.weight, dtype)
        head = llama.lm_head.weight
        is_tied = head is llama.model.embed_tokens.weight
        self._head = self._embedding if is_tied else _frozen(head, dtype)
        self._norm = _frozen(llama.model.norm.weight, self._wide)
        rotary = llama.model.rotary_emb
        # In float32 and on the CPU whatever the arithmetic is, as Transformers has it.
        self._angles = rotary.inv_freq.detach().float().cpu()
        self._length = float(rotary.attention_scaling)
        self._layers = tuple(self._layer(llama, pairs, i) for i in range(config.num_hidden_layers))

    @classmethod
    def of_peft(cls, model: Any, *, dtype: torch.dtype = torch.bfloat16) -> LeanLlama:  # noqa: ANN401
        """Return the same of a PEFT model with one adapter without dropout, whose factors it shares.

        Raises
        ------
        ConfigurationError
            As the class does, and if the adapter is more than plain LoRA on linear layers.
        """
        pairs: dict[str, LoRAPair] = {}
        for pair in lora_pairs(model):
            name = pair.name.removeprefix(_PEFT_PREFIX).rpartition(".")[0]
            if name in pairs:
                raise ConfigurationError(
                    f"{name!r} has several trainable adapters", hint="freeze all but one"
                )
            pairs[name] = pair
        dropouts = {c.lora_dropout for c in model.peft_config.values()}
        if dropouts - {0.0}:
            raise ConfigurationError("the adapter has dropout", hint="set lora_dropout to 0")
        return cls(model, pairs, dtype=dtype)

    def _layer(self, llama: Any, pairs: Mapping[str, LoRAPair], index: int) -> _Layer:  # noqa: ANN401
        name = f"model.layers.{index}"
        modules = {part: llama.get_submodule(f"{name}.{part}") for part in (*_LAYERS, *_NORMS)}

        def adapted(*parts: str) -> Adapted:
            weights = [_frozen(modules[part].weight, self.dtype) for part in parts]
            return Adapted(
                W=torch.cat(weights) if len(weights) > 1 else weights[0],
                sizes=tuple(len(W) for W in weights),
                pairs=tuple(pairs.get(f"{name}.{part}") for part in parts),
            )

        return _Layer(
            attention_norm=_frozen(modules["input_layernorm"].weight, self._wide),
            qkv=adapted("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
            out=adapted("self_attn.o_proj"),
            mlp_norm=_frozen(modules["post_attention_layernorm"].weight, self._wide),
            gate_up=adapted("mlp.gate_proj", "mlp.up_proj"),
            down=adapted("mlp.down_proj"),
        )

    def loss(self, row: PackedRow) -> tuple[Tensor, float]:
        """Return the sum of weighted cross-entropies in nats of a row, and the sum of its weights.

        Conversations begin where positions are 0, and do not see each other. A conversation's first token
        carries no weight: it is predicted from nothing.
        """
        device = self._embedding.device
        token_ids = torch.from_numpy(row.token_ids).long().to(device)
        weights = torch.from_numpy(row.weights).to(device)
        learned = torch.nonzero(weights).flatten()  # (n,)
        hidden = self._hidden(token_ids, row.positions, learned - 1)
        logits = (hidden @ self._head.mT).to(self._wide)  # (n, vocabulary)
        losses = F.cross_entropy(logits, token_ids[learned], reduction="none")
        return (losses * weights[learned]).sum(), float(row.weights.sum())

    def _hidden(self, token_ids: Tensor, positions: NDArray[np.int32], rows: Tensor) -> Tensor:
        """Return (n, d): the last hidden states of these tokens, after the final norm."""
        spans, rotation = spans_of(positions), self._rotation(positions)
        x = self._embedding[token_ids].to(self._wide)  # (t, d)
        for index, layer in enumerate(self._layers):
            qkv = layer.qkv(self._normed(x, layer.attention_norm))
            mixed = attend(qkv, rotation=rotation, spans=spans, heads=self._heads)
            if index == len(self._layers) - 1:
                x, mixed = x[rows], mixed[rows]  # nothing looks at the other tokens any more
            x = x + layer.out(mixed)
            gate, up = layer.gate_up(self._normed(x, layer.mlp_norm)).chunk(2, -1)
            x = x + layer.down(F.silu(gate) * up)
        return self._normed(x, self._norm)

    def _normed(self, x: Tensor, weight: Tensor) -> Tensor:
        return F.rms_norm(x, weight.shape, weight, self._eps).to(self.dtype)

    def _rotation(self, positions: NDArray[np.int32]) -> Rotation:
        angles = torch.from_numpy(positions).float()[:, None, None] * self._angles  # (t, 1, size / 2)
        place = {"device": self._embedding.device, "dtype": self.dtype}
        cos, sin = (angles.cos() * self._length).to(**place), (angles.sin() * self._length).to(**place)
        return Rotation(cos=cos, sin=sin)


def spans_of(positions: NDArray[np.int32]) -> Spans:
    """Return the half-open ranges of a row's conversations, each of which begins at position 0.

    Raises
    ------
    ValueError
        If the row does not begin with a conversation.
    """
    starts = np.flatnonzero(positions == 0).tolist()
    if not starts or starts[0] != 0:
        raise ValueError("a packed row begins with a conversation, at position 0")
    return tuple(zip(starts, [*starts[1:], len(positions)], strict=True))


_LAYERS = (
    "self_attn.q_proj",
    "self_attn.k_proj",
    "self_attn.v_proj",
    "self_attn.o_proj",
    "mlp.gate_proj",
    "mlp.up_proj",
    "mlp.down_proj",
)
_NORMS = ("input_layernorm", "post_attention_layernorm")
# Whose angles do not depend on how long a text is.
_FIXED_ROPE = ("default", "linear", "llama3")


def _check(llama: Any, pairs: Mapping[str, LoRAPair]) -> None:  # noqa: ANN401
    config = llama.config
    if config.model_type != "llama":
        raise ConfigurationError(f"a lean step is of a Llama, not of {config.model_type!r}")
    differences = [
        name
        for name, is_there in (
            ("biases", config.attention_bias or config.mlp_bias),
            (f"the activation {config.hidden_act!r}", config.hidden_act != "silu"),
            ("dropout", config.attention_dropout != 0),
            (f"{_rope_type(config)!r} positions", _rope_type(config) not in _FIXED_ROPE),
        )
        if is_there
    ]
    if differences:
        raise ConfigurationError(f"a lean step knows no Llama with {', '.join(differences)}")
    known = {f"model.layers.{i}.{part}" for i in range(config.num_hidden_layers) for part in _LAYERS}
    if not pairs.keys() <= known:
        raise ConfigurationError(f"{min(pairs.keys() - known)!r} is no linear layer of this Llama's blocks")


def _rope_type(config: Any) -> str:  # noqa: ANN401
    return str((config.rope_parameters or {}).get("rope_type", "default"))


def _frozen(weight: Tensor, dtype: torch.dtype) -> Tensor:
    return weight.detach().to(dtype).contiguous()
