"""Where words of a text layer end, when the file says it by positions and sizes alone."""

from __future__ import annotations

import pytest

from ocr.limits import ReadLimits
from ocr.pdf import open_pdf, page_frame
from ocr.text_layer import layer_words, open_text
from tests.ocr.files import pdf, text_at

# Advance widths of Helvetica, thousandths of the font size (Adobe's metrics of the 14 standard fonts).
NARROW = dict.fromkeys(" .,ft", 278) | dict.fromkeys("il", 222) | dict.fromkeys("r-", 333)
WIDE = {"c": 500, "k": 500, "s": 500, "v": 500, "w": 722, "D": 722, "S": 667, "E": 667, "R": 722, "G": 778}
WIDTHS = NARROW | WIDE
RECEIPT = (
    ("Drill chuck", "100.00"),
    ("Screw set", "500.00"),
    ("Spirit level", "312.50"),
    ("Gloves", "20.00"),
)


def texts(content: str) -> list[str]:
    with open_pdf(pdf(content), limits=ReadLimits()).page(0) as page, open_text(page) as textpage:
        return [w.text for w in layer_words(textpage, page_frame(page), max_words=1000)]


def one_by_one(x: float, y: float, text: str, *, tracking: float = 0.0, size: float = 12) -> str:
    """Return an operation for each letter of `text`, `tracking` font sizes apart, none for spaces."""
    drawn = ""
    for letter in text:
        if letter != " ":
            drawn += text_at(round(x, 2), y, letter, size=size)
        x += (WIDTHS.get(letter, 556) / 1000 + tracking) * size
    return drawn


def receipt(tracking: float) -> str:
    return "".join(
        one_by_one(x, 700 - 20 * row, text, tracking=tracking)
        for row, cells in enumerate(RECEIPT)
        for x, text in zip((50, 450), cells, strict=True)
    )


@pytest.mark.parametrize("tracking", [0.0, 0.05, 0.1, 0.2, 0.3, 0.5])
def test_letters_drawn_one_by_one_are_words(tracking: float) -> None:
    words = [word for cells in RECEIPT for text in cells for word in text.split()]
    assert texts(receipt(tracking)) == words


def test_letters_in_columns_are_no_word() -> None:
    # Every 14 points, whatever the letters' widths: 6 to 9 points of letter, 4 to 8 of gap, 0.4 to 0.6 of 12.
    days = "".join(text_at(72 + 14 * i, 700, day) for i, day in enumerate("MTWTFSS"))
    assert texts(days) == list("MTWTFSS")


def on_a_grid(x: float, y: float, text: str, *, pitch: float, size: float = 12) -> str:
    """Return an operation for each letter, all `pitch` font sizes apart; a space is an empty place."""
    places = ((x + i * pitch * size, letter) for i, letter in enumerate(text) if letter != " ")
    return "".join(text_at(round(left, 2), y, letter, size=size) for left, letter in places)


@pytest.mark.parametrize("pitch", [0.7, 0.8, 0.95])
def test_letters_on_the_grid_of_a_printer_are_words(pitch: float) -> None:
    # Whatever their widths: 0.22 for "l", 0.83 for "M". The last line is too short to tell its own grid.
    rows = ("Milk 1 l      23.90", "Total kr     112.90", "Due  9.90")
    drawn = (on_a_grid(50, 700 - 20 * row, text, pitch=pitch) for row, text in enumerate(rows))
    assert texts("".join(drawn)) == [word for row in rows for word in row.split()]


@pytest.mark.parametrize("pitch", [1.2, 1.6])
@pytest.mark.parametrize("number", ["DE21300000000012345678", "14102026", "1234,50"])
def test_a_number_in_the_boxes_of_a_form_is_one_word(number: str, pitch: float) -> None:
    assert texts(on_a_grid(50, 700, number, pitch=pitch)) == [number]


@pytest.mark.parametrize("marks", ["MTWTFSS", "1234567", "XXXXXXX", "XOXXOXX"])
def test_scales_and_marks_at_equal_distances_are_no_word(marks: str) -> None:
    assert texts(on_a_grid(50, 700, marks, pitch=1.4)) == list(marks)


