"""Which schema a document is asked with: the caller's, or the shipped one for the kind that it is of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from decoding.kinds.classify import rank_kinds
from schemas.document import Document
from schemas.extraction import KINDS, DocumentKind, Extraction, ExtractionWarning, KindName
from schemas.registry import get_schema, list_schemas, load_schema
from schemas.spec import ExtractionSchema

# What a caller asks with: a schema, or to have the shipped one chosen for each document by its kind.
AUTO: Literal["auto"] = "auto"
SCHEMA_HELP = "A shipped schema's name, a JSON Schema, or `auto`: the shipped one for each document's kind."
SchemaChoice = ExtractionSchema | Literal["auto"]

# Where it is less sure than this of what a document is, a person should look; and from so sure on it is said
# that the caller's choice may be wrong (docs/results/kinds.md).
MIN_KIND_CONFIDENCE = 0.7
MIN_MISFIT_CONFIDENCE = 0.9
# What carries an e-invoice is one, whatever its page looks like.
_E_INVOICE: tuple[tuple[KindName, float], ...] = (("invoice", 1.0), ("other", 0.0))
# Of documents of no kind that has a schema, labels and values are better than nothing.
_FOR_OTHERS = "generic_form"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenSchema:
    """A schema for a document, what kind of document it is, and what is doubtful about either."""

    schema: ExtractionSchema
    kind: DocumentKind
    warnings: tuple[ExtractionWarning, ...] = ()


def is_auto(asked: str) -> bool:
    """Return whether the text asks to have the schema chosen."""
    return asked.strip().lower() == AUTO


def load_choice(asked: str) -> SchemaChoice:
    """Return "auto" or the schema that the text names or is, as `load_schema`; never for text of a request.

    Raises
    ------
    UnknownSchemaError, InvalidSchemaError
        As `load_schema`.
    """
    return AUTO if is_auto(asked) else load_schema(asked)


def possible_schemas(asked: SchemaChoice) -> tuple[ExtractionSchema, ...]:
    """Return the schemas that documents may be asked with: the one, or all that ship."""
    return list_schemas() if asked == AUTO else (asked,)


def choose_schema(asked: SchemaChoice, document: Document) -> ChosenSchema:
    """Return the schema for a document that has been read; what it doubts asks for a review.

    A caller's own schema is never doubted, and the generic form fits everything.
    """
    ranked = _E_INVOICE if document.einvoice is not None else rank_kinds(document)
    name, confidence = ranked[0]
    kind = DocumentKind(name=name, confidence=confidence)
    if asked != AUTO:
        return ChosenSchema(schema=asked, kind=kind, warnings=_warn_of_misfit(asked, kind))
    schema = get_schema(_FOR_OTHERS if name == "other" else name)
    return ChosenSchema(schema=schema, kind=kind, warnings=_warn_of_choice(schema, ranked))


def answered_schema(asked: SchemaChoice, extraction: Extraction) -> ExtractionSchema:
    """Return the schema that an extraction answers: the one asked for, or the shipped one that was chosen."""
    return get_schema(extraction.schema_name) if asked == AUTO else asked


def _warn_of_choice(
    schema: ExtractionSchema, ranked: Sequence[tuple[KindName, float]]
) -> tuple[ExtractionWarning, ...]:
    (name, confidence), (second, second_confidence) = ranked[:2]
    warnings: list[ExtractionWarning] = []
    if name == "other":
        message = (
            f"no shipped schema is for this kind of document ({confidence:.2f}); it was read as "
            f"{schema.name}. Name a schema if it is something else"
        )
        warnings.append(ExtractionWarning(code="kind_without_schema", message=message))
    if confidence < MIN_KIND_CONFIDENCE:
        message = (
            f"it is not sure what kind of document this is: {name} ({confidence:.2f}) or {second} "
            f"({second_confidence:.2f}); it was read as {schema.name}"
        )
        warnings.append(ExtractionWarning(code="kind_in_doubt", message=message))
    return tuple(warnings)


def _warn_of_misfit(schema: ExtractionSchema, kind: DocumentKind) -> tuple[ExtractionWarning, ...]:
    if kind.confidence < MIN_MISFIT_CONFIDENCE or kind.name == schema.name or not _is_for_a_kind(schema):
        return ()
    what = "none of the kinds that schemas ship for" if kind.name == "other" else f"of the kind {kind.name}"
    message = f"the document seems to be {what} ({kind.confidence:.2f}), and it was read as {schema.name}"
    return (ExtractionWarning(code="schema_may_not_fit", message=message),)


def _is_for_a_kind(schema: ExtractionSchema) -> bool:
    """Return whether it is a shipped schema of one kind; a caller's may bear the same name."""
    return schema.name in KINDS and schema.name != "other" and schema == get_schema(schema.name)
