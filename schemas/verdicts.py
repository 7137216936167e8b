"""Where a schema is read, the verdicts collected on the way, and checks of keyword arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeGuard

from pydantic import JsonValue

from schemas.report import LintEntry, LintReport, LintWarning, Verdict, pointer_to


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Where a schema is used: its pointer, and what a reference or union around it says of it."""

    pointer: str
    level: int = 0
    step: int = 0
    description: str = ""
    kind: JsonValue = None
    kind_pointer: str = ""  # of the schema that says the kind
    code_format: JsonValue = None
    format_pointer: str = ""  # of the schema that says the form of the code


class Verdicts:
    """Verdicts by pointer: the first one stands, and a refusal replaces any other."""

    def __init__(self) -> None:
        self._entries: dict[str, LintEntry] = {}
        self._warnings: dict[str, LintWarning] = {}

    def say(
        self, parent: str, keyword: str, verdict: Verdict, message: str, *, hint: str | None = None
    ) -> None:
        """Note the verdict on `keyword` of the schema at `parent`, unless there is one."""
        pointer = pointer_to(parent, keyword)
        entry = LintEntry(pointer=pointer, keyword=keyword, verdict=verdict, message=message, hint=hint)
        self._entries.setdefault(pointer, entry)

    def refuse(self, parent: str, keyword: str, message: str, *, hint: str | None = None) -> None:
        """Refuse `keyword` of the schema at `parent`."""
        self._refuse(pointer_to(parent, keyword), keyword, message, hint)

    def refuse_at(self, pointer: str, message: str, *, hint: str | None = None) -> None:
        """Refuse the schema at `pointer` where no one keyword is to blame."""
        self._refuse(pointer, "", message, hint)

    def _refuse(self, pointer: str, keyword: str, message: str, hint: str | None) -> None:
        known = self._entries.get(pointer)
        if known is None or known.verdict != "refused":
            self._entries[pointer] = LintEntry(
                pointer=pointer, keyword=keyword, verdict="refused", message=message, hint=hint
            )

    def warn(self, pointer: str, message: str) -> None:
        """Note something legal that a caller may not expect."""
        self._warnings.setdefault(pointer, LintWarning(pointer=pointer, message=message))

    def report(self) -> LintReport:
        """Return what was found, sorted by pointer."""
        entries = tuple(self._entries[pointer] for pointer in sorted(self._entries))
        return LintReport(entries=entries, warnings=tuple(self._warnings.values()))


def is_number(value: JsonValue) -> TypeGuard[int | float]:
    """Return whether `value` is a JSON number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_count(value: JsonValue) -> bool:
    """Return whether `value` is a whole JSON number, 0 or more (2.0 is)."""
    return is_number(value) and value >= 0 and value == int(value)


def lists_null(node: Mapping[str, JsonValue]) -> bool:
    """Return whether the type list of the schema `node` has null in it."""
    types = node.get("type")
    return isinstance(types, list) and "null" in types
