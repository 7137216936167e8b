"""What the grammar cannot enforce: values that break the schema are withdrawn, or the answer fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from pydantic import JsonValue

from decoding.windows import WindowAnswer
from schemas.errors import OutputParseError
from schemas.extraction import ExtractionWarning
from schemas.spec import ArraySpec, ExtractionSchema, FieldSpec, Path, Spec, json_path
from schemas.validate import validate_output


def withdraw_invalid(
    answer: WindowAnswer, schema: ExtractionSchema
) -> tuple[WindowAnswer, tuple[ExtractionWarning, ...]]:
    """Return an answer that satisfies `schema`: values that break it become null, with a warning each.

    A few keywords (`multipleOf`, exclusive bounds of numbers) are enforced only here.

    Raises
    ------
    OutputParseError
        If a value that breaks the schema must not be null, or nulls are not enough.
    """
    broken = dict(validate_output(dict(answer.value), schema))
    if not broken:
        return answer, ()
    value = _without(schema.root, dict(answer.value), (), broken)
    left = validate_output(value, schema)
    if left:
        raise OutputParseError(f"the answer does not satisfy the schema at {left[0][0]!r}: {left[0][1]}")
    warnings = tuple(
        ExtractionWarning(code="constraint_violated", message=message, path=path)
        for path, message in broken.items()
    )
    known = {path: entry for path, entry in answer.metadata.items() if path not in broken}
    return replace(answer, value=cast("Mapping[str, JsonValue]", value), metadata=known), warnings


def _without(spec: Spec, value: JsonValue, path: Path, broken: Mapping[str, str]) -> JsonValue:
    if isinstance(spec, FieldSpec):
        return None if spec.nullable and json_path(path) in broken else value
    if isinstance(spec, ArraySpec) and isinstance(value, list):
        return [_without(spec.item, row, (*path, i), broken) for i, row in enumerate(value)]
    if isinstance(value, dict) and not isinstance(spec, ArraySpec):
        return {key: _without(child, value[key], (*path, key), broken) for key, child in spec.properties}
    return value
