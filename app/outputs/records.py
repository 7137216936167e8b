"""The result of one document, and how it is written as JSON: whole, or the answer alone."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, JsonValue

from app.errors import ErrorRecord
from schemas.extraction import Extraction


@dataclass(frozen=True, slots=True, kw_only=True)
class FileResult:
    """One document's extraction, or the record of why there is none.

    `file` is the file's name, with `#1`, `#2` ... if there are several documents in it.
    """

    file: str
    extraction: Extraction | None = None
    error: ErrorRecord | None = None

    def __post_init__(self) -> None:
        if (self.extraction is None) == (self.error is None):
            raise ValueError("a file has either an extraction or an error")

    @property
    def outcome(self) -> str:
        """Return the extraction's status, or "failed"."""
        return "failed" if self.extraction is None else self.extraction.status

    @property
    def value(self) -> JsonValue:
        """Return the answer; null where there is none."""
        return None if self.extraction is None else self.extraction.output.value


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True)

    file: str
    extraction: Extraction | None = None
    error: ErrorRecord | None = None


def result_json(result: FileResult) -> str:
    """Return the result as an indented JSON document."""
    return _record(result).model_dump_json(indent=2, exclude_none=False) + "\n"


def result_line(result: FileResult) -> str:
    """Return the result as one line of JSON."""
    return _record(result).model_dump_json() + "\n"


def value_json(result: FileResult) -> str:
    """Return the answer alone, exactly as the schema has it, as an indented JSON document; null for none."""
    return json.dumps(result.value, indent=2, ensure_ascii=False) + "\n"


def read_result(line: str | bytes) -> FileResult:
    """Return the result that `result_line` or `result_json` wrote.

    Raises
    ------
    ValueError
        If it is none.
    """
    found = _Record.model_validate_json(line)
    return FileResult(file=found.file, extraction=found.extraction, error=found.error)


def _record(result: FileResult) -> _Record:
    return _Record(file=result.file, extraction=result.extraction, error=result.error)
