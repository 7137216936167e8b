"""Printed dates become calendar dates, and never by a guess."""

from __future__ import annotations

from datetime import date

import pytest
from babel.dates import format_date
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.values import looks_like_date, parse_date
from schemas.values.dates import fold
from schemas.values.months import MONTHS, SHARED_MONTHS, WEEKDAYS

_LANGUAGES = ("en", "de", "fr", "es", "it", "nl", "ms", "pt")
_dates = st.dates(min_value=date(1969, 1, 1), max_value=date(2068, 12, 31))  # two digits tell these apart


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("20180612", "2018-06-12"),
        ("\u00ab12\u00bb ноября 2026 г.", "2026-11-12"),  # noqa: RUF001
        ('"12" ноября 2026 года', "2026-11-12"),
        ("12th day of November 2026", "2026-11-12"),
        ("12. XI. 2026", "2026-11-12"),
        ("25.12.\u201926", "2026-12-25"),
        ("2026 年 11 月 12 日", "2026-11-12"),
        ("令和8年11月12日", "2026-11-12"),
        ("平成 元 年 11 月 12 日", "1989-11-12"),
        ("2018-06-12", "2018-06-12"),
        ("2018-06-12T10:22:00Z", "2018-06-12"),
        ("25/12/2018", "2018-12-25"),
        ("12/25/18", "2018-12-25"),
        ("25032018", "2018-03-25"),
        ("Dec 25, 2018", "2018-12-25"),
        ("25DEC2018", "2018-12-25"),
        ("24-MAR-2018", "2018-03-24"),
        ("1er janvier 2020", "2020-01-01"),
        ("12 de marzo de 2026", "2026-03-12"),
        ("5. März 2020", "2020-03-05"),
        ("3 Mac 2018", "2018-03-03"),
        ("January 5th, 2020", "2020-01-05"),
        ("3rd of May 2019", "2019-05-03"),
        ("2018 Mar 12", "2018-03-12"),
        ("DATE:25/12/2018", "2018-12-25"),
        (":13-06-2018", "2018-06-13"),
        ("(26/12/2016)", "2016-12-26"),
        ("25/12/2018 8:13:39 PM", "2018-12-25"),
        ("Friday 2 Mar 2018", "2018-03-02"),
        ("jeudi23juin2016", "2016-06-23"),
        ("12/30/2016FRI", "2016-12-30"),
        ("JAN31'13", "2013-01-31"),
        ("29JAN'15", "2015-01-29"),
        ("04sept.16", "2016-09-04"),
        ("Jul/15/2017", "2017-07-15"),
        ("Sep1.20173:05:24pm", "2017-09-01"),  # as transcribed, the blank before the time is lost
        ("02/17/14,", "2014-02-17"),
        ("99-03-02", "1999-03-02"),
        ("05/05/2020", "2020-05-05"),  # swapping changes nothing
        ("12. prosince 2026", "2026-12-12"),
        ("12 Kasım 2026", "2026-11-12"),  # noqa: RUF001
        ("12 KASIM 2026", "2026-11-12"),
        ("12 EKİM 2026", "2026-10-12"),
        ("12 ноября 2026 г.", "2026-11-12"),  # noqa: RUF001
        ("12 листопада 2026 р.", "2026-11-12"),  # noqa: RUF001
        ("12 noiembrie 2026", "2026-11-12"),
        ("2026. november 12.", "2026-11-12"),
        ("12. marraskuuta 2026", "2026-11-12"),
        ("12 Νοεμβρίου 2026", "2026-11-12"),
        ("12 listopada 2026 r.", "2026-11-12"),  # Polish puts no point behind the day
        ("2026 m. lapkričio 12 d.", "2026-11-12"),
        ("2026. gada 12. novembris", "2026-11-12"),
        ("12 tháng 11, 2026", "2026-11-12"),
        ("12 בנובמבר 2026", "2026-11-12"),
        ("12 d\u2019octubre del 2026", "2026-10-12"),
        ("26-06- 2018", "2018-06-26"),  # a reader parts what is printed in one
        ("31.12. 2026", "2026-12-31"),  # as some set it in Czech and Finnish
        ("09 /30/ 19", "2019-09-30"),
        ("2018- 06-26", "2018-06-26"),
        ("12/11-2026", "2026-11-12"),
        ("12.11-2026", "2026-11-12"),
        ("25/3 2026", "2026-03-25"),
        ("11/25-2026", "2026-11-25"),
        ("12.XI.2026", "2026-11-12"),
        ("3 V 2026", "2026-05-03"),
        ("2026年10月14日", "2026-10-14"),
        ("2026년 10월 14일", "2026-10-14"),
        ("13\u200f/11\u200f/2026", "2026-11-13"),  # marks of writing direction
        ("13\u201111\u20112026", "2026-11-13"),  # hyphens that do not break
    ],
)
def test_date_in_one_reading_is_its_value(text: str, iso: str) -> None:
    parsed = parse_date(text)
    assert parsed is not None
    assert (parsed.value.isoformat(), parsed.ambiguous) == (iso, False)


