"""What a model thinks of the token that follows one it has read. Imports torch."""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor


class NextToken(Protocol):
    """The distribution of one next token, as much of it as is asked for.

    The probability of a token before the grammar's mask needs the scores of the whole vocabulary, which a
    pass can work out for many rows at once; after the mask those of the tokens that are allowed are enough.
    """

    @property
    def is_weighed(self) -> bool:
        """Return whether log-probabilities before the mask are there for nothing."""
        ...

    @property
    def n_tokens(self) -> int:
        """Return the size of the vocabulary."""
        ...

    def scores(self, tokens: Tensor) -> Tensor:
        """Return (n,) float32 of these tokens: log-probabilities up to a constant of this distribution."""
        ...

    def logprobs(self, tokens: Tensor) -> Tensor:
        """Return (n,) float32 of these tokens: log-probabilities before the mask, at most 0."""
        ...


class Weighed:
    """A distribution of which all is known: log-probabilities (vocabulary,), float32."""

    is_weighed = True

    def __init__(self, logprobs: Tensor) -> None:
        self._logprobs = logprobs

    @property
    def n_tokens(self) -> int:
        """Return the size of the vocabulary."""
        return len(self._logprobs)

    def scores(self, tokens: Tensor) -> Tensor:
        """Return the log-probabilities (n,) of these tokens."""
        return self._logprobs[tokens]

    def logprobs(self, tokens: Tensor) -> Tensor:
        """Return the log-probabilities (n,) of these tokens."""
        return self._logprobs[tokens]


def weigh_rows(logits: Tensor) -> tuple[Weighed, ...]:
    """Return what follows each token of a pass, by the logits (t, vocabulary) after it."""
    return tuple(Weighed(row) for row in torch.log_softmax(logits.float(), dim=-1).cpu())
