"""Linting a caller's JSON Schema: every keyword gets a verdict at its JSON pointer, none is ignored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from schemas.errors import InvalidSchemaError
from schemas.json_schema import read_schema
from schemas.report import LintEntry, LintReport, LintWarning, Verdict
from schemas.source import plain_json

__all__ = ["LintEntry", "LintReport", "LintWarning", "Verdict", "lint"]


def lint(mapping: Mapping[str, object]) -> LintReport:
    """Return the verdict on each keyword of the JSON Schema `mapping`; never raises for its content.

    What lies below a refused schema is not read, and has no entries of its own. A mapping that is
    no JSON, too large or too deep gives one refused entry.

    Examples
    --------
    >>> report = lint({"type": "object", "properties": {"n": {"type": "string", "pattern": "x"}}})
    >>> report.ok, report.issues
    (False, (('/properties/n/pattern', 'the pattern is not anchored: it must start with ^ and end with $'),))
    """
    try:
        document = plain_json(cast("Mapping[object, object]", mapping))
    except InvalidSchemaError as error:
        return LintReport(
            entries=tuple(
                LintEntry(pointer=pointer, keyword="", verdict="refused", message=reason, hint=error.hint)
                for pointer, reason in error.issues
            )
        )
    return read_schema(document)[0]
