"""What an adapter must be before it is served: LoRA factors for this base model, and nothing else.

A folder comes from elsewhere. Its configuration can make PEFT import modules, change the base model's
weights or search by a pattern without end; its weights can hold what is no LoRA. What a server cannot serve
is refused here too, so that it is said when the adapter is added and not when the first document comes.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from app.adapters.weights import BYTES, check_places, read_header
from schemas.adapter import AdapterCard
from schemas.errors import InvalidAdapterError

_NUMBER: tuple[type, ...] = (int, float)
# Keys of a LoRA configuration that may have any value of their type: none changes what code runs.
_HARMLESS: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("auto_mapping", "megatron_core"), (str, dict)),
    **dict.fromkeys(
        ("base_model_name_or_path", "peft_type", "peft_version", "revision", "task_type"), (str,)
    ),
    **dict.fromkeys(("ensure_weight_tying", "fan_in_fan_out", "inference_mode", "use_rslora"), (bool,)),
    **dict.fromkeys(("lora_alpha", "lora_dropout", "qalora_group_size", "r"), _NUMBER),
}
_RANGES: Mapping[str, tuple[float, float]] = {"lora_alpha": (1e-6, 1e6), "lora_dropout": (0.0, 1.0)}
# PEFT takes these for patterns; plain names are all that is needed.
_NAMED_MODULES = ("target_modules", "exclude_modules", "rank_pattern", "alpha_pattern")
_MODULE = re.compile(r"[A-Za-z0-9_.]{1,256}")
_FACTOR = re.compile(r"\.lora_(?:A|B|embedding_A|embedding_B)(?:\.weight)?$")


def check_base(card: AdapterCard, base_sha256: str) -> None:
    """Raise InvalidAdapterError if the card is of an adapter for other weights than `base_sha256`."""
    if card.base_sha256 != base_sha256:
        raise InvalidAdapterError(
            f"the adapter was trained for {card.base_model!r}, whose weights are "
            f"{card.base_sha256[:12]}…; the model here has {base_sha256[:12]}…",
            hint="set RASG_MODEL_FOLDER to the model that it was trained for",
        )


def check_config(config: Mapping[str, JsonValue], *, max_rank: int) -> None:
    """Raise InvalidAdapterError if a LoRA configuration asks for more than plain LoRA, or a larger rank."""
    ranks = [config.get("r")]
    patterns = config.get("rank_pattern")
    ranks += patterns.values() if isinstance(patterns, dict) else ()
    for rank in ranks:
        if isinstance(rank, bool) or not isinstance(rank, int) or rank < 1:
            raise InvalidAdapterError("the adapter's rank is no positive number")
        _check_rank(rank, max_rank)
    for key in _NAMED_MODULES:
        _check_modules(key, config.get(key))
    init = config.get("init_lora_weights")
    if isinstance(init, str) and init != "gaussian":  # others change the base model as they load
        raise InvalidAdapterError("the adapter's init_lora_weights cannot be served")
    for key, value in config.items():
        if key in _HARMLESS:
            _check_type(key, value)
            _check_range(key, value)
        elif key not in (*_NAMED_MODULES, "init_lora_weights") and value and value != "none":
            raise InvalidAdapterError(f"the adapter's {key[:64]!r} cannot be served: it is no plain LoRA")


def _check_type(key: str, value: JsonValue) -> None:
    """Raise unless the value is null or of the key's type: PEFT and vLLM would fail when it is loaded."""
    is_wrong = not isinstance(value, _HARMLESS[key]) or (
        isinstance(value, bool) and _HARMLESS[key] == _NUMBER
    )
    if value is not None and (is_wrong or (isinstance(value, float) and not math.isfinite(value))):
        raise InvalidAdapterError(f"the adapter's {key} has a value of another type: {str(value)[:64]!r}")


def _check_range(key: str, value: JsonValue) -> None:
    """Raise if a scale or a share is none: an adapter that was trained has never one."""
    low, high = _RANGES.get(key, (-math.inf, math.inf))
    if isinstance(value, int | float) and not low <= value <= high:
        raise InvalidAdapterError(f"the adapter's {key} is not between {low:g} and {high:g}")


def _check_modules(key: str, value: JsonValue) -> None:
    names = value if isinstance(value, list | dict) else [value] if value is not None else []
    if not all(isinstance(name, str) and _MODULE.fullmatch(name) for name in names):
        raise InvalidAdapterError(f"the adapter's {key} must be plain names of modules")


def _check_rank(rank: int, max_rank: int) -> None:
    if rank > max_rank:
        raise InvalidAdapterError(
            f"the adapter's rank is {rank}, more than {max_rank}",
            hint="raise RASG_VLLM__MAX_LORA_RANK, and start the vLLM server anew",
        )


def check_weights(path: Path, *, max_rank: int) -> None:
    """Raise InvalidAdapterError unless a safetensors file holds LoRA factors, complete and not too large."""
    begin, tensors = read_header(path)
    for name, tensor in tensors.items():
        if _FACTOR.search(name) is None or tensor.dtype not in BYTES or len(tensor.shape) != 2:
            raise InvalidAdapterError(f"the adapter's weights hold what is no LoRA factor: {name[:100]!r}")
        if min(tensor.shape) < 1:
            raise InvalidAdapterError("the adapter's weights hold an empty factor")
        _check_rank(min(tensor.shape), max_rank)
        start, end = tensor.data_offsets
        if end - start != math.prod(tensor.shape) * BYTES[tensor.dtype]:
            raise InvalidAdapterError(
                f"the adapter's weights have another size than they say: {name[:100]!r}"
            )
    if not tensors:
        raise InvalidAdapterError("the adapter's weights hold nothing")
    check_places(tensors.values(), path.stat().st_size - begin)
