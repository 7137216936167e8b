"""Marks become ISO codes only where they name one currency."""

from __future__ import annotations

import pytest
from babel.core import Locale, get_global
from babel.numbers import get_currency_precision

from schemas.values.currency import (
    GROUP_SIGNS,
    ISO_4217,
    NO_MINOR_UNIT,
    THREE_DECIMALS,
    currency_code,
    is_currency_mark,
    letter_mark_code,
    possible_currencies,
    says_currency,
)


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


def test_currencies_with_three_decimals_are_those_of_cldr() -> None:
    assert {code for code in ISO_4217 if get_currency_precision(code) == 3} == THREE_DECIMALS


@pytest.mark.parametrize("code", sorted(GROUP_SIGNS))
def test_currency_is_grouped_as_at_home(code: str) -> None:
    # A code begins with its country; the country's first language is the one that CLDR thinks likely.
    home = Locale.parse(f"und_{code[:2]}")
    assert home.number_symbols["latn"]["group"] == GROUP_SIGNS[code]


def test_code_beside_a_sign_names_the_currency_unless_they_contradict_each_other() -> None:
    assert [currency_code(mark) for mark in ("AUD$", "$USD", "€EUR", "EUR$", "KWD$")] == [
        "AUD", "USD", "EUR", None, None,
    ]  # fmt: skip


def test_letters_are_marks_beside_money_only() -> None:
    assert [letter_mark_code(mark) for mark in ("SR", "K.D.", "sr", "XY")] == ["SAR", "KWD", None, None]
    assert not is_currency_mark("SR")
    assert possible_currencies("SR") == {"SAR"}


def test_code_that_is_a_word_says_no_currency() -> None:
    assert [says_currency(word) for word in ("ALL", "TOP", "KWD", "RM", "Total")] == [
        None, None, "KWD", "MYR", None,
    ]  # fmt: skip
