"""Labelled documents on disk as gold records: one folder a data set, one JSON line a document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from eval.kie import gold_values
from eval.lines import describe, read_lines
from schemas.errors import EvaluationError

# Shown to those whose files hold something else.
_EXAMPLE = (
    '{"id": "receipts/1", "file": "1.pdf", "dataset": "receipts", "doc_type": "receipt", '
    '"kie": {"total": "9.00"}, "line_items": [{"description": "Tea", "amount": "9.00"}]}'
)


class GoldBox(BaseModel):
    """A place: page (from 1) and box (left, top, right, bottom) in page fractions."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    page_number: int
    bbox: tuple[float, float, float, float]


class GoldRecord(BaseModel):
    """One labelled document.

    Attributes
    ----------
    kie
        Gold values by native field name; a list holds several values of one field. A field that is not
        there is not on the document.
    kie_alternatives
        Other printed values of a field, each as right as the first.
    line_items
        Gold rows in order; None means not annotated, not empty.
    kie_boxes
        Where the values of a field stand, one place for each; None if it is not known.
    caveats
        What to keep in mind when a score on this document is read.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    file: str
    dataset: str
    doc_type: str
    kie: dict[str, JsonValue] = Field(default_factory=dict)
    kie_alternatives: dict[str, list[str]] | None = None
    line_items: list[dict[str, JsonValue]] | None = None
    kie_boxes: dict[str, list[GoldBox]] | None = None
    caveats: tuple[str, ...] = ()

    def accepted(self, name: str) -> tuple[str, ...]:
        """Return every accepted text of a field, none if the document does not have it."""
        return gold_values(self.kie.get(name), (self.kie_alternatives or {}).get(name, ()))


def read_gold(folder: Path) -> Iterator[GoldRecord]:
    """Yield the records of `folder`/labels.jsonl in file order.

    Raises
    ------
    EvaluationError
        If there is no such file, or a line is no record.
    """
    path = folder / "labels.jsonl"
    if not path.is_file():
        raise EvaluationError(f"no labels.jsonl in {folder.name!r}")
    yield from read_gold_file(path)


def read_gold_file(path: Path) -> Iterator[GoldRecord]:
    """Yield the records of a file, one JSON object a line, in order; blank lines are skipped.

    Raises
    ------
    EvaluationError
        If the file is no regular one, cannot be read, or a line is no record; it names line and key.
    """
    for number, line in read_lines(path, "gold file"):
        yield _gold_record(line, f"line {number} of {path.parent.name}/{path.name}")


def _gold_record(line: str, where: str) -> GoldRecord:
    try:
        return GoldRecord.model_validate_json(line)
    except ValidationError as error:
        raise EvaluationError(
            f"{where} is no record: {describe(error)}", hint=f"a gold record is a line such as {_EXAMPLE}"
        ) from error
