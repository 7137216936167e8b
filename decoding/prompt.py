"""The conversation shown to the model: task and schema, then the example, then the page.

What repeats from page to page of one schema comes first, so that a prefix cache can serve it. The house
model is trained on exactly these texts (`training` calls this module), so a change here is a new
model version.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemas.prompt import Message, Prompt, PromptExample, ReasoningMode
from schemas.spec import ExtractionSchema, FieldKind, FieldSpec, ObjectSpec, Spec

# LATIN-Prompt's advice (arXiv 2306.00526): answers are contiguous spans, copied as printed.
_TASK = "Extract the fields as JSON. Copy text exactly as printed. null if not on the page."
_REASONING: dict[ReasoningMode, str] = {
    "off": "",
    "brief": "\nFirst name the evidence briefly.",
    "full": "\nFirst reason step by step about the evidence.",
}
_KIND_WORDS: dict[FieldKind, str] = {
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


def schema_text(schema: ExtractionSchema) -> str:
    """Return the fields of `schema`, one a line: `key: kind - description`, rows of lists indented.

    Examples
    --------
    >>> from schemas.spec import ObjectSpec
    >>> total = FieldSpec(kind="amount", description="Grand total")
    >>> root = ObjectSpec(properties=(("total", total),))
    >>> schema_text(ExtractionSchema(name="s", root=root, json_schema="{}"))
    'total: amount - Grand total'
    """
    return "\n".join(_lines(schema.root, ""))


def _lines(spec: ObjectSpec, indent: str) -> Iterator[str]:
    for key, child in spec.properties:
        yield from _property_lines(key, child, indent)


def _property_lines(key: str, spec: Spec, indent: str) -> Iterator[str]:
    described = f" - {spec.description}" if spec.description else ""
    if isinstance(spec, FieldSpec):
        yield f"{indent}{key}: {_kind_text(spec)}{described}"
    elif isinstance(spec, ObjectSpec):
        yield f"{indent}{key}: object{described}"
        yield from _lines(spec, indent + " ")
    elif isinstance(spec.item, ObjectSpec):
        yield f"{indent}{key}: list of rows{described}"
        yield from _lines(spec.item, indent + " ")
    else:
        yield f"{indent}{key}: list{described}"
        yield from _property_lines("item", spec.item, indent + " ")


def _kind_text(spec: FieldSpec) -> str:
    if spec.kind != "enum":
        return _KIND_WORDS[spec.kind]
    return f"one of {', '.join(str(value) for value in spec.enum_values if value is not None)}"


def system_text(schema: ExtractionSchema, *, reasoning: ReasoningMode = "off") -> str:
    """Return the system message: the task, then the schema's fields."""
    return f"{_TASK}{_REASONING[reasoning]}\n{schema_text(schema)}"


def build_prompt(
    schema: ExtractionSchema,
    page_text: str,
    *,
    reasoning: ReasoningMode = "off",
    examples: tuple[PromptExample, ...] = (),
) -> Prompt:
    """Return the conversation that asks for `schema` on `page_text` (layout text, or plain words).

    The page is data: it is the last user turn as it stands. Engines break up what their chat template
    would take for a marker (`decoding.engines.chat_text`).
    """
    messages = [Message(role="system", content=system_text(schema, reasoning=reasoning))]
    for example in examples:
        messages.append(Message(role="user", content=example.layout_text))
        messages.append(Message(role="assistant", content=example.answer_json))
    messages.append(Message(role="user", content=page_text))
    return Prompt(messages=tuple(messages))
