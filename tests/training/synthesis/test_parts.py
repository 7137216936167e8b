"""The parts of the generator: templates, numbers, dates, noise, sheets, preview."""

from __future__ import annotations

import random
import re
from dataclasses import replace
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.synthesis.dates import DateStyle, Day, date_text, iso_date
from training.synthesis.fields import snake_case
from training.synthesis.lexicon import labels
from training.synthesis.noise import Noise, spoiled
from training.synthesis.numbers import MoneyStyle, amount_text, amount_value, money_runs
from training.synthesis.official_fields import amount_meaning, meaning_of, write_key
from training.synthesis.official_words import LABELS
from training.synthesis.parties import address_lines
from training.synthesis.preview import preview
from training.synthesis.receipt_totals import payment_method
from training.synthesis.sample import generate
from training.synthesis.template import Template
from training.synthesis.text import company_name, fill, item_text
from training.synthesis.words import Sheet, wrap

_GERMAN = MoneyStyle(thousands=".", decimal=",", currency="EUR", placement="after", negative="minus")


def test_a_template_gives_the_same_choice_for_the_same_name() -> None:
    first, second = Template(4), Template(4)
    assert [first.unit(name) for name in "abc"] == [second.unit(name) for name in "abc"]
    assert first.unit("a") != first.unit("b")


def test_choices_of_two_names_are_independent_over_seeds() -> None:
    both = sum(Template(seed).chance("a", 0.5) and Template(seed).chance("b", 0.5) for seed in range(4000))
    # 0.5 * 0.5 of 4000 is 1000, standard deviation 27.
    assert 880 < both < 1120


@pytest.mark.parametrize(
    ("cents", "text"), [(123456, "1.234,56"), (-4500, "-45,00"), (7, "0,07"), (100000000, "1.000.000,00")]
)
def test_amounts_are_printed_in_the_documents_style(cents: int, text: str) -> None:
    assert amount_text(cents, _GERMAN) == text


def test_whole_currencies_are_printed_without_decimals() -> None:
    style = replace(_GERMAN, currency="Rp", placement="before_glued", decimals=0, scale=10)
    # 2,400 smallest coins of the generator are ten times as many rupiah.
    assert money_runs(2400, style, "total") == [("Rp24.000", "total")]
    assert amount_value("Rp24.000", style) == 24000
    assert amount_text(300, style, decimals=0) == "3"


@given(st.integers(min_value=-(10**9), max_value=10**9))
def test_amount_text_keeps_the_cents(cents: int) -> None:
    text = amount_text(cents, _GERMAN)
    assert int(re.sub(r"[.,]", "", text)) == cents


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.234,50", 1234.5),
        ("1234,50", 1234.5),
        ("12", 12),
        ("-45,00", -45.0),
        ("45,00-", -45.0),
        ("(45,00)", -45.0),
        ("12.50", None),  # a comma misread
        ("1.23,50", None),
        ("1O,00", None),
        ("", None),
    ],
)
def test_only_what_is_printed_in_the_documents_style_is_a_number(text: str, value: float | None) -> None:
    assert amount_value(text, _GERMAN) == value


@pytest.mark.parametrize("cents", [0, 7, 123456, -4500, 100000000])
@pytest.mark.parametrize("negative", ["minus", "after", "brackets"])
def test_numbers_are_read_as_they_are_printed(
    cents: int, negative: Literal["minus", "after", "brackets"]
) -> None:
    style = replace(_GERMAN, negative=negative)
    assert amount_value(amount_text(cents, style), style) == cents / 100


@pytest.mark.parametrize(
    ("pattern", "language", "text", "expected"),
    [
        ("{dd}.{mm}.{yy}", "de", "03.05.98", "1998-05-03"),
        ("{dd}.{mm}.{yy}", "de", "03.05.18", "2018-05-03"),
        ("{dd}.{mm}.{yyyy}", "de", "29.02.2019", None),
        ("{dd}.{mm}.{yyyy}", "de", "29.02.2020", "2020-02-29"),
        ("{dd} {mon} {yyyy}", "fr", "03 juil 2018", "2018-07-03"),
        ("{dd} {mon} {yyyy}", "fr", "03 juin 2018", "2018-06-03"),
        ("{dd} {mon} {yyyy}", "fr", "03 jui 2018", None),
    ],
)
def test_dates_are_read_as_they_are_printed(
    pattern: str, language: str, text: str, expected: str | None
) -> None:
    style = DateStyle(pattern=pattern, time_pattern="", language=language, upper=False)
    assert iso_date(text, style) == expected


@pytest.mark.parametrize("month", range(1, 13))
def test_every_french_month_has_an_abbreviation_of_its_own(month: int) -> None:
    style = DateStyle(pattern="{dd} {mon} {yyyy}", time_pattern="", language="fr", upper=True)
    assert iso_date(date_text(Day(2018, month, 3), style), style) == f"2018-{month:02d}-03"


