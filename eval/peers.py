"""Other metrics of tables, to compare GLIRM with; each as its authors define it.

docs/metrics/peers.md shows where they disagree with GLIRM, and why. All take rows as GLIRM does, but those of
DocILE, which need to know where values stand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue
from rapidfuzz.distance import Levenshtein
from scipy.optimize import linear_sum_assignment  # pyright: ignore[reportUnknownVariableType]

from eval.f_scores import Counts
from eval.similarity import similarity_matrix
from schemas.document import Word
from schemas.errors import ConfigurationError
from schemas.geometry import BBox

Row = Mapping[str, JsonValue]
Floats = NDArray[np.float64]

_ANLS_THRESHOLD = 0.5  # of ANLS: less alike texts are not alike at all


def anls_star(pred: Sequence[Row], gold: Sequence[Row]) -> float:
    """Return ANLS* of two tables, in [0, 1]: rows matched in any order, cells by edit similarity.

        ANLS* = similarities of matched rows / (cells of either row of the pairs + cells of the other rows)

    Rows are paired so that the sum of their mean similarities is largest. A cell's similarity is that of its
    texts in lower case, 0 below a half; a cell that is null on both sides is left out. Two empty tables: 1.

    References
    ----------
    Peer et al. 2024, arXiv 2402.03848; the `anls-star` package, which the tests compare with.
    """
    keys = dict.fromkeys(key for row in (*gold, *pred) for key in row)
    scores = np.zeros((len(pred), len(gold)))
    lengths = np.zeros((len(pred), len(gold)))
    for key in keys:
        ours, theirs = [row.get(key) for row in pred], [row.get(key) for row in gold]
        scores += similarity_matrix(_nls, ours, theirs)
        lengths += _filled(ours)[:, None] | _filled(theirs)[None, :]
    means = np.divide(scores, lengths, out=np.ones_like(scores), where=lengths > 0)
    pairs = _assigned(means)
    ours, theirs = {i for i, _ in pairs}, {j for _, j in pairs}
    length = sum(lengths[i, j] for i, j in pairs)
    length += sum(_n_cells(row) for i, row in enumerate(pred) if i not in ours)
    length += sum(_n_cells(row) for j, row in enumerate(gold) if j not in theirs)
    return float(sum(scores[i, j] for i, j in pairs) / length) if length else 1.0


def _filled(values: Sequence[JsonValue]) -> NDArray[np.bool_]:
    return np.array([value is not None for value in values], dtype=np.bool_)


def _assigned(scores: Floats) -> list[tuple[int, int]]:
    """Return the pairs (row, column), each once, with the largest sum of scores."""
    rows, columns = cast("Any", linear_sum_assignment)(scores, maximize=True)  # typed in part only
    return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True)]


def _nls(pred: JsonValue, gold: JsonValue) -> float:
    ours, theirs = (" ".join(str(value).lower().split()) for value in (pred, gold))
    similarity = float(Levenshtein.normalized_similarity(ours, theirs))
    return similarity if similarity >= _ANLS_THRESHOLD else 0.0


def _n_cells(row: Row) -> int:
    return sum(value is not None for value in row.values())


def donut_accuracy(pred: Sequence[Row], gold: Sequence[Row]) -> float:
    """Return Donut's tree-edit accuracy of two tables, in [0, 1]: 1 - TED(pred, gold) / TED(nothing, gold).

    A table is a tree of rows, each of keys in alphabetical order, each with its text as a leaf. Removing or
    adding a leaf costs its characters, changing it their edits; any other node costs 1. An empty gold table:
    1 for an empty prediction, else 0.

    References
    ----------
    Kim et al. 2022 (Donut), arXiv 2111.15664; tree edit distance after Zhang and Shasha 1989.
    """
    ours, theirs, nothing = _tree(pred), _tree(gold), _tree(())
    whole = tree_edit_distance(nothing, theirs)
    distance = tree_edit_distance(ours, theirs)
    if not whole:
        return 1.0 if not distance else 0.0
    return max(0.0, 1.0 - distance / whole)


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A node of a tree; a leaf has text, and costs as much as it has characters."""

    label: str
    is_leaf: bool = False
    children: tuple[Node, ...] = ()


