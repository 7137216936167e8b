"""The JSON Schema keywords and what becomes of each: the one table of linter and documentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from schemas.codes import FORMAT_KEYWORD
from schemas.documents.fields import KIND_KEYWORD
from schemas.report import Verdict

Shape = Literal["object", "array", "string", "number", "integer", "boolean", "null", "enum", "ref", "union"]

_ALL: tuple[Shape, ...] = (
    "object",
    "array",
    "string",
    "number",
    "integer",
    "boolean",
    "null",
    "enum",
    "ref",
    "union",
)
_TYPED: tuple[Shape, ...] = _ALL[:8]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeywordRule:
    """One row of the table.

    Attributes
    ----------
    verdicts
        The verdict that the keyword gets unless its value or place says otherwise, then others that
        it can get; any keyword is refused where its value is wrong or has nothing to apply to.
    shapes
        What a schema must be for the keyword to mean something in it.
    root_only
        Whether it may stand only at the top.
    note
        What exactly happens; the reason for a refused one.
    hint
        What to write instead of a refused one.
    """

    keyword: str
    verdicts: tuple[Verdict, ...]
    shapes: tuple[Shape, ...] = _ALL
    root_only: bool = False
    note: str
    hint: str | None = None


def _decoding(keyword: str, note: str, *shapes: Shape, after: bool = False) -> KeywordRule:
    verdicts: tuple[Verdict, ...] = ("decoding", "after") if after else ("decoding",)
    return KeywordRule(keyword=keyword, verdicts=verdicts, shapes=shapes or _ALL, note=note)


def _annotation(keyword: str, note: str) -> KeywordRule:
    return KeywordRule(keyword=keyword, verdicts=("annotation",), note=note)


def _refused(keyword: str, note: str, hint: str) -> KeywordRule:
    return KeywordRule(keyword=keyword, verdicts=("refused",), note=note, hint=hint)


def _root(keyword: str, verdict: Verdict, note: str) -> KeywordRule:
    return KeywordRule(keyword=keyword, verdicts=(verdict,), root_only=True, note=note)


# The order is also that of the canonical text of a schema.
RULES: tuple[KeywordRule, ...] = (
    _root("$schema", "annotation", "drafts 6 to 2020-12; others are refused"),
    _root("$id", "annotation", "names the schema; references stay local"),
    _annotation("title", "not read"),
    _annotation("description", "shown to the model, on one line"),
    _decoding("type", "one type, or one type and `null`; at the root, `object`", *_TYPED),
    _decoding(
        KIND_KEYWORD,
        "`verbatim`, `amount`, `date` or `free` for strings; elsewhere it may only repeat the type",
        *("string", "number", "integer", "boolean", "enum", "ref", "union"),
    ),
    _decoding(
        FORMAT_KEYWORD,
        "`iban`, `bic`, `eu_vat`, `gtin`, `currency`, `time`, `phone`, `email`, `tax_id` or `tax_id:de` (any "
        "country's letters), for `verbatim` strings without a pattern; a failed check digit is a warning",
        *("string", "ref", "union"),
    ),
    _decoding("enum", "scalars only; values that the keywords beside it exclude are dropped", "enum"),
    _decoding("const", "an enum of one value", "enum"),
    _decoding(
        "$ref", "to `#/$defs/...` or `#/definitions/...`, never to itself; only annotations beside it", "ref"
    ),
    _decoding("anyOf", "one schema and `null`, or enums; only annotations beside it", "union"),
    _decoding("oneOf", "as `anyOf`; no value may satisfy two of them", "union"),
    _decoding("properties", "all keys are written, in this order", "object"),
    _decoding("required", "all declared keys are always written, so it always holds", "object"),
    _decoding(
        "additionalProperties",
        "only declared keys are written, whether it is false, true or absent; a schema is refused",
        "object",
    ),
    _decoding("items", "one schema for all items", "array"),
    _decoding("minItems", "at most 4,096", "array"),
    _decoding("maxItems", "4,096 if absent; more is taken as 4,096", "array"),
    _decoding("minLength", "in characters", "string", "enum"),
    _decoding(
        "maxLength",
        "in characters; 256 if absent; more than 4,096 is taken as 4,096",
        *("string", "enum"),
    ),
    _decoding(
        "pattern",
        "anchored with `^` and `$`, linear-time subset; after for `format: date`",
        *("string", "enum"),
        after=True,
    ),
    _decoding("format", "`date` only: a real calendar date YYYY-MM-DD", "string", "enum"),
    _decoding("minimum", "numbers have at most 13 digits before the point", "number", "integer", "enum"),
    _decoding("maximum", "as `minimum`", "number", "integer", "enum"),
    _decoding(
        "exclusiveMinimum",
        "of integers; of numbers the bound itself is excluded after",
        *("number", "integer", "enum"),
        after=True,
    ),
    _decoding("exclusiveMaximum", "as `exclusiveMinimum`", "number", "integer", "enum", after=True),
    KeywordRule(
        keyword="multipleOf",
        verdicts=("after", "decoding"),
        shapes=("number", "integer", "enum"),
        note="exact, in decimal arithmetic; of enums at decoding",
    ),
    _root("$defs", "decoding", "read where a `$ref` leads to it; a definition without one is not read"),
    _root("definitions", "decoding", "as `$defs`"),
    _annotation("default", "not written: a value that the page does not show is null"),
    _annotation("examples", "not read"),
    _annotation("deprecated", "not read"),
    _annotation("readOnly", "not read"),
    _annotation("writeOnly", "not read"),
    _annotation("$comment", "not read"),
    _refused(
        "uniqueItems", "documents do repeat rows; `false` is an annotation", "remove repeats from the result"
    ),
    _refused(
        "allOf",
        "schemas are not merged",
        "write all keywords into one schema; for a single $ref write it",
    ),
    _refused("not", "negation cannot be enforced while decoding", "list the allowed values as an enum"),
    _refused("if", "conditions cannot be enforced while decoding", "make both cases nullable fields"),
    _refused("then", "conditions cannot be enforced while decoding", "make both cases nullable fields"),
    _refused("else", "conditions cannot be enforced while decoding", "make both cases nullable fields"),
    _refused("dependentRequired", "all keys are always written", "remove it"),
    _refused("dependentSchemas", "conditions cannot be enforced while decoding", "make the fields nullable"),
    _refused("dependencies", "conditions cannot be enforced while decoding", "make the fields nullable"),
    _refused("patternProperties", "keys must be known", "use an array of {label, value} rows"),
    _refused("propertyNames", "keys must be known", "declare them under properties"),
    _refused("minProperties", "all declared keys are always written", "remove it"),
    _refused("maxProperties", "all declared keys are always written", "remove it"),
    _refused("prefixItems", "lists have one kind of item", "use an object with a key for each position"),
    _refused("additionalItems", "lists have one kind of item", "use items"),
    _refused("contains", "cannot be enforced while decoding", "remove it, or check the result"),
    _refused("minContains", "cannot be enforced while decoding", "remove it, or check the result"),
    _refused("maxContains", "cannot be enforced while decoding", "remove it, or check the result"),
    _refused("unevaluatedProperties", "only declared keys are written", "use additionalProperties: false"),
    _refused("unevaluatedItems", "lists have one kind of item", "remove it"),
    _refused("contentEncoding", "encoded content does not stand on a page", "remove it"),
    _refused("contentMediaType", "encoded content does not stand on a page", "remove it"),
    _refused("contentSchema", "encoded content does not stand on a page", "remove it"),
    _refused("discriminator", "a field has one shape", "write one object with nullable fields"),
    _refused("nullable", "not JSON Schema", "write type: [..., null]"),
    _refused("$anchor", "references go to definitions only", "use $ref to #/$defs/..."),
    _refused("$dynamicRef", "references go to definitions only", "use $ref to #/$defs/..."),
    _refused("$dynamicAnchor", "references go to definitions only", "use $ref to #/$defs/..."),
    _refused("$vocabulary", "meta-schemas are not read", "remove it"),
)
RULE_BY_KEYWORD = {rule.keyword: rule for rule in RULES}

_VERDICT_WORDS: dict[Verdict, str] = {
    "decoding": "enforced at decoding",
    "after": "enforced after",
    "refused": "refused",
    "annotation": "annotation only",
}


def keyword_table() -> str:
    """Return the table of all keywords as Markdown, as it stands in docs/schemas.md."""
    rows = [f"| `{rule.keyword}` | {_verdict_text(rule)} | {_note_text(rule)} |" for rule in RULES]
    return "\n".join(["| Keyword | Verdict | Notes |", "| --- | --- | --- |", *rows])


def _verdict_text(rule: KeywordRule) -> str:
    return " / ".join(_VERDICT_WORDS[verdict] for verdict in rule.verdicts)


def _note_text(rule: KeywordRule) -> str:
    place = "; root only" if rule.root_only else ""
    return f"{rule.note}{place}; instead: {rule.hint}" if rule.hint else f"{rule.note}{place}"
