"""The answers of several windows as one: what each value is, and which rows of two windows are one row.

A scalar found in several windows takes the answer the model is surest of, and a disagreement is a warning.
Rows are joined by where they stand: a row that two windows show is one, two rows that are printed alike are
two. Which rows of two windows belong together is GLIRM's matching (docs/metrics/glirm.md), of the words that
they stand on instead of what they say; the application passes it in, as `eval` is no part of decoding.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from pydantic import JsonValue

from schemas.extraction import ExtractionWarning, FieldMetadata, OtherValue, WarningCode
from schemas.spec import ArraySpec, FieldSpec, ObjectSpec, Path, Spec, json_path
from schemas.values import UNDECIDED

# (page_index, word_index) in the whole document.
Words = frozenset[tuple[int, int]]
# Similarities of all pairs of rows of two windows to the pairs that belong together, in order.
MatchRows = Callable[[Sequence[Sequence[float]]], Sequence[tuple[int, int]]]

# Two rows are one if they share so many of the words of the shorter one: a date that is printed once for
# several rows makes them not one.
_SAME_ROW = 0.5
_NOWHERE: Words = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowAnswer:
    """The value extracted from one window, or from all of them.

    Attributes
    ----------
    metadata
        What is known of each leaf, by path.
    page_indices
        The pages that each leaf was read from, by path; a leaf without was read from all.
    others
        Amounts that were nearly given, by path: of one window, or of another one.
    second_choice
        Values that are given only where no window has another one (`decoding.second_choice`).
    words
        Where the leaves of lists stand, by path.
    shares_lines
        Whether its window shows lines that the one before shows, too.
    """

    value: Mapping[str, JsonValue]
    metadata: Mapping[Path, FieldMetadata]
    page_indices: Mapping[Path, tuple[int, ...]] = field(default_factory=dict[Path, tuple[int, ...]])
    others: Mapping[Path, tuple[OtherValue, ...]] = field(default_factory=dict[Path, tuple[OtherValue, ...]])
    second_choice: frozenset[Path] = frozenset()
    words: Mapping[Path, Words] = field(default_factory=dict[Path, Words])
    shares_lines: bool = False


# One candidate for a place in the merged value: the value, its window's answer, its path there.
_Source = tuple[JsonValue, WindowAnswer, Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One row of the merged list, as one window or several gave it, and all words that it stands on.

    Attributes
    ----------
    cells
        The words of its cells, outside of lists in it, as each window gave them.
    inner
        For each row of the lists in it, its words.
    """

    sources: tuple[_Source, ...]
    cells: tuple[Words, ...]
    inner: tuple[Words, ...] = ()

    @property
    def own(self) -> Words:
        return _NOWHERE.union(*self.cells)

    @property
    def words(self) -> Words:
        return self.own.union(*self.inner)


def merge_answers(
    root: ObjectSpec, answers: Sequence[WindowAnswer], *, match_rows: MatchRows | None = None
) -> tuple[WindowAnswer, tuple[ExtractionWarning, ...]]:
    """Return the answers of all windows as one, and a `window_conflict` for each disagreement.

    Scalars: the non-null answer with the highest confidence, the earliest on a tie; one of second choice only
    where no window has another one, and then it is no disagreement.

    Lists: all rows in the page's order, up to `max_items`; rows beyond it are a `list_incomplete` warning.
    Rows of two windows that stand on the same words are one: the one that has more of them, as a window's
    edge cut the other, with what it lacks from the other unless that is another row's. Rows that stand
    nowhere are all kept; equal ones of windows that share lines are a `row_repeated` warning.

    Parameters
    ----------
    match_rows
        GLIRM's matching of rows; without it no rows are one.
    """
    merge = _Merge(answers, match_rows=match_rows)
    sources: list[_Source] = [(dict(answer.value), answer, ()) for answer in answers]
    value = merge.object(root, sources, ())
    answer = WindowAnswer(
        value=value,
        metadata=merge.metadata,
        page_indices=merge.page_indices,
        others=merge.others,
        words=merge.words,
        second_choice=frozenset(merge.second_choice),
    )
    return answer, tuple(merge.warnings)