def test_numbers_of_columns_that_nearly_touch_are_apart() -> None:
    # Four digits of 9 points are 4 x 0.556 x 9 = 20.0 points wide; 1.2 points are left to the next column.
    row = text_at(100, 700, "3960", size=9) + text_at(121.2, 700, "704", size=9)
    assert texts(row) == ["3960", "704"]


def test_a_number_and_a_word_that_nearly_touch_are_apart() -> None:
    # "10045" is 5 x 0.556 x 9 = 25.0 points wide, "12" 10.0; 1.2 points are left.
    cells = ((72, "10045"), (98.2, "Flat steel"), (200, "12"), (211.2, "pcs"))
    drawn = "".join(text_at(x, 700, text, size=9) for x, text in cells)
    assert texts(drawn) == ["10045", "Flat", "steel", "12", "pcs"]


def test_a_number_written_in_two_parts_is_one() -> None:
    assert texts(text_at(100, 700, "39", size=9) + text_at(110, 700, "60", size=9)) == ["3960"]


def behind(number: str, raised: str, *, rise: float = 4, size: float = 7) -> str:
    """Return `number` of 12 points with small digits right behind it."""
    width = sum(WIDTHS.get(digit, 556) for digit in number) * 12 / 1000
    return text_at(72, 700, number) + text_at(72 + width, 700 + rise, raised, size=size)


@pytest.mark.parametrize("rise", [4.0, 0.0])
def test_two_small_digits_behind_a_whole_number_are_its_cents(rise: float) -> None:
    assert texts(behind("97", "44", rise=rise)) == ["97.44"]


def test_cents_take_the_decimal_mark_of_the_page() -> None:
    assert texts(behind("1.297", "44") + text_at(72, 500, "20,00 und 3,50")) == [
        "1.297,44",
        "20,00",
        "und",
        "3,50",
    ]


@pytest.mark.parametrize(
    ("number", "raised"),
    [("20,00", "1"), ("20,00", "12"), ("500", "1"), ("2026", "12"), ("RE-417", "12"), ("14.10", "12")],
)
def test_a_footnote_mark_behind_a_number_is_a_word_of_its_own(number: str, raised: str) -> None:
    assert texts(behind(number, raised)) == [number, raised]


def test_a_footnote_mark_before_a_number_is_a_word_of_its_own() -> None:
    mark = text_at(72, 704, "1", size=7)
    assert texts(mark + text_at(72 + 0.556 * 7, 700, "20,00")) == ["1", "20,00"]


def test_cents_behind_a_decimal_mark_need_no_other() -> None:
    assert texts(behind("97,", "44")) == ["97,44"]


def test_a_superscript_of_the_font_is_a_raised_digit_too() -> None:
    # Superscript one, two and three are in the encoding of Western fonts.
    assert texts(text_at(72, 700, "20,00\u00b9 97\u00b2\u00b3 m\u00b2")) == [
        "20,00",
        "\u00b9",
        "97,23",
        "m\u00b2",
    ]


def test_the_same_size_in_another_operation_goes_on() -> None:
    assert texts(behind("97", "44", rise=0, size=12)) == ["9744"]


@pytest.mark.parametrize(
    ("size", "rise", "gap"),
    # Price tags set cents at two thirds with a little air, and some nearly as large, tops at one height.
    [(6, 4, 0.12), (6, 4, 0.3), (8, 3.5, 0.2), (9.75, 1.6, 0.0)],
)
def test_raised_digits_are_cents_at_a_distance_and_at_nearly_the_same_size(
    size: float, rise: float, gap: float
) -> None:
    # "97" of 12 points is 2 x 0.556 x 12 = 13.3 points wide.
    cents = text_at(72 + 13.34 + 12 * gap, 700 + rise, "44", size=size)
    assert texts(text_at(72, 700, "97") + cents) == ["97.44"]


