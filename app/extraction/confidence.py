"""How sure each value of an answer is, and which are too unsure to pass without a look."""

from __future__ import annotations

from app.extraction.review import IsUncertain
from decoding.calibration.signals import describe_values, group_of
from decoding.calibration.weigh import confidence_of, is_weighed
from decoding.checks.legibility import read_in_two_ways
from decoding.grounding.code_checks import failed_codes
from decoding.grounding.result import GroundingResult
from decoding.merging import WindowAnswer
from schemas.completeness import Completeness
from schemas.document import Document
from schemas.extraction import FieldMetadata
from schemas.spec import Path
from schemas.value_calibration import ValueCalibration
from schemas.walk import Leaf

# A null that is more likely wrong than right is looked at; there is no value that could be wrong.
_LEAST_OF_NULLS = 0.5
# A code whose check digits fail is right only where the print itself is wrong, as on samples. An assumption.
_MOST_OF_FAILED = 0.1
# Of 131 words whose figures were read in two ways 44 were right as they were given (docs/reading.md).
_MOST_OF_DOUBTED = 0.4


def describe_leaves(
    merged: WindowAnswer,
    grounded: GroundingResult,
    document: Document,
    completeness: Completeness,
    calibration: ValueCalibration | None,
) -> dict[Path, FieldMetadata]:
    """Return what grounding knows of each leaf, with the model's probability and what that is worth.

    Where no calibration has a say the confidence is the probability; without log-probabilities there is
    neither. A number whose check digits fail has no more than the odds of a misprint, figures read in
    two ways no more than those of the way that is given.
    """
    probabilities = {
        path: entry.probability for path, entry in merged.metadata.items() if entry.probability is not None
    }
    confidences = dict(probabilities)
    if calibration is not None:
        for value in describe_values(grounded, probabilities, document, completeness):
            known = confidence_of(value, calibration)
            if known is not None:
                confidences[value.path] = known
    most = {path: _MOST_OF_DOUBTED for path, *_ in read_in_two_ways(grounded, document)}
    most |= {path: _MOST_OF_FAILED for path, _ in failed_codes(grounded)}
    for path in most.keys() & confidences.keys():
        confidences[path] = min(confidences[path], most[path])
    taught = {path: entry.taught_by for path, entry in merged.metadata.items()}
    return {
        path: entry.model_copy(
            update={
                "confidence": confidences.get(path),
                "probability": probabilities.get(path),
                "taught_by": taught.get(path),
            }
        )
        for path, entry in grounded.metadata.items()
    }


def judge_by(
    calibration: ValueCalibration | None, *, max_error: float | None, low_confidence: float
) -> IsUncertain:
    """Return which values are uncertain.

    Where a calibration has a say: those under the confidence from which on no more than `max_error` of the
    values of their group were wrong, all of a group of which none are so sure, and nulls that are more likely
    wrong than right. Else those under 1 - `max_error`, or, where nobody asks, under `low_confidence`; nulls
    never.
    """

    def is_uncertain(leaf: Leaf, confidence: float) -> bool:
        group = group_of(leaf)
        if calibration is None or not is_weighed(group, calibration):
            least = low_confidence if max_error is None else 1 - max_error
            return leaf.value is not None and confidence < least
        if leaf.value is None:
            return confidence < _LEAST_OF_NULLS
        least = calibration.threshold(group, max_error)
        return least is None or confidence < least

    return is_uncertain
