"""Reading the JSON Schema of one scalar: its kind, its bounds, and which of them hold when."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Literal, cast

from pydantic import JsonValue

from schemas.automaton import plain_pattern
from schemas.codes import CODE_FORMATS, FORMAT_KEYWORD, is_code_format
from schemas.documents.fields import KIND_KEYWORD
from schemas.keywords import Shape
from schemas.pattern import PatternError
from schemas.report import shown
from schemas.source import JsonObject
from schemas.spec import DEFAULT_MAX_LENGTH, FieldKind, FieldSpec
from schemas.validate import check
from schemas.verdicts import Site, Verdicts, is_count, is_number, lists_null

MAX_LENGTH = 4_096  # characters of one string; a page of text has about 3,000
MAX_ENUM_VALUES = 2_048
MAX_ENUM_CHARS = 1_024
# Numbers are written with at most 13 digits before the point: a trillion in cents.
MAX_ABS_NUMBER: Final = 10**13 - 1
_TEXT_KINDS: tuple[FieldKind, ...] = ("verbatim", "amount", "date", "free")
_ISO_DATE_LENGTH = 10
_NAMES = ("object", "array", "string", "number", "integer", "boolean", "null")
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")

# Exporters write decimals as strings with a lookahead.
_PATTERN_HINT = (
    "anchor it and keep to the subset; for an amount remove the pattern and write type number, "
    'or "x-rasg-kind": "amount" to have it as printed'
)


class ScalarReader:
    """Turns scalar schemas into field specs, telling `verdicts` about each keyword that is special."""

    def __init__(self, verdicts: Verdicts) -> None:
        self.verdicts = verdicts

    def read(self, node: JsonObject, shape: Shape, site: Site) -> FieldSpec | None:
        """Return the field of `node`, or None if its values are refused."""
        if not self._arguments_fit(node, site.pointer):
            return None
        if shape == "enum":
            return self._enum(node, site)
        if shape == "null":
            return FieldSpec(kind="enum", enum_values=(None,), description=site.description)
        if shape == "string":
            return self._string(node, site)
        if shape == "boolean":
            self._judge_kind(site, ("boolean",))
            return FieldSpec(kind="boolean", description=site.description, nullable=lists_null(node))
        return self._number(node, site)

    # --- arguments of the right type ------------------------------------------------------------

    def _arguments_fit(self, node: JsonObject, pointer: str) -> bool:
        fits = [self._type_fits(node, pointer), self._pattern_fits(node, pointer)]
        for keyword in ("minLength", "maxLength"):
            fits.append(keyword not in node or is_count(node[keyword]))
            if not fits[-1]:
                self.verdicts.refuse(pointer, keyword, "must be a whole number, 0 or more")
        for keyword in (*_BOUNDS, "multipleOf"):
            fits.append(keyword not in node or is_number(node[keyword]))
            if not fits[-1]:
                self.verdicts.refuse(pointer, keyword, "must be a number")
        step = node.get("multipleOf")
        if is_number(step) and step <= 0:
            self.verdicts.refuse(pointer, "multipleOf", "must be greater than 0")
            fits.append(False)
        if "format" in node and node["format"] != "date":
            self.verdicts.refuse(
                pointer,
                "format",
                "no format but date is checked",
                hint='write "format": "date" for a day as printed, "x-rasg-format" with "time", "email" or'
                ' "phone" for these; remove date-time, uri and others, or write a pattern',
            )
            fits.append(False)
        return all(fits)

    def _type_fits(self, node: JsonObject, pointer: str) -> bool:
        types = node.get("type", "null")
        names = types if isinstance(types, list) else [types]
        if names and all(name in _NAMES for name in names):
            return True
        self.verdicts.refuse(pointer, "type", "unknown type", hint=f"one of {', '.join(_NAMES)}")
        return False

    def _pattern_fits(self, node: JsonObject, pointer: str) -> bool:
        pattern = node.get("pattern", "^$")
        try:
            if isinstance(pattern, str):
                plain_pattern(pattern)
                return True
            self.verdicts.refuse(pointer, "pattern", "must be text")
        except PatternError as error:
            self.verdicts.refuse(pointer, "pattern", str(error), hint=_PATTERN_HINT)
        return False

    def _judge_kind(self, site: Site, allowed: Sequence[FieldKind]) -> bool:
        if site.kind is None or site.kind in allowed:
            return True
        message = f"the field cannot be of kind {shown(site.kind)}"
        self.verdicts.refuse(site.kind_pointer, KIND_KEYWORD, message, hint=f"one of {', '.join(allowed)}")
        return False

    # --- enums ----------------------------------------------------------------------------------

    def _enum(self, node: JsonObject, site: Site) -> FieldSpec | None:
        self._judge_kind(site, ("enum",))
        keyword: Literal["enum", "const"] = "enum" if "enum" in node else "const"
        values = node["enum"] if keyword == "enum" else [node["const"]]
        problem = _enum_problem(values)
        if problem is not None:
            self.verdicts.refuse(site.pointer, keyword, problem)
            return None
        scalars = cast("list[str | int | float | bool | None]", values)
        beside = {key: argument for key, argument in node.items() if key != keyword}
        valid = [value for value in scalars if not any(check(value, beside, {}))]
        distinct = {(isinstance(value, bool), value): value for value in valid if value is not None}
        if not valid:
            self.verdicts.refuse(site.pointer, keyword, "the keywords beside it exclude every value")
            return None
        if "multipleOf" in node:
            self.verdicts.say(
                site.pointer, "multipleOf", "decoding", "values that are no multiple are dropped"
            )
        return FieldSpec(
            kind="enum",
            enum_values=tuple(distinct.values()) or (None,),
            nullable=None in valid,
            description=site.description,
        )

    # --- strings --------------------------------------------------------------------------------

    def _string(self, node: JsonObject, site: Site) -> FieldSpec | None:
        allowed: tuple[FieldKind, ...] = ("iso_date",) if "format" in node else _TEXT_KINDS
        if not self._judge_kind(site, allowed):
            return None
        kind = cast("FieldKind", site.kind or allowed[0])  # text is verbatim unless it says otherwise
        lengths = self._lengths(node, site.pointer, kind)
        if not self._judge_format(node, site, kind) or lengths is None:
            return None
        if kind == "iso_date" and "pattern" in node:
            self.verdicts.say(site.pointer, "pattern", "after", "the grammar writes calendar dates only")
        return FieldSpec(
            kind=kind,
            description=site.description,
            nullable=lists_null(node),
            min_length=lengths[0],
            max_length=lengths[1],
            code_format=cast("str | None", site.code_format),
            pattern=None
            if kind == "iso_date" or "pattern" not in node
            else plain_pattern(str(node["pattern"])),
        )

    def _judge_format(self, node: JsonObject, site: Site, kind: FieldKind) -> bool:
        if site.code_format is None:
            return True
        problem = None
        if not is_code_format(site.code_format):
            problem = f"no form of a code is called {shown(site.code_format)}"
        elif kind != "verbatim" or "pattern" in node:
            problem = "codes are verbatim text without a pattern of its own"
        if problem is not None:
            hint = f"one of {', '.join(CODE_FORMATS)}, or tax_id: and a country as in tax_id:de"
            self.verdicts.refuse(site.format_pointer, FORMAT_KEYWORD, problem, hint=hint)
        return problem is None

    def _lengths(self, node: JsonObject, pointer: str, kind: FieldKind) -> tuple[int, int] | None:
        least = int(cast("float", node.get("minLength", 0)))
        most = int(cast("float", node.get("maxLength", max(DEFAULT_MAX_LENGTH, min(least, MAX_LENGTH)))))
        most = min(most, MAX_LENGTH)
        too_tight = kind == "iso_date" and not least <= _ISO_DATE_LENGTH <= most
        if least > most or too_tight:
            keyword = "minLength" if "minLength" in node and least > 0 else "maxLength"
            self.verdicts.refuse(pointer, keyword, f"no text of this kind has {least} to {most} characters")
            return None
        return least, most

    # --- numbers --------------------------------------------------------------------------------

    def _number(self, node: JsonObject, site: Site) -> FieldSpec | None:
        types = node.get("type")
        is_integer = "integer" in types if isinstance(types, list) else types == "integer"
        kind: FieldKind = "integer" if is_integer else "number"
        self._judge_kind(site, (kind,))
        low = _lower_bound(node, is_integer=is_integer)
        high = _upper_bound(node, is_integer=is_integer)
        if not _leaves_room(node, low, high):
            blamed = next(keyword for keyword in _BOUNDS if keyword in node)
            self.verdicts.refuse(site.pointer, blamed, "the bounds leave no number of at most 13 digits")
            return None
        for keyword in ("exclusiveMinimum", "exclusiveMaximum"):
            if keyword in node and not is_integer:
                self.verdicts.say(
                    site.pointer, keyword, "after", "the grammar stops at the bound, the check excludes it"
                )
        stated = {keyword for keyword in _BOUNDS if keyword in node}
        return FieldSpec(
            kind=kind,
            description=site.description,
            nullable=lists_null(node),
            minimum=low if stated & {"minimum", "exclusiveMinimum"} else None,
            maximum=high if stated & {"maximum", "exclusiveMaximum"} else None,
        )


def _enum_problem(values: JsonValue) -> str | None:
    if not isinstance(values, list) or not values:
        return "must be a list of values"
    if len(values) > MAX_ENUM_VALUES:
        return f"has more than {MAX_ENUM_VALUES} values"
    if any(isinstance(value, dict | list) for value in values):
        return "holds a value that is no scalar"
    if any(isinstance(value, str) and len(value) > MAX_ENUM_CHARS for value in values):
        return f"holds a text of more than {MAX_ENUM_CHARS} characters"
    return None


def _lower_bound(node: JsonObject, *, is_integer: bool) -> int | float:
    bounds: list[int | float] = [-MAX_ABS_NUMBER]
    least, above = node.get("minimum"), node.get("exclusiveMinimum")
    if is_number(least):
        bounds.append(math.ceil(least) if is_integer else least)
    if is_number(above):
        bounds.append(math.floor(above) + 1 if is_integer else above)
    return max(bounds)


def _upper_bound(node: JsonObject, *, is_integer: bool) -> int | float:
    bounds: list[int | float] = [MAX_ABS_NUMBER]
    most, below = node.get("maximum"), node.get("exclusiveMaximum")
    if is_number(most):
        bounds.append(math.floor(most) if is_integer else most)
    if is_number(below):
        bounds.append(math.ceil(below) - 1 if is_integer else below)
    return min(bounds)


def _leaves_room(node: JsonObject, low: int | float, high: int | float) -> bool:
    probes: tuple[int | float, ...] = (low, high, (low + high) / 2)
    bounds = {keyword: node[keyword] for keyword in _BOUNDS if keyword in node}
    return low <= high and any(not any(check(probe, bounds, {})) for probe in probes)