def test_small_digits_of_the_next_column_on_one_baseline_are_no_cents() -> None:
    assert texts(text_at(72, 700, "97") + text_at(72 + 13.34 + 3.6, 700, "44", size=8)) == ["97", "44"]


@pytest.mark.parametrize(
    "cells",
    [
        ("(12.50)", "(3.20)", "15.00"),
        ("12.50-", "3.20-", "15.00"),
        ("19%", "3.20", "4.00"),
        ("12.50$", "3.20$", "15.00"),
    ],
)
def test_numbers_that_end_in_a_sign_are_apart_from_the_next_column(cells: tuple[str, ...]) -> None:
    widths = dict.fromkeys("()-", 333) | {"%": 889}
    drawn, x = "", 100.0
    for cell in cells:
        drawn += text_at(round(x, 2), 700, cell, size=9)
        x += sum(widths.get(ch, WIDTHS.get(ch, 556)) for ch in cell) * 9 / 1000 + 1.2
    assert texts(drawn) == list(cells)


def test_a_minus_of_its_own_stays_with_the_number_behind_it() -> None:
    assert texts(text_at(100, 700, "-", size=9) + text_at(104.2, 700, "12.50", size=9)) == ["-12.50"]


def test_amounts_of_cells_without_any_gap_are_apart() -> None:
    # "12,50" of 9 points is (4 x 0.556 + 0.278) x 9 = 22.5 points wide.
    assert texts(text_at(100, 700, "12,50", size=9) + text_at(122.5, 700, "1.500,00", size=9)) == [
        "12,50",
        "1.500,00",
    ]


def test_numbers_drawn_one_by_one_in_columns_that_nearly_touch_are_apart() -> None:
    # Four digits of 9 points are 20.0 points wide; 1.2 points, 0.13 of the size, are left to the next column.
    row = one_by_one(100, 700, "3960", size=9) + one_by_one(121.22, 700, "704", size=9)
    assert texts(row) == ["3960", "704"]


def test_digits_off_by_a_pixel_of_a_printers_grid_are_one_number() -> None:
    # 0.72 points of 9, a pixel of 100 a inch, now and then: no cell among such digits is told by its gap.
    lefts = (100, 105.72, 110.7, 116.5, 121.5)
    assert texts("".join(text_at(x, 700, "3", size=9) for x in lefts)) == ["33333"]


@pytest.mark.parametrize("pitch", [1.2, 1.6])
def test_text_in_wide_places_is_words(pitch: float) -> None:
    rows = ("Drill chuck   2   99.00", "MEYER HANS", "SCHMIDT ERNA")
    drawn = (on_a_grid(20, 700 - 20 * row, text, pitch=pitch, size=8) for row, text in enumerate(rows))
    assert texts("".join(drawn)) == [word for row in rows for word in row.split()]


@pytest.mark.parametrize("initials", ["JFMAMJJASOND", "LMMJVSD", "ABCDEFGH"])
def test_initials_over_the_columns_of_a_calendar_are_no_word(initials: str) -> None:
    assert texts(on_a_grid(50, 700, initials, pitch=1.4)) == list(initials)


@pytest.mark.parametrize("number", ["DE21300000000012345678", "14102026", "1234,50"])
def test_an_amount_or_a_long_number_is_one_in_still_wider_boxes(number: str) -> None:
    assert texts(on_a_grid(50, 700, number, pitch=2, size=9)) == [number]


@pytest.mark.parametrize("tracking", [250, 400, 550])
def test_letters_that_one_operation_spaces_are_words(tracking: int) -> None:
    line = " ".join(f"({letter}) -{tracking}" for letter in "Total 1.085,88 EUR")
    assert texts(f"BT /F1 10 Tf 50 700 Td [{line}] TJ ET") == ["Total", "1.085,88", "EUR"]


@pytest.mark.parametrize("number", ["1085,88", "DE21300000000012345678"])
def test_a_number_that_one_operation_sets_into_boxes_is_one_word(number: str) -> None:
    line = " ".join(f"({letter}) -{1417 - WIDTHS.get(letter, 556)}" for letter in number)
    assert texts(f"BT /F1 10 Tf 50 700 Td [{line}] TJ ET") == [number]


