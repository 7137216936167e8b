"""What the grammar cannot enforce: values that break the schema are withdrawn, or the answer fails."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from pydantic import JsonValue

from decoding.merging import WindowAnswer
from schemas.errors import OutputParseError
from schemas.extraction import ExtractionWarning
from schemas.spec import ExtractionSchema, allows_null, json_path
from schemas.validate import validate_output
from schemas.walk import Leaf, replace_leaves


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

    def withdrawn(leaf: Leaf) -> JsonValue:
        return None if leaf.path in broken and allows_null(leaf.spec) else leaf.value

    value = replace_leaves(schema.root, dict(answer.value), withdrawn)
    for path, message in validate_output(value, schema):
        raise OutputParseError(f"the answer does not satisfy the schema at {json_path(path)!r}: {message}")
    warnings = tuple(
        ExtractionWarning(code="constraint_violated", message=message, path=json_path(path))
        for path, message in broken.items()
    )
    known = {path: entry for path, entry in answer.metadata.items() if path not in broken}
    return replace(answer, value=cast("Mapping[str, JsonValue]", value), metadata=known), warnings
