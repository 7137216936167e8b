"""Windows cover every line once, and their answers come together without losing rows."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decoding.carried import find_carried
from decoding.windows import WindowAnswer, cut_windows, merge_answers
from schemas.document import Document, Page, Word
from schemas.errors import PromptTooLongError
from schemas.extraction import FieldMetadata
from schemas.geometry import BBox
from schemas.spec import ArraySpec, FieldSpec, ObjectSpec, Path
from tests.decoding.tables.pages import pages


def make_page(page_index: int, line_lengths: list[int]) -> Page:
    """Return a page of one line per length, its words named after their place."""
    words: list[Word] = []
    lines: list[tuple[int, int]] = []
    for line, n_words in enumerate(line_lengths):
        start = len(words)
        words += [
            Word(text=f"p{page_index}w{start + i}", bbox=BBox(0.0, line / 100, 0.1, line / 100 + 0.005))
            for i in range(n_words)
        ]
        lines.append((start, len(words)))
    order = tuple(reversed(range(len(words))))
    return Page(
        page_index=page_index,
        width_pt=600,
        height_pt=800,
        words=tuple(words),
        lines=tuple(lines),
        block_order=order,
    )


def make_document(pages: list[list[int]]) -> Document:
    """Return a document of pages, each given by its lines' word counts."""
    return Document(
        sha256="0" * 64,
        media_type="application/pdf",
        pages=tuple(make_page(i, lengths) for i, lengths in enumerate(pages)),
    )


PAGES = st.lists(st.lists(st.integers(1, 6), max_size=8), max_size=5)


@given(pages=PAGES, limit=st.integers(6, 40))
def test_windows_hold_every_word_once_in_order(pages: list[list[int]], limit: int) -> None:
    document = make_document(pages)
    windows = cut_windows(document, fits=lambda d: d.document.n_words <= limit)
    words = [word.text for window in windows for _, _, word in window.document.words()]
    assert words == [word.text for _, _, word in document.words()]
    assert all(window.document.n_words <= limit for window in windows)
    for window in windows:
        shown = {word.text.partition("w")[0] for _, _, word in window.document.words()}
        assert shown <= {f"p{index}" for index in window.page_indices}


def test_a_part_of_a_page_does_not_go_on_where_its_blocks_were_cut() -> None:
    # Two columns of four words; the window holds the first two lines.
    page = replace(make_page(0, [2] * 4), block_order=(0, 2, 4, 6, 1, 3, 5, 7), cuts=frozenset({(6, 1)}))
    document = replace(make_document([]), pages=(page,))
    window, *_ = cut_windows(document, fits=lambda d: d.document.n_words <= 4)
    (part,) = window.document.pages
    assert part.block_order == (0, 2, 1, 3)
    assert part.cuts == {(2, 1)}


def test_a_line_longer_than_the_window_raises_prompt_too_long_error() -> None:
    with pytest.raises(PromptTooLongError):
        cut_windows(make_document([[7]]), fits=lambda d: d.document.n_words <= 6)


def test_an_empty_document_is_one_empty_window() -> None:
    windows = cut_windows(make_document([]), fits=lambda d: d.document.n_words <= 6)
    assert [window.document.n_words for window in windows] == [0]


ROOT = ObjectSpec(
    properties=(
        ("total", FieldSpec(kind="amount")),
        (
            "rows",
            ArraySpec(item=ObjectSpec(properties=(("name", FieldSpec(kind="verbatim")),)), max_items=3),
        ),
    )
)


def answer(total: str | None, names: list[str], confidence: float) -> WindowAnswer:
    """Return a window's answer whose total has the given confidence."""
    metadata: dict[Path, FieldMetadata] = {("total",): FieldMetadata(confidence=confidence)}
    metadata |= {("rows", i, "name"): FieldMetadata(confidence=0.5) for i in range(len(names))}
    return WindowAnswer(value={"total": total, "rows": [{"name": n} for n in names]}, metadata=metadata)


def test_rows_are_joined_in_order_with_their_metadata() -> None:
    merged, warnings = merge_answers(ROOT, [answer(None, ["a"], 0.9), answer("5.00", ["b", "c"], 0.4)])
    assert merged.value == {"total": "5.00", "rows": [{"name": "a"}, {"name": "b"}, {"name": "c"}]}
    assert set(merged.metadata) == {("total",), *(("rows", i, "name") for i in range(3))}
    assert warnings == ()


