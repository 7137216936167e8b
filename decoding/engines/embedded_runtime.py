"""A loaded model: tokenizer, weights, adapters, and the two ways to decode. Imports torch."""

# Torch and Transformers leave parts of their interfaces untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import llguidance.hf
import torch
from llguidance import LLMatcher, LLParserLimits
from outlines.models import Transformers
from outlines.processors import OutlinesLogitsProcessor
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoTokenizer,
    GenerationConfig,
    LogitsProcessorList,
    PretrainedConfig,
)
from transformers.utils.logging import disable_progress_bar

from decoding.engines.chat_tokens import ChatTokenizer
from decoding.engines.span_search import Decoded, Ranking, SpanDecoder, Step, allowed_tokens, raise_on_error
from decoding.engines.token_tree import TokenTree
from decoding.grammar.build import Grammar
from schemas.errors import AdapterNotFoundError, EngineUnavailableError
from schemas.prompt import Prompt

logger = logging.getLogger(__name__)

# The library's defaults stop at 200,000 steps for one mask. Long pages and large vocabularies need 300,000
# at the first character of a value (10,000 words, 42,000 tokens), once.
# Errors are not verbose: they would quote the grammar, that is the page.
_LIMITS = LLParserLimits(
    initial_lexer_fuel=20_000_000, step_lexer_fuel=5_000_000, step_max_items=500_000, verbose_errors=False
)


class Runtime:
    """The model in `folder`, ready to decode; for one thread at a time.

    Raises
    ------
    EngineUnavailableError
        If the folder cannot be loaded, or its tokenizer has no chat template.
    """

    def __init__(self, folder: Path, *, dtype: str | None, device: str) -> None:
        disable_progress_bar()
        try:
            tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
            model = AutoModelForCausalLM.from_pretrained(
                folder,
                dtype=_best_dtype(folder, device) if dtype is None else getattr(torch, dtype),
                attn_implementation="sdpa",
                local_files_only=True,
            )
        except (OSError, ValueError, KeyError, RuntimeError) as error:
            raise EngineUnavailableError(f"cannot load the model in {folder.name!r}: {error}") from error
        try:
            self._chat = ChatTokenizer(tokenizer)
        except ValueError as error:
            raise EngineUnavailableError(f"the model in {folder.name!r} cannot be asked: {error}") from error
        self._model: Any = model.eval()
        self._model.to(device)
        self._outlines = Transformers(self._model, tokenizer)
        self._tokenizer: Any = tokenizer
        self._ll_tokenizer = llguidance.hf.from_tokenizer(tokenizer)
        # By name, what PEFT knows them by: it takes no name with a dot.
        self._loaded_adapters: dict[str, str] = {}
        self._n_read = 0
        config = self._model.config
        self.max_context_tokens = int(config.max_position_embeddings)
        self._n_layers = int(config.num_hidden_layers)
        self._has_tree = _attends_fully(config)

    @property
    def end_token(self) -> int:
        """Return the token that ends an answer."""
        return self._chat.end_token

    def encode(self, prompt: Prompt) -> list[int]:
        """Return the tokens of `prompt` in the model's chat format, up to where the answer begins."""
        return self._chat.encode(prompt)

    def token_bytes(self, token: int) -> bytes:
        """Return the bytes that `token` writes."""
        return self._ll_tokenizer.decode_bytes([token])

    def decode(
        self,
        prompt_tokens: Sequence[int],
        grammar: Grammar,
        *,
        max_tokens: int,
        n_candidates: int,
        ranking: Ranking | None,
    ) -> Decoded:
        """Return what the model writes after `prompt_tokens` under `grammar`.

        Models whose attention is not full (sliding windows, recurrent layers) decode greedily: their
        state cannot hold several branches at once.
        """
        matcher = LLMatcher(self._ll_tokenizer, grammar.lark, log_level=0, limits=_LIMITS)
        raise_on_error(matcher)
        if n_candidates == 1 or not self._has_tree:
            return self._decode_greedily(prompt_tokens, matcher, max_tokens)
        tree = TokenTree(self._model, n_layers=self._n_layers)
        decoder = SpanDecoder(
            tree,
            matcher,
            self,
            grammar.schema,
            n_candidates=n_candidates,
            max_tokens=max_tokens,
            ranking=ranking or Ranking(),
        )
        return decoder.decode(prompt_tokens)

    def _decode_greedily(self, prompt_tokens: Sequence[int], matcher: LLMatcher, max_tokens: int) -> Decoded:
        processor = _GrammarProcessor(matcher)
        inputs = torch.tensor([list(prompt_tokens)], device=self._model.device)
        with torch.inference_mode():
            output = self._model.generate(
                input_ids=inputs,
                attention_mask=torch.ones_like(inputs),
                logits_processor=self._outlines.type_adapter.format_output_type(processor)
                or LogitsProcessorList(),
                generation_config=self._generation_config(max_tokens),
            )
        tokens = [int(token) for token in output[0, len(prompt_tokens) :]]
        return processor.decoded(tokens, end=self.end_token)

    def _generation_config(self, max_tokens: int) -> GenerationConfig:
        return GenerationConfig(
            do_sample=False,
            max_new_tokens=max_tokens,
            eos_token_id=self.end_token,
            pad_token_id=self._tokenizer.pad_token_id,
        )

    def use_adapter(self, name: str | None, folder: Path | None) -> None:
        """Answer with the adapter `name` from now on, or with the base model for None.

        Raises
        ------
        AdapterNotFoundError
            If the weights in `folder` do not fit the model.
        """
        if name is None or folder is None:
            if getattr(self._model, "_hf_peft_config_loaded", False):
                self._model.disable_adapters()
            return
        if name not in self._loaded_adapters:
            self._read_adapter(name, folder)
        self._model.enable_adapters()
        self._model.set_adapter(self._loaded_adapters[name])

    def _read_adapter(self, name: str, folder: Path) -> None:
        self._n_read += 1
        key = f"adapter{self._n_read}"
        try:
            with warnings.catch_warnings():
                # PEFT warns of a second adapter beside the first, which is the purpose here.
                warnings.filterwarnings("ignore", message="Already found a `peft_config`")
                self._model.load_adapter(str(folder), adapter_name=key)
        except Exception as error:  # of any class: what is read is somebody's file
            self._withdraw(key)
            # Its words may name paths, and reach callers.
            raise AdapterNotFoundError(
                f"adapter {name!r} does not fit the model ({type(error).__name__})"
            ) from error
        self._model.eval()
        self._loaded_adapters[name] = key

    def _withdraw(self, key: str) -> None:
        """Take out an adapter; the layers of one that was read in part would answer for the base model."""
        if key in getattr(self._model, "peft_config", {}):
            with warnings.catch_warnings():
                # PEFT says that another adapter is active now; every request says which one it wants.
                warnings.filterwarnings("ignore", message="Adapter .* was active which is now deleted")
                self._model.delete_adapter(key)

    def drop_adapter(self, name: str) -> None:
        """Free the weights of adapter `name`, if they are loaded."""
        key = self._loaded_adapters.pop(name, None)
        if key is not None:
            self._withdraw(key)


