"""Whether an answer is one that the grammar lets a model write."""

# llguidance is typed in part only.
# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import llguidance.hf
from llguidance import LLMatcher

from decoding.engines.hypotheses import raise_on_error
from decoding.grammar.build import Grammar


class GrammarCheck:
    """Checks answers in the tokens of one Transformers tokenizer."""

    def __init__(self, tokenizer: Any) -> None:  # noqa: ANN401
        self._tokenizer = llguidance.hf.from_tokenizer(tokenizer)

    def accepts(self, grammar: Grammar, answer_tokens: Sequence[int]) -> bool:
        """Return whether the tokens, without the end of the turn, are a whole answer under `grammar`.

        Raises
        ------
        GrammarCompileError
            If the grammar is refused.
        """
        matcher = LLMatcher(self._tokenizer, grammar.lark, log_level=0)
        raise_on_error(matcher)
        n_taken: int = matcher.validate_tokens(list(answer_tokens))
        if n_taken < len(answer_tokens):
            return False
        matcher.consume_tokens(list(answer_tokens))
        return bool(matcher.is_accepting())