def test_the_surest_value_wins_and_the_conflict_is_a_warning() -> None:
    merged, warnings = merge_answers(ROOT, [answer("4.00", [], 0.6), answer("5.00", [], 0.8)])
    assert merged.value["total"] == "5.00"
    assert [(w.code, w.path) for w in warnings] == [("window_conflict", "total")]


def test_a_sum_that_is_carried_over_is_no_total_where_another_page_has_one() -> None:
    first = replace(answer("680.40", ["a"], 0.9), carried=frozenset({("total",)}))
    merged, warnings = merge_answers(ROOT, [first, answer("1,360.80", ["b"], 0.6)])
    assert (merged.value["total"], warnings) == ("1,360.80", ())
    alone, _ = merge_answers(ROOT, [first, answer(None, [], 0.6)])
    assert alone.value["total"] == "680.40"


def test_amounts_on_lines_of_carried_sums_alone_are_known() -> None:
    document = pages("Paper 680.40 1.00\nÜbertrag 681.40", "Report 681.40\nInk 5.00\nSumme 686.40")
    found = {
        total: find_carried(ROOT, {"total": total, "rows": []}, document)
        for total in ("681.40", "680.40", "686.40", "7.00")
    }
    assert found == {
        "681.40": frozenset({("total",)}),
        "680.40": frozenset(),
        "686.40": frozenset(),
        "7.00": frozenset(),
    }


def test_what_another_window_gave_is_told_with_how_far_behind_it_is() -> None:
    merged, _ = merge_answers(ROOT, [answer("4.00", [], 0.4), answer("5.00", [], 0.8)])
    (other,) = merged.others["total",]
    assert (other.path, other.value) == (("total",), "4.00")
    assert other.gap == pytest.approx(math.log(2))  # 0.8 / 0.4


def test_rows_beyond_max_items_are_a_warning_and_not_silent() -> None:
    merged, warnings = merge_answers(ROOT, [answer(None, ["a", "b"], 0.5), answer(None, ["c", "d"], 0.5)])
    assert merged.value["rows"] == [{"name": "a"}, {"name": "b"}, {"name": "c"}]
    assert [w.code for w in warnings] == ["list_incomplete"]


def test_two_notations_of_one_amount_are_no_conflict() -> None:
    merged, warnings = merge_answers(ROOT, [answer("1,234.50", [], 0.6), answer("1234.50", [], 0.8)])
    assert (merged.value["total"], warnings) == ("1234.50", ())


def test_a_number_and_its_float_are_no_conflict() -> None:
    root = ObjectSpec(properties=(("total", FieldSpec(kind="number")),))
    answers = [WindowAnswer(value={"total": n}, metadata={}) for n in (12, 12.0)]
    assert merge_answers(root, answers)[1] == ()


def test_each_value_knows_the_pages_that_it_was_read_from() -> None:
    pages: list[dict[Path, tuple[int, ...]]] = [
        {("total",): (0,)},
        {("total",): (1, 2), ("rows", 0, "name"): (1, 2)},
    ]
    answers = [answer("4.00", [], 0.6), answer("5.00", ["a"], 0.8)]
    known = [replace(a, page_indices=p) for a, p in zip(answers, pages, strict=True)]
    assert merge_answers(ROOT, known)[0].page_indices == pages[1]


def test_windows_are_cut_between_rows_and_know_the_rows_that_they_show() -> None:
    head = "Description      Qty   Amount\n"
    rows = "".join(f"Paper no {n}         2     {n}.00\nwhite, of {n} grams\n" for n in range(1, 9))
    document = pages(head + rows + "Total                   36.00")
    windows = cut_windows(document, fits=lambda part: part.document.n_words <= 30)
    assert len(windows) > 2
    shown: list[str] = []
    for window in windows:
        assert window.document.pages[0].words[0].text in {"Description", "Paper"}
        for table in window.tables:
            for row in table.rows:
                page = window.document.pages[row.page_index]
                shown.append(" ".join(page.words[i].text for i in sorted(row.words)))
    assert shown == [f"Paper no {n} 2 {n}.00 white, of {n} grams" for n in range(1, 9)]
