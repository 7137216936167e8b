"""The conversation shown to the model: task and schema, then the example, then the page.

What repeats from page to page of one schema comes first, so that a prefix cache can serve it. The words are
the model's (`schemas.model_profile`): models are trained on exactly these texts (`training` calls this
module), so that a change of form here is a new version of every model.
"""

from __future__ import annotations

from collections.abc import Iterator

from schemas.model_profile import DEFAULT_PROFILE, PromptTexts
from schemas.prompt import Message, Prompt, PromptExample, ReasoningMode
from schemas.spec import ExtractionSchema, FieldSpec, ObjectSpec, Spec

_DEFAULT_TEXTS = DEFAULT_PROFILE.prompt


def schema_text(schema: ExtractionSchema, *, texts: PromptTexts = _DEFAULT_TEXTS) -> str:
    """Return the fields of `schema`, one a line: `key: kind - description`, rows of lists indented.

    Examples
    --------
    >>> from schemas.spec import ObjectSpec
    >>> total = FieldSpec(kind="amount", description="Grand total")
    >>> root = ObjectSpec(properties=(("total", total),))
    >>> schema_text(ExtractionSchema(name="s", root=root, json_schema="{}"))
    'total: amount - Grand total'
    """
    return "\n".join(_lines(schema.root, "", texts))


def _lines(spec: ObjectSpec, indent: str, texts: PromptTexts) -> Iterator[str]:
    for key, child in spec.properties:
        yield from _property_lines(key, child, indent, texts)


def _property_lines(key: str, spec: Spec, indent: str, texts: PromptTexts) -> Iterator[str]:
    described = f" - {spec.description}" if spec.description else ""
    if isinstance(spec, FieldSpec):
        yield f"{indent}{key}: {_kind_text(spec, texts)}{described}"
    elif isinstance(spec, ObjectSpec):
        yield f"{indent}{key}: object{described}"
        yield from _lines(spec, indent + " ", texts)
    elif isinstance(spec.item, ObjectSpec):
        yield f"{indent}{key}: list of rows{described}"
        yield from _lines(spec.item, indent + " ", texts)
    else:
        yield f"{indent}{key}: list{described}"
        yield from _property_lines("item", spec.item, indent + " ", texts)


def _kind_text(spec: FieldSpec, texts: PromptTexts) -> str:
    word = texts.kinds[spec.kind]
    if spec.kind != "enum":
        return word
    return f"{word} {', '.join(str(value) for value in spec.enum_values if value is not None)}"


def system_text(
    schema: ExtractionSchema, *, reasoning: ReasoningMode = "off", texts: PromptTexts = _DEFAULT_TEXTS
) -> str:
    """Return the system message: the task, then the schema's fields."""
    return f"{texts.task}{texts.reasoning[reasoning]}\n{schema_text(schema, texts=texts)}"


def build_prompt(
    schema: ExtractionSchema,
    page_text: str,
    *,
    reasoning: ReasoningMode = "off",
    examples: tuple[PromptExample, ...] = (),
    texts: PromptTexts = _DEFAULT_TEXTS,
) -> Prompt:
    """Return the conversation that asks for `schema` on `page_text` (layout text, or plain words).

    The page is data: it is the last user turn as it stands. Engines break up what their chat template
    would take for a marker (`decoding.engines.chat_text`).
    """
    messages = [Message(role="system", content=system_text(schema, reasoning=reasoning, texts=texts))]
    for example in examples:
        messages.append(Message(role="user", content=example.layout_text))
        messages.append(Message(role="assistant", content=example.answer_json))
    messages.append(Message(role="user", content=page_text))
    return Prompt(messages=tuple(messages))
