"""Several rankings made one, by reciprocal ranks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

# Cormack, Clarke, Buettcher, "Reciprocal Rank Fusion", SIGIR 2009.
RRF_K = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Fused:
    """A candidate and its fused score: the sum, over the rankings, of weight / (60 + its rank from 1)."""

    seq: int
    score: float


def fuse(rankings: Mapping[str, Sequence[int]], weights: Mapping[str, float]) -> list[Fused]:
    """Return the candidates of all rankings by fused score, of equals the older first.

    A candidate that a ranking does not name gets nothing from it; one named twice counts where it is first.

    Examples
    --------
    >>> [f.seq for f in fuse({"image": [3, 1], "words": [1, 2]}, {"image": 1.0, "words": 1.0})]
    [1, 3, 2]
    """
    scores: dict[int, float] = {}
    for name, ranking in rankings.items():
        for rank, seq in enumerate(dict.fromkeys(ranking), start=1):
            scores[seq] = scores.get(seq, 0.0) + weights[name] / (RRF_K + rank)
    ordered = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    return [Fused(seq=seq, score=score) for seq, score in ordered]
