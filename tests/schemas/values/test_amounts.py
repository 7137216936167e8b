"""Printed amounts in every locale's notation become the Decimal that was printed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from babel.numbers import format_currency, format_decimal, get_decimal_symbol
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.values import looks_like_amount, parse_amount
from schemas.values.amounts import MAX_CHARACTERS

_LOCALES = (
    "en_US", "en_GB", "en_IN", "de_DE", "de_CH", "de_AT", "fr_FR", "fr_CH", "es_ES", "es_MX", "it_IT",
    "nl_NL", "ms_MY", "pt_BR", "pt_PT", "pl_PL", "sv_SE", "cs_CZ", "hi_IN", "ja_JP",
)  # fmt: skip
_CURRENCIES = ("EUR", "USD", "GBP", "CHF", "MYR", "INR", "BRL", "SEK", "PLN", "CZK")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-45,00 EUR", "-45.00"),
        ("45,00-", "-45.00"),
        ("(1,234.50)", "-1234.50"),
        ("12.50-", "-12.50"),
        ("12,50+", "12.50"),  # money in, on German statements
        ("12,50*)", "12.50"),
        ("99:-", "99"),
        ("$(5.00)", "-5.00"),
        ("-$5.00", "-5.00"),
        ("EUR -5,00", "-5.00"),
        ("\u22125.00", "-5.00"),  # Unicode minus
        ("1'234.50", "1234.50"),
        ("1\u2019234.50", "1234.50"),
        ("3 038,14", "3038.14"),
        ("3\u00a0038,14", "3038.14"),
        ("3\u202f038,14", "3038.14"),
        ("1 234 567,89", "1234567.89"),
        ("1,23,456.00", "123456.00"),
        ("RM8. 35", "8.35"),  # as a reader parts what is printed in one
        ("RM7 .90", "7.90"),
        ("1.234, 50", "1234.50"),
        ("RM35.00", "35.00"),
        ("$9.00", "9.00"),
        ("EUR 1.234,56", "1234.56"),
        ("1,234.56-", "-1234.56"),
        ("1.234.567", "1234567"),
        ("1234.567", "1234.567"),
        ("0,162 kg", "0.162"),
        (".00", "0.00"),
        ("45,-", "45"),
        ("12,--", "12"),
        ("19 %", "19"),
        ("2x", "2"),
        ("x 2", "2"),
        ("0,19 A", "0.19"),  # a tax class
        ("5.99T", "5.99"),
        ("Total: 35.00", "35.00"),
        ("27.", "27"),
        ("1,15 EUR/kg", "1.15"),
        ("\uffe517.99", "17.99"),  # full-width yen
        ("\u0661\u0662\u0663\u066b\u0664\u0665", "123.45"),  # Arabic digits and decimal separator
    ],
)
def test_amount_in_one_reading_is_its_value(text: str, value: str) -> None:
    parsed = parse_amount(text)
    assert parsed is not None
    assert not parsed.ambiguous
    assert (parsed.value, str(parsed.value)) == (Decimal(value), value)


@pytest.mark.parametrize("text", ["\uffe5{}", "{}円"])
def test_figures_as_wide_as_chinese_characters_are_read(text: str) -> None:
    parsed = parse_amount(text.format("\uff11\uff12\uff0c\uff15\uff10\uff10"))
    assert parsed is not None
    assert parsed.readings == (Decimal(12_500),)


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "EUR", "12.03.2026", "12/03/2026", "3@2.00", "12 34", "v5.00", "A-123", "10:22", "(5",
        "12,34.56", "1.2.3", "+49 89 123456", "SR1.5", "1" * 19, "5.00 6.00", "1,2345,678", "³", "12³",
        "--5", "1 EUR 2", "26. 11. 12", "1. 234", "12.50 .75", "8. 5",
    ],
)  # fmt: skip
def test_text_that_is_not_one_amount_is_none(text: str) -> None:
    assert parse_amount(text) is None
    assert not looks_like_amount(text)


@pytest.mark.parametrize("text", ["1.234", "1,234", "24,000", "-1.234", "$12.345", "123.456 EUR"])
def test_one_separator_before_three_digits_is_ambiguous(text: str) -> None:
    parsed = parse_amount(text)
    assert parsed is not None
    assert parsed.ambiguous
    assert parsed.value == 1000 * (parsed.alternative or 0)


@pytest.mark.parametrize(
    ("separator", "text", "value"),
    [(".", "1.234", "1.234"), (",", "1.234", "1234"), (".", "1,234", "1234"), (",", "1,234", "1.234")],
)
def test_document_separator_decides_an_ambiguous_amount(separator: str, text: str, value: str) -> None:
    parsed = parse_amount(text, decimal_separator="." if separator == "." else ",")
    assert parsed is not None
    assert (parsed.value, parsed.ambiguous) == (Decimal(value), False)


@pytest.mark.parametrize("text", ["12,50", "1.234,50", "3 038,14", "1.234.567,8"])
def test_document_separator_never_overrides_the_only_reading(text: str) -> None:
    assert parse_amount(text, decimal_separator=".") == parse_amount(text)


def test_leading_zero_is_no_group_of_thousands() -> None:
    parsed = parse_amount("0,520")
    assert parsed is not None
    assert (parsed.value, parsed.ambiguous) == (Decimal("0.520"), False)


def test_currency_without_minor_unit_decides_for_thousands() -> None:
    parsed = parse_amount("JPY 1,234")
    assert parsed is not None
    assert (parsed.value, parsed.ambiguous, parsed.currency) == (Decimal(1234), False, "JPY")


@pytest.mark.parametrize(
    "text", ["¥5,500", "￥5,500", "$5,500", "£5,500", "Rs 5,500", "UGX 5,500", "R$5.500", "Rp5.500"]
)
def test_mark_whose_currency_groups_by_that_sign_decides_for_thousands(text: str) -> None:
    parsed = parse_amount(text)
    assert parsed is not None
    assert (parsed.value, parsed.ambiguous) == (Decimal(5500), False)


@pytest.mark.parametrize(
    "text", ["€5,500", "$5.500", "5,500 USD", "$5,500 USD/l", "CHF 5.500", "5.500 kr", "KWD 5,500"]
)
def test_mark_that_does_not_decide_leaves_the_amount_ambiguous(text: str) -> None:
    parsed = parse_amount(text)
    assert parsed is not None
    assert parsed.readings == (Decimal(5500), Decimal("5.500"))


@pytest.mark.parametrize(
    "text", ["KWD 125.000", "125.000 KWD", "KD125.000", "BD 125.000", "TND 125,000", "125.000 د.ك"]
)
def test_currency_with_three_decimals_decides_for_decimals(text: str) -> None:
    parsed = parse_amount(text)
    assert parsed is not None
    assert (parsed.value, parsed.ambiguous) == (Decimal("125.000"), False)


@pytest.mark.parametrize(
    ("text", "currency", "readings"),
    [
        ("5,500", "JPY", ["5500"]),
        ("5.500", "VND", ["5500"]),
        ("12.500", "KWD", ["12.500"]),
        ("5.500", "JPY", ["5500", "5.500"]),  # yen are grouped by commas: perhaps no yen
        ("1,250", "KWD", ["1250", "1.250"]),
        ("1.250 kg", "KWD", ["1250", "1.250"]),  # no money
        ("5,500", "USD", ["5500", "5.500"]),
        ("$5.500", "KWD", ["5500", "5.500"]),  # prints its own
        ("5.500 kr", "DKK", ["5500", "5.500"]),  # behind the figures a mark decides nothing
        ("$15.500", "CLP", ["15500"]),  # a dollar sign is that of any country
        ("$12.500", "EUR", ["12500", "12.500"]),
        ("¥5.500", "JPY", ["5500"]),  # of the two currencies of the mark it is the document's
    ],
)
def test_currency_of_the_document_decides_for_money_without_cents_or_with_three_decimals(
    text: str, currency: str, readings: list[str]
) -> None:
    parsed = parse_amount(text, currency=currency)
    assert parsed is not None
    assert [str(value) for value in parsed.readings] == readings


@pytest.mark.parametrize(
    ("text", "separator", "currency", "readings"),
    [
        ("12.500", ".", "KWD", ["12.500"]),
        ("12.500", ",", "KWD", ["12500", "12.500"]),
        ("KWD 12.500", ",", None, ["12500", "12.500"]),
        ("$5,500", ",", None, ["5500", "5.500"]),
        ("5.500", ".", "VND", ["5500", "5.500"]),
        ("1,250", ".", "KWD", ["1250"]),  # the currency does not decide
        ("5.500円", ".", None, ["5500"]),  # yen have no decimals anywhere
    ],
)
def test_separator_of_the_document_that_contradicts_the_currency_decides_nothing(
    text: str, separator: str, currency: str | None, readings: list[str]
) -> None:
    parsed = parse_amount(text, decimal_separator="." if separator == "." else ",", currency=currency)
    assert parsed is not None
    assert [str(value) for value in parsed.readings] == readings


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("Rs.1,45,678/-", "145678"),
        ("₹45,678/-", "45678"),
        ("1,00,000.00/-", "100000.00"),
        ("UGX1,234,500/=", "1234500"),
        ("1.234,-", "1234"),
        ("1,234.-", "1234"),
        ("1,234/=", "1234"),
        ("45:-", "45"),
        ("1'234.—", "1234"),
        ("¥5,500-", "5500"),  # closes the amount, no minus
        ("JPY 5,500-", "-5500"),
    ],
)
def test_ending_that_stands_for_no_cents_is_no_minus_and_decides_for_thousands(text: str, value: str) -> None:
    parsed = parse_amount(text)
    assert parsed is not None
    assert (str(parsed.value), parsed.ambiguous) == (value, False)


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("S/1,234.50", "PEN"),
        ("S/.1,234.50", "PEN"),
        ("Tk.1,234.50", "BDT"),
        ("Ksh.1,234.50", "KES"),
        ("SR1,234.50", "SAR"),
        ("1,234.50 SR", "SAR"),
        ("RMB1,234.50", "CNY"),
        ("N1,234.50", "NGN"),
        ("AUD$1,234.50", "AUD"),
        ("US $1,234.50", "USD"),
        ("**$1,234.50**", None),
        ("1,234.50†", None),
        ("1 234,50 $ US", "USD"),
        ("1.234:50", None),
        ("1 234:50 kr", None),
        ("1234:50 SEK", "SEK"),
        ("P1,234.50", "PHP"),
        ("Q1,234.50", "GTQ"),
        ("L.1,234.50", "HNL"),
        ("Bs.1.234,50", None),
        ("$U1.234,50", "UYU"),
        ("Gs.1.234,50", "PYG"),
        ("RMB¥1,234.50", "CNY"),
    ],
)
def test_marks_of_many_countries_are_read_on_either_side(text: str, currency: str | None) -> None:
    parsed = parse_amount(text)
    assert parsed is not None
    assert (parsed.value, parsed.ambiguous, parsed.currency) == (Decimal("1234.50"), False, currency)


@pytest.mark.parametrize(
    "text", ["N12", "KD5", "BD1", "SR1.5", "10:22 kg", "10:22:30", "1,234:50", "EUR$5", "12/=3", "/-"]
)
def test_letters_and_colons_that_stand_for_something_else_are_no_amount(text: str) -> None:
    assert parse_amount(text) is None


@pytest.mark.parametrize(
    ("text", "currency", "mark"),
    [
        ("RM35.00", "MYR", "RM"),
        ("Eur154,40", "EUR", "Eur"),
        ("409.50USD", "USD", "USD"),
        ("$9.00", None, "$"),
        ("$ 5.00 USD", "USD", "$"),
        ("USD 5 EUR", None, "USD"),  # two currencies contradict each other
        ("12.00", None, None),
    ],
)
def test_currency_fails_closed(text: str, currency: str | None, mark: str | None) -> None:
    parsed = parse_amount(text)
    assert parsed is not None
    assert (parsed.currency, parsed.currency_mark) == (currency, mark)


@pytest.mark.parametrize(("text", "mark"), [("100.00 CR", "CR"), ("5 cr", "CR"), ("1.00 EUR DR", "DR")])
def test_credit_mark_is_reported_and_leaves_the_sign_alone(text: str, mark: str) -> None:
    parsed = parse_amount(text)
    assert parsed is not None
    assert parsed.credit_mark == mark
    assert parsed.value > 0


@given(
    value=st.decimals(min_value=-(10**9), max_value=10**9, places=2),
    locale=st.sampled_from(_LOCALES),
    grouped=st.booleans(),
)
def test_amount_formatted_in_any_locale_parses_back(value: Decimal, locale: str, grouped: bool) -> None:
    # Two decimals leave one reading whatever the separators are, so no document vote is needed.
    text = format_decimal(value, format="#,##0.00" if grouped else "0.00", locale=locale)
    parsed = parse_amount(text)
    assert parsed is not None, text
    assert (parsed.value, parsed.ambiguous) == (value, False)


@given(
    value=st.decimals(min_value=-(10**7), max_value=10**7, places=2),
    locale=st.sampled_from(_LOCALES),
    currency=st.sampled_from(_CURRENCIES),
)
def test_currency_amount_formatted_in_any_locale_parses_back(
    value: Decimal, locale: str, currency: str
) -> None:
    parsed = parse_amount(format_currency(value, currency, locale=locale))
    assert parsed is not None, format_currency(value, currency, locale=locale)
    assert parsed.value == value
    assert parsed.currency in (currency, None)


@given(value=st.integers(min_value=-(10**9), max_value=10**9), locale=st.sampled_from(_LOCALES))
def test_whole_amount_keeps_the_printed_value_among_its_readings(value: int, locale: str) -> None:
    text = format_decimal(value, locale=locale)
    parsed = parse_amount(text)
    assert parsed is not None, text
    assert value in (parsed.value, parsed.alternative)
    if parsed.ambiguous:
        separator = get_decimal_symbol(locale)
        decided = parse_amount(text, decimal_separator="." if separator == "." else ",")
        assert decided is not None
        assert decided.value == value


@given(text=st.text(max_size=2 * MAX_CHARACTERS))
@example("9" * MAX_CHARACTERS)
@example("1" + "'123" * 11)
@example(".,.,.,5")
def test_any_text_parses_or_is_none(text: str) -> None:
    assert (parse_amount(text) is not None) == looks_like_amount(text)


@given(text=st.text(alphabet="0123456789.,'- ()%$EURCx\u00a0", max_size=24))
def test_texts_like_amounts_never_raise_and_stay_finite(text: str) -> None:
    parsed = parse_amount(text)
    if parsed is not None:
        assert parsed.value.is_finite()
        assert abs(parsed.value) < 10**18


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1,5 Mio. EUR", "1500000"),
        ("$2.5bn", "2500000000"),
        ("EUR 1.25m", "1250000"),
        ("$5k", "5000"),
        ("-$1.2M", "-1200000"),
        ("USD (1.5m)", "-1500000"),
        ("TEUR 1.234,50", "1234500"),
        ("12,50 k€", "12500"),
        ("₹ 2.50 lakh", "250000"),
        ("1.25 crore", "12500000"),
        ("2,50 тыс. руб.", "2500"),  # noqa: RUF001
        ("1.5万円", "15000"),
        ("Rp 1,5 juta", "1500000"),
        ("5 m", "5"),  # metres
        ("$12.50 MN", "12.50"),  # pesos
        ("12.50 T", "12.50"),
        ("EUR 12,50 B", "12.50"),  # a tax class
        ("Rs 125.00 Cr", "125.00"),  # a credit
    ],
)
def test_what_multiplies_the_figures_is_reckoned_in(text: str, value: str) -> None:
    parsed = parse_amount(text)
    assert parsed is not None
    assert parsed.readings == (Decimal(value),)


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("$1.25M", ["1250000", "1.25"]),  # millions, or a tax class
        ("$ 1.50 K", ["1500", "1.50"]),
        ("₹1.25 Cr", ["12500000", "1.25"]),  # crores, or a credit
        ("Rs. 1.25 L", ["125000", "1.25"]),
        ("1.234 TEUR", ["1234000", "1234"]),
        ("1.234万円", ["12340000", "12340"]),
    ],
)
def test_a_letter_that_may_multiply_the_figures_leaves_both_readings(text: str, readings: list[str]) -> None:
    parsed = parse_amount(text)
    assert parsed is not None
    assert list(parsed.readings) == [Decimal(reading) for reading in readings]


@pytest.mark.parametrize("text", ["12万3456円", "5k", "Cat6 5m", "USD 5k/month", "12,50 € m", "1 mil EUR"])
def test_other_words_and_letters_multiply_nothing(text: str) -> None:
    assert parse_amount(text) is None


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("Kz1.234,50", "AOA"),
        ("1.234,50 KM", "BAM"),
        ("1234,50 zl", "PLN"),
        ("1.234,50 DM", None),  # of a currency that is no more
        ("N$1,234.50", "NAD"),
        ("U$S 1.234,50", "USD"),
        ("GH¢1,234.50", "GHS"),
        ("K1,234.50", None),
        ("1 234,50 тенге", "KZT"),
        ("1.234,50 евро", "EUR"),
        ("1,234.50 บาท", "THB"),
        ('1,234.50 ש"ח', "ILS"),
        ("1,234.50 درهم", None),
        ("\u0661\u066c\u0662\u0663\u0664\u066b\u0665\u0660 ریال", "IRR"),
        ("रु. १,२३४.५०", None),
        ("人民币1,234.50元", "CNY"),
        ("L.E. 1,234.50", "EGP"),
        ("1.234€50", "EUR"),
        ("1234 руб. 50 коп.", "RUB"),  # noqa: RUF001
        ("1234 zł 50 gr", "PLN"),
        ("£1,234\u00b750", "GBP"),
        ("$****1,234.50", None),
        ("1\u2032234.50", None),
        ("1,234\u2060.50", None),
    ],
)
def test_more_marks_and_ways_to_set_cents_are_read(text: str, currency: str | None) -> None:
    parsed = parse_amount(text)
    assert parsed is not None
    assert (parsed.value, parsed.ambiguous, parsed.currency) == (Decimal("1234.50"), False, currency)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("(-)1,234.50", "-1234.50"),
        ("1,234.50 (-)", "-1234.50"),
        ("\u207b12.50", "-12.50"),
        ("12.50\u2015", "-12.50"),
        ("%18", "18"),
        ("% 18,00", "18.00"),
        ("\u066a19", "19"),
        ("金12,500円也", "12500"),
        ("CFA 12.500", "12500"),
        ("\u0661\u0662\u0663\u066b\u0664\u0665\u0660 د.ك", "123.450"),  # Arabic decimals group nothing
        ("3 \u00d7", "3"),
        ("3 шт.", "3"),
    ],
)
def test_signs_and_words_that_stand_for_others_are_read(text: str, value: str) -> None:
    parsed = parse_amount(text)
    assert parsed is not None
    assert parsed.readings == (Decimal(value),)


@pytest.mark.parametrize("word", ["man", "won", "baht", "yen", "Re", "Br", "K", "DM"])
def test_words_that_are_marks_beside_money_only_are_none_alone(word: str) -> None:
    assert parse_amount(f"{word} 12") is None


@pytest.mark.parametrize("text", ["12.50€50", "12€5", "12€500", "1 zł 2 gr", "50 gr."])
def test_cents_behind_a_mark_are_two_digits(text: str) -> None:
    parsed = parse_amount(text)
    assert parsed is None or parsed.unit == "gr"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("\u25b3 12,500\u5186", "-12500"),
        ("\u00a5\u25b25,500.50", "-5500.50"),
        ("\u25b21,234.50", "-1234.50"),
        ("12\u2079\u2079 \u20ac", "12.99"),
        ("$12\u2075\u2070", "12.50"),
        ("\u20ac 1.234 \u2075\u2070", "1234.50"),
        ("99\u00a2", "0.99"),
        ("5 cents", "0.05"),
    ],
)
def test_triangles_and_raised_cents_are_read(text: str, value: str) -> None:
    parsed = parse_amount(text)
    assert parsed is not None
    assert parsed.readings == (Decimal(value),)


@pytest.mark.parametrize(
    "text", ["\u25b2 1.25%", "12\u2079\u2079", "12,50\u00b2\u00b3 \u20ac", "99 ct", "150\u00a2"]
)
def test_what_may_be_a_rise_a_footnote_or_a_number_of_pieces_is_none(text: str) -> None:
    assert parse_amount(text) is None
