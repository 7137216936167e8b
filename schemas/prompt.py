"""What an engine is asked: chat messages, and the example they may hold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant"]
ReasoningMode = Literal["off", "brief", "full"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One chat turn."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptExample:
    """An annotated page similar to the one at hand, and how near it was (1.0 is the same page)."""

    example_id: str
    layout_text: str
    answer_json: str
    similarity_score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """The conversation for one page window: system, then example turns, then the page."""

    messages: tuple[Message, ...]

    def __post_init__(self) -> None:
        if not self.messages or self.messages[-1].role != "user":
            raise ValueError("a prompt ends with the user's page")
