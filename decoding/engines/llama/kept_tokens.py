"""A text under way in a Llama: its keys and values, and what may follow each token."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from decoding.engines.llama.cache import KeysAndValues
from decoding.engines.llama.model import LayerFactors, Llama
from decoding.engines.next_token import NextToken
from decoding.engines.threads import Threads

# With more tokens than this share of the vocabulary, the scores of all cost less than picking theirs.
_FEW = 1 / 8


class LlamaTokens:
    """`KeptTokens` of a Llama, with the factors of an adapter or none."""

    def __init__(
        self,
        model: Llama,
        factors: Sequence[LayerFactors] | None,
        kept: KeysAndValues | None = None,
        *,
        threads: Threads,
    ) -> None:
        self._model = model
        self._factors = factors
        self._threads = threads
        self._cache = (
            KeysAndValues(model.shape, dtype=model.dtype) if kept is None else KeysAndValues.of(kept)
        )

    @property
    def length(self) -> int:
        """Return how many tokens have entries."""
        return self._cache.length

    def copy_kept(self) -> KeysAndValues:
        """Return a copy of the entries, for other texts that begin alike."""
        return KeysAndValues.of(self._cache, room=0)

    @torch.inference_mode()
    def read(
        self, tokens: Sequence[int], *, positions: Tensor, mask: Tensor | None, n_kept: int, weigh: bool
    ) -> tuple[NextToken, ...]:
        """Add entries for `tokens`; return what follows each of the last `n_kept`."""
        self._threads.adapt()
        hidden = self._model.read(
            torch.tensor(tokens), positions, self._cache, mask=mask, factors=self._factors, n_kept=n_kept
        )
        following = tuple(_AfterHidden(self._model, row) for row in hidden[:, None])
        if weigh:
            for row, scores in zip(following, self._model.score(hidden), strict=True):
                row.weigh(scores)
        return following

    @torch.inference_mode()
    def keep(self, base: int, slots: Tensor) -> None:
        """Keep the first `base` entries and then those at `slots`, in that order."""
        self._cache.keep(base, slots)


class _AfterHidden:
    """`NextToken` after a hidden state (1, d)."""

    def __init__(self, model: Llama, hidden: Tensor) -> None:
        self._model = model
        self._hidden = hidden
        self._all: Tensor | None = None
        self._total: Tensor | None = None

    @property
    def is_weighed(self) -> bool:
        return self._total is not None

    @property
    def n_tokens(self) -> int:
        return self._model.shape.vocabulary

    def weigh(self, scores: Tensor) -> None:
        """Take the scores (vocabulary,) of all tokens."""
        self._all, self._total = scores, torch.logsumexp(scores, dim=0)

    @torch.inference_mode()
    def scores(self, tokens: Tensor) -> Tensor:
        if len(tokens) <= self.n_tokens * _FEW:
            return self._model.score(self._hidden, tokens)[0]
        return self._scores_of_all()[tokens]

    @torch.inference_mode()
    def logprobs(self, tokens: Tensor) -> Tensor:
        total = torch.logsumexp(self._scores_of_all(), dim=0) if self._total is None else self._total
        return (self.scores(tokens) - total).clamp_(max=0.0)

    def _scores_of_all(self) -> Tensor:
        if self._all is None:
            self._all = self._model.score(self._hidden)[0]
        return self._all
