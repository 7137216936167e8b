"""What a model's probabilities are worth: `calibration.json` beside its weights or its adapter.

It is fitted on documents that taught neither the model nor anything else (`rasg bench calibrate`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError

from schemas.errors import ConfigurationError
from schemas.frozen import Value

CALIBRATION = "calibration.json"
_MAX_BYTES = 1_000_000

# What is known of a value beside what it says. The more there is of each, the surer the value, but for
# `digits`, which only tells numbers from names (`decoding.calibration.signals` says how each is reckoned).
SignalName = Literal[
    "probability",
    "others",
    "lowest_word",
    "all_words",
    "brevity",
    "normal_form",
    "occurrences",
    "label",
    "best_label",
    "free_start",
    "free_end",
    "sum_holds",
    "no_sum_fails",
    "undoubted",
    "digits",
    "unnamed",
]
Signals = Mapping[SignalName, float]
ANY = "any"  # the group of values whose own has no weights
NULL = "null"


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise ValueError("must be finite")
    return value


_Finite = Annotated[float, AfterValidator(_finite)]
_Share = Annotated[float, Field(ge=0, le=1)]


class Weights(Value):
    """A logistic function of signals: confidence = 1 / (1 + exp(-(bias + sum of weight times signal)))."""

    bias: _Finite = 0.0
    weights: dict[SignalName, _Finite] = Field(default_factory=dict[SignalName, float])


class Threshold(Value):
    """From which confidence on at most `max_error` of the values are wrong; None where none are so sure."""

    max_error: _Share
    confidence: _Share | None


class ValueCalibration(Value):
    """How confidences are reckoned from signals, by group of values, and which are sure enough.

    Attributes
    ----------
    weights_sha256
        The content of the adapter, or of the model without one, whose answers it was fitted on; None where it
        is not known.
    n_documents, n_values
        What it was fitted on.
    groups
        By `group_of`: the kind of field outside of lists ("amount"), in lists ("amount[]"), `NULL` for values
        that are null, `ANY` for all others.
    thresholds
        The same groups but `NULL`, each in ascending order of `max_error`.
    max_error
        The share of wrong values that is tolerated where nobody says.
    """

    version: Literal[1] = 1
    weights_sha256: str | None = None
    n_documents: int = Field(default=0, ge=0)
    n_values: int = Field(default=0, ge=0)
    groups: dict[str, Weights] = Field(default_factory=dict[str, Weights])
    thresholds: dict[str, tuple[Threshold, ...]] = Field(default_factory=dict[str, tuple[Threshold, ...]])
    max_error: Annotated[float, Field(gt=0, lt=1)] = 0.1

    def threshold(self, group: str, max_error: float | None = None) -> float | None:
        """Return the least confidence of a group's values that are sure enough; None if none can be.

        Of the errors that thresholds are known for, the largest counts that is not above what is asked.
        """
        asked = self.max_error if max_error is None else max_error
        known = self.thresholds.get(group, self.thresholds.get(ANY, ()))
        allowed = [one for one in known if one.max_error <= asked]
        return max(allowed, key=lambda one: one.max_error).confidence if allowed else None


def read_calibration(folder: Path) -> ValueCalibration | None:
    """Return the calibration in a model's or an adapter's folder; None if there is none.

    Raises
    ------
    ConfigurationError
        If the file is no calibration.
    """
    path = folder / CALIBRATION
    try:
        if not path.is_file():
            return None
        if path.stat().st_size > _MAX_BYTES:
            raise ConfigurationError(f"{CALIBRATION} of {folder.name!r} has over {_MAX_BYTES} bytes")
        return ValueCalibration.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"{CALIBRATION} of {folder.name!r} is none: {at}: {first['msg']}") from error
    except OSError as error:
        raise ConfigurationError(f"{CALIBRATION} of {folder.name!r} cannot be read") from error