def _tree(rows: Sequence[Row]) -> Node:
    return Node(label="table", children=tuple(_row_node(row) for row in rows))


def _row_node(row: Row) -> Node:
    cells = sorted((key, str(value)) for key, value in row.items() if value is not None)
    return Node(
        label="row",
        children=tuple(Node(label=key, children=(Node(label=text, is_leaf=True),)) for key, text in cells),
    )


def tree_edit_distance(first: Node, second: Node) -> float:
    """Return the least cost of changing one ordered tree into the other (Zhang and Shasha 1989)."""
    a, b = _Postorder(first), _Postorder(second)
    distances = np.zeros((len(a.nodes), len(b.nodes)))
    for i in a.keyroots:
        for j in b.keyroots:
            _forest_distances(a, b, i, j, distances)
    return float(distances[-1, -1])


class _Postorder:
    """A tree's nodes in postorder, with each one's leftmost leaf, and the keyroots."""

    def __init__(self, root: Node) -> None:
        self.nodes: list[Node] = []
        self.leftmost: list[int] = []
        self._walk(root)
        last_of = {leaf: index for index, leaf in enumerate(self.leftmost)}
        self.keyroots = sorted(last_of.values())

    def _walk(self, node: Node) -> int:
        first = None
        for child in node.children:
            leaf = self._walk(child)
            first = leaf if first is None else first
        self.nodes.append(node)
        self.leftmost.append(len(self.nodes) - 1 if first is None else first)
        return self.leftmost[-1]


def _forest_distances(a: _Postorder, b: _Postorder, i: int, j: int, distances: Floats) -> None:
    first_a, first_b = a.leftmost[i], b.leftmost[j]
    forest = np.zeros((i - first_a + 2, j - first_b + 2))
    forest[1:, 0] = np.cumsum([node_cost(node) for node in a.nodes[first_a : i + 1]])
    forest[0, 1:] = np.cumsum([node_cost(node) for node in b.nodes[first_b : j + 1]])
    for x in range(first_a, i + 1):
        for y in range(first_b, j + 1):
            row, column = x - first_a + 1, y - first_b + 1
            kept = min(
                forest[row - 1, column] + node_cost(a.nodes[x]),
                forest[row, column - 1] + node_cost(b.nodes[y]),
            )
            if a.leftmost[x] == first_a and b.leftmost[y] == first_b:
                changed = forest[row - 1, column - 1] + change_cost(a.nodes[x], b.nodes[y])
                forest[row, column] = min(kept, changed)
                distances[x, y] = forest[row, column]
            else:
                before = forest[a.leftmost[x] - first_a, b.leftmost[y] - first_b]
                forest[row, column] = min(kept, before + distances[x, y])


def node_cost(node: Node) -> float:
    """Return what removing or adding a node costs."""
    return float(len(node.label)) if node.is_leaf else 1.0


def change_cost(first: Node, second: Node) -> float:
    """Return what changing one node into another costs."""
    if first.is_leaf and second.is_leaf:
        return float(Levenshtein.distance(first.label, second.label))
    if not first.is_leaf and not second.is_leaf:
        return 0.0 if first.label == second.label else 1.0
    return 1.0 + max(node_cost(node) for node in (first, second) if node.is_leaf)


def grits_con(pred: Sequence[Row], gold: Sequence[Row]) -> float:
    """Return GriTS-Con of two tables, in [0, 1], by the `grits-metric` package; columns in order of keys.

    Both tables are grids of texts, "" for null. Two empty tables agree; of one empty table nothing is found.

    Raises
    ------
    ConfigurationError
        If the package is not installed.

    References
    ----------
    Smock, Pesala, Abraham 2022, arXiv 2203.12555.
    """
    try:
        package: Any = import_module("grits.grits")
    except ImportError as error:
        raise ConfigurationError(
            "GriTS needs grits-metric", hint="pip install grits-metric (builds with a C++ compiler)"
        ) from error
    grids = _grid(gold), _grid(pred)
    if not grids[0] or not grids[1]:
        return float(not grids[0] and not grids[1])
    return float(package.grits_con(*grids)[0])


