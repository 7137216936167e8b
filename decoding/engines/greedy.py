"""Greedy decoding by Outlines over Transformers: for models whose cache holds one text only."""

# Torch and Transformers leave parts of their interfaces untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from llguidance import LLMatcher
from outlines.processors import OutlinesLogitsProcessor
from transformers import GenerationConfig, LogitsProcessorList

from decoding.engines.hypotheses import Decoded, Step, allowed_tokens
from schemas.cancellation import check_cancelled


def decode_greedily(
    model: Any,  # noqa: ANN401
    prompt_tokens: Sequence[int],
    matcher: LLMatcher,
    *,
    end_token: int,
    max_tokens: int,
) -> Decoded:
    """Return what a Transformers model writes after `prompt_tokens`, each token the likeliest allowed one."""
    processor = _GrammarProcessor(matcher)
    inputs = torch.tensor([list(prompt_tokens)], device=model.device)
    with torch.inference_mode():
        output = model.generate(
            input_ids=inputs,
            attention_mask=torch.ones_like(inputs),
            logits_processor=LogitsProcessorList([processor]),
            generation_config=GenerationConfig(
                do_sample=False,
                max_new_tokens=max_tokens,
                eos_token_id=end_token,
                pad_token_id=end_token,
            ),
        )
    tokens = [int(token) for token in output[0, len(prompt_tokens) :]]
    return processor.decoded(tokens, end=end_token)


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
        check_cancelled()
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