def test_numbers_that_one_operation_sets_apart_stay_apart() -> None:
    row = "BT /F1 10 Tf 50 700 Td [(3) -900 (4) -900 (2) -900 (1) -900 (0) -900 (6)] TJ ET"
    assert texts(row) == ["3", "4", "2", "1", "0", "6"]


def test_letters_drawn_twice_as_wide_are_words() -> None:
    # Twice 0.556 x 10 = 11.1 points a digit, a place every 12.
    places = [(50 + 12 * i, letter) for i, letter in enumerate("Total 1.085,88") if letter != " "]
    drawn = "".join(text_at(x, 700, letter, size=10, before="200 Tz") for x, letter in places)
    assert texts(drawn) == ["Total", "1.085,88"]


@pytest.mark.parametrize("shift", [0.3, 0.8, 1.1])
def test_letters_that_are_each_printed_twice_come_once(shift: float) -> None:
    drawn, x = "", 72.0
    for letter in "1.100,00":
        drawn += text_at(round(x, 2), 700, letter) + text_at(round(x + shift, 2), 700, letter)
        x += WIDTHS.get(letter, 556) / 1000 * 12
    assert texts(drawn) == ["1.100,00"]


@pytest.mark.parametrize(
    "cells",
    [
        ("$12.50", "$25.00"),
        ("14.10.2026", "250,00"),
        ("14/10/26", "15/10/26", "3.00"),
        ("12.50%", "25.00"),
        ("(12.50)", "(25.00)"),
    ],
)
def test_marked_amounts_and_dates_of_cells_without_any_gap_are_apart(cells: tuple[str, ...]) -> None:
    row, x = "", 100.0
    for cell in cells:
        row += text_at(round(x, 2), 700, cell, size=9)
        x += sum({"/": 278, "%": 889, "(": 333, ")": 333}.get(ch, WIDTHS.get(ch, 556)) for ch in cell) * 0.009
    assert texts(row) == list(cells)


def test_a_date_in_two_operations_is_one_word() -> None:
    # "14.10." of 9 points is (4 x 0.556 + 2 x 0.278) x 9 = 25.02 points wide.
    assert texts(text_at(100, 700, "14.10.", size=9) + text_at(125.02, 700, "2026", size=9)) == ["14.10.2026"]


def stepping(steps: str, *, before: str = "") -> str:
    """Return one operation that shows the strings of `steps` and steps between them."""
    return f"BT /F1 12 Tf {before} 60 600 Td [{steps}] TJ ET\n"


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ("(45.00) -100 (17.00)", ["45.00", "17.00"]),
        ("(45.00) -160 (17.00)", ["45.00", "17.00"]),
        ("(Amount:) -100 (77.10)", ["Amount:", "77.10"]),
        ("(Amount) -100 (77.10) -100 (88.20)", ["Amount", "77.10", "88.20"]),
        ("(12.03.2026) -100 (45.00)", ["12.03.2026", "45.00"]),
    ],
)
def test_an_amount_behind_a_narrow_step_is_a_word(steps: str, words: list[str]) -> None:
    assert texts(stepping(steps)) == words


def test_an_amount_behind_a_step_among_letters_that_are_set_close_is_a_word() -> None:
    assert texts(stepping("(Amount) -250 (77.10)", before="-2 Tc")) == ["Amount", "77.10"]


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ("(1) -160 (0,00)", ["10,00"]),
        ("(1) -200 (234.50)", ["1234.50"]),
        ("(12) -180 (.50)", ["12.50"]),
        ("(1) -300 (0,00)", ["1", "0,00"]),
        ("(2) -170 (1/2)", ["2", "1/2"]),
        ("(4.) -170 (2026)", ["4.", "2026"]),
        ("($6,) -150 (680)", ["$6,680"]),
        ("(AAN619) -70 (HNY24)", ["AAN619HNY24"]),
    ],
)
def test_a_number_that_steps_less_than_a_space_is_one(steps: str, words: list[str]) -> None:
    assert texts(stepping(steps)) == words