def _grid(rows: Sequence[Row]) -> list[list[str]]:
    """Return the table's own grid: its columns in the order in which its rows name them."""
    keys = dict.fromkeys(key for row in rows for key in row)
    return (
        [["" if row.get(key) is None else str(row.get(key)) for key in keys] for row in rows] if keys else []
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedField:
    """A field with its place: its type, page, box, and the line item it belongs to (None for KILE)."""

    fieldtype: str
    page_index: int
    bbox: BBox
    line_item_id: int | None = None
    score: float = 1.0


def docile_kile(
    pred: Sequence[PlacedField], gold: Sequence[PlacedField], words: Mapping[int, Sequence[Word]]
) -> Counts:
    """Return DocILE's KILE counts: a field is right if its type is, and its box holds the same characters.

    Boxes are compared by pseudo-character centres: each word of `words` (by page index) has one for each
    character, evenly spaced; a match has the same ones. Predictions take gold fields in order of their score.

    References
    ----------
    Šimsa et al. 2023, arXiv 2302.05658.
    """
    centres = _centres(words)
    return Counts(score=len(_matched(pred, gold, centres)), n_pred=len(pred), n_gold=len(gold))


def docile_lir(
    pred: Sequence[PlacedField], gold: Sequence[PlacedField], words: Mapping[int, Sequence[Word]]
) -> Counts:
    """Return DocILE's LIR counts: line items paired for the most matching fields, in any order."""
    centres = _centres(words)
    ours, theirs = _by_item(pred), _by_item(gold)
    n_matches = np.array(
        [[len(_matched(p, g, centres)) for g in theirs.values()] for p in ours.values()], dtype=np.float64
    ).reshape(len(ours), len(theirs))
    score = sum(n_matches[i, j] for i, j in _assigned(n_matches))
    return Counts(score=float(score), n_pred=len(pred), n_gold=len(gold))


def _by_item(fields: Sequence[PlacedField]) -> dict[int | None, list[PlacedField]]:
    items: dict[int | None, list[PlacedField]] = {}
    for one in fields:
        items.setdefault(one.line_item_id, []).append(one)
    return items


def _centres(words: Mapping[int, Sequence[Word]]) -> dict[int, Floats]:
    """Return the pseudo-character centres (n, 2) of each page."""
    return {
        page: np.array(
            [
                (w.bbox.left + (k + 0.5) * (w.bbox.right - w.bbox.left) / len(w.text), w.bbox.center[1])
                for w in some
                for k in range(len(w.text))
            ]
        ).reshape(-1, 2)
        for page, some in words.items()
    }


def _matched(
    pred: Sequence[PlacedField], gold: Sequence[PlacedField], centres: Mapping[int, Floats]
) -> list[tuple[int, int]]:
    """Return (pred index, gold index) of each match: surest predictions first, each gold field once."""
    free = {j: _held(one, centres) for j, one in enumerate(gold)}
    pairs: list[tuple[int, int]] = []
    for i in sorted(range(len(pred)), key=lambda i: -pred[i].score):
        held = _held(pred[i], centres)
        same = (
            j
            for j, other in free.items()
            if other == held
            and (gold[j].fieldtype, gold[j].page_index) == (pred[i].fieldtype, pred[i].page_index)
        )
        found = next(same, None)
        if found is not None and held:
            pairs.append((i, found))
            del free[found]
    return pairs


def _held(one: PlacedField, centres: Mapping[int, Floats]) -> frozenset[int]:
    points = centres.get(one.page_index, np.empty((0, 2)))
    box = one.bbox
    inside = (
        (box.left <= points[:, 0])
        & (points[:, 0] <= box.right)
        & (box.top <= points[:, 1])
        & (points[:, 1] <= box.bottom)
    )
    return frozenset(np.flatnonzero(inside).tolist())
