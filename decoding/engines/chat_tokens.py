"""Prompts as the tokens of a model's chat format: what the embedded engine decodes after, and trains on."""

# Transformers leaves tokenizers untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from decoding.engines.chat_text import defuse, markers_of
from schemas.prompt import Prompt


class ChatTokenizer:
    """A Transformers tokenizer with a chat template.

    Raises
    ------
    ValueError
        If it has no chat template, or no token that ends a turn.
    """

    def __init__(self, tokenizer: Any) -> None:  # noqa: ANN401
        if not tokenizer.chat_template:
            raise ValueError("the tokenizer has no chat template")
        if tokenizer.eos_token_id is None:
            raise ValueError("the tokenizer has no token that ends an answer")
        self.tokenizer = tokenizer
        self._markers = markers_of(tokenizer.all_special_tokens)

    @property
    def end_token(self) -> int:
        """Return the token that ends an answer."""
        return int(self.tokenizer.eos_token_id)

    def encode_head(self, prompt: Prompt, tokens: Sequence[int]) -> list[int]:
        """Return no tokens: of what prompts begin with, nothing is kept where Transformers reads them."""
        del prompt, tokens
        return []

    def encode(self, prompt: Prompt) -> list[int]:
        """Return the tokens of `prompt` up to where the answer begins; nothing in it can end a turn."""
        messages = [{"role": m.role, "content": m.content} for m in defuse(prompt, self._markers).messages]
        encoded = self.tokenizer.apply_chat_template(
            messages, add_generation_prompt=True, tokenize=True, return_dict=False
        )
        return list(encoded)
