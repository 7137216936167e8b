"""Which folders are run as plain Llamas, how near that is to Transformers, and which adapters fit."""

# Torch, Transformers and safetensors leave parts of their interfaces untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from decoding.engines.embedded import EmbeddedEngine
from decoding.engines.engine import EngineRequest
from decoding.engines.llama.config import NotPlainLlamaError, read_shape
from decoding.engines.llama.loaded import LlamaModel
from decoding.engines.token_tree import Branch, TokenTree
from decoding.grammar.build import build_grammar
from decoding.prompt import build_prompt
from schemas.errors import AdapterNotFoundError, EngineUnavailableError
from tests.decoding.pages import RECEIPT_LINES, RECEIPT_SCHEMA, document_of

DOCUMENT = document_of(RECEIPT_LINES)
TEXT = [5, 300, 20, 41, 7, 600, 123]


@pytest.fixture
def copied(tiny_model: Path, tmp_path: Path) -> Path:
    return shutil.copytree(tiny_model, tmp_path / "copied")


def _change(path: Path, **changes: Any) -> None:  # noqa: ANN401
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"model_type": "mistral"},
        {"attention_bias": True},
        {"mlp_bias": True},
        {"hidden_act": "gelu"},
        {"rope_parameters": {"rope_type": "llama3", "rope_theta": 1e4}},
        {"rope_parameters": None, "rope_scaling": {"type": "linear", "factor": 2.0}},
        {"quantization_config": {"quant_method": "gptq"}},
    ],
)
def test_what_is_no_plain_llama_says_so(copied: Path, changes: dict[str, Any]) -> None:
    _change(copied / "config.json", **changes)
    with pytest.raises(NotPlainLlamaError):
        read_shape(copied)


def test_a_llama_with_scaled_positions_is_run_by_transformers(copied: Path) -> None:
    rope = {"rope_type": "linear", "factor": 2.0, "rope_theta": 1e4}
    _change(copied / "config.json", rope_parameters=rope)
    request = EngineRequest(
        prompt=build_prompt(RECEIPT_SCHEMA, DOCUMENT.pages[0].text),
        grammar=build_grammar(RECEIPT_SCHEMA, DOCUMENT),
        max_tokens=400,
    )
    assert EmbeddedEngine(copied).complete([request])[0].finish_reason == "stop"


@pytest.mark.parametrize("fault", ["missing", "shape", "bytes", "odd"])
def test_damaged_weights_are_a_typed_error(copied: Path, fault: str) -> None:
    path = copied / "model.safetensors"
    tensors = load_file(path)
    name = "model.layers.1.mlp.up_proj.weight"
    if fault == "missing":
        del tensors[name]
    if fault == "shape":
        tensors[name] = tensors[name][:-1].contiguous()
    if fault == "odd":
        tensors["model.layers.1.mlp.up_proj.bias"] = torch.zeros(3)
    save_file(tensors, path)
    if fault == "bytes":
        path.write_bytes(b"\x10" * 64)
    expected = NotPlainLlamaError if fault == "odd" else EngineUnavailableError
    with pytest.raises(expected):
        LlamaModel(copied, dtype=torch.float32)


def _logprobs(model: LlamaModel, tokens: list[int], head: Sequence[int] = ()) -> torch.Tensor:
    tree = TokenTree(model.begin(head))
    tree.prefill(tokens[: len(head) + 1])
    tokens = tokens[len(head) :]
    (grown,) = tree.grow([Branch((), tuple(tokens[1:]))])
    return torch.stack([row.logprobs(torch.arange(row.n_tokens)) for row in grown.following])


