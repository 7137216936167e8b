"""What is known of each value beside what it says: the model's probability, OCR, the place, the sums.

Each signal is one number; the more of it, the surer the value. They are weighed by
`decoding.calibration.weigh`, with weights that `decoding.calibration.fit` finds.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from decoding.grounding.code_checks import failed_codes
from decoding.grounding.matching import Run
from decoding.grounding.occurrences import DocumentIndex, Label
from decoding.grounding.result import GroundedField, GroundingResult
from schemas.completeness import Completeness, SumCheck, SumRule
from schemas.document import Document
from schemas.extraction import Citation, FieldMetadata, WarningCode
from schemas.spec import Path, json_path, row_path
from schemas.value_calibration import NULL, Signals
from schemas.walk import Leaf

# Where probabilities end: closer to 0 or 1 they tell nothing apart (a float32 sum of logarithms).
_LEAST, _MOST = 1e-9, 1 - 1e-6
_MOST_LEGIBLE = 1 - 1e-4  # of OCR, and of a text layer
_MAX_OCCURRENCES = 6
_MAX_COMPARED = 256  # places whose labels are compared; a page may be full of amounts
_LABEL_RANGE = (-0.5, 2.0)
# A gap of less than this, in heights of the value's words, is within a text: about one and a half spaces.
_CLOSE = 0.6
_ROW_RULES: frozenset[SumRule] = frozenset({"quantity_and_price", "running_balance"})
_OF_READING: frozenset[WarningCode] = frozenset({"ambiguous_date", "ambiguous_amount"})
_ROW_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueSignals:
    """The signals of one leaf of an answer, and the group whose weights are for it."""

    path: Path
    group: str
    signals: Signals


def describe_values(
    grounded: GroundingResult,
    probabilities: Mapping[Path, float],
    document: Document,
    completeness: Completeness,
) -> Iterator[ValueSignals]:
    """Yield the signals of each leaf that has a probability; those without are not judged.

    Parameters
    ----------
    probabilities
        Of each leaf in [0, 1], among all that the grammar allowed (`decoding.confidence`).
    """
    describer = _Describer(grounded, probabilities, document, completeness)
    for path, field in _leaves(grounded):
        if path in probabilities:
            group = group_of(Leaf(path=path, spec=field.spec, value=field.value))
            yield ValueSignals(path=path, group=group, signals=describer.describe(path, field))


def group_of(leaf: Leaf) -> str:
    """Return the group of a leaf: `NULL`, or its kind, marked where it stands in a list.

    Examples
    --------
    >>> from schemas.spec import FieldSpec
    >>> group_of(Leaf(path=("rows", 0, "price"), spec=FieldSpec(kind="amount"), value="1.00"))
    'amount[]'
    """
    if leaf.value is None:
        return NULL
    return f"{leaf.spec.kind}[]" if row_path(leaf.path) is not None else leaf.spec.kind


def doubly_logarithmic(probability: float) -> float:
    """Return -ln(-ln p) of a probability in [0, 1], cut where nothing can be told apart any more.

    It is about -ln(1 - p) for p near 1, where most values are, and keeps apart what is near 0.
    """
    return -math.log(-math.log(min(max(probability, _LEAST), _MOST)))


def _legibility(confidence: float) -> float:
    """Return -ln(1 - c) of an OCR confidence in [0, 1]: 9.2 for a text layer, 0 for what was not read."""
    return -math.log(1 - min(max(confidence, 0.0), _MOST_LEGIBLE))


def _leaves(grounded: GroundingResult) -> Iterator[tuple[Path, GroundedField]]:
    yield from grounded.fields.items()
    for table in grounded.tables:
        for row in table.rows:
            for path, cell in row.cells.items():
                yield (*row.path, *path), cell


class _Describer:
    """Signals of the leaves of one answer; what they share is reckoned once."""

    def __init__(
        self,
        grounded: GroundingResult,
        probabilities: Mapping[Path, float],
        document: Document,
        completeness: Completeness,
    ) -> None:
        self._probabilities = probabilities
        self._index = DocumentIndex(document.pages)
        self._words = frozenset(word.text for page in document.pages for word in page.words)
        words = [word.confidence for page in document.pages for word in page.words]
        self._legibility = _legibility(median(words or [0.0]))
        self._unnamed_by_label: dict[tuple[str, str], float] = {}
        # That a date has two readings says nothing against its print.
        doubted = frozenset(w.path for w in grounded.warnings if w.code not in _OF_READING)
        self._doubted = doubted | {json_path(path) for path, _ in failed_codes(grounded)}
        self._sums = _by_path(completeness.sums)
        lowest = sorted(probabilities.values())[:2]
        self._lowest = (lowest[0] if lowest else 1.0, lowest[1] if len(lowest) > 1 else 1.0)

    def describe(self, path: Path, field: GroundedField) -> Signals:
        if field.value is None:
            # The model's own probability of a null says nothing of whether it is right: of 287 nulls on
            # documents that it had not seen the right ones had no higher one (docs/results/confidence.md).
            return {"unnamed": self._unnamed(path, field), "page_legibility": self._legibility}
        probability = self._probabilities[path]
        # Of the others: where this one is the least sure itself, the next.
        others = self._lowest[1] if probability <= self._lowest[0] else self._lowest[0]
        return {
            "probability": doubly_logarithmic(probability),
            "others": doubly_logarithmic(others),
            **self._place(path, field, field.metadata),
            **self._agreement(path, field.metadata),
            "digits": _digits(str(field.value)),
        }

    def _place(self, path: Path, field: GroundedField, metadata: FieldMetadata) -> Signals:
        """Return how legible the value is where it stands, and how well that place fits it."""
        if not metadata.citations:
            return {}
        words = [
            self._index.pages[cited.page_number - 1].words[i]
            for cited in metadata.citations
            for i in cited.word_indices
        ]
        return {
            "lowest_word": _legibility(min(word.confidence for word in words)),
            "all_words": _legibility(math.prod(word.confidence for word in words)),
            "brevity": -math.log(len(words)),
            "free_start": float(not self._has_neighbour(metadata.citations[0], -1)),
            "free_end": float(not self._has_neighbour(metadata.citations[-1], +1)),
            **self._naming(path, field, metadata.citations),
        }

    def _naming(self, path: Path, field: GroundedField, citations: Sequence[Citation]) -> Signals:
        """Return in how many places the value stands, and whether its own is the one that is named best."""
        label = Label(_key(path), field.spec.description)
        cited = {(c.page_number - 1, i) for c in citations for i in c.word_indices}

        def score(run: Run) -> float:
            low, high = _LABEL_RANGE
            return min(max(self._index.label_score(run, label), low), high)

        def is_cited(run: Run) -> bool:
            return any((run.page_index, i) in cited for i in run.word_indices)

        runs = self._index.occurrences(field.value, field.spec.kind)
        own = max((score(run) for run in runs[:_MAX_COMPARED] if is_cited(run)), default=0.0)
        # What stands in rows is named by its column, as all of that column is.
        rivals = () if row_path(path) is not None else self._index.places(field.spec.kind)[:_MAX_COMPARED]
        best = max((score(run) for run in rivals if not is_cited(run)), default=own)
        return {
            "occurrences": math.log1p(min(len(runs), _MAX_OCCURRENCES)),
            "label": own,
            "best_label": own - best,
        }

    def _agreement(self, path: Path, metadata: FieldMetadata) -> Signals:
        """Return what else agrees with the value: its kind's notation, sums, the checks of grounding."""
        place = json_path(path)
        row = row_path(path)
        checks = self._sums.get(_ROW_INDEX.sub("[*]", place), ())
        holds = [check.holds or (row is not None and _passes(check, row)) for check in checks]
        return {
            "normal_form": float(metadata.normalised is not None),
            "sum_holds": float(any(holds)),
            "no_sum_fails": float(all(holds)),
            "undoubted": float(place not in self._doubted),
        }

    def _unnamed(self, path: Path, field: GroundedField) -> float:
        """Return 1.0 if no word of the document names the field, 0.0 if one does: null is then doubtful."""
        named = (_key(path), field.spec.description)
        if named not in self._unnamed_by_label:  # of a column all cells have the same
            label = Label(*named)
            best = max((label.weight(word) for word in self._words), default=0.0)
            self._unnamed_by_label[named] = 1.0 - best
        return self._unnamed_by_label[named]

    def _has_neighbour(self, cited: Citation, step: int) -> bool:
        """Return whether a word follows (or, with -1, precedes) closely on the line: the value may go on."""
        page = self._index.pages[cited.page_number - 1]
        at = cited.word_indices[-1 if step > 0 else 0]
        start, end = next(((a, b) for a, b in page.lines if a <= at < b), (at, at + 1))
        if not start <= at + step < end:
            return False
        first, second = sorted((page.words[at].bbox, page.words[at + step].bbox))
        gap = second.left - first.right
        return gap * page.width_pt < _CLOSE * (first.bottom - first.top) * page.height_pt


def _key(path: Path) -> str:
    return next((part for part in reversed(path) if isinstance(part, str)), "")


def _by_path(checks: Iterable[SumCheck]) -> Mapping[str, tuple[SumCheck, ...]]:
    """Return the sums that each path is part of; `[*]` stands for each row."""
    found: dict[str, tuple[SumCheck, ...]] = {}
    for check in checks:
        for path in check.paths:
            found[path] = (*found.get(path, ()), check)
    return found


def _passes(check: SumCheck, row: Path) -> bool:
    """Return whether a sum that is checked row by row, and fails somewhere, holds in this row."""
    return check.rule in _ROW_RULES and json_path(row) not in check.failing


def _digits(text: str) -> float:
    return sum(char.isdigit() for char in text) / max(1, len(text))
