"""Numbers with a check: right ones pass, one wrong digit does not, and what is none is left alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decoding.checks.check_digits import check_digits, holds_mod_10, holds_mod_97
from decoding.grounding.result import GroundedField, GroundedRow, GroundedTable, GroundingResult
from schemas.extraction import FieldMetadata
from schemas.spec import FieldSpec

# Published examples: ISO 13616's registry (DE, GB), ISO 11649's reference, GS1's GTIN-13 and GTIN-8.
DE, GB, RF = "DE89 3704 0044 0532 0130 00", "GB82WEST12345698765432", "RF18 5390 0754 7034"
EAN, SHORT = "4006381333931", "73513537"


def failing(key: str, value: str | None) -> tuple[str, ...]:
    field = GroundedField(spec=FieldSpec(kind="verbatim"), value=value, metadata=FieldMetadata())
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


@given(st.text("0123456789", min_size=7, max_size=13), st.integers(0, 20), st.integers(1, 9))
def test_every_single_wrong_digit_of_a_gtin_is_found(body: str, at: int, by: int) -> None:
    right = next(body + str(d) for d in range(10) if holds_mod_10(body + str(d)))
    place = at % len(right)
    changed = str((int(right[place]) + by) % 10)
    assert not holds_mod_10(right[:place] + changed + right[place + 1 :])


@given(st.text("0123456789ABCXYZ", min_size=11, max_size=30), st.integers(0, 50), st.integers(1, 9))
def test_every_single_wrong_digit_of_an_iban_is_found(body: str, at: int, by: int) -> None:
    check = next(f"{n:02}" for n in range(2, 99) if holds_mod_97(f"DE{n:02}{body}"))
    right = f"DE{check}{body}"
    digits = [i for i, char in enumerate(right) if char.isdigit()]
    place = digits[at % len(digits)]
    changed = str((int(right[place]) + by) % 10)
    assert not holds_mod_97(right[:place] + changed + right[place + 1 :])