class _Merge:
    """Walks a schema and merges what the windows gave for each of its nodes."""

    def __init__(self, answers: Sequence[WindowAnswer], *, match_rows: MatchRows | None) -> None:
        self.order = {id(answer): number for number, answer in enumerate(answers)}
        self.match_rows = match_rows
        self.metadata: dict[Path, FieldMetadata] = {}
        self.page_indices: dict[Path, tuple[int, ...]] = {}
        self.others: dict[Path, tuple[OtherValue, ...]] = {}
        self.words: dict[Path, Words] = {}
        self.second_choice: set[Path] = set()
        self.warnings: list[ExtractionWarning] = []

    def object(
        self, spec: ObjectSpec, sources: Sequence[_Source], path: Path, *, in_row: bool = False
    ) -> dict[str, JsonValue]:
        merged: dict[str, JsonValue] = {}
        for key, child in spec.properties:
            below: list[_Source] = [
                (value.get(key), answer, (*at, key))
                for value, answer, at in sources
                if isinstance(value, Mapping)
            ]
            merged[key] = self.node(child, below, (*path, key), in_row=in_row)
        return merged

    def node(self, spec: Spec, sources: Sequence[_Source], path: Path, *, in_row: bool = False) -> JsonValue:
        """Return what stands at `path`; in a row the sources stand in the order of their trust."""
        present = [source for source in sources if source[0] is not None]
        if isinstance(spec, ObjectSpec):
            return self.object(spec, present, path, in_row=in_row) if present or not spec.nullable else None
        if isinstance(spec, ArraySpec):
            return self.array(spec, present, path) if present or not spec.nullable else None
        if not sources:
            return None
        ordered = present or sources[:1]
        return self.cell(spec, ordered, path) if in_row else self.scalar(spec, ordered, path)

    def array(self, spec: ArraySpec, sources: Sequence[_Source], path: Path) -> list[JsonValue]:
        rows: list[_Row] = []
        for source in sorted(sources, key=lambda source: self.order[id(source[1])]):
            rows = self.join(rows, _rows_of(source), path)
        if len(rows) > spec.max_items:
            message = f"{len(rows)} rows were found and the schema allows {spec.max_items}"
            self.warn("list_incomplete", message, path)
        shown = Counter(word for row in rows for word in row.own)
        rows = [_whole_first(row, shown) for row in rows[: spec.max_items]]
        held = Counter(word for row in rows for word in row.cells[0])
        return [
            self.node(spec.item, _without_held(spec.item, row, held), (*path, index), in_row=True)
            for index, row in enumerate(rows)
        ]

    def join(self, rows: list[_Row], more: list[_Row], path: Path) -> list[_Row]:
        """Return the rows of the windows so far and of one more, those that are one as one, in page order."""
        shared = {word for row in rows for word in row.words} & {word for row in more for word in row.words}
        if self.match_rows is None or not shared:
            self.doubt_unplaced(rows, more, path)
            return _interleave(rows, more)
        first = next(i for i, row in enumerate(rows) if not shared.isdisjoint(row.words))
        last = max(j for j, row in enumerate(more) if not shared.isdisjoint(row.words)) + 1
        tail, head = rows[first:], more[:last]
        pairs = self.match_rows([[_similarity(ours, theirs) for theirs in head] for ours in tail])
        joined: list[_Row] = []
        i = j = 0
        for ours, theirs in (*pairs, (len(tail), len(head))):
            joined += _interleave(tail[i:ours], head[j:theirs])
            if ours < len(tail):
                joined.append(_as_one(tail[ours], head[theirs]))
            i, j = ours + 1, theirs + 1
        self.doubt_unplaced(rows, more, path)
        return [*rows[:first], *joined, *more[last:]]

    def doubt_unplaced(self, rows: Sequence[_Row], more: Sequence[_Row], path: Path) -> None:
        """Warn of rows that stand nowhere and are equal in windows that share lines: they may be one."""
        known = [row.sources[0][0] for row in rows if not row.words]
        unplaced = [row.sources[0] for row in more if not row.words]
        if any(answer.shares_lines and value in known for value, answer, _ in unplaced):
            self.warn("row_repeated", "a row that stands nowhere was given by two windows", path)

    def scalar(self, spec: FieldSpec, sources: Sequence[_Source], path: Path) -> JsonValue:
        first = [source for source in sources if source[2] not in source[1].second_choice]
        if not first and sources[0][0] is not None:
            self.second_choice.add(path)
        sources = first or sources
        order = sorted(range(len(sources)), key=lambda i: (-_confidence(sources[i]), i))
        value = self.choose(spec, [sources[i] for i in order], path)
        if len({_comparable(spec, value) for value, _, _ in sources}) > 1:
            message = "parts of the document gave different values; the surest one was kept"
            self.warn("window_conflict", message, path)
        return value

    def cell(self, spec: FieldSpec, sources: Sequence[_Source], path: Path) -> JsonValue:
        """Return a row's cell: the first source's; another that is no part of it is a disagreement."""
        whole = _leaf_words(sources[0])
        others = [s for s in sources[1:] if not _leaf_words(s) or not _leaf_words(s) <= whole]
        value = self.choose(spec, [sources[0], *others], path)
        if any(_comparable(spec, other) != _comparable(spec, value) for other, _, _ in others):
            message = "two windows read this row differently; the one that shows more of it was kept"
            self.warn("window_conflict", message, path)
        return value

    def choose(self, spec: FieldSpec, ranked: Sequence[_Source], path: Path) -> JsonValue:
        """Return the value of the first source, and note what is known of it at its new path."""
        value, answer, at = ranked[0]
        if (known := answer.metadata.get(at)) is not None:
            self.metadata[path] = known
        if at in answer.page_indices:
            self.page_indices[path] = answer.page_indices[at]
        if at in answer.words:
            self.words[path] = answer.words[at]
        if spec.kind == "amount":
            self.others[path] = tuple(_others(path, ranked))
        return value

    def warn(self, code: WarningCode, message: str, path: Path) -> None:
        self.warnings.append(ExtractionWarning(code=code, message=message, path=json_path(path)))


