"""Whether an adapter's factors fit the base model, and are numbers: what a server would fail at, or serve.

An engine that multiplies by NaN writes the first token that the grammar allows, with confidence 1: nothing in
its answers tells. So all numbers are looked at once, when the adapter is added.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, JsonValue, NonNegativeInt, ValidationError

from schemas.errors import InvalidAdapterError

BYTES = {"F32": 4, "F16": 2, "BF16": 2}
_MAX_HEADER_BYTES = 10_000_000
_FACTOR = re.compile(
    r"base_model\.model\.(?P<module>.+)\.lora_(?P<kind>embedding_)?(?P<half>[AB])(?:\.weight)?"
)
# Of trained factors none is over 10; beyond this, products leave the range of 16 bits.
_LARGEST = 1e3
# Numbers that are looked at in one go.
_BLOCK = 2**22

_Bytes = NDArray[np.uint8]


class Tensor(BaseModel):
    """What the header of a safetensors file says of a tensor; `data_offsets` count from the header's end."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    dtype: str
    shape: tuple[NonNegativeInt, ...]
    data_offsets: tuple[NonNegativeInt, NonNegativeInt]


def read_header(path: Path) -> tuple[int, Mapping[str, Tensor]]:
    """Return where the data of a safetensors file begin, and its tensors by name.

    The file begins with the length of its header in eight bytes, then the header, which is JSON.

    Raises
    ------
    InvalidAdapterError
        If it is no such file, or names a tensor twice.
    """
    with path.open("rb") as file:
        n_header = int.from_bytes(file.read(8), "little")
        if not 2 <= n_header <= _MAX_HEADER_BYTES:
            raise InvalidAdapterError("the adapter's weights are no safetensors file")
        header = file.read(n_header)
    try:
        found: JsonValue = json.loads(header, object_pairs_hook=_distinct)
        entries = found.items() if isinstance(found, dict) else ()
        return 8 + n_header, {
            name: Tensor.model_validate(entry) for name, entry in entries if name != "__metadata__"
        }
    except (ValueError, RecursionError, ValidationError) as error:
        raise InvalidAdapterError("the adapter's weights are no safetensors file") from error


def _distinct(pairs: Sequence[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found


def check_places(tensors: Iterable[Tensor], n_bytes: int) -> None:
    """Raise InvalidAdapterError unless tensors of `BYTES` lie one after the other in `n_bytes` bytes of data.

    A file whose tensors overlap, or leave room for something else, is read otherwise by every reader.
    """
    placed = sorted(tensor.data_offsets for tensor in tensors)
    if not placed or placed[0][0] != 0 or any(end != begin for (_, end), (begin, _) in pairwise(placed)):
        raise InvalidAdapterError("the adapter's weights overlap, or have gaps")
    if placed[-1][1] > n_bytes:
        raise InvalidAdapterError("the adapter's weights are cut")
    if placed[-1][1] < n_bytes:
        raise InvalidAdapterError("the adapter's weights have something behind them")


def check_factors(path: Path, config: Mapping[str, JsonValue], *, model_folder: Path) -> None:
    """Raise InvalidAdapterError unless the factors in a file are those of matrices of the base model.

    Each has both halves, of the rank that the configuration says and of the matrix's size, its matrix is one
    that the configuration names, and its numbers are finite.
    """
    begin, tensors = read_header(path)
    base = _base_shapes(model_folder)
    for (module, is_embedding), halves in _pairs(tensors).items():
        if set(halves) != {"A", "B"}:
            raise _refuse(module, "lacks its other half")
        if not _is_targeted(module, config.get("target_modules")):
            raise _refuse(module, "is of no module that the configuration names")
        size = _size_of(module, base)
        if is_embedding and size is not None:
            size = size[::-1]
        _check_pair(module, halves["A"], halves["B"], size, config)
    data = np.memmap(path, dtype=np.uint8, mode="r")
    for name, tensor in tensors.items():
        start, end = tensor.data_offsets
        if not _are_numbers(data[begin + start : begin + end], tensor.dtype):
            raise _refuse(name, "is not finite, or far too large")


def _pairs(tensors: Mapping[str, Tensor]) -> dict[tuple[str, bool], dict[str, Tensor]]:
    found: dict[tuple[str, bool], dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        part = _FACTOR.fullmatch(name)
        if part is None:
            raise _refuse(name, "is of no matrix of this model")
        halves = found.setdefault((part["module"], part["kind"] is not None), {})
        if part["half"] in halves:
            raise _refuse(name, "comes twice")
        halves[part["half"]] = tensor
    return found


def _is_targeted(module: str, targets: JsonValue) -> bool:
    """Return whether the configuration names the module, which it may do by the end of its name."""
    if isinstance(targets, list):
        return any(f".{module}".endswith(f".{target}") for target in targets)
    return targets in (None, "all-linear") or (
        isinstance(targets, str) and f".{module}".endswith(f".{targets}")
    )


def _check_pair(
    module: str, first: Tensor, second: Tensor, size: tuple[int, ...] | None, config: Mapping[str, JsonValue]
) -> None:
    rank = _rank_of(module, config)
    if first.shape[0] != rank or second.shape[1] != rank:
        raise _refuse(module, f"is not of rank {rank}, as the configuration says")
    if size is None:
        return
    n_out, n_in = size[::-1] if config.get("fan_in_fan_out") else size
    if (first.shape[1], second.shape[0]) != (n_in, n_out):
        raise _refuse(
            module, f"has factors {first.shape} and {second.shape}, which make no ({n_out}, {n_in})"
        )


def _rank_of(module: str, config: Mapping[str, JsonValue]) -> JsonValue:
    patterns = config.get("rank_pattern")
    for pattern, rank in patterns.items() if isinstance(patterns, dict) else ():
        if f".{module}".endswith(f".{pattern}"):
            return rank
    return config.get("r")


def _base_shapes(model_folder: Path) -> dict[str, Tensor]:
    found: dict[str, Tensor] = {}
    for path in sorted(model_folder.glob("*.safetensors")):
        found |= read_header(path)[1]
    return found


def _size_of(module: str, base: Mapping[str, Tensor]) -> tuple[int, ...] | None:
    """Return the size of a module's matrix, (outputs, inputs); None where the base keeps it packed.

    Raises
    ------
    InvalidAdapterError
        If the base has no such module.
    """
    tensor = base.get(f"{module}.weight")
    if tensor is None:
        if any(name.startswith(f"{module}.") for name in base):
            return None
        raise _refuse(module, "is of no matrix of this model")
    if len(tensor.shape) != 2:
        raise _refuse(module, "is of no matrix of this model")
    return tensor.shape if tensor.dtype in BYTES else None


def _are_numbers(data: _Bytes, dtype: str) -> bool:
    for block in _blocks(data, BYTES[dtype] * _BLOCK):
        if dtype == "BF16":  # the upper half of a 32-bit float
            values = (block.view(np.uint16).astype(np.uint32) << 16).view(np.float32)
        else:
            values = block.view(np.float32 if dtype == "F32" else np.float16)
        if not bool((np.abs(values) <= _LARGEST).all()):  # false of NaN too
            return False
    return True


def _blocks(data: _Bytes, n_bytes: int) -> Iterator[_Bytes]:
    for start in range(0, len(data), n_bytes):
        yield np.ascontiguousarray(data[start : start + n_bytes])


def _refuse(name: str, reason: str) -> InvalidAdapterError:
    return InvalidAdapterError(f"the adapter's weights cannot be served: {name[:100]!r} {reason}")
