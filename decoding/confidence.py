"""How sure the model was of each value: its probability among all that the grammar allowed."""

from __future__ import annotations

import math
from collections.abc import Iterable

from decoding.parse import ParsedOutput, token_spans
from schemas.extraction import Completion, TokenLogprob
from schemas.spec import Path


def probability(tokens: Iterable[TokenLogprob]) -> float:
    """Return exp(sum of log p(t)) over the tokens, in [0, 1]; 1.0 for none."""
    return math.exp(min(0.0, math.fsum(token.logprob for token in tokens)))


def leaf_confidences(parsed: ParsedOutput, completion: Completion) -> dict[Path, float]:
    """Return the confidence in [0, 1] of every leaf that was written, by path.

        confidence = exp(sum of log p(t) over the tokens t that share a byte with the value)

    where p is the probability under the mask. By the chain rule this is the probability that the model
    writes exactly this value, and no other that the grammar allows, after what it wrote before: null, a
    shorter span and another span of the page all share the rest. The sum is chosen over the mean
    because the mask makes most tokens of a long value certain once its first words are chosen: they add
    nothing to the sum, and in a mean they would hide the one doubtful choice. A value's span includes its
    quotation marks: the first decides against null, the last where the value ends. Tokens that reach
    over the value's edges count whole; the grammar leaves no choice in keys and commas, so their share is
    nil.

    A completion without tokens has no confidences.
    """
    ranges = token_spans(completion, parsed.value_spans)
    return {path: probability(completion.tokens[start:end]) for path, (start, end) in ranges.items()}