def _rows_of(source: _Source) -> list[_Row]:
    """Return the rows of one window's list, with where they stand."""
    value, answer, at = source
    items = value if isinstance(value, list) else []
    own: dict[int, set[tuple[int, int]]] = {}
    inner: dict[int, dict[Path, set[tuple[int, int]]]] = {}
    for path, words in answer.words.items():
        if path[: len(at)] != at or len(path) == len(at):
            continue
        index, below = path[len(at)], path[len(at) + 1 :]
        ends = [n for n, part in enumerate(below) if isinstance(part, int)]
        if isinstance(index, int) and not ends:
            own.setdefault(index, set()).update(words)
        elif isinstance(index, int):
            inner.setdefault(index, {}).setdefault(below[: ends[-1] + 1], set()).update(words)
    return [
        _Row(
            sources=((item, answer, (*at, index)),),
            cells=(frozenset(own.get(index, ())),),
            inner=tuple(frozenset(words) for words in inner.get(index, {}).values()),
        )
        for index, item in enumerate(items)
    ]


def _as_one(ours: _Row, theirs: _Row) -> _Row:
    return _Row(
        sources=(*ours.sources, *theirs.sources),
        cells=(*ours.cells, *theirs.cells),
        inner=(*ours.inner, *theirs.inner),
    )


def _similarity(ours: _Row, theirs: _Row) -> float:
    """Return in [0, 1] how many words two rows share, 0 if too few for one row.

    Rows with lists in them are one, too, if a row of these is.
    """
    if _is_same(ours.own, theirs.own):
        return len(ours.own & theirs.own) / len(ours.own | theirs.own)
    if any(_is_same(mine, other) for mine in ours.inner for other in theirs.inner):
        return len(ours.words & theirs.words) / len(ours.words | theirs.words)
    return 0.0


def _is_same(ours: Words, theirs: Words) -> bool:
    n_common = len(ours & theirs)
    return n_common > 0 and n_common >= _SAME_ROW * min(len(ours), len(theirs))


