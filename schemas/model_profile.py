"""What differs from one language model to the next and is no weight: `profile.json` beside its weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, ValidationError, field_validator

from schemas.errors import ConfigurationError
from schemas.frozen import Value
from schemas.prompt import ReasoningMode
from schemas.spec import FieldKind
from schemas.value_calibration import ValueCalibration, read_calibration

PROFILE = "profile.json"
_MAX_BYTES = 1_000_000
_REASONING: Mapping[ReasoningMode, str] = {
    "off": "",
    "brief": "\nFirst name the evidence briefly.",
    "full": "\nFirst reason step by step about the evidence.",
}
_KINDS: Mapping[FieldKind, str] = {
    "verbatim": "text",
    "amount": "amount",
    "date": "date",
    "number": "number",
    "integer": "integer",
    "boolean": "true/false",
    "enum": "one of",
    "iso_date": "YYYY-MM-DD",
    "free": "free text",
}


class PromptTexts(Value):
    """The words of the conversation around schema and page.

    A model answers best to the words it was trained on: the defaults are those of every model that this
    project trains.

    Attributes
    ----------
    task
        What is to be done; the system message begins with it.
    reasoning
        What is added where the evidence is to be named first.
    kinds
        How a field's kind is named. Values of an enumeration follow its word.

    What a file does not name of `reasoning` and `kinds` is as by default.
    """

    # LATIN-Prompt's advice (arXiv 2306.00526): answers are contiguous spans, copied as printed.
    task: str = "Extract the fields as JSON. Copy text exactly as printed. null if not on the page."
    reasoning: dict[ReasoningMode, str] = Field(default_factory=lambda: dict(_REASONING))
    kinds: dict[FieldKind, str] = Field(default_factory=lambda: dict(_KINDS))

    @field_validator("reasoning")
    @classmethod
    def _fill_modes(cls, value: dict[ReasoningMode, str]) -> dict[ReasoningMode, str]:
        return {**_REASONING, **value}

    @field_validator("kinds")
    @classmethod
    def _fill_kinds(cls, value: dict[FieldKind, str]) -> dict[FieldKind, str]:
        return {**_KINDS, **value}


class ModelProfile(Value):
    """A model's profile; a model without one has the defaults.

    Its chat format is no part of it: that is the tokenizer's own chat template.

    Attributes
    ----------
    prompt
        The words that the model is asked with.
    chars_per_token
        Characters of an answer for each of its tokens, at the least: how much room an answer may need. 1.0
        holds where every token is at least a character: digits often are tokens of their own, and so is much
        of a name that the tokenizer has never seen.
    low_confidence
        Values below this confidence are warned of (`low_confidence`). What a probability is worth differs
        from one model to the next. With a calibration, its thresholds count instead.
    calibration
        What the model's probabilities are worth where it answers without an adapter; a file of its own
        (`schemas.value_calibration`).
    """

    prompt: PromptTexts = PromptTexts()
    chars_per_token: float = Field(default=1.0, ge=0.25, le=16.0)
    low_confidence: float = Field(default=0.5, ge=0.0, le=1.0)
    calibration: ValueCalibration | None = None


# Of a model that says nothing of itself.
DEFAULT_PROFILE = ModelProfile()


def read_profile(model_folder: Path) -> ModelProfile:
    """Return the profile in a model's folder; the defaults if there is no folder or no profile in it.

    Raises
    ------
    ConfigurationError
        If the file, or that of the calibration beside it, is none.
    """
    profile = _read_file(model_folder)
    calibration = read_calibration(model_folder)
    return profile if calibration is None else profile.model_copy(update={"calibration": calibration})


def _read_file(model_folder: Path) -> ModelProfile:
    path = model_folder / PROFILE
    try:
        if not path.is_file():
            return DEFAULT_PROFILE
        if path.stat().st_size > _MAX_BYTES:
            raise ConfigurationError(f"{PROFILE} of {model_folder.name!r} has over {_MAX_BYTES} bytes")
        return ModelProfile.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(
            f"{PROFILE} of {model_folder.name!r} is none: {at}: {first['msg']}"
        ) from error
    except OSError as error:
        raise ConfigurationError(f"{PROFILE} of {model_folder.name!r} cannot be read") from error
