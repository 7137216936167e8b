"""Numbers with a check: right ones pass, one wrong digit does not, and what is none is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decoding.checks.check_digits import check_digits
from decoding.codes import check_holds
from decoding.grounding.result import GroundedField, GroundedRow, GroundedTable, GroundingResult
from schemas.extraction import FieldMetadata
from schemas.spec import FieldSpec

# Published examples: ISO 13616's registry (DE, GB), ISO 11649's reference, GS1's GTIN-13 and GTIN-8.
DE, GB, RF = "DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "RF18 5390 0754 7034"
EAN, SHORT = "4006381333931", "73513537"


def failing(key: str, value: str | None, code_format: str | None = None) -> tuple[str, ...]:
    spec = FieldSpec(kind="verbatim", code_format=code_format)
    field = GroundedField(spec=spec, value=value, metadata=FieldMetadata())
    row = GroundedRow(path=("rows", 0), cells={(key,): field})
    table = GroundedTable(path=("rows",), rows=(row,))
    found = check_digits(GroundingResult(fields={(key,): field}, tables=(table,), warnings=()))
    return tuple(warning.path or "" for warning in found)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("iban", DE),
        ("seller_iban", GB),
        ("iban", DE.lower()),
        ("payment_reference", RF),
        ("gtin", EAN),
        ("item_ean", SHORT),
        ("iban", "Konto 532013000"),
        ("iban", None),
        ("iban", ""),
        ("payment_reference", "2024-0815"),
        ("gtin", "12345"),
        ("total", "4006381333932"),
        ("caribean", "4006381333932"),
    ],
)
def test_right_numbers_and_what_is_no_such_number_pass(key: str, value: str | None) -> None:
    assert failing(key, value) == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("iban", DE.replace("37", "73")),
        ("iban", "DE89 3704 0044 0532 0130 01"),
        ("payment_reference", RF.replace("18", "19")),
        ("gtin", EAN[:-1] + "2"),
    ],
)
def test_a_wrong_or_swapped_digit_is_told_of_in_fields_and_cells(key: str, value: str) -> None:
    assert failing(key, value) == (key, f"rows[0].{key}")


@pytest.mark.parametrize(
    ("form", "value"),
    [
        ("iban", "DE89 3704 0044 0532 0130 01"),
        ("iban", "DE12 1234 4321 9876 00"),  # 18 characters, where Germany's have 22
        ("eu_vat", "DE136695977"),
        ("gtin", "4 006381 333932"),
        ("tax_id", "ATU13585628"),
        ("tax_id:br", "11.222.333/0001-82"),
    ],
)
def test_a_field_of_a_form_is_checked_whatever_its_key(form: str, value: str) -> None:
    assert failing("number", value) == ()
    assert failing("number", value, form) == ("number", "rows[0].number")


@pytest.mark.parametrize(
    ("form", "value"),
    [("tax_id", "12/345/67890"), ("bic", "DEUTDEFF500"), ("currency", "EUR"), ("iban", DE), ("iban", "n/a")],
)
def test_what_has_no_check_or_passes_it_is_not_doubted(form: str, value: str) -> None:
    assert failing("number", value, form) == ()


@given(st.text("0123456789", min_size=12, max_size=13), st.integers(0, 20), st.integers(1, 9))
def test_every_single_wrong_digit_of_a_gtin_is_found(body: str, at: int, by: int) -> None:
    right = next(body + str(d) for d in range(10) if check_holds(body + str(d), "gtin"))
    place = at % len(right)
    changed = str((int(right[place]) + by) % 10)
    assert not check_holds(right[:place] + changed + right[place + 1 :], "gtin")


@given(st.text("0123456789", min_size=18, max_size=18), st.integers(0, 50), st.integers(1, 9))
def test_every_single_wrong_digit_of_an_iban_is_found(body: str, at: int, by: int) -> None:
    right = next(f"DE{n:02}{body}" for n in range(2, 99) if check_holds(f"DE{n:02}{body}", "iban"))
    place = 2 + at % (len(right) - 2)
    changed = str((int(right[place]) + by) % 10)
    assert not check_holds(right[:place] + changed + right[place + 1 :], "iban")
