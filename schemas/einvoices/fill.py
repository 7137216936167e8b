"""A caller's schema filled with what an e-invoice says, as far as its fields mean the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from schemas.einvoices.model import EInvoice
from schemas.einvoices.names import COLUMN_TERMS, FIELD_TERMS, LIST_NAMES, fold_name
from schemas.einvoices.values import is_iban_like, read_day, read_number
from schemas.spec import (
    DEFAULT_MAX_LENGTH,
    ArraySpec,
    ExtractionSchema,
    FieldSpec,
    ObjectSpec,
    Path,
    Spec,
    allows_null,
)

# UNTDID 1001: what a document is; credit notes give money back.
CREDIT_NOTES = frozenset({"81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What the XML answers of a schema, and what it leaves open.

    Attributes
    ----------
    values
        By path: scalars, null where the invoice does not have the term, and whole lists of rows.
    terms
        The term of each leaf that has a value, by its path; those in rows too.
    open
        Paths of fields and lists, outside of rows, that the XML does not answer.
    """

    values: Mapping[Path, JsonValue] = field(default_factory=dict[Path, JsonValue])
    terms: Mapping[Path, str] = field(default_factory=dict[Path, str])
    open: tuple[Path, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Return whether the XML says nothing that the schema asks for."""
        return not self.terms


def fill_schema(schema: ExtractionSchema, invoice: EInvoice) -> Filled:
    """Return what an e-invoice answers of a schema.

    A field is answered if its key, or its keys down from the top joined by `_`, is a name of a term
    (`schemas.einvoices.names`); a list if it is named as the lines of an invoice and a column of it is known.
    Columns that the XML does not know are null. Of a whole invoice, one with lines, a term that is not there
    is null; less than that (Factur-X MINIMUM, BASIC WL) says nothing by not saying it, and a value that must
    not be null or does not fit the field leaves it open as well.
    """
    said = {**invoice.fields, **_document_types(invoice)}
    values: dict[Path, JsonValue] = {}
    terms: dict[Path, str] = {}
    left_open: list[Path] = []
    for path, spec in _askable(schema.root, ()):
        if isinstance(spec, ArraySpec):
            rows = _rows(spec, invoice.rows) if path and fold_name(str(path[-1])) in LIST_NAMES else None
            if rows is None:
                left_open.append(path)
                continue
            values[path] = [dict(row) for row, _ in rows]
            terms |= {
                (*path, n, *key): term for n, (_, known) in enumerate(rows) for key, term in known.items()
            }
            continue
        term = _term_of(path, FIELD_TERMS)
        value = None if term is None else _value(spec, said.get(term))
        if term is not None and value is not None:
            values[path], terms[path] = value, term
        elif term is not None and term not in said and invoice.rows and allows_null(spec):
            values[path] = None
        else:
            left_open.append(path)
    return Filled(values=values, terms=terms, open=tuple(left_open))


def _document_types(invoice: EInvoice) -> dict[str, str]:
    code = invoice.fields.get("type_code")
    return {} if code is None else {"document_type": "credit_note" if code in CREDIT_NOTES else "invoice"}


def _askable(spec: Spec, path: Path) -> Iterator[tuple[Path, FieldSpec | ArraySpec]]:
    """Yield what can be asked for by itself: fields and lists, at any depth of objects."""
    if isinstance(spec, ObjectSpec):
        for key, child in spec.properties:
            yield from _askable(child, (*path, key))
    else:
        yield path, spec


def _term_of(path: Path, terms: Mapping[str, str]) -> str | None:
    """Return the term that a field is named after; of one in an object, by the names of both."""
    return terms.get(fold_name("_".join(map(str, path))))


_Row = tuple[Mapping[str, JsonValue], Mapping[Path, str]]


def _rows(spec: ArraySpec, lines: Sequence[Mapping[str, str]]) -> list[_Row] | None:
    """Return each line as a row with its terms; None if the list is not of lines, or cannot hold them."""
    if not isinstance(spec.item, ObjectSpec) or not spec.min_items <= len(lines) <= spec.max_items:
        return None
    columns = [(key, child, _term_of((key,), COLUMN_TERMS)) for key, child in spec.item.properties]
    if not lines or all(term is None for _, _, term in columns):
        return None
    rows: list[_Row] = []
    for line in lines:
        row: dict[str, JsonValue] = {}
        terms: dict[Path, str] = {}
        for key, child, term in columns:
            said = None if term is None or not isinstance(child, FieldSpec) else line.get(term)
            value = _value(child, said) if isinstance(child, FieldSpec) else _nothing(child)
            if value is None and not allows_null(child):
                return None
            row[key] = value
            if term is not None and said is not None and value is not None:
                terms[key,] = term
        rows.append((row, terms))
    return rows


def _nothing(spec: Spec) -> JsonValue:
    return [] if isinstance(spec, ArraySpec) and not spec.nullable and not spec.min_items else None


def _value(spec: FieldSpec, text: str | None) -> JsonValue:
    """Return a text as the field has its values; None if it cannot be one."""
    is_too_long = spec.max_length != DEFAULT_MAX_LENGTH and len(text or "") > spec.max_length
    if text is None or is_too_long:
        return None
    if spec.kind == "enum":
        return text if text in spec.enum_values else None
    if spec.kind == "iso_date":
        return read_day(text)
    if spec.code_format == "iban" and not is_iban_like(text):  # a number of an account that is none
        return None
    if spec.kind in ("number", "integer"):
        number = read_number(text)
        if number is None or (spec.kind == "integer" and number != int(number)):
            return None
        return int(number) if spec.kind == "integer" else float(number)
    return None if spec.kind == "boolean" else text
