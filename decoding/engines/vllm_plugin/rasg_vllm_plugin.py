"""Two mends of the vLLM server, made when it loads its plugins.

LoRA on the CPU build. vLLM marks a token without an adapter with index -1. The CPU kernels of 0.32 index
the stacked weights with it, and -1 is the last slot: a base-model request that shares a batch with
adapter requests answers with the last slot's adapter (vLLM pull requests 48421 and 49656 describe it).
The kernels below do what the originals do, skip negative indices, and multiply once for each adapter
instead of gathering a copy of the weights for each token, which is faster too.

Page-sized grammars. The default limits of llguidance end a completion in mid-text when a mask takes more
than 200,000 steps, as the first character of a value does on a page of some thousand words; and its error
message, which vLLM logs, repeats the grammar, that is the page. Both are set as the embedded engine does.

vLLM calls `register` in each of its processes through the entry point `vllm.general_plugins`.
"""

# Torch and Transformers leave parts of their interfaces untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import importlib
import logging
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from llguidance import LLMatcher, LLParserLimits

if TYPE_CHECKING:
    import torch
    from torch import Tensor

logger = logging.getLogger(__name__)

_OPS = "vllm.lora.ops.torch_ops"
_GUIDANCE = "vllm.v1.structured_output.backend_guidance"
# Modules that take the functions by name, and so keep the originals if they were imported before.
_TAKERS = (_OPS, "vllm.lora.punica_wrapper.punica_cpu")


def register() -> None:
    """Make both mends; each is left out, with a warning, where this vLLM has nothing of the name."""
    _mend_lora()
    _mend_guidance()


def _mend_lora() -> None:
    kernels = _find(f"{_OPS}.lora_ops")
    if kernels is None:
        return
    mended = {"bgmv_expand": bgmv_expand, "bgmv_shrink": bgmv_shrink, "bgmv_expand_slice": bgmv_expand_slice}
    for module in (kernels, *(sys.modules[name] for name in _TAKERS if name in sys.modules)):
        _replace(module, mended)


def _mend_guidance() -> None:
    backend = _find(_GUIDANCE)
    if backend is None or not hasattr(backend, "GuidanceBackend"):
        return
    limits = matcher_limits()

    def compile_grammar(
        self: Any,  # noqa: ANN401
        request_type: object,
        grammar_spec: str,
        stop_token_ids: set[int] | None = None,  # noqa: ARG001 - as vLLM calls it
    ):
        self.serialized_grammar = backend.serialize_guidance_grammar(
            request_type, grammar_spec, self.disable_any_whitespace, self.disable_additional_properties
        )
        matcher = LLMatcher(self.ll_tokenizer, self.serialized_grammar, log_level=0, limits=limits)
        grammar = backend.GuidanceGrammar(
            ll_matcher=matcher, ll_tokenizer=self.ll_tokenizer, vocab_size=self.vocab_size
        )
        grammar.check_error()
        return grammar

    backend.GuidanceBackend.compile_grammar = compile_grammar


def matcher_limits() -> LLParserLimits:
    """Return the limits of a matcher: room for pages of 10,000 words, and errors that do not quote them."""
    return LLParserLimits(
        initial_lexer_fuel=20_000_000, step_lexer_fuel=5_000_000, step_max_items=500_000, verbose_errors=False
    )


def _find(name: str) -> ModuleType | None:
    try:
        return importlib.import_module(name)
    except ImportError:
        logger.warning("this vLLM has no %s; it is left as it is", name)
        return None


def _replace(module: ModuleType, functions: dict[str, Any]) -> None:
    for name, function in functions.items():
        if hasattr(module, name):
            setattr(module, name, function)


def apply_by_index(inputs: Tensor, weights: Tensor, indices: Tensor, *, dtype: torch.dtype) -> Tensor:
    """Return for each token its input times its adapter's weights, zero where the index is negative.

    Parameters
    ----------
    inputs
        (n_tokens, n_in).
    weights
        (n_adapters, n_out, n_in), or with a dimension of one after the first.
    indices
        (n_tokens,), the slot of each token's adapter, negative for none.

    Returns
    -------
    (n_tokens, n_out) of `dtype`.
    """
    if weights.dim() == 4:
        weights = weights.squeeze(1)
    outputs = inputs.new_zeros((len(indices), weights.shape[1]), dtype=dtype)
    for index in indices.unique().tolist():
        if index >= 0:
            rows = indices == index
            outputs[rows] = inputs[rows].to(dtype) @ weights[index].to(dtype).T
    return outputs


def bgmv_expand(
    inputs: Tensor,
    lora_b_weights: Tensor,
    output_tensor: Tensor,
    lora_indices_tensor: Tensor,
    add_inputs: bool = True,
) -> None:
    """Add B x to `output_tensor` (or store it), each token with its own adapter's B."""
    outputs = apply_by_index(inputs, lora_b_weights, lora_indices_tensor, dtype=output_tensor.dtype)
    n_columns = min(outputs.shape[1], output_tensor.shape[1])  # the two sides may be padded differently
    target = output_tensor[:, :n_columns]
    added = outputs[: len(output_tensor), :n_columns]
    target.copy_(target + added if add_inputs else added.expand_as(target))


def bgmv_shrink(
    inputs: Tensor,
    lora_b_weights: Tensor,
    output_tensor: Tensor,
    lora_indices_tensor: Tensor,
    scaling: float = 1.0,
) -> None:
    """Store `scaling` A x in `output_tensor`, each token with its own adapter's A."""
    outputs = apply_by_index(inputs, lora_b_weights, lora_indices_tensor, dtype=output_tensor.dtype)
    output_tensor[:, : outputs.shape[1]] = scaling * outputs


def bgmv_expand_slice(
    inputs: Tensor,
    lora_b_weights: Tensor,
    output_tensor: Tensor,
    lora_indices_tensor: Tensor,
    slice_offset: int,
    slice_size: int,
    add_inputs: bool = True,
) -> None:
    """Add B x to the columns [slice_offset, slice_offset + slice_size) of `output_tensor` (or store it)."""
    outputs = apply_by_index(inputs, lora_b_weights, lora_indices_tensor, dtype=output_tensor.dtype)
    target = output_tensor[:, slice_offset : slice_offset + slice_size]
    target.copy_(target + outputs if add_inputs else outputs)
