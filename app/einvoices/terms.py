"""The terms of an invoice in an extraction, by the names of its fields, in normal form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from app.einvoices.units import unit_code
from schemas.einvoices.names import COLUMN_TERMS, FIELD_TERMS, LIST_NAMES, fold_name
from schemas.extraction import Extraction
from schemas.spec import Path, json_path
from schemas.walk import scalars

_NUMBERS = ("amount_", "quantity", "unit_price", "tax_rate")
_DATES = ("date_",)
UNCLEAR = "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class InvoiceTerms:
    """What an extraction says of an invoice.

    Attributes
    ----------
    fields, rows
        Values by term (`schemas.einvoices.names`); amounts as Decimal texts, dates in ISO form.
    paths
        Where each field of the invoice stands in the extraction.
    unclear
        Paths of amounts and dates that have no normal form: they can be read in two ways, or in none. In a
        row such a value stands under its term with `UNCLEAR` behind it.
    currency
        The ISO 4217 code that is printed beside its amounts, if it is one for all.
    """

    fields: Mapping[str, str]
    rows: tuple[Mapping[str, str], ...] = ()
    paths: Mapping[str, str] = field(default_factory=dict[str, str])
    unclear: Mapping[str, str] = field(default_factory=dict[str, str])
    currency: str | None = None


def invoice_terms(extraction: Extraction) -> InvoiceTerms:
    """Return the terms of an extraction, whatever its schema; values under other names are none."""
    value, metadata = extraction.output.value, extraction.output.metadata
    fields: dict[str, str] = {}
    paths: dict[str, str] = {}
    unclear: dict[str, str] = {}
    rows: dict[tuple[Path, int], dict[str, str]] = {}
    for path, said in scalars(value):
        term, row = _term_of(path)
        if term is None or said is None:
            continue
        entry = metadata.get(json_path(path))
        text = _normal(term, said, None if entry is None else entry.normalised)
        if term == "units_of_measure" and (entry is None or entry.source == "page"):
            text = unit_code(str(said))  # in XML it is a code already
        if text is None and row is not None:
            rows.setdefault(row, {})[f"{term}{UNCLEAR}"] = str(said)
        elif text is None:
            unclear[term] = json_path(path)
        elif row is None:
            fields.setdefault(term, text)
            paths.setdefault(term, json_path(path))
        else:
            rows.setdefault(row, {})[term] = text
    currencies = {entry.currency for entry in metadata.values() if entry.currency is not None}
    return InvoiceTerms(
        fields=fields,
        rows=tuple(rows[key] for key in sorted(rows, key=lambda key: key[1])),
        paths=paths,
        unclear=unclear,
        currency=currencies.pop() if len(currencies) == 1 else None,
    )


def _term_of(path: Path) -> tuple[str | None, tuple[Path, int] | None]:
    """Return the term of a leaf, and the list and number of the row that it is in."""
    if len(path) == 3 and isinstance(path[1], int) and isinstance(path[2], str):
        is_line = fold_name(str(path[0])) in LIST_NAMES
        return (COLUMN_TERMS.get(fold_name(path[2])) if is_line else None), ((path[0],), path[1])
    if any(isinstance(part, int) for part in path):
        return None, None
    return FIELD_TERMS.get(fold_name("_".join(map(str, path)))), None


def _normal(term: str, said: JsonValue, normalised: str | None) -> str | None:
    if term.startswith((*_NUMBERS, *_DATES)):
        return normalised
    return " ".join(str(said).split()) or None
