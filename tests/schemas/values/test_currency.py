"""Marks become ISO codes only where they name one currency."""

from __future__ import annotations

import pytest
from babel.core import get_global

from schemas.values.currency import ISO_4217, NO_MINOR_UNIT, currency_code, is_currency_mark


@pytest.mark.parametrize("code", sorted(ISO_4217))
def test_every_code_in_capitals_names_itself(code: str) -> None:
    assert currency_code(code) == code


@pytest.mark.parametrize(
    ("mark", "code"),
    [("€", "EUR"), ("£", "GBP"), ("RM", "MYR"), ("zł", "PLN"), ("R$", "BRL"), ("eur", "EUR")],
)
def test_mark_of_one_currency_names_it(mark: str, code: str) -> None:
    assert currency_code(mark) == code


@pytest.mark.parametrize("mark", ["$", "¥", "kr", "Rs.", "Fr."])
def test_shared_mark_is_a_mark_without_a_code(mark: str) -> None:
    assert is_currency_mark(mark)
    assert currency_code(mark) is None


@pytest.mark.parametrize("word", ["all", "top", "try", "cup", "pen", "Total", "", "kg", "XYZ"])
def test_ordinary_word_is_no_currency(word: str) -> None:
    assert not is_currency_mark(word)


def test_codes_without_minor_unit_agree_with_cldr() -> None:
    fractions = get_global("currency_fractions")
    # CLDR rounds some currencies to whole units in practice that ISO 4217 gives decimals, never the reverse.
    assert all(fractions[code][0] == 0 for code in NO_MINOR_UNIT)
    assert NO_MINOR_UNIT <= ISO_4217
