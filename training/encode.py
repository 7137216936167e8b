"""Synthetic documents to token ids and loss weights, by the service's own prompt code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from decoding.engines.chat_tokens import ChatTokenizer
from decoding.grammar.answer import AnswerPiece, answer_json, answer_pieces
from decoding.prompt import build_prompt
from ocr.layout import layout_text
from schemas.model_profile import DEFAULT_PROFILE, PromptTexts
from schemas.prompt import Message, Prompt, PromptExample, ReasoningMode
from schemas.spec import json_path
from training.synthesis.sample import SyntheticDocument
from training.tokenizer import END_TOKEN, START_TOKEN

# The grammar writes keys by itself, yet they carry full loss: copying them from the schema's lines is the
# easiest copying there is, and without it the model did not learn to copy values in 5 M tokens.
KEY_WEIGHT = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedSample:
    """Token ids (n,) int32 of prompt and answer, the loss weight (n,) of each; `n_asked` are the prompt's."""

    token_ids: NDArray[np.int32]
    weights: NDArray[np.float32]
    n_asked: int

    @property
    def answer_ids(self) -> NDArray[np.int32]:
        """Return the answer's tokens, the end of the turn included."""
        return self.token_ids[self.n_asked :]

    def __len__(self) -> int:
        return len(self.token_ids)


def prompt_of(
    sample: SyntheticDocument,
    *,
    example: SyntheticDocument | None = None,
    reasoning: ReasoningMode = "off",
    structured: bool = True,
    texts: PromptTexts = DEFAULT_PROFILE.prompt,
) -> Prompt:
    """Return the service's prompt for a synthetic document, with a similar one as its example.

    `texts` are the words of the model's profile, the default ones if not given.
    """
    shown = () if example is None else (_as_example(example, reasoning, structured),)
    page = layout_text(sample.document, structured=structured).text
    return build_prompt(sample.schema, page, reasoning=reasoning, examples=shown, texts=texts)


def _as_example(sample: SyntheticDocument, reasoning: ReasoningMode, structured: bool) -> PromptExample:
    answer = answer_json(sample.gold, reasoning=None if reasoning == "off" else sample.reasoning)
    page = layout_text(sample.document, structured=structured).text
    return PromptExample(example_id="", layout_text=page, answer_json=answer, similarity_score=1.0)


def encode(
    tokenizer: Any,  # noqa: ANN401
    prompt: Prompt,
    sample: SyntheticDocument,
    *,
    reasoning: ReasoningMode = "off",
) -> EncodedSample:
    """Return prompt and answer as tokens; only the answer's tokens carry loss."""
    asked = tokenizer(chat_text(prompt.messages), add_special_tokens=False)["input_ids"]
    pieces = answer_pieces(sample.gold, reasoning=None if reasoning == "off" else sample.reasoning)
    end_token = tokenizer.convert_tokens_to_ids(END_TOKEN)
    answer_ids, answer_weights = encode_answer(tokenizer, pieces, end_token=end_token)
    return joined(asked, answer_ids, answer_weights)


def joined(asked: Sequence[int], answer: Sequence[int], answer_weights: Sequence[float]) -> EncodedSample:
    """Return prompt and answer as one sample; the prompt carries no loss."""
    token_ids = np.asarray([*asked, *answer], dtype=np.int32)
    weights = np.zeros(len(token_ids), dtype=np.float32)
    weights[len(asked) :] = answer_weights
    return EncodedSample(token_ids=token_ids, weights=weights, n_asked=len(asked))


def encode_turn(
    chat: ChatTokenizer,
    prompt: Prompt,
    pieces: tuple[AnswerPiece, ...],
    *,
    unknown: frozenset[str] = frozenset(),
) -> EncodedSample:
    """Return prompt and answer in any model's chat format; `unknown` as in `encode_answer`."""
    answer, weights = encode_answer(chat.tokenizer, pieces, end_token=chat.end_token, unknown=unknown)
    return joined(chat.encode(prompt), answer, weights)


def chat_text(messages: tuple[Message, ...]) -> str:
    """Return the messages in ChatML, open for the assistant's answer; equals the chat template."""
    turns = "".join(f"{START_TOKEN}{m.role}\n{m.content}{END_TOKEN}\n" for m in messages)
    return f"{turns}{START_TOKEN}assistant\n"


def encode_answer(
    tokenizer: Any,  # noqa: ANN401
    pieces: tuple[AnswerPiece, ...],
    *,
    end_token: int,
    unknown: frozenset[str] = frozenset(),
) -> tuple[list[int], list[float]]:
    """Return the answer's tokens, the end of the turn included, and the loss weight of each.

    Values at the paths of `unknown` have no weight: that they are null is not known.
    """
    text = "".join(piece.text for piece in pieces)
    ends = list(accumulate(len(piece.text) for piece in pieces))
    encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    weights: list[float] = []
    piece_index = 0
    for start, _ in encoded["offset_mapping"]:
        while ends[piece_index] <= start:
            piece_index += 1
        weights.append(_weight(pieces[piece_index], unknown))
    return [*encoded["input_ids"], end_token], [*weights, KEY_WEIGHT]


def _weight(piece: AnswerPiece, unknown: frozenset[str]) -> float:
    if not piece.is_choice:
        return KEY_WEIGHT
    return 0.0 if json_path(piece.path) in unknown else 1.0
