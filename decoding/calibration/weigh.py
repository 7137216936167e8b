"""A calibration applied: signals to confidences, and which confidences are too low."""

from __future__ import annotations

import math

from decoding.calibration.signals import ValueSignals
from schemas.value_calibration import ANY, Signals, ValueCalibration, Weights

# Beyond these, a confidence is 0 or 1 in any notation.
_MAX_LOGIT = 30.0


def weigh(signals: Signals, weights: Weights) -> float:
    """Return the confidence in [0, 1]: the logistic function of the weighted sum of signals.

        confidence = 1 / (1 + exp(-(bias + sum over s of weight(s) signal(s))))

    A signal that is not known counts as 0, and so does one without a weight.

    Examples
    --------
    >>> weigh({"probability": 2.0}, Weights())
    0.5
    """
    logit = weights.bias + math.fsum(weights.weights.get(name, 0.0) * x for name, x in signals.items())
    return 1.0 / (1.0 + math.exp(-min(max(logit, -_MAX_LOGIT), _MAX_LOGIT)))


def confidence_of(value: ValueSignals, calibration: ValueCalibration) -> float:
    """Return the confidence in [0, 1] of a value; one of a group without weights has those of `ANY`."""
    weights = calibration.groups.get(value.group) or calibration.groups.get(ANY) or Weights()
    return weigh(value.signals, weights)
