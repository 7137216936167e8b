"""Questions in the words of the schemas that ship with the service."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from schemas.registry import get_schema
from schemas.spec import ArraySpec, FieldSpec, ObjectSpec, Spec
from training.synthesis.asking import Ask, AskRows, Question

# The shipped schema for each kind of document that has one.
SHIPPED_NAMES = {
    "receipt": "receipt",
    "invoice": "invoice",
    "order": "purchase_order",
    "statement": "bank_statement",
    "form": "generic_form",
}
# The generator's tags where they are not the schema's keys.
_TAGS = {"currency_code_amount_due": "currency"}
_ROW_TAGS = {"unit_price_net": "unit_price", "unit_price_gross": "unit_price", "amount_net": "amount"}


@lru_cache
def shipped_question(kind: str) -> Question:
    """Return the shipped schema for documents of `kind`, all of its fields in its own order."""
    root = get_schema(SHIPPED_NAMES[kind]).root
    return tuple(_ask(key, spec, kind) for key, spec in root.properties)


def _ask(key: str, spec: Spec, kind: str) -> Ask | AskRows:
    if isinstance(spec, FieldSpec):
        return _scalar(key, spec, _TAGS.get(key, key))
    if isinstance(spec, ArraySpec) and isinstance(spec.item, ObjectSpec):
        return AskRows(key=key, description=spec.description, columns=tuple(_columns(spec.item, kind)))
    raise ValueError(f"the generator asks for scalars and rows, got {key} of {kind}")


def _columns(item: ObjectSpec, kind: str) -> Iterator[Ask]:
    for key, spec in item.properties:
        if not isinstance(spec, FieldSpec):
            raise ValueError(f"the generator draws flat rows, got {key} of {kind}")
        # Tickets print prices with tax, bills without.
        is_gross_amount = kind == "receipt" and key == "amount_gross"
        yield _scalar(key, spec, "amount" if is_gross_amount else _ROW_TAGS.get(key, key))


def _scalar(key: str, spec: FieldSpec, tag: str) -> Ask:
    values = tuple(str(value) for value in spec.enum_values if value is not None)
    return Ask(key=key, tag=tag, kind=spec.kind, description=spec.description, enum_values=values)