@pytest.mark.parametrize("adapter", [None, "first", "second"])
def test_an_adapter_adds_what_peft_adds(
    tiny_model: Path, tiny_adapters: dict[str, Path], adapter: str | None
) -> None:
    model = LlamaModel(tiny_model, dtype=torch.float32)
    other: Any = AutoModelForCausalLM.from_pretrained(tiny_model, dtype=torch.float32)
    if adapter is not None:
        model.use_adapter(adapter, tiny_adapters[adapter])
        other.load_adapter(str(tiny_adapters[adapter]))
    with torch.inference_mode():
        expected = torch.log_softmax(other(torch.tensor([TEXT])).logits[0], -1)
    torch.testing.assert_close(_logprobs(model, TEXT), expected[1:], atol=1e-4, rtol=0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_texts_begin_with_is_read_once_and_changes_nothing(tiny_model: Path, dtype: torch.dtype) -> None:
    model = LlamaModel(tiny_model, dtype=dtype)
    first = _logprobs(model, TEXT, TEXT[:4])
    other = _logprobs(model, [9, 8, *TEXT], [9, 8])
    assert _logprobs(model, TEXT, TEXT[:4]).equal(first)
    assert LlamaModel(tiny_model, dtype=dtype).begin(TEXT[:4]).length == 4
    assert _logprobs(LlamaModel(tiny_model, dtype=dtype), [9, 8, *TEXT], [9, 8]).equal(other)
    tolerance = 1e-4 if dtype == torch.float32 else 0.5
    torch.testing.assert_close(first, _logprobs(model, TEXT)[4:], atol=tolerance, rtol=0)


def test_other_weights_under_an_adapters_name_begin_anew(
    tiny_model: Path, tiny_adapters: dict[str, Path]
) -> None:
    model = LlamaModel(tiny_model, dtype=torch.float32)
    found: dict[str, torch.Tensor] = {}
    for weights in ("first", "second"):
        model.use_adapter("x", tiny_adapters[weights])
        found[weights] = _logprobs(model, TEXT, TEXT[:4])
        model.drop_adapter("x")
    model.use_adapter("y", tiny_adapters["second"])
    torch.testing.assert_close(found["second"], _logprobs(model, TEXT)[4:], atol=1e-4, rtol=0)
    assert not found["first"].allclose(found["second"], atol=1e-2)


def test_bfloat16_is_near_to_float32(tiny_model: Path) -> None:
    near, exact = (
        _logprobs(LlamaModel(tiny_model, dtype=dtype), TEXT) for dtype in (torch.bfloat16, torch.float32)
    )
    # Random weights of the size of 0.3 over two layers: 8 bits of mantissa, logits up to 30.
    assert float((near - exact).abs().mean()) < 0.15


@pytest.mark.parametrize(
    "changes",
    [
        {"use_dora": True},
        {"bias": "all"},
        {"modules_to_save": ["lm_head"]},
        {"rank_pattern": {"q_proj": 2}},
        {"target_modules": ["up_proj"]},
        {"target_modules": ".*q_proj"},
        {"exclude_modules": ["v_proj"]},
        {"layers_to_transform": [0]},
        {"init_lora_weights": "pissa"},
        {"alora_invocation_tokens": [1]},
        {"lora_alpha": 1e39},
        {"r": 8},
        {"r": 0},
    ],
)
def test_an_adapter_that_is_more_than_plain_lora_is_refused(
    tiny_model: Path, tiny_adapters: dict[str, Path], tmp_path: Path, changes: dict[str, Any]
) -> None:
    folder = shutil.copytree(tiny_adapters["first"], tmp_path / "changed")
    _change(folder / "adapter_config.json", **changes)
    model = LlamaModel(tiny_model, dtype=torch.float32)
    with pytest.raises(AdapterNotFoundError, match="does not fit"):
        model.use_adapter("changed", folder)


@pytest.mark.parametrize("fault", ["half", "not finite", "layer", "none"])
def test_an_adapter_with_damaged_factors_is_refused(
    tiny_model: Path, tiny_adapters: dict[str, Path], tmp_path: Path, fault: str
) -> None:
    folder = shutil.copytree(tiny_adapters["first"], tmp_path / "damaged")
    tensors = load_file(folder / "adapter_model.safetensors")
    name = next(name for name in tensors if "lora_B" in name)
    factor = tensors.pop(name)
    if fault == "not finite":
        tensors[name] = factor.fill_(float("nan"))
    if fault == "layer":
        tensors[name.replace("layers.0", "layers.7")] = factor
    save_file({} if fault == "none" else tensors, folder / "adapter_model.safetensors")
    model = LlamaModel(tiny_model, dtype=torch.float32)
    with pytest.raises(AdapterNotFoundError, match="does not fit"):
        model.use_adapter("damaged", folder)
