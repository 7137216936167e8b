"""Boxes of tables: how much of the gold one the predicted one covers, by area and by what is written there.

Boxes are (left, top, right, bottom) on one page, in any one unit. See docs/metrics/boxes.md.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.document import Word
from schemas.geometry import BBox


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The shares of the gold box and of the predicted box that both have in common, and IoU; in [0, 1]."""

    gold: float
    pred: float
    iou: float


def coverage(pred: BBox, gold: BBox) -> Coverage:
    """Return how far two boxes of one page agree; a box without area has no share in anything."""
    width = min(pred.right, gold.right) - max(pred.left, gold.left)
    height = min(pred.bottom, gold.bottom) - max(pred.top, gold.top)
    common = max(width, 0.0) * max(height, 0.0)
    return Coverage(
        gold=_share(common, _area(gold)),
        pred=_share(common, _area(pred)),
        iou=_share(common, _area(gold) + _area(pred) - common),
    )


def information_coverage(pred: BBox | None, gold: BBox, words: Iterable[Word]) -> float:
    """Return the share of the gold table's characters whose words the predicted table keeps, in [0, 1].

    A word belongs to the box that its centre lies in. No characters in the gold table: 1; no predicted table
    otherwise: 0. A reconstruction of the Information Coverage Score of arXiv 2405.20245.
    """
    inside = [word for word in words if _holds(gold, word)]
    n_gold = sum(len(word.text) for word in inside)
    if not n_gold:
        return 1.0
    kept = sum(len(word.text) for word in inside if pred is not None and _holds(pred, word))
    return kept / n_gold


def _holds(box: BBox, word: Word) -> bool:
    x, y = word.bbox.center
    return box.left <= x <= box.right and box.top <= y <= box.bottom


def _area(box: BBox) -> float:
    return (box.right - box.left) * (box.bottom - box.top)


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0 else 0.0
