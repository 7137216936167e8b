"""Words into text that mirrors the page."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ocr.layout import layout_text
from schemas.document import Document, Word
from schemas.geometry import clip
from tests.ocr.pages import page_of


def document(*pages: list[Word]) -> Document:
    return Document(
        sha256="0" * 64,
        media_type="application/pdf",
        pages=tuple(page_of(words, i) for i, words in enumerate(pages)),
    )


def word(text: str, left: float, top: float) -> Word:
    return Word(text=text, bbox=clip(left, top, left + 0.01 * len(text), top + 0.01))


boxes = st.tuples(*(st.floats(0, 1, allow_subnormal=False) for _ in range(4))).map(lambda e: clip(*e))
texts = st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=8).filter(
    lambda text: not any(ch.isspace() for ch in text)
)
pages = st.lists(st.builds(Word, text=texts, bbox=boxes), max_size=12)
documents = st.lists(pages, max_size=3).map(lambda each: document(*each))


@given(documents, st.booleans())
def test_spans_give_back_every_word_in_order(read: Document, structured: bool) -> None:
    laid_out = layout_text(read, structured=structured)
    assert [
        (span.page_index, span.word_index, laid_out.text[span.start : span.end]) for span in laid_out.spans
    ] == [(page_index, word_index, w.text) for page_index, word_index, w in read.words()]


@given(documents, st.booleans())
def test_no_two_words_are_glued_together(read: Document, structured: bool) -> None:
    laid_out = layout_text(read, structured=structured)
    assert laid_out.text.split() == [w.text for _, _, w in read.words()]


@given(documents)
def test_runs_of_spaces_are_bounded(read: Document) -> None:
    assert " " * 41 not in layout_text(read).text


@given(documents, st.booleans())
def test_every_line_of_a_page_is_a_line_of_text(read: Document, structured: bool) -> None:
    filled = [page for page in read.pages if page.words]
    n_lines = sum(len(page.lines) for page in filled) + max(len(filled) - 1, 0)
    assert len(layout_text(read, structured=structured).text.split("\n")) == (n_lines or 1)


def test_an_empty_document_gives_no_text() -> None:
    assert layout_text(document([], [])).text == ""
    assert layout_text(document()).spans == ()


def test_columns_of_different_lines_stand_below_each_other() -> None:
    words = [
        word("Tax", 0.1, 0.1), word("1.00", 0.5, 0.1),
        word("Total", 0.1, 0.12), word("9.00", 0.5, 0.12),
    ]  # fmt: skip
    # A character is 0.01 wide and the margin is 0.1, so 0.5 is column 40: 37 and 35 spaces.
    assert layout_text(document(words)).text == f"Tax{' ' * 37}1.00\nTotal{' ' * 35}9.00"


def test_words_of_a_phrase_are_one_space_apart_whatever_the_font() -> None:
    words = [word("Grand", 0.1, 0.1), word("Total", 0.165, 0.1)]
    assert layout_text(document(words)).text == "Grand Total"


def test_a_wide_gap_is_never_a_single_space() -> None:
    # 30 narrow characters end at 0.22 and stand in columns 0 to 29; the next word is at column 17.
    narrow = Word(text="i" * 30, bbox=clip(0.1, 0.1, 0.22, 0.11))
    wide = [word("wwwwwwwwww", 0.1, 0.2 + 0.02 * i) for i in range(6)]
    first_line = layout_text(document([narrow, word("next", 0.27, 0.1), *wide])).text.split("\n")[0]
    assert first_line == "i" * 30 + "  next"


def test_indentation_counts_from_the_leftmost_word() -> None:
    assert layout_text(document([word("a", 0.3, 0.1), word("b", 0.35, 0.2)])).text == "a\n     b"


def test_pages_are_a_blank_line_apart_and_blank_pages_leave_none() -> None:
    assert layout_text(document([word("a", 0.1, 0.1)], [], [word("b", 0.1, 0.1)])).text == "a\n\nb"


def test_plain_words_are_joined_by_single_spaces() -> None:
    words = [word("Tax", 0.1, 0.1), word("1.00", 0.5, 0.1), word("Total", 0.1, 0.12)]
    assert layout_text(document(words), structured=False).text == "Tax 1.00\nTotal"
