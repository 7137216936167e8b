"""What values are, as a schema says it or gold shows it."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from eval.datasets import GoldRecord
from eval.kinds import Kinds, guess_kinds, schema_kinds
from schemas.registry import from_json_schema


def _record(number: int, kie: dict[str, str], *rows: dict[str, str]) -> GoldRecord:
    return GoldRecord.model_validate(
        {
            "id": str(number),
            "file": "f",
            "dataset": "d",
            "doc_type": "t",
            "kie": kie,
            "line_items": list(rows),
        }
    )


def test_kinds_are_guessed_from_a_fields_values() -> None:
    gold = [
        _record(1, {"total": "9.00", "date": "2026-03-12", "tel": "03 5542", "page": "1", "none": ""}),
        _record(2, {"total": "12", "date": "12 March 2026", "tel": "n/a", "page": "2"}),
    ]
    assert guess_kinds(gold).fields == {
        "total": "amount",
        "date": "date",
        "tel": "text",
        "page": "text",
        "none": "text",
    }


def test_one_odd_value_of_many_makes_no_text() -> None:
    gold = [_record(i, {"total": f"{i}.50", "few": f"{i}.50"}) for i in range(10)]
    gold.append(_record(10, {"total": "illegible"}))
    gold.append(_record(11, {"few": "x"}))
    gold.append(_record(12, {"few": "y"}))
    assert guess_kinds(gold).fields == {"total": "amount", "few": "text"}


def test_quantities_of_four_decimals_are_amounts_and_versions_of_three_are_not() -> None:
    rows = [{"quantity": f"{i}.0000", "version": "1.234", "number": f"2024.{i:04}"} for i in range(1, 20)]
    found = guess_kinds([_record(1, {}, *rows)]).columns
    assert found == {"quantity": "amount", "version": "text", "number": "text"}


def test_a_schema_says_what_its_fields_are() -> None:
    def of(kind: str) -> dict[str, object]:
        return {"type": ["string", "null"], "x-rasg-kind": kind}

    row = {"type": "object", "properties": {"quantity": of("amount"), "name": of("verbatim")}}
    properties = {
        "total": of("amount"),
        "due.on": of("date"),
        "count": {"type": ["integer", "null"]},
        "seller": {"type": "object", "properties": {"id": of("verbatim"), "owed": of("amount")}},
        "line_items": {"type": "array", "items": row},
        "notes": {"type": "array", "items": of("verbatim")},
        "seller.owed": of("verbatim"),
    }
    found = schema_kinds(from_json_schema({"type": "object", "properties": properties}, name="x"))
    assert {key: kind for key, kind in found.fields.items() if kind != "text"} == {
        "total": "amount",
        "due.on": "date",
        '["due.on"]': "date",
        "count": "amount",
        "seller.owed": "amount",
    }
    assert found.columns == {"quantity": "amount", "name": "text"}


def test_what_is_known_goes_over_what_is_guessed() -> None:
    known = Kinds(fields={"a": "amount"}).over(
        Kinds(fields={"a": "text", "b": "date"}, columns={"c": "text"})
    )
    assert known == Kinds(fields={"a": "amount", "b": "date"}, columns={"c": "text"})


def test_a_misspelt_key_is_refused() -> None:
    with pytest.raises(ValidationError):
        Kinds.model_validate({"feilds": {"a": "amount"}})
