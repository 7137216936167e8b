"""Similarities of two cells, in [0, 1], and whole columns of them at once.

A similarity is a function f(pred, gold) of two values that are not null. One that also has `matrix` compares
all pairs of two columns without a loop in Python.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from schemas.errors import EvaluationError
from schemas.values import DecimalSeparator, parse_amount, parse_date

Floats = NDArray[np.float64]
_N_KEPT = 16_384  # readings of texts; a few megabytes
Similarity = Callable[[JsonValue, JsonValue], float]


@runtime_checkable
class MatrixSimilarity(Protocol):
    """A similarity that compares columns at once; see `similarity_matrix`."""

    def __call__(self, pred: JsonValue, gold: JsonValue, /) -> float:
        """Return the similarity of two values."""
        ...

    def matrix(self, pred: Sequence[JsonValue], gold: Sequence[JsonValue], /) -> Floats:
        """Return the similarities of all pairs as (len(pred), len(gold))."""
        ...


def similarity_matrix(similarity: Similarity, pred: Sequence[JsonValue], gold: Sequence[JsonValue]) -> Floats:
    """Return f(p, t) of every pair as (len(pred), len(gold)); 0 where either value is null.

    Raises
    ------
    EvaluationError
        If a similarity is not in [0, 1]: a score would not be a share any more.
    """
    scores = np.zeros((len(pred), len(gold)))
    rows = [i for i, value in enumerate(pred) if value is not None]
    columns = [j for j, value in enumerate(gold) if value is not None]
    if not rows or not columns:
        return scores
    preds, golds = [pred[i] for i in rows], [gold[j] for j in columns]
    if isinstance(similarity, MatrixSimilarity):
        found = similarity.matrix(preds, golds)
    else:
        found = np.array([[similarity(p, t) for t in golds] for p in preds], dtype=np.float64)
    if not (np.all(found >= 0) and np.all(found <= 1)):  # not a number fails both
        raise EvaluationError("a similarity must be in [0, 1]")
    scores[np.ix_(rows, columns)] = found
    return scores


class _ByKey:
    """Values are the same (1) or not (0), by a key that each has; None is like nothing, itself included."""

    def __init__(
        self, key: Callable[[JsonValue], object], gold_key: Callable[[JsonValue], object] | None = None
    ) -> None:
        self._key = key
        self._gold_key = gold_key or key

    def __call__(self, pred: JsonValue, gold: JsonValue) -> float:
        ours = self._key(pred)
        return float(ours is not None and ours == self._gold_key(gold))

    def matrix(self, pred: Sequence[JsonValue], gold: Sequence[JsonValue]) -> Floats:
        codes: dict[object, int] = {None: -1}
        ours = [codes.setdefault(self._key(value), len(codes)) for value in pred]
        theirs = [codes.setdefault(self._gold_key(value), len(codes)) for value in gold]
        equal = np.array(ours)[:, None] == np.array(theirs)[None, :]
        return (equal & (np.array(ours)[:, None] >= 0)).astype(np.float64)


def _exact_key(value: JsonValue) -> object:
    """Return what equal JSON values share: 1 and 1.0 are one number, true is not 1, lists go item by item."""
    if isinstance(value, bool | str):
        return type(value).__name__, value
    if isinstance(value, int | float):
        return "number", value
    try:
        return "json", json.dumps(value, sort_keys=True)
    except TypeError as error:
        raise EvaluationError(f"a cell is a JSON value, got {type(value).__name__}") from error


def _normalised_text(value: JsonValue) -> object:
    """Return a text's letters and digits in lower case; of a text without any all but its spaces.

    Accents that stand behind their letter count as part of it (Unicode's form NFC).
    """
    return _letters(str(value))


@lru_cache(maxsize=_N_KEPT)
def _letters(text: str) -> str | None:
    folded = unicodedata.normalize("NFC", text).casefold()
    return "".join(filter(str.isalnum, folded)) or "".join(folded.split()) or None


def _date(value: JsonValue) -> object:
    return _date_in(str(value))


# Reading takes some 15 microseconds a text, and columns repeat quantities, rates and dates.
@lru_cache(maxsize=_N_KEPT)
def _amount_in(text: str, decimal_separator: DecimalSeparator | None) -> object:
    parsed = parse_amount(text, decimal_separator=decimal_separator)
    return _normalised_text(text) if parsed is None else parsed.value


@lru_cache(maxsize=_N_KEPT)
def _date_in(text: str) -> object:
    parsed = parse_date(text)
    return _normalised_text(text) if parsed is None else parsed.value


def same_amount_as(
    pred_separator: DecimalSeparator | None = None, gold_separator: DecimalSeparator | None = None
) -> Similarity:
    """Return whether two amounts are the same number, each side's "1.234" read with its decimal separator.

    Numbers of JSON are what they are; a text that is no amount is like the same text only.

    Examples
    --------
    >>> same_amount_as(",", ".")("1.234", "1234.00"), same_amount_as(".", ".")("3", "3.000")
    (1.0, 1.0)
    """
    return _ByKey(partial(_amount, pred_separator), partial(_amount, gold_separator))


def _amount(separator: DecimalSeparator | None, value: JsonValue) -> object:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return _amount_in(str(value), "." if is_number else separator)


exact = _ByKey(_exact_key)
same_text = _ByKey(_normalised_text)
same_amount = same_amount_as()
same_date = _ByKey(_date)


class _Edit:
    """1 - Levenshtein distance / length of the longer text, in [0, 1]; two empty texts are the same."""

    def __call__(self, pred: JsonValue, gold: JsonValue) -> float:
        return float(Levenshtein.normalized_similarity(str(pred), str(gold)))

    def matrix(self, pred: Sequence[JsonValue], gold: Sequence[JsonValue]) -> Floats:
        texts = [str(value) for value in pred], [str(value) for value in gold]
        return cdist(*texts, scorer=Levenshtein.normalized_similarity, dtype=np.float64)


edit = _Edit()


@dataclass(frozen=True, slots=True, kw_only=True)
class Close:
    """1 if two numbers or printed amounts differ by at most `absolute`, or by `relative` of gold; else 0.

    What is no number is like nothing but the same text.
    """

    absolute: float = 0.0
    relative: float = 0.0

    def __call__(self, pred: JsonValue, gold: JsonValue) -> float:
        """Return whether two values are close, as 1 or 0."""
        return float(self.matrix([pred], [gold])[0, 0])

    def matrix(self, pred: Sequence[JsonValue], gold: Sequence[JsonValue]) -> Floats:
        """Return which pairs are close, as 1 or 0."""
        ours, theirs = _numbers(pred)[:, None], _numbers(gold)[None, :]
        allowed = np.maximum(self.absolute, self.relative * np.abs(theirs))
        close = np.abs(ours - theirs) <= allowed * (1 + 1e-12) + 1e-12  # 0.3 - 0.2 is a little under 0.1
        return np.maximum(close.astype(np.float64), same_text.matrix(pred, gold) * np.isnan(ours + theirs))


def _numbers(values: Sequence[JsonValue]) -> Floats:
    return np.array([_number(value) for value in values], dtype=np.float64)


def _number(value: JsonValue) -> float:
    if isinstance(value, bool):
        return float("nan")
    if isinstance(value, int | float):
        return float(value)
    parsed = parse_amount(str(value))
    return float("nan") if parsed is None else float(parsed.value)


class _Iou:
    """Intersection over union of two boxes (left, top, right, bottom); GLIRM-Loc is GLIRM with it.

    A box may also be a mapping with `bbox` and `page_number`: boxes of different pages do not meet.
    """

    def __call__(self, pred: JsonValue, gold: JsonValue) -> float:
        return float(self.matrix([pred], [gold])[0, 0])

    def matrix(self, pred: Sequence[JsonValue], gold: Sequence[JsonValue]) -> Floats:
        ours = np.array([_box(value) for value in pred], dtype=np.float64)[:, None, :]
        theirs = np.array([_box(value) for value in gold], dtype=np.float64)[None, :, :]
        sides = np.minimum(ours[..., 2:4], theirs[..., 2:4]) - np.maximum(ours[..., :2], theirs[..., :2])
        common = np.prod(np.maximum(sides, 0.0), axis=-1) * (ours[..., 4] == theirs[..., 4])
        union = _area(ours) + _area(theirs) - common
        return np.divide(common, union, out=np.zeros_like(common), where=union > 0)


iou = _Iou()


def _area(boxes: Floats) -> Floats:
    return np.prod(boxes[..., 2:4] - boxes[..., :2], axis=-1)


def _box(value: JsonValue) -> tuple[float, ...]:
    """Return (left, top, right, bottom, page).

    Raises
    ------
    EvaluationError
        If the value is no box, or its edges are in the wrong order or not finite.
    """
    page = value.get("page_number", 0) if isinstance(value, Mapping) else 0
    edges = value.get("bbox") if isinstance(value, Mapping) else value
    if not isinstance(edges, Sequence) or isinstance(edges, str) or len(edges) != 4:
        raise EvaluationError(f"a box has four edges, got {value!r}")
    numbers = [float(edge) for edge in edges if isinstance(edge, int | float) and np.isfinite(edge)]
    if len(numbers) != 4 or numbers[0] > numbers[2] or numbers[1] > numbers[3]:
        raise EvaluationError(f"a box is left <= right, top <= bottom, got {value!r}")
    return *numbers, float(page) if isinstance(page, int) else 0.0
