"""What the values of a data set are - amounts, dates or texts - as a schema says it, or guessed from gold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from pydantic import BaseModel, ConfigDict, Field

from eval.datasets import GoldRecord
from eval.kie import ValueKind, gold_values
from eval.predictions import ROWS_KEY
from schemas.spec import ExtractionSchema, FieldKind, field_paths, json_path, row_path
from schemas.values import parse_amount, parse_date

_N_GUESSED_FROM = 10_000
# Of a field's gold values, in transcripts of any care, that its kind must explain.
_GUESSED_SHARE = 0.9
_DECIMALS = re.compile(r"\d[.,]\d{1,2}(?!\d)")
_PADDED = re.compile(r"\d[.,]\d+00$")  # of programs that print more decimals than there are: "10.0000"
_PADDED_SHARE = 0.5
_OF_FIELD_KIND: Mapping[FieldKind, ValueKind] = {
    "amount": "amount",
    "number": "amount",
    "integer": "amount",
    "date": "date",
    "iso_date": "date",
}


class Kinds(BaseModel):
    """How the fields of a data set, and the columns of its rows, are compared once normalised."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fields: Mapping[str, ValueKind] = Field(default_factory=dict[str, ValueKind])
    columns: Mapping[str, ValueKind] = Field(default_factory=dict[str, ValueKind])

    def over(self, other: Kinds) -> Kinds:
        """Return these kinds, and those of `other` for what has none here."""
        return Kinds(fields={**other.fields, **self.fields}, columns={**other.columns, **self.columns})


def value_kind(kind: FieldKind) -> ValueKind:
    """Return how values of a schema's field are compared."""
    return _OF_FIELD_KIND.get(kind, "text")


def schema_kinds(schema: ExtractionSchema, *, rows: str = ROWS_KEY) -> Kinds:
    """Return the kinds of a schema's fields by their JSON paths, and of the columns of its list `rows`."""
    fields: dict[str, ValueKind] = {}
    names: dict[str, ValueKind] = {}  # prediction files have the top's fields by their plain names
    columns: dict[str, ValueKind] = {}
    for path, field in field_paths(schema.root):
        *above, key = path
        if row_path(path) is None:
            fields[json_path(path)] = value_kind(field.kind)
        if isinstance(key, str) and not above:
            names[key] = value_kind(field.kind)
        if isinstance(key, str) and above == [rows, 0]:
            columns[key] = value_kind(field.kind)
    return Kinds(fields={**names, **fields}, columns=columns)


def guess_kinds(gold: Iterable[GoldRecord]) -> Kinds:
    """Return the kind of each field and column, from its gold values (the first 10,000 different ones).

    It is a date if nine in ten of them are, an amount if nine in ten are and one has decimals or half are
    padded by zeros (numbers of documents and telephones do neither), else text.
    """
    records = tuple(gold)
    rows = [row for record in records for row in record.line_items or ()]
    return Kinds(
        fields=_guess({name: record.accepted(name) for name in record.kie} for record in records),
        columns=_guess({name: gold_values(value) for name, value in row.items()} for row in rows),
    )


def _guess(gold: Iterable[Mapping[str, Iterable[str]]]) -> dict[str, ValueKind]:
    texts: dict[str, dict[str, None]] = {}
    for document in gold:
        for name, values in document.items():
            known = texts.setdefault(name, {})
            if len(known) < _N_GUESSED_FROM:
                known.update(dict.fromkeys(values))
    return {name: _guess_kind(tuple(values)) for name, values in texts.items()}


def _guess_kind(texts: tuple[str, ...]) -> ValueKind:
    def most(reads: Callable[[str], object]) -> bool:
        return sum(reads(text) is not None for text in texts) >= max(1, _GUESSED_SHARE * len(texts))

    if most(parse_date):
        return "date"
    n_padded = sum(_PADDED.search(text) is not None for text in texts)
    has_decimals = any(map(_DECIMALS.search, texts)) or n_padded > _PADDED_SHARE * len(texts)
    return "amount" if has_decimals and most(parse_amount) else "text"
