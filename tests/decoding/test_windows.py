"""Windows cover every line, and show lines before a cut that may part a row again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decoding.windows import cut_windows
from schemas.document import Document, Page, Word
from schemas.errors import PromptTooLongError
from schemas.geometry import BBox
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
def test_windows_that_overlap_show_up_to_four_lines_of_the_page_again(
    pages: list[list[int]], limit: int
) -> None:
    document = make_document(pages)
    windows = cut_windows(document, fits=lambda d: d.document.n_words <= limit, overlap=True)
    assert all(window.document.n_words <= limit for window in windows)
    seen: list[str] = []
    for window in windows:
        lines = [page.words[slice(*line)] for page in window.document.pages for line in page.lines]
        again = [word.text for line in lines[: window.n_shared_lines] for word in line]
        assert window.n_shared_lines <= 4
        assert again == seen[len(seen) - len(again) :]
        seen += [word.text for line in lines[window.n_shared_lines :] for word in line]
    assert seen == [word.text for _, _, word in document.words()]


def test_a_cut_amid_lines_of_unknown_rows_is_shown_by_both_windows() -> None:
    first, second = cut_windows(
        make_document([[1] * 24]), fits=lambda d: d.document.n_words <= 18, overlap=True
    )
    assert (first.n_shared_lines, second.n_shared_lines) == (0, 4)
    assert (second.starts, len(second.document.pages[0].lines)) == ((8,), 16)


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


def test_windows_are_cut_between_rows_and_know_the_rows_that_they_show() -> None:
    head = "Description      Qty   Amount\n"
    rows = "".join(f"Paper no {n}         2     {n}.00\nwhite, of {n} grams\n" for n in range(1, 9))
    document = pages(head + rows + "Total                   36.00")
    windows = cut_windows(document, fits=lambda part: part.document.n_words <= 30, overlap=True)
    assert len(windows) > 2
    assert all(window.n_shared_lines == 0 for window in windows)  # no row is unknown
    shown: list[str] = []
    for window in windows:
        assert window.document.pages[0].words[0].text in {"Description", "Paper"}
        for table in window.tables:
            for row in table.rows:
                page = window.document.pages[row.page_index]
                shown.append(" ".join(page.words[i].text for i in sorted(row.words)))
    assert shown == [f"Paper no {n} 2 {n}.00 white, of {n} grams" for n in range(1, 9)]
