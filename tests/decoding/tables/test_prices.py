from __future__ import annotations

from decimal import Decimal

import pytest

from decoding.tables.prices import are_cents_apart, looks_like_price, price_of


@pytest.mark.parametrize(
    "text", ["$3,500,00", "75*00", "6,762.OO", "I,193.57", "l,24", "6g0,40", "17,544-00", "2,740-23"]
)
def test_a_price_with_one_misread_sign_looks_like_one(text: str) -> None:
    assert looks_like_price(text)


@pytest.mark.parametrize(
    "text", ["", "9", "20748", "12-31", "12.01.95", "No.12", "10:30", "so.so", "[8.09]", "1" * 5000 + ".00"]
)
def test_dates_numbers_times_words_and_endless_texts_do_not(text: str) -> None:
    assert not looks_like_price(text)


def test_an_amount_is_read_only_where_all_of_its_figures_are_sure() -> None:
    assert price_of("$3,500,00") == Decimal("3500.00")
    assert price_of("(17,544-00)") == Decimal("-17544.00")
    assert price_of("6,762.OO") is None


def test_cents_may_stand_apart_from_thousands_or_be_none() -> None:
    assert are_cents_apart("3,019", "63")
    assert are_cents_apart("2500", "00")
    assert not are_cents_apart("2500", "63")
    assert not are_cents_apart("3,019", "6")
