"""Precision, recall and F from a score and two counts: what every metric here ends in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What was found right, and how much was predicted and how much there was to find.

    Attributes
    ----------
    score
        The sum of similarities, at least 0 and at most the smaller count.
    n_pred, n_gold
        Predicted and gold values (cells, fields), null ones not counted.
    paper_literal
        Whether precision and recall are the GLIRM paper's as printed: the other way round.

    Notes
    -----
    Nothing predicted and nothing to find is agreement: all figures are 1. If only one of the counts is 0,
    the undefined ratio is 0, so that every figure stays in [0, 1] and one empty table scores 0.
    """

    score: float = 0.0
    n_pred: int = 0
    n_gold: int = 0
    paper_literal: bool = False

    @property
    def precision(self) -> float:
        """Return score / n_pred (as printed: score / n_gold), in [0, 1]."""
        return self._share(self.n_gold if self.paper_literal else self.n_pred)

    @property
    def recall(self) -> float:
        """Return score / n_gold (as printed: score / n_pred), in [0, 1]."""
        return self._share(self.n_pred if self.paper_literal else self.n_gold)

    @property
    def f1(self) -> float:
        """Return 2 score / (n_pred + n_gold), in [0, 1]."""
        return self.fbeta(1.0)

    def fbeta(self, beta: float) -> float:
        """Return (1 + beta^2) score / (beta^2 n_gold + n_pred), in [0, 1]; as printed with counts swapped.

        Raises
        ------
        ValueError
            If beta is negative, or its square is not finite.
        """
        square = beta * beta
        if not (beta >= 0.0 and square < float("inf")):
            raise ValueError(f"beta is a finite number of at least 0, got {beta}")
        recalled, claimed = (self.n_pred, self.n_gold) if self.paper_literal else (self.n_gold, self.n_pred)
        weight = square * recalled + claimed
        if not self.n_pred and not self.n_gold:
            return 1.0
        return min(1.0, (1.0 + square) * self.score / weight) if weight else 0.0

    def _share(self, count: int) -> float:
        if not self.n_pred and not self.n_gold:
            return 1.0
        return min(1.0, self.score / count) if count else 0.0


def total(counts: Iterable[Counts]) -> Counts:
    """Return the sum: the micro average is its precision, recall and F."""
    score, n_pred, n_gold, literal = 0.0, 0, 0, False
    for one in counts:
        score, n_pred, n_gold = score + one.score, n_pred + one.n_pred, n_gold + one.n_gold
        literal = one.paper_literal
    return Counts(score=score, n_pred=n_pred, n_gold=n_gold, paper_literal=literal)
