"""GLIRM, a similarity metric for tables: rows matched in order, columns matched by key.

The General Line Items Recognition Metric (arXiv 2405.20245, section IV) is GriTS in one dimension. With the
similarity f of two cells in [0, 1] and g(p, t) = sum over keys of f, the best order-preserving matching of
predicted rows P and gold rows T scores

    F[i][j] = max(F[i-1][j], F[i][j-1], F[i-1][j-1] + g(P[i], T[j])),  S = F[n][m]

and, with |R| the number of cells of a table that are not null,

    precision = S / |P|,  recall = S / |T|,  F_beta = (1 + beta^2) S / (beta^2 |T| + |P|).

The paper prints precision and recall the other way round (equations 2, 3 and 5); `paper_literal` scores as
printed. See docs/metrics/glirm.md for both, the conventions for empty tables, and examples.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from eval.f_scores import Counts
from eval.similarity import Similarity, exact, similarity_matrix
from schemas.errors import EvaluationError

Row = Mapping[str, JsonValue]
Floats = NDArray[np.float64]

# Predicted rows whose similarities to all gold rows are held at a time: memory stays in bounds for tables of
# any length.
_BLOCK_ROWS = 256
_PAIR_BLOCK = 64  # pairs whose cells are compared at a time; only the diagonal of the block is wanted
# How a cell of the dynamic programme came about; zero is "the same without this predicted row".
_WITHOUT_PRED, _WITHOUT_GOLD, _PAIRED = 0, 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignedRow:
    """One step of the alignment: two rows that were matched, or one that has no partner.

    Attributes
    ----------
    pred_index, gold_index
        The rows' places, from 0; None where there is no partner (a hallucinated or a missed row).
    cells
        The similarity in [0, 1] of each key that either row fills; 0 for a cell without a partner.
    """

    pred_index: int | None
    gold_index: int | None
    cells: Mapping[str, float]

    @property
    def score(self) -> float:
        """Return g, the sum of the similarities."""
        return sum(self.cells.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Glirm:
    """How well one table agrees with another; the alignment is the result, the figures follow from it.

    Attributes
    ----------
    counts
        The score S and the non-null cells of both tables.
    columns
        The same for each key, in order of appearance, gold's first.
    alignment
        Every row of both tables once, in order.
    """

    pred: tuple[Row, ...] = field(repr=False)
    gold: tuple[Row, ...] = field(repr=False)
    counts: Counts
    columns: Mapping[str, Counts]
    alignment: tuple[AlignedRow, ...]

    @property
    def precision(self) -> float:
        """Return the share of the predicted cells that is right, in [0, 1]."""
        return self.counts.precision

    @property
    def recall(self) -> float:
        """Return the share of the gold cells that was found, in [0, 1]."""
        return self.counts.recall

    @property
    def f1(self) -> float:
        """Return the harmonic mean of precision and recall, in [0, 1]."""
        return self.counts.f1

    def fbeta(self, beta: float) -> float:
        """Return F_beta in [0, 1]: recall weighs `beta` times as much as precision."""
        return self.counts.fbeta(beta)

    def diff(self) -> str:
        """Return the two tables as one text, row by row: "=" equal, "~" different, "-" missed, "+" made up.

        A cell that differs is shown as "gold -> predicted".
        """
        return "\n".join(_diff_lines(self))


def glirm(
    pred: Sequence[Row],
    gold: Sequence[Row],
    *,
    similarity: Similarity | Mapping[str, Similarity] = exact,
    paper_literal: bool = False,
) -> Glirm:
    """Return how well the predicted rows agree with the gold rows.

    Parameters
    ----------
    pred, gold
        Rows in order, each a mapping of keys to values; a key that is absent is null.
    similarity
        Of two values that are not null, in [0, 1]; or one for each key, `exact` for those not named.
    paper_literal
        Whether precision and recall (and so F_beta other than F1) are as the paper prints them.

    Raises
    ------
    EvaluationError
        If a similarity is not in [0, 1], or a row is no mapping.

    Notes
    -----
    O(|pred| |gold| keys) similarities and O(|pred| |gold|) steps of the dynamic programme; memory holds one
    byte for each pair of rows. Of equally good alignments the one is taken that pairs rows as early as
    possible, and rows without a similar cell are never paired.

    Examples
    --------
    >>> rows = [{"item": "tea", "amount": "5.00"}, {"item": "cake", "amount": None}]
    >>> glirm(rows, rows).f1
    1.0
    >>> glirm(rows[:1], rows).recall == 2 / 3
    True
    """
    tables = _Tables(tuple(pred), tuple(gold), similarity)
    pairs = _best_pairs(tables.blocks(), len(tables.pred), len(tables.gold))
    alignment = tuple(_alignment(tables, pairs))
    columns = {key: _column(tables, key, alignment, paper_literal=paper_literal) for key in tables.keys}
    counts = Counts(
        score=sum(row.score for row in alignment),
        n_pred=sum(column.n_pred for column in columns.values()),
        n_gold=sum(column.n_gold for column in columns.values()),
        paper_literal=paper_literal,
    )
    return Glirm(pred=tables.pred, gold=tables.gold, counts=counts, columns=columns, alignment=alignment)


class _Tables:
    """Both tables by column: every key of either, gold's first, with null where a row has no value."""

    def __init__(
        self, pred: tuple[Row, ...], gold: tuple[Row, ...], similarity: Similarity | Mapping[str, Similarity]
    ) -> None:
        for row in (*pred, *gold):
            if not isinstance(row, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise EvaluationError(f"a row is a mapping of keys to values, got {type(row).__name__}")
        self.pred, self.gold = pred, gold
        self.keys = tuple(dict.fromkeys(key for row in (*gold, *pred) for key in row))
        self._similarity = similarity
        self._whole: dict[str, Floats] | None = None  # by key, where the table is one block

    def filled(self, row: Row | None) -> tuple[str, ...]:
        """Return the keys that the row fills."""
        return () if row is None else tuple(key for key in self.keys if row.get(key) is not None)

    def similarities(self, key: str, pred: Sequence[Row], gold: Sequence[Row]) -> Floats:
        """Return the similarity of every pair of cells of one column."""
        given = self._similarity
        similarity = given if callable(given) else given.get(key, exact)
        return similarity_matrix(similarity, [row.get(key) for row in pred], [row.get(key) for row in gold])

    def blocks(self) -> Iterator[Floats]:
        """Yield g of all predicted rows, block by block, and all gold rows."""
        return (self.row_scores(start) for start in range(0, len(self.pred), _BLOCK_ROWS))

    def row_scores(self, start: int) -> Floats:
        """Return g of a block of predicted rows and all gold rows."""
        pred = self.pred[start : start + _BLOCK_ROWS]
        by_key = {key: self.similarities(key, pred, self.gold) for key in self.keys}
        if len(pred) == len(self.pred):
            self._whole = by_key
        return sum(by_key.values(), np.zeros((len(pred), len(self.gold))))

    def pair_scores(self, key: str, pairs: Sequence[tuple[int, int]]) -> Floats:
        """Return the similarity of the cells of each pair in one column."""
        if self._whole is not None:
            rows, columns = [i for i, _ in pairs], [j for _, j in pairs]
            return self._whole[key][rows, columns]
        parts = [np.empty(0)]
        for start in range(0, len(pairs), _PAIR_BLOCK):
            block = pairs[start : start + _PAIR_BLOCK]
            preds, golds = [self.pred[i] for i, _ in block], [self.gold[j] for _, j in block]
            parts.append(np.diagonal(self.similarities(key, preds, golds)))
        return np.concatenate(parts)


def match_rows(scores: Sequence[Sequence[float]]) -> tuple[tuple[int, int], ...]:
    """Return the pairs (pred_index, gold_index) of the order-preserving matching of rows with the best sum.

    Parameters
    ----------
    scores
        g of every predicted row (first) and gold row (second), at least 0; pairs of 0 are never matched.

    Notes
    -----
    No rows on either side give no pairs. Of equally good matchings rows are paired as early as possible.

    Examples
    --------
    >>> match_rows([[1.0, 0.0], [0.5, 0.9]])
    ((0, 0), (1, 1))
    """
    matrix = np.array(scores, dtype=np.float64).reshape(len(scores), -1 if len(scores) else 0)
    return tuple(_best_pairs(iter([matrix]), *matrix.shape))


def _best_pairs(blocks: Iterator[Floats], n_pred: int, n_gold: int) -> list[tuple[int, int]]:
    """Return the pairs (pred_index, gold_index) of a best matching, in order.

    `blocks` are g of consecutive predicted rows and all gold rows. F[i][j] is the running maximum over j of
    max(F[i-1][j], F[i-1][j-1] + g(i, j)), so that each predicted row costs a few operations on whole arrays.
    """
    choices = np.empty((n_pred, n_gold + 1), dtype=np.uint8)
    best = np.zeros(n_gold + 1)
    for i, scores in enumerate(scores for block in blocks for scores in block):
        before = best
        best = before.copy()
        np.maximum(before[1:], before[:-1] + scores, out=best[1:])
        np.maximum.accumulate(best, out=best)
        choices[i, 1:] = np.where(best[1:] == best[:-1], _WITHOUT_GOLD, _PAIRED)
        choices[i, best == before] = _WITHOUT_PRED
    return _traced(choices)


def _traced(choices: NDArray[np.uint8]) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    i, j = choices.shape[0], choices.shape[1] - 1
    while i and j:
        choice = choices[i - 1, j]
        if choice == _PAIRED:
            i, j = i - 1, j - 1
            pairs.append((i, j))
        elif choice == _WITHOUT_GOLD:
            j -= 1
        else:
            i -= 1
    return pairs[::-1]


def _alignment(tables: _Tables, pairs: Sequence[tuple[int, int]]) -> Iterator[AlignedRow]:
    """Yield every row of both tables once: between two pairs first the missed rows, then the made-up ones."""
    scores = {key: tables.pair_scores(key, pairs) for key in tables.keys}
    ends = [*pairs, (len(tables.pred), len(tables.gold))]
    i = j = 0
    for number, (pred_index, gold_index) in enumerate(ends):
        yield from (_lonely(tables, None, k) for k in range(j, gold_index))
        yield from (_lonely(tables, k, None) for k in range(i, pred_index))
        if number < len(pairs):
            filled = {*tables.filled(tables.pred[pred_index]), *tables.filled(tables.gold[gold_index])}
            cells = {key: float(scores[key][number]) for key in tables.keys if key in filled}
            yield AlignedRow(pred_index=pred_index, gold_index=gold_index, cells=cells)
        i, j = pred_index + 1, gold_index + 1


def _lonely(tables: _Tables, pred_index: int | None, gold_index: int | None) -> AlignedRow:
    row = tables.pred[pred_index] if pred_index is not None else None
    row = tables.gold[gold_index] if gold_index is not None else row
    return AlignedRow(
        pred_index=pred_index, gold_index=gold_index, cells=dict.fromkeys(tables.filled(row), 0.0)
    )


def _column(tables: _Tables, key: str, alignment: Sequence[AlignedRow], *, paper_literal: bool) -> Counts:
    return Counts(
        score=sum(row.cells.get(key, 0.0) for row in alignment),
        n_pred=sum(row.get(key) is not None for row in tables.pred),
        n_gold=sum(row.get(key) is not None for row in tables.gold),
        paper_literal=paper_literal,
    )


def _diff_lines(result: Glirm) -> Iterator[str]:
    for row in result.alignment:
        gold = result.gold[row.gold_index] if row.gold_index is not None else None
        pred = result.pred[row.pred_index] if row.pred_index is not None else None
        number = "" if row.gold_index is None else str(row.gold_index + 1)
        other = "" if row.pred_index is None else str(row.pred_index + 1)
        cells = "  ".join(_cell(key, pred, gold, score) for key, score in row.cells.items())
        yield f"{_mark(row)} {number:>4} {other:>4}  {cells}".rstrip()


def _mark(row: AlignedRow) -> str:
    if row.pred_index is None:
        return "-"
    if row.gold_index is None:
        return "+"
    return "=" if all(score == 1.0 for score in row.cells.values()) else "~"


def _cell(key: str, pred: Row | None, gold: Row | None, score: float) -> str:
    if pred is None or gold is None:
        return f"{key}={_shown((gold or pred or {}).get(key))}"
    if score == 1.0:
        return f"{key}={_shown(gold.get(key))}"
    return f"{key}={_shown(gold.get(key))} -> {_shown(pred.get(key))}"


def _shown(value: JsonValue) -> str:
    return "null" if value is None else json.dumps(value, ensure_ascii=False)