@pytest.mark.parametrize(
    "text",
    [
        "", "2018", "1234", "12/3", "10:22", "March 2026", "20 Mar", "31-02-2018", "12.50", "1,234.50",
        "13/13/2018", "5 items 12/12/2018", "RM 12.00", "0123456789", "2018-13-01", "1.2.3", "25 Foo 2018",
        "01/01/1800", "12.XIII.2026", "12.IIX.2026", "32.XI.2026", "12/11-26", "2026年13月1日",
        "令和8年13月1日", "31 tháng 2, 2026", "12 november", "29. 10. 5.",
    ],
)  # fmt: skip
def test_text_that_is_not_one_date_is_none(text: str) -> None:
    assert parse_date(text) is None
    assert not looks_like_date(text)


@pytest.mark.parametrize("text", ["03/04/2026", "12.03.2026", "1 2 02", "06-01-18"])
def test_day_and_month_that_can_be_swapped_are_ambiguous_with_both_readings(text: str) -> None:
    parsed = parse_date(text)
    assert parsed is not None
    assert parsed.alternative is not None
    assert (parsed.value.day, parsed.value.month) == (parsed.alternative.month, parsed.alternative.day)


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        # Polish and Czech November is Croatian October; only Croatian dates have a point behind the day.
        ("12. listopada 2026", ["2026-11-12", "2026-10-12"]),
        ("12. srp 2026", ["2026-08-12", "2026-07-12"]),
        ("26. 11. 12.", ["2012-11-26", "2026-11-12"]),  # Korean puts the year first
        ("12. 11. 12.", ["2012-11-12"]),
        ("31. listopad 2026", ["2026-10-31"]),  # November has 30 days
    ],
)
def test_what_two_languages_read_differently_has_both_readings_whatever_the_order(
    text: str, readings: list[str]
) -> None:
    for day_first in (None, True, False):
        parsed = parse_date(text, day_first=day_first)
        assert parsed is not None
        assert [day.isoformat() for day in parsed.readings] == readings


def test_document_order_decides_and_never_overrides_the_only_reading() -> None:
    by_month, by_day = parse_date("03/04/2026", day_first=False), parse_date("03/04/2026", day_first=True)
    only = parse_date("25/12/2018", day_first=False)
    assert by_month is not None
    assert by_day is not None
    assert only is not None
    assert (by_month.value, by_day.value) == (date(2026, 3, 4), date(2026, 4, 3))
    assert only.value == date(2018, 12, 25)


def test_two_digit_years_turn_at_sixty_nine() -> None:
    old, new = parse_date("25/12/69"), parse_date("25/12/68")
    assert old is not None
    assert new is not None
    assert (old.value.year, new.value.year) == (1969, 2068)


def test_separate_label_parses_but_does_not_look_like_a_date_alone() -> None:
    assert parse_date("Invoice Date: 25/12/2018") is not None
    assert not looks_like_date("Invoice Date: 25/12/2018")
    assert looks_like_date("DATE:25/12/2018")


@given(
    day=_dates, form=st.sampled_from(("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%d %m %Y", "%d-%m-%y"))
)
def test_day_first_date_parses_back_where_the_document_puts_the_day_first(day: date, form: str) -> None:
    parsed = parse_date(day.strftime(form), day_first=True)
    assert parsed is not None
    assert (parsed.value, parsed.alternative) == (day, None)


@given(day=_dates, form=st.sampled_from(("%m/%d/%Y", "%m-%d-%Y", "%m/%d/%y", "%m.%d.%y")))
def test_month_first_date_parses_back_where_the_document_puts_the_month_first(day: date, form: str) -> None:
    parsed = parse_date(day.strftime(form), day_first=False)
    assert parsed is not None
    assert (parsed.value, parsed.alternative) == (day, None)


@given(day=_dates, form=st.sampled_from(("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y-%m-%d %H:%M:%S")))
def test_year_first_date_has_one_reading(day: date, form: str) -> None:
    parsed = parse_date(day.strftime(form))
    assert parsed is not None
    assert (parsed.value, parsed.alternative) == (day, None)


@given(
    day=_dates,
    language=st.sampled_from(_LANGUAGES),
    form=st.sampled_from(
        ("d MMMM y", "dd MMM y", "MMM d, y", "MMMM d, y", "dd-MMM-yy", "ddMMMy", "EEEE, d MMMM y")
    ),
    upper=st.booleans(),
)
def test_date_with_a_month_name_of_any_language_parses_back(
    day: date, language: str, form: str, upper: bool
) -> None:
    text = format_date(day, form, locale=language)
    parsed = parse_date(text.upper() if upper else text)
    assert parsed is not None, text
    assert (parsed.value, parsed.alternative) == (day, None)


@given(day=_dates, form=st.sampled_from(("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%y", "%m-%d-%y")))
def test_printed_date_is_always_among_the_readings(day: date, form: str) -> None:
    parsed = parse_date(day.strftime(form))
    assert parsed is not None
    assert day in (parsed.value, parsed.alternative)
    assert parsed.ambiguous or parsed.alternative is None


