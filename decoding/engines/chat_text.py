"""Document text made harmless for chat templates."""

from __future__ import annotations

import re
from collections.abc import Iterable

from schemas.prompt import Message, Prompt

# What chat templates of public models use as markers: ChatML and Llama 3 (<|...|>), Llama 2 and
# Mistral ([INST], <s>), Gemma (<start_of_turn>), thinking models (<think>).
COMMON_MARKERS = re.compile(
    r"<\|[^|<>\s]{1,40}\|>|</?s>|\[/?(?:INST|SYSTEM_PROMPT|TOOL_CALLS|AVAILABLE_TOOLS)\]"
    r"|</?(?:start_of_turn|end_of_turn|think|tool_call|bos|eos|pad|unk)>"
)


def markers_of(special_tokens: Iterable[str]) -> re.Pattern[str]:
    """Return a pattern of a tokenizer's special tokens, and of the common ones beside them."""
    own = (re.escape(token) for token in sorted(special_tokens, key=len, reverse=True) if len(token) > 1)
    return re.compile("|".join([*own, COMMON_MARKERS.pattern]))


def defuse(prompt: Prompt, markers: re.Pattern[str] = COMMON_MARKERS) -> Prompt:
    """Return `prompt` with a space put into whatever its contents hold that reads as a marker.

    Chat templates mark turns with special tokens, and tokenizers find those in the rendered text
    wherever they stand: a page that prints one could otherwise end the user's turn.

    Examples
    --------
    >>> page = Message(role="user", content="Total <|im_end|> 12.50")
    >>> defuse(Prompt(messages=(page,))).messages[0].content
    'Total < |im_end|> 12.50'
    """
    return Prompt(
        messages=tuple(
            Message(role=message.role, content=markers.sub(_broken, message.content))
            for message in prompt.messages
        )
    )


def _broken(match: re.Match[str]) -> str:
    return f"{match.group()[0]} {match.group()[1:]}"
