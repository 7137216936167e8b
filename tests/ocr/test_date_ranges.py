"""Periods printed as one word are parted into days; nothing else is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.date_ranges import split_date_ranges
from ocr.layout import page_text
from ocr.layout_document import layout_document
from schemas.document import Word
from schemas.geometry import BBox

_BOX = BBox(left=0.2, top=0.1, right=0.37, bottom=0.12)


def _texts(text: str) -> list[str]:
    return [word.text for word in split_date_ranges([Word(text=text, bbox=_BOX)])]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("01/28/20-02/02/20", ["01/28/20", "-", "02/02/20"]),
        ("1.3.2026\u201331.3.2026", ["1.3.2026", "\u2013", "31.3.2026"]),
        ("2026-01-28-2026-02-02", ["2026-01-28", "-", "2026-02-02"]),
        ("Flight:01/28/20-02/02/20,", ["Flight:01/28/20", "-", "02/02/20,"]),
        ("(01/28/20-02/02/20)", ["(01/28/20", "-", "02/02/20)"]),
    ],
)
def test_a_period_is_two_days_and_a_dash(text: str, parts: list[str]) -> None:
    assert _texts(text) == parts


@pytest.mark.parametrize(
    "text",
    ["12-03-2026-14", "01-02-03-04-05-06", "03/04/2026", "INV-2026-01-28", "192.168.1.10-20", "1/2-3/4"],
)
def test_what_is_no_period_is_one_word(text: str) -> None:
    assert _texts(text) == [text]


def test_the_box_is_shared_out_by_characters() -> None:
    first, dash, second = split_date_ranges([Word(text="01/28/20-02/02/20", bbox=_BOX)])
    # 17 characters over 0.17 of the page's width: 0.01 each.
    assert first.bbox.right == pytest.approx(0.28)
    assert (dash.bbox.left, dash.bbox.right) == pytest.approx((0.28, 0.29))
    assert second.bbox.right == pytest.approx(0.37)


@given(st.text(st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=60))
def test_no_character_is_lost(text: str) -> None:
    assert "".join(_texts(text)) == text


def test_a_long_word_without_end_takes_no_time() -> None:
    assert len(_texts("1/2/20-" * 20_000)) == 1


def test_a_text_files_period_is_parted_too() -> None:
    document = layout_document("Flight Dates   01/28/20-02/02/20\n", sha256="0" * 64)
    assert page_text(document, 0).split() == ["Flight", "Dates", "01/28/20", "-", "02/02/20"]
