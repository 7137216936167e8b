"""The weights of a Llama, read from a Hugging Face folder and laid side by side as they are multiplied."""

# Torch and safetensors leave parts of their interfaces untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor

from decoding.engines.llama.config import LlamaShape, NotPlainLlamaError
from decoding.engines.llama.packed_file import PackedFile
from decoding.engines.llama.projection import GROUP, FourBits, Projection, find_four_bits

# The projections of a layer, each of several of the model's matrices that see the same input.
PARTS: dict[str, tuple[str, ...]] = {
    "qkv": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "out": ("self_attn.o_proj",),
    "gate_up": ("mlp.gate_proj", "mlp.up_proj"),
    "down": ("mlp.down_proj",),
}
_NORMS = ("input_layernorm", "post_attention_layernorm")


@dataclass(frozen=True, slots=True)
class Update:
    """What an adapter adds to a projection x @ W.T: x @ A @ B, A (inputs, r) and B (r, outputs), float32."""

    A: Tensor
    B: Tensor


# Of each layer, by the names of `PARTS`; without a name there is nothing to add.
Updates = Sequence[Mapping[str, Update]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One block: two norms, float32 (d,), and the projections by the names of `PARTS`."""

    attention_norm: Tensor
    mlp_norm: Tensor
    qkv: Projection
    out: Projection
    gate_up: Projection
    down: Projection


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """All of a Llama; `embedding` and `head` are (vocabulary, d), one tensor if they are tied."""

    shape: LlamaShape
    embedding: Tensor
    head: Tensor
    norm: Tensor
    layers: tuple[Layer, ...]


def part_sizes(shape: LlamaShape) -> dict[str, tuple[int, int]]:
    """Return (outputs, inputs) of each of a layer's matrices, by the model's names."""
    n_query, n_key = shape.n_heads * shape.size, shape.n_key_heads * shape.size
    return {
        "self_attn.q_proj": (n_query, shape.width),
        "self_attn.k_proj": (n_key, shape.width),
        "self_attn.v_proj": (n_key, shape.width),
        "self_attn.o_proj": (shape.width, n_query),
        "mlp.gate_proj": (shape.inner, shape.width),
        "mlp.up_proj": (shape.inner, shape.width),
        "mlp.down_proj": (shape.width, shape.inner),
    }


def read_weights(
    folder: Path,
    shape: LlamaShape,
    *,
    dtype: torch.dtype,
    cache: Path | None = None,
    updates: Updates | None = None,
) -> Weights:
    """Return the weights in a folder for arithmetic in `dtype`, in four bits where they hold no more.

    Four bits that were found are kept in `cache`, if there is such a folder. `updates` are added to the
    weights, not to their four bits.

    Raises
    ------
    NotPlainLlamaError
        If tensors are there that a plain Llama does not have.
    ValueError
        If tensors are missing, or have another shape.
    OSError, safetensors.SafetensorError
        If the files are not there or none.
    """
    with ExitStack() as files:
        _check_names(_Tensors(folder, files).names, shape)
    four_bits = _FourBitsFinder(folder, dtype, cache)
    layers = tuple(
        _read_layer(folder, shape, index, dtype, four_bits, {} if updates is None else updates[index])
        for index in range(shape.n_layers)
    )
    four_bits.keep()
    with ExitStack() as files:
        tensors = _Tensors(folder, files)
        embedding = tensors.read("model.embed_tokens.weight", (shape.vocabulary, shape.width)).to(dtype)
        head = (
            embedding
            if shape.is_tied
            else tensors.read("lm_head.weight", (shape.vocabulary, shape.width)).to(dtype)
        )
        norm = tensors.read("model.norm.weight", (shape.width,)).float()
    return Weights(shape=shape, embedding=embedding, head=head, norm=norm, layers=layers)


class _FourBitsFinder:
    """Finds four bits of weights, or takes them from where they were kept."""

    def __init__(self, folder: Path, dtype: torch.dtype, cache: Path | None) -> None:
        # Whoever asks for float32 asks for that arithmetic.
        self._is_wanted = dtype == torch.bfloat16
        self._file = PackedFile(folder, cache) if cache is not None and self._is_wanted else None
        self._kept = {} if self._file is None else self._file.read()
        self._new: dict[str, FourBits] = {}

    def find(self, name: str, weight: Tensor) -> FourBits | None:
        if not self._is_wanted:
            return None
        kept = self._kept.get(name)
        if kept is not None and kept.scales.shape == (weight.shape[1] // GROUP, weight.shape[0], 2):
            return kept
        found = find_four_bits(weight)
        if found is not None:
            self._new[name] = found
        return found

    def keep(self) -> None:
        if self._file is not None and self._new:
            self._file.write(self._kept | self._new)


def _read_layer(
    folder: Path,
    shape: LlamaShape,
    index: int,
    dtype: torch.dtype,
    four_bits: _FourBitsFinder,
    updates: Mapping[str, Update],
) -> Layer:
    """Return one layer; the files are opened for it alone, since what is mapped of them counts as memory."""
    name, sizes = f"model.layers.{index}", part_sizes(shape)
    with ExitStack() as files:
        tensors = _Tensors(folder, files)

        def project(key: str, parts: tuple[str, ...]) -> Projection:
            weight = torch.cat([tensors.read(f"{name}.{part}.weight", sizes[part]) for part in parts])
            four = four_bits.find(f"{index}.{key}", weight)
            if (update := updates.get(key)) is not None:
                weight = torch.addmm(weight.float(), update.B.mT, update.A.mT)
            return Projection(weight.to(dtype), four)

        norms = [tensors.read(f"{name}.{norm}.weight", (shape.width,)).float() for norm in _NORMS]
        return Layer(
            attention_norm=norms[0],
            mlp_norm=norms[1],
            **{key: project(key, parts) for key, parts in PARTS.items()},
        )


def _check_names(names: frozenset[str], shape: LlamaShape) -> None:
    known = {"model.embed_tokens.weight", "model.norm.weight", "lm_head.weight"}
    for index in range(shape.n_layers):
        known |= {f"model.layers.{index}.{name}.weight" for name in (*part_sizes(shape), *_NORMS)}
    if odd := sorted(names - known):
        raise NotPlainLlamaError(f"{odd[0]} and {len(odd) - 1} more tensors are no plain Llama's")


class _Tensors:
    """The tensors of all weight files of a folder, read one by one."""

    def __init__(self, folder: Path, files: ExitStack) -> None:
        self._where: dict[str, Any] = {}
        for path in sorted(folder.glob("*.safetensors")):
            file = files.enter_context(safe_open(path, framework="pt"))
            self._where |= dict.fromkeys(_names_in(file), file)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._where)

    def read(self, name: str, size: tuple[int, ...]) -> Tensor:
        if name not in self._where:
            raise ValueError(f"the tensor {name} is missing")
        tensor: Tensor = self._where[name].get_tensor(name)
        if tuple(tensor.shape) != size:
            raise ValueError(f"{name} is {tuple(tensor.shape)}, not {size}")
        return tensor


def _names_in(file: Any) -> Iterator[str]:  # noqa: ANN401
    yield from file.keys()