def _best_dtype(folder: Path, device: str) -> torch.dtype:
    """Return bfloat16 for weights that are, where the device computes in it; float32 otherwise."""
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    if getattr(config, "dtype", None) != torch.bfloat16:
        return torch.float32
    # Without such instructions oneDNN emulates them, several times slower than float32.
    is_native = device != "cpu" or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
    return torch.bfloat16 if is_native else torch.float32


def _attends_fully(config: PretrainedConfig) -> bool:
    kinds = getattr(config, "layer_types", None) or ["full_attention"]
    return set(kinds) == {"full_attention"} and getattr(config, "sliding_window", None) is None


class _GrammarProcessor(OutlinesLogitsProcessor):
    """Masks logits by a matcher, and keeps the log-probability of each token as it is chosen.

    Outlines' own llguidance processor compiles its masking kernel with a C++ compiler at the first
    token and keeps the library's default limits; neither suits a fresh machine and a long page.
    """

    def __init__(self, matcher: LLMatcher) -> None:
        super().__init__("torch")
        self._matcher = matcher
        self._steps: list[Step] = []
        self._raw = torch.empty(0)
        self._allowed = torch.empty(0, dtype=torch.long)
        self._is_first = True

    def process_logits(  # pyright: ignore[reportIncompatibleMethodOverride]  # torch is its only library here
        self, input_ids: torch.Tensor, logits: torch.Tensor
    ) -> torch.Tensor:
        if not self._is_first:
            token = int(input_ids[0, -1])
            self._record(token)
            self._matcher.consume_token(token)
        self._is_first = False
        self._raw = torch.log_softmax(logits[0].float(), dim=-1).cpu()
        self._allowed = allowed_tokens(self._matcher, len(self._raw))
        masked = torch.full_like(logits, float("-inf"))
        masked[0, self._allowed] = logits[0, self._allowed]
        return masked

    def _record(self, token: int) -> None:
        raw = float(self._raw[token])
        mass = float(torch.logsumexp(self._raw[self._allowed], dim=0))
        self._steps.append(Step(token, min(raw - mass, 0.0), raw))

    def decoded(self, tokens: Sequence[int], *, end: int) -> Decoded:
        """Return the recorded steps, the last one included and the end of text left out."""
        if len(self._steps) < len(tokens):
            self._record(tokens[-1])
        if tokens and tokens[-1] == end and self._matcher.is_stopped():
            return Decoded(steps=tuple(self._steps[:-1]), finish_reason="stop")
        if self._steps:
            self._matcher.consume_token(self._steps[-1].token)
        stopped = self._matcher.is_stopped() and not self._matcher.is_error()
        return Decoded(steps=tuple(self._steps), finish_reason="stop" if stopped else "length")