@given(text=st.text(max_size=80))
@example("٣/٤/٢٠٢٦")
@example("0/0/0")
@example("99999999")
def test_any_text_parses_or_is_none(text: str) -> None:
    parse_date(text)
    if looks_like_date(text):
        assert parse_date(text) is not None


def test_month_names_are_folded_as_texts_are() -> None:
    assert all(fold(name) == name for name in (*MONTHS, *WEEKDAYS))
    assert all(MONTHS[name] != number for name, number in SHARED_MONTHS.items())
    assert set(MONTHS.values()) == set(range(1, 13))


@pytest.mark.parametrize(
    "text",
    [
        "01.11.2026-30.11.2026", "31.12.2026 - 01.01.2027", "12.11.2026-14.11.26", "01.12.2026 -31.12",
        "2026-11-12 - 14.11.2026",
    ],
)  # fmt: skip
def test_a_period_is_not_one_date(text: str) -> None:
    assert parse_date(text, day_first=True) is None


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("13.11.2026 um 10:22 Uhr", "2026-11-13"),
        ("13.11.2026 kl. 10.22", "2026-11-13"),
        ("13/11/2026 à 10h22", "2026-11-13"),
        ("13/11/2026 ore 10:22", "2026-11-13"),
        ("13.11.2026/10:22", "2026-11-13"),
        ("13.11.2026 - 10:22:11.123", "2026-11-13"),
        ("10:22 Uhr 13.11.2026", "2026-11-13"),
        ("10:22 AM, Nov 12, 2026", "2026-11-12"),
        ("Thu Nov 12 10:22:11 UTC 2026", "2026-11-12"),
        ("12 ноя 2026", "2026-11-12"),
        ("5 сен. 2026 г.", "2026-09-05"),  # noqa: RUF001
        ("12. новембра 2026. године", "2026-11-12"),
        ("12. studenog 2026. godine", "2026-11-12"),
        ("12 лис 2026", "2026-11-12"),
        ("12. november 2026. a.", "2026-11-12"),
        ("12. marrask. 2026", "2026-11-12"),
        ("2026. gada 12.novembrī", "2026-11-12"),
        ("2026 m. lapkričio mėn. 12 d.", "2026-11-12"),
        ("2026. november 12-én", "2026-11-12"),
        ("2026. XI. 12.", "2026-11-12"),
        ("ngày 12 tháng 11 năm 2026", "2026-11-12"),
        ("2026年11月12日(木)", "2026-11-12"),
        ("2026年11月12日星期四", "2026-11-12"),
        ("2026년 11월 12일 목요일", "2026-11-12"),
        ("民國115年11月12日", "2026-11-12"),
        ("R8.11.12", "2026-11-12"),
        ("H30/1/5", "2018-01-05"),
        ("12 พฤศจิกายน 2569", "2026-11-12"),
        ("๑๒ พ.ย. ๒๕๖๙", "2026-11-12"),
        ("12 พ.ย. 69", "2026-11-12"),
        ("13/11/2569", "2026-11-13"),
        ("12 नवंबर 2026", "2026-11-12"),
        ("১২ নভেম্বর ২০২৬", "2026-11-12"),
        ("13\u204411\u20442026", "2026-11-13"),
    ],
)
def test_dates_with_times_and_of_more_calendars_are_read(text: str, iso: str) -> None:
    parsed = parse_date(text)
    assert parsed is not None
    assert parsed.readings == (date.fromisoformat(iso),)


@pytest.mark.parametrize(
    "text",
    ["A8.11.12", "AR8.11.12", "S10/12/18", "R8.13.12", "民國115年13月12日", "12 พ.ย. 2026 EUR", "13/11/2700"],
)
def test_what_only_looks_like_another_calendar_is_none(text: str) -> None:
    assert parse_date(text) is None


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("Bremen, den 3. Mai 2024", "2024-05-03"),
        ("Frankfurt am Main, den 13.04.2024", "2024-04-13"),
        ("Paris, le 12 novembre 2026", "2026-11-12"),
        ("Fait le 13/11/2026", "2026-11-13"),
        ("Milano, l\u00ec 12 novembre 2026", "2026-11-12"),
        ("the 12th November 2026", "2026-11-12"),
        ("Berlin, 13.11.2026", "2026-11-13"),
    ],
)
def test_a_place_before_a_date_is_passed_over(text: str, iso: str) -> None:
    parsed = parse_date(text)
    assert parsed is not None
    assert parsed.readings == (date.fromisoformat(iso),)
    assert not looks_like_date(text)


@pytest.mark.parametrize("text", ["Hauptstr. 12, 10.11.2026", "Nov 2026, 12.11.2026", "3 items, 12.11.2026"])
def test_what_has_figures_before_a_date_is_no_place(text: str) -> None:
    assert parse_date(text) is None