def _interleave(ours: Sequence[_Row], theirs: Sequence[_Row]) -> list[_Row]:
    """Return the rows of both in page order, each side in its own; one that is nowhere with its neighbour."""
    left, right = _keys(ours, otherwise=-math.inf), _keys(theirs, otherwise=math.inf)
    joined: list[_Row] = []
    i = j = 0
    while i < len(ours) and j < len(theirs):
        if left[i] <= right[j]:
            joined.append(ours[i])
            i += 1
        else:
            joined.append(theirs[j])
            j += 1
    return [*joined, *ours[i:], *theirs[j:]]


def _keys(rows: Sequence[_Row], *, otherwise: float) -> list[tuple[float, float]]:
    """Return the place of each row: its own, the next one's, the last one's, or `otherwise`."""
    places = [min(row.words) for row in rows if row.words]
    after = places[-1] if places else (otherwise, otherwise)
    keys: list[tuple[float, float]] = []
    for row in reversed(rows):
        after = min(row.words, default=after)
        keys.append(after)
    return keys[::-1]


def _whole_first(row: _Row, shown: Counter[tuple[int, int]]) -> _Row:
    """Return a row with the reading that shows most of it first: the edge of a window cut the others.

    Words that several rows stand on, as `shown` counts, tell nothing of that.
    """

    def rank(i: int) -> tuple[int, ...]:
        n_own = sum(shown[word] == 1 for word in row.cells[i])
        return -n_own, -len(row.cells[i]), -_n_values(row.sources[i][0]), i

    order = sorted(range(len(row.sources)), key=rank)
    return replace(
        row, sources=tuple(row.sources[i] for i in order), cells=tuple(row.cells[i] for i in order)
    )


def _n_values(value: JsonValue) -> int:
    if isinstance(value, Mapping):
        return sum(map(_n_values, value.values()))
    if isinstance(value, list):
        return 0
    return value is not None


def _without_held(spec: Spec, row: _Row, held: Counter[tuple[int, int]]) -> Sequence[_Source]:
    """Return the readings of a row, all but the first without values that stand on another row's words."""

    def keep(spec: Spec, value: JsonValue, answer: WindowAnswer, at: Path) -> JsonValue:
        if isinstance(spec, ObjectSpec) and isinstance(value, Mapping):
            return {key: keep(child, value.get(key), answer, (*at, key)) for key, child in spec.properties}
        if isinstance(spec, ArraySpec):
            return value
        words = answer.words.get(at, _NOWHERE)
        return None if any(held[word] > (word in row.cells[0]) for word in words) else value

    first, *others = row.sources
    return [first, *((keep(spec, value, answer, at), answer, at) for value, answer, at in others)]


def _leaf_words(source: _Source) -> Words:
    return source[1].words.get(source[2], _NOWHERE)


def _others(path: Path, ranked: Sequence[_Source]) -> Iterator[OtherValue]:
    """Yield what else may stand at `path`: near values of the first source, and what the others gave."""
    (value, answer, at), *others = ranked
    surest = _confidence(ranked[0])
    yield from (other.model_copy(update={"path": path}) for other in answer.others.get(at, ()))
    for source in others:
        confidence = _confidence(source)
        if source[0] != value and 0 < confidence <= surest:
            yield OtherValue(path=path, value=source[0], gap=math.log(surest / confidence))


def _confidence(source: _Source) -> float:
    known = source[1].metadata.get(source[2])
    return -1.0 if known is None or known.confidence is None else known.confidence


def _comparable(spec: FieldSpec, value: JsonValue) -> object:
    """Return what two notations of one value have in common: "1,234.00" and "1234.00" do not conflict."""
    if isinstance(value, int | float):
        return Decimal(str(value)) if not isinstance(value, bool) else value
    text = str(value)
    readings: tuple[object, ...] = ()
    if spec.kind == "amount":
        readings = UNDECIDED.amount_readings(text)
    elif spec.kind == "date":
        readings = UNDECIDED.date_readings(text)
    return readings[0] if readings else text.casefold()