def test_a_currency_word_is_no_part_of_the_value() -> None:
    assert money_runs(900, _GERMAN, "total") == [("9,00", "total"), ("EUR", "currency")]


def test_a_glued_currency_is_part_of_the_word() -> None:
    style = MoneyStyle(thousands=",", decimal=".", currency="$", placement="before_glued", negative="minus")
    assert money_runs(900, style, "total") == [("$9.00", "total")]


def test_dates_follow_their_pattern() -> None:
    style = DateStyle(pattern="{d}. {month} {yyyy}", time_pattern="{H}", language="de", upper=False)
    assert date_text(Day(2026, 3, 12), style) == "12. März 2026"


@given(st.integers(min_value=-400, max_value=400))
def test_a_later_day_is_a_day(days: int) -> None:
    day = Day(2020, 5, 17).later(days)
    assert 1 <= day.day <= 28
    assert 1 <= day.month <= 12


def test_patterns_are_filled_with_digits_and_letters() -> None:
    assert re.fullmatch(r"[A-Z]{2}-\d{4}", fill(random.Random(1), "@@-####"))


@pytest.mark.parametrize("locale", ["my", "us", "gb", "de", "fr", "nl", "it", "es", "id", "in"])
def test_addresses_are_lines_of_words(locale: str) -> None:
    rng = random.Random(2)
    for _ in range(50):
        lines = address_lines(rng, locale, upper=False, width=36)
        assert 1 <= len(lines) <= 9
        assert all(line.split() for line in lines)


def test_names_and_items_are_not_empty() -> None:
    rng = random.Random(3)
    assert all(company_name(rng).split() and item_text(rng).split() for _ in range(300))


@pytest.mark.parametrize("language", ["en", "de", "fr", "nl", "it", "es", "ms", "id", "pt"])
def test_every_language_announces_a_total(language: str) -> None:
    assert all(labels("amount_total_gross", language))


def test_a_language_without_a_label_speaks_english() -> None:
    assert labels("table_number", "nl") == labels("table_number", "en")


def test_labels_become_identifiers() -> None:
    assert snake_case("Invoice No. :") == "invoice_no"
    assert snake_case("#") == "f"


def test_wrapped_text_keeps_its_words() -> None:
    assert wrap("aa bb cc dd", 5) == ["aa bb", "cc dd"]


def test_runs_against_the_right_edge_end_there() -> None:
    sheet = Sheet(width=20)
    sheet.runs(20, [("TOTAL", None), ("9.00", "total")], align="right")
    last = sheet.marks[-1]
    assert last.x + last.width == pytest.approx(20)


def test_without_noise_a_page_is_read_as_written() -> None:
    sheet = Sheet(width=20)
    sheet.line([("DATE:", None), ("25/12/2018", "date_issue")])
    marks = spoiled(sheet.marks, Noise(), random.Random(0), width=20)
    assert [mark.text for mark in marks] == ["DATE:", "25/12/2018"]


def test_a_glued_word_belongs_to_the_values_of_both() -> None:
    sheet = Sheet(width=20)
    sheet.line([("DATE:", None), ("25/12/2018", "date_issue")])
    (mark,) = spoiled(sheet.marks, Noise(glue=1.0), random.Random(0), width=20)
    assert (mark.text, mark.tags) == ("DATE:25/12/2018", ("date_issue",))


def test_words_far_apart_are_not_glued() -> None:
    sheet = Sheet(width=40)
    sheet.put(0, "TOTAL:")
    sheet.put(30, "9.00")
    assert len(spoiled(sheet.marks, Noise(glue=1.0), random.Random(0), width=40)) == 2


@pytest.mark.parametrize(
    ("style", "key"),
    [("snake", "payer_tin"), ("pascal", "PayerTIN"), ("camel", "payerTIN"), ("title", "Payer TIN")],
)
def test_keys_of_official_forms_keep_abbreviations_in_capitals(style: str, key: str) -> None:
    assert write_key("payer_tin", style) == key


def test_every_box_of_an_official_form_has_labels_and_a_meaning_said_with_its_role() -> None:
    for tag in LABELS:
        meaning = meaning_of(tag, "lender")
        assert all("{" not in text for text in (*meaning.keys, *meaning.descriptions))
    assert "lender_name" in meaning_of("payer_name", "lender").keys
    assert "rents" in amount_meaning("Rents", "1").keys


def test_payment_labels_say_how_it_was_paid() -> None:
    assert [payment_method(label) for label in ("CASH", "Visa Card", "Paid")] == ["cash", "card", None]


def test_a_preview_shows_page_schema_and_gold() -> None:
    sample = generate(random.Random(1))
    text = preview(sample)
    assert sample.document.pages[0].words[0].text in text
    assert all(key in text for key in ("--- schema", "--- gold", *sample.gold))
