"""Several continuations of one sequence in one forward pass, sharing the prompt's keys and values.

The hypotheses of a span search differ in a few tokens and share thousands. Instead of copying the cache
for each, all tokens live in one cache as a tree: the trunk (prompt and what is settled) and branches,
kept apart by the attention mask. A step of k hypotheses is one pass over k tokens. When one branch wins,
its entries are moved up behind the trunk and the others are dropped. Imports torch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Protocol

import torch
from torch import Tensor

from decoding.engines.next_token import NextToken
from schemas.cancellation import check_cancelled

_PREFILL_CHUNK = 2048  # prompt tokens in one pass, which bounds the attention matrix


class KeptTokens(Protocol):
    """A model's keys and values of tokens that it has read, in that order: what a tree grows in."""

    @property
    def length(self) -> int:
        """Return how many tokens have entries."""
        ...

    def read(
        self, tokens: Sequence[int], *, positions: Tensor, mask: Tensor | None, n_kept: int, weigh: bool
    ) -> tuple[NextToken, ...]:
        """Add entries for `tokens`; return what follows each of the last `n_kept`.

        Parameters
        ----------
        positions
            (t,) int64, of each token in its text.
        mask
            (t, length + t) bool, which entries each token sees; None is all those before it, and itself.
        weigh
            Whether log-probabilities before the grammar's mask will be asked for.
        """
        ...

    def keep(self, base: int, slots: Tensor) -> None:
        """Keep the first `base` entries and then those at `slots`, in that order."""
        ...


@dataclass(frozen=True, slots=True)
class Branch:
    """Tokens to add behind the trunk and behind the branch's own entries, given by their cache slots."""

    slots: tuple[int, ...]
    tokens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Grown:
    """A branch after a pass: its slots, the new ones included, and what follows each new token."""

    slots: tuple[int, ...]
    following: tuple[NextToken, ...]


class TokenTree:
    """One prompt, its settled continuation (the trunk), and branches under trial."""

    def __init__(self, kept: KeptTokens) -> None:
        self._kept = kept
        self._trunk = 0  # entries of the trunk

    def prefill(self, tokens: Sequence[int]) -> NextToken:
        """Read the prompt into the trunk, as far as it has no entries yet; return what follows it."""
        first = self._kept.length
        last = first + max(0, len(tokens) - first - 1) // _PREFILL_CHUNK * _PREFILL_CHUNK
        for start in range(first, last, _PREFILL_CHUNK):
            self._prefill(tokens[start : start + _PREFILL_CHUNK], start)
        self._trunk = len(tokens)
        return self._prefill(tokens[last:], last)

    def _prefill(self, tokens: Sequence[int], start: int) -> NextToken:
        check_cancelled()
        positions = torch.arange(start, start + len(tokens))
        (following,) = self._kept.read(tokens, positions=positions, mask=None, n_kept=1, weigh=False)
        return following

    def grow(self, branches: Sequence[Branch], *, weigh: bool = True) -> tuple[Grown, ...]:
        """Add each branch's tokens in one pass; return the grown branches in order."""
        check_cancelled()
        tokens = [token for branch in branches for token in branch.tokens]
        start = self._kept.length
        slots = tuple(self._new_slots(branches))
        depths = [
            self._trunk + len(branch.slots) + depth
            for branch in branches
            for depth in range(len(branch.tokens))
        ]
        following = self._kept.read(
            tokens,
            positions=torch.tensor(depths),
            mask=None if self._is_one_text(branches) else self._mask(branches, slots),
            n_kept=len(tokens),
            weigh=weigh,
        )
        return tuple(
            Grown((*branch.slots, *new), following[new[0] - start : new[-1] + 1 - start])
            for branch, new in zip(branches, slots, strict=True)
        )

    def _new_slots(self, branches: Sequence[Branch]) -> list[range]:
        ends = list(accumulate((len(branch.tokens) for branch in branches), initial=self._kept.length))
        return [range(start, end) for start, end in pairwise(ends)]

    def _is_one_text(self, branches: Sequence[Branch]) -> bool:
        """Return whether all entries that are there are the trunk's or this only branch's."""
        return len(branches) == 1 and self._kept.length == self._trunk + len(branches[0].slots)

    def _mask(self, branches: Sequence[Branch], slots: Sequence[range]) -> Tensor:
        n_rows = sum(len(new) for new in slots)
        mask = torch.zeros((n_rows, self._kept.length + n_rows), dtype=torch.bool)
        mask[:, : self._trunk] = True
        for branch, new in zip(branches, slots, strict=True):
            rows = range(new.start - self._kept.length, new.stop - self._kept.length)
            mask[rows.start : rows.stop, list(branch.slots)] = True
            mask[rows.start : rows.stop, new.start : new.stop].logical_or_(
                torch.ones((len(new), len(new)), dtype=torch.bool).tril_()
            )
        return mask

    def settle(self, slots: Sequence[int]) -> None:
        """Make the entries at `slots` part of the trunk and drop all other branches."""
        self._kept.keep(self._trunk, torch.tensor(slots, dtype=torch.long))
        self._trunk += len(slots)
