"""Words that run in another direction than the page's text are kept out of its lines."""

from __future__ import annotations

import math

import pytest

from ocr.directions import part_sideways
from ocr.limits import ReadLimits
from ocr.reader import ReadOptions, read_document
from ocr.source import PageScan, open_source
from schemas.document import Page, Word
from schemas.geometry import BBox
from tests.ocr.files import pdf, text_at

ROWS = "".join(text_at(100, 700 - 20 * row, f"{row} Spare part {row} 10.00") for row in range(20))
ROW_TEXTS = [f"{row} Spare part {row} 10.00" for row in range(20)]


def turned_at(x: float, y: float, text: str, *, degrees: float, size: float = 9) -> str:
    """Return `text` written counter-clockwise by `degrees`, starting at (x, y)."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    matrix = f"{cos:.4f} {sin:.4f} {-sin:.4f} {cos:.4f} {x} {y} cm"
    return text_at(0, 0, text, size=size, before=matrix)


def scan(content: str) -> PageScan:
    return open_source(pdf(content), "application/pdf", limits=ReadLimits()).scan(0)


def page_of(content: str) -> Page:
    return read_document(pdf(content), options=ReadOptions(n_workers=1)).pages[0]


def test_a_diagonal_watermark_stands_in_no_row() -> None:
    page = page_of(ROWS + turned_at(100, 350, "PAID COPY", degrees=45, size=60))
    assert page.text.splitlines() == [*ROW_TEXTS, "PAID COPY"]


def test_text_along_the_edge_is_a_phrase_of_its_own() -> None:
    edge = turned_at(30, 320, "District court HRB 20417", degrees=90)
    page = page_of(ROWS + edge + turned_at(42, 320, "Second line", degrees=90))
    assert page.text.splitlines() == [*ROW_TEXTS, "District court HRB 20417", "Second line"]
    # The last word of the rows and the first of the edge do not belong together.
    n_rows = sum(len(text.split()) for text in ROW_TEXTS)
    assert (n_rows - 1, n_rows) in page.cuts


@pytest.mark.parametrize("step", [8, 10, 12])
def test_letters_one_below_the_other_are_words_beside_the_rows(step: float) -> None:
    places = [(640 - step * row, letter) for row, letter in enumerate("BREMEN COURT 17") if letter != " "]
    stack = "".join(text_at(85, y, letter, size=8) for y, letter in places)
    assert page_of(ROWS + stack).text.splitlines() == [*ROW_TEXTS, "BREMEN COURT 17"]


def test_a_column_of_single_letters_is_of_the_rows() -> None:
    column = "".join(text_at(85, 700 - 20 * row, "ABAB"[row % 4]) for row in range(20))
    texts = [f"{'ABAB'[row % 4]} {text}" for row, text in enumerate(ROW_TEXTS)]
    assert page_of(column + ROWS).text.splitlines() == texts


def test_a_table_set_sideways_under_an_upright_letterhead_has_its_rows() -> None:
    head = text_at(72, 740, "Northfield Tools") + text_at(72, 720, "Invoice 20417")
    cells = (("1", 0), ("Screw set", 60), ("500.00", 300)), (("2", 0), ("Nails", 60), ("412.50", 300))
    table = "".join(
        turned_at(300 + 20 * row, 100 + x, text, degrees=90)
        for row, line in enumerate(cells)
        for text, x in line
    )
    texts = page_of(head + table).text.splitlines()
    assert {"1 Screw set 500.00", "2 Nails 412.50", "Northfield Tools", "Invoice 20417"} == set(texts)


def test_text_that_runs_down_the_other_edge_begins_at_the_top() -> None:
    page = page_of(ROWS + turned_at(590, 700, "Terms of trade apply", degrees=-90))
    assert page.text.splitlines()[-1] == "Terms of trade apply"


def test_boxes_of_leaning_words_stay_where_the_page_shows_them() -> None:
    word = scan(ROWS + turned_at(30, 396, "Court", degrees=90)).apart[0].words[0]
    # Written upwards from the middle of a page 792 points high.
    assert abs(word.bbox.bottom - 0.5) < 0.01
    assert word.bbox.height * 792 > word.bbox.width * 612


def test_a_page_scanned_a_little_askew_is_one_text() -> None:
    askew = "".join(turned_at(100, 700 - 20 * row, f"Line {row} of a letter", degrees=3) for row in range(8))
    assert scan(askew + ROWS).apart == ()


def test_a_word_printed_twice_comes_once_wherever_it_stands() -> None:
    # Whatever grid places are compared on, 40 starting points of 0.1 points each cross its lines.
    for step in range(40):
        x = 72 + step / 10
        words = scan(text_at(x, 60, "Total") + text_at(x + 0.35, 60, "Total") + ROWS).words
        assert [w.text for w in words].count("Total") == 1


def test_words_that_ocr_reads_along_the_edge_stand_in_no_row() -> None:
    # Fractions of a page of 600 x 800 points: rows of 10 points, words of 9 points that run upwards.
    rows = [
        Word(text=text, bbox=BBox(left, top, left + 0.1, top + 0.0125), confidence=0.9, source="tesserocr")
        for top in (0.5, 0.52, 0.54)
        for left, text in ((0.2, "Valve"), (0.6, "30.00"))
    ]
    edge = [
        Word(text=text, bbox=BBox(0.05, top, 0.065, bottom), confidence=0.8, source="tesserocr")
        for text, top, bottom in (("HRB", 0.51, 0.54), ("court", 0.545, 0.6), ("District", 0.605, 0.68))
    ]
    upright, apart = part_sideways([*edge, *rows], 600, 800)
    assert upright == tuple(rows)
    assert [word.text for arranged in apart for word in arranged.words] == ["District", "court", "HRB"]
    assert all(word in edge for arranged in apart for word in arranged.words)
    assert part_sideways(rows, 600, 800) == (tuple(rows), ())


@pytest.mark.parametrize(("size", "scale"), [(-12, 1), (-1, 12)])
def test_upright_text_of_a_negative_size_is_upright(size: int, scale: int) -> None:
    lines = ((700, "Norderfeld Tools Ltd"), (680, "Total due 1,085.88"))
    content = "".join(
        f"BT /F1 {size} Tf {-scale} 0 0 {-scale} 72 {y} Tm ({text}) Tj ET\n" for y, text in lines
    )
    document = read_document(pdf(content), options=ReadOptions(n_workers=1))
    assert document.pages[0].text.splitlines() == [text for _, text in lines]
    assert [warning.code for warning in document.warnings] == []


@pytest.mark.parametrize("degrees", [-3, -2, 1, 2, 3])
@pytest.mark.parametrize("rotate", [0, 90, 270])
def test_rows_of_a_table_that_lies_askew_stay_together(degrees: float, rotate: int) -> None:
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    rows = "".join(
        text_at(60, 640 - 14 * row, f"Item {row}") + text_at(480, 640 - 14 * row, f"{row + 1}0.00")
        for row in range(6)
    )
    moved = f"q {cos:.5f} {sin:.5f} {-sin:.5f} {cos:.5f} 0 {-300 * sin:.2f} cm {rows} Q"
    page = read_document(pdf(moved, rotate=rotate), options=ReadOptions(n_workers=1)).pages[0]
    found = [" ".join(word.text for word in page.words[a:b]) for a, b in page.lines]
    assert found == [f"Item {row} {row + 1}0.00" for row in range(6)]
    assert {word.source for word in page.words} == {"text_layer"}
