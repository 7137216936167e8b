"""How much speaks for what a confirmed page teaches, against what the model said: a bounded, learned weight.

A logistic model of "the taught value is right and the model's is not", fitted on pages of the same kind whose
answers are known, by `python -m benchmarks.teaching fit` (docs/results/learning.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from decoding.transfer.alignment import Place

# Of a model that is never sure, and of one that always is, no more is believed than this.
_MOST_SURE = 6.0
# What is not known of a confidence.
_UNKNOWN_CONFIDENCE = 0.9
# Of two pages of one template, about; from here its weight counts.
_SIMILAR = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one confirmed page says of one field of a page like it, beside what the model said.

    Attributes
    ----------
    place
        Where the value would stand; None claims that there is none.
    similarity
        Of the two pages, in [0, 1].
    was_mistaken
        The service had this field wrong on the confirmed page, and a person corrected it.
    repeats_mistake
        What the model says now stands where its mistake stood, or it says null once more.
    confidence
        Of what the model says, in (0, 1]; None if it is not known.
    says_null
        The model says that there is no value.
    """

    place: Place | None
    similarity: float
    was_mistaken: bool
    repeats_mistake: bool
    confidence: float | None
    says_null: bool


WEIGHTS: dict[str, float] = {
    "always": 0.24,
    "similarity": 0.71,
    "sure": -0.33,
    "sure_again": -0.53,
    "was_mistaken": 1.79,
    "repeats_mistake": 0.72,
    "claims_null": 1.62,
    "says_null": 0.17,
    "has_label": 0.22,
    "is_between": 0.66,
    "has_shape": 0.58,
    "is_same_text": 1.42,
    "is_below_same": 1.41,
}


def features_of(claim: Claim) -> dict[str, float]:
    """Return what the weights are for, by name."""
    place = claim.place
    sure = _logit(_UNKNOWN_CONFIDENCE if claim.confidence is None else claim.confidence)
    return {
        "always": 1.0,
        "similarity": 10 * (claim.similarity - _SIMILAR),
        "sure": 0.0 if claim.was_mistaken else sure,
        "sure_again": sure if claim.was_mistaken else 0.0,
        "was_mistaken": float(claim.was_mistaken),
        "repeats_mistake": float(claim.repeats_mistake),
        "claims_null": float(place is None),
        "says_null": float(claim.says_null),
        "has_label": float(place is not None and place.has_label),
        "is_between": float(place is not None and place.is_between),
        "has_shape": float(place is not None and place.has_shape),
        "is_same_text": float(place is not None and place.is_same_text),
        "is_below_same": float(place is not None and place.is_below_same),
    }


def log_odds(claim: Claim) -> float:
    """Return the logarithm of how much likelier the claim is right than what the model said."""
    return sum(WEIGHTS[name] * value for name, value in features_of(claim).items())


def _logit(confidence: float) -> float:
    bound = 1 / (1 + math.exp(-_MOST_SURE))
    inside = min(max(confidence, 1 - bound), bound)
    return math.log(inside / (1 - inside))
