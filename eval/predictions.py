"""Prediction files: one JSON line a document, by this service or any other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator
from pydantic_core import from_json

from eval.kie import Pred, is_absent, printed
from eval.lines import describe, name_missing, read_lines
from schemas.errors import EvaluationError
from schemas.extraction import Extraction, FieldMetadata
from schemas.spec import json_path

# Shown to those whose files hold something else.
_EXAMPLE = '{"id": "receipts/1", "value": {"total": "9.00", "line_items": [{"text": "Tea"}]}}'
_HINT = f"a prediction is a line such as {_EXAMPLE}, or one of `rasg extract --format jsonl`"
ROWS_KEY = "line_items"  # under which rows are answered, and gold


class PredRecord(BaseModel):
    """What was predicted for one document.

    Attributes
    ----------
    value
        The answer: scalars by field, lists of rows by name. A field that is null, or an empty text, was asked
        for and not found.
    metadata
        Confidence, normal form and citations by JSON path, as in `Extraction.output.metadata`; may be empty.
    error
        The stable code of the error that stands in place of an answer; such a document has no values.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    value: Mapping[str, JsonValue] = Field(default_factory=dict[str, JsonValue])
    metadata: Mapping[str, FieldMetadata] = Field(default_factory=dict[str, FieldMetadata])
    error: str | None = None

    @model_validator(mode="after")
    def _is_sane(self) -> PredRecord:
        if self.error is not None and self.value:
            raise ValueError("a document has either an answer or an error")
        known = (entry.confidence for entry in self.metadata.values() if entry.confidence is not None)
        if not all(0.0 <= confidence <= 1.0 for confidence in known):
            raise ValueError("a confidence is in [0, 1]")
        return self

    def scalars(self) -> tuple[str, ...]:
        """Return the names that are answered, or answered by null, as fields: neither lists nor objects."""
        found = (name for name, value in self.value.items() if not isinstance(value, list | dict))
        return tuple(name for name in found if name != ROWS_KEY)

    def field(self, name: str) -> Pred | None:
        """Return the predicted value of a scalar field; None for null, empty texts, lists and objects."""
        value = self.value.get(name)
        if is_absent(value) or isinstance(value, list | dict):
            return None
        entry = self.metadata.get(json_path((name,)))
        return Pred(text=printed(value), normalised=None if entry is None else entry.normalised)

    def confidence(self, name: str) -> float | None:
        """Return the confidence of a scalar field in [0, 1], None if there is none."""
        entry = self.metadata.get(json_path((name,)))
        return None if entry is None else entry.confidence

    def rows(self, name: str) -> tuple[Mapping[str, JsonValue], ...]:
        """Return the rows of a list; what is not there, or is no list of objects, has none."""
        listed = self.value.get(name)
        rows = listed if isinstance(listed, list) else []
        return tuple(row for row in rows if isinstance(row, Mapping))


class _ServiceError(BaseModel):
    model_config = ConfigDict(extra="ignore")

    code: str


class _ServiceLine(BaseModel):
    """A line of `rasg extract --format jsonl`."""

    model_config = ConfigDict(extra="ignore")

    file: str
    extraction: Extraction | None = None
    error: _ServiceError | None = None


def _is_of_service(line: str) -> bool:
    """Return whether the line's own keys, not some field's name or value, are those of `rasg extract`."""
    loaded: object = from_json(line)
    return isinstance(loaded, dict) and "extraction" in loaded and "file" in loaded


def pred_record(document_id: str, extraction: Extraction) -> PredRecord:
    """Return an extraction as the prediction of a document."""
    return PredRecord(id=document_id, value=extraction.output.value, metadata=extraction.output.metadata)


def read_predictions(path: Path) -> dict[str, PredRecord]:
    """Return the predictions of a file by document.

    A line is a `PredRecord` or one of `rasg extract --format jsonl`, whose document is its file's name. Blank
    lines are skipped; of two predictions of one document none is right to choose.

    Raises
    ------
    EvaluationError
        If the file is no regular one, cannot be read, a line is neither (it names line and key), or a
        document comes twice.
    """
    records: dict[str, PredRecord] = {}
    for number, line in read_lines(path, "prediction file"):
        record = _record(line, f"line {number} of {path.name}")
        if record.id in records:
            raise EvaluationError(f"line {number} of {path.name}: {record.id!r} comes twice")
        records[record.id] = record
    return records


def _record(line: str, where: str) -> PredRecord:
    try:
        if '"extraction"' not in line or not _is_of_service(line):
            return _plain_record(line, where)
        found = _ServiceLine.model_validate_json(line)
    except ValidationError as error:
        raise EvaluationError(f"{where} is no prediction: {describe(error)}", hint=_HINT) from error
    except ValueError as error:  # no JSON
        raise EvaluationError(f"{where} is no prediction: {str(error)[:160]}", hint=_HINT) from error
    if found.extraction is not None:
        return pred_record(found.file, found.extraction)
    return PredRecord(id=found.file, error=found.error.code if found.error else "failed")


def _plain_record(line: str, where: str) -> PredRecord:
    """Return the prediction that a line is; one that has its answer under another key would count as none."""
    record = PredRecord.model_validate_json(line)
    if not record.model_fields_set & {"value", "error"}:
        keys = cast("dict[str, JsonValue]", from_json(line))
        unknown = [key for key in keys if key not in PredRecord.model_fields]
        if unknown:
            raise EvaluationError(
                f"{where} is no prediction: {name_missing(['value'])}, it has {unknown[0]!r}", hint=_HINT
            )
    return record
