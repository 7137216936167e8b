"""Words into lines and blocks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.reading_order import Arrangement, arrange
from schemas.document import Word
from schemas.geometry import clip
from tests.ocr.pages import page_of


def word(text: str, left: float, top: float, *, height: float = 0.01, width: float | None = None) -> Word:
    right = left + (0.008 * len(text) if width is None else width)
    return Word(text=text, bbox=clip(left, top, right, top + height))


def row_texts(words: Sequence[Word]) -> list[str]:
    arranged = arrange(words)
    return [" ".join(w.text for w in arranged.words[start:end]) for start, end in arranged.lines]


def block_text(words: Sequence[Word]) -> str:
    arranged = arrange(words)
    return " ".join(arranged.words[i].text for i in arranged.block_order)


def texts_of(words: Sequence[Word]) -> str:
    """Return the page's runs, one a line."""
    page = page_of(words)
    return "\n".join(" ".join(page.words[i].text for i in run) for run in page.runs())


def phrase(text: str, left: float, top: float) -> list[Word]:
    words: list[Word] = []
    for token in text.split():
        words.append(word(token, left, top))
        left += 0.008 * (len(token) + 1)
    return words


def skewed(words: Sequence[Word], degrees: float) -> list[Word]:
    slope = math.tan(math.radians(degrees))
    shifts = [slope * w.bbox.left for w in words]
    return [
        Word(text=w.text, bbox=clip(w.bbox.left, w.bbox.top + d, w.bbox.right, w.bbox.bottom + d))
        for w, d in zip(words, shifts, strict=True)
    ]


boxes = st.tuples(*(st.floats(0, 1, allow_subnormal=False) for _ in range(4))).map(lambda e: clip(*e))
any_words = st.lists(st.builds(Word, text=st.sampled_from(["a", "Tax", "12.50"]), bbox=boxes))


@given(any_words)
def test_every_word_stands_once_in_lines_and_in_block_order(words: list[Word]) -> None:
    arranged = arrange(words)
    assert sorted(map(id, arranged.words)) == sorted(map(id, words))
    assert [i for start, end in arranged.lines for i in range(start, end)] == list(range(len(words)))
    assert sorted(arranged.block_order) == list(range(len(words)))
    steps = {*pairwise(range(len(words))), *pairwise(arranged.block_order)}
    assert arranged.cuts <= steps


@given(any_words)
def test_words_of_a_line_stand_from_left_to_right(words: list[Word]) -> None:
    arranged = arrange(words)
    for start, end in arranged.lines:
        lefts = [w.bbox.left for w in arranged.words[start:end]]
        assert lefts == sorted(lefts)


@given(any_words.flatmap(lambda words: st.tuples(st.just(words), st.permutations(words))))
def test_the_text_does_not_depend_on_the_order_of_distinct_words(
    pair: tuple[list[Word], list[Word]],
) -> None:
    words, shuffled = pair
    if len({(w.bbox.left, w.bbox.top + w.bbox.bottom) for w in words}) == len(words):
        assert row_texts(words) == row_texts(shuffled)


def test_an_empty_page_has_no_words_lines_or_blocks() -> None:
    assert arrange([]) == Arrangement()


def test_a_word_whose_top_is_higher_does_not_come_before_its_left_neighbour() -> None:
    assert row_texts([word("right", 0.5, 0.098), word("left", 0.1, 0.1)]) == ["left right"]


def test_lines_run_from_top_to_bottom() -> None:
    assert row_texts([word("b", 0.1, 0.2), word("a", 0.1, 0.1)]) == ["a", "b"]


@pytest.mark.parametrize("degrees", [-1.0, -0.5, 0.5, 1.0])
def test_lines_of_a_slightly_skewed_page_stay_whole(degrees: float) -> None:
    # One degree over 0.8 of the width is 0.014 of the page, more than the pitch of the lines (0.013).
    lines = [phrase("one two three four", 0.05, 0.1 + 0.013 * i) for i in range(20)]
    amounts = [[word(f"{i}.00", 0.85, 0.1 + 0.013 * i)] for i in range(20)]
    page = [w for line in lines + amounts for w in line]
    assert row_texts(skewed(page, degrees)) == [f"one two three four {i}.00" for i in range(20)]


def test_a_dash_stays_in_its_line() -> None:
    dash = word("-", 0.2, 0.1062, height=0.001)
    assert row_texts([word("Mon", 0.1, 0.1), dash, word("Fri", 0.3, 0.1)]) == ["Mon - Fri"]


def test_two_small_lines_beside_a_tall_word_stay_two_lines() -> None:
    logo = word("ACME", 0.05, 0.1, height=0.06)
    small = [word("Street", 0.6, 0.1, height=0.01), word("Town", 0.6, 0.15, height=0.01)]
    assert row_texts([logo, *small]) == ["Street", "ACME", "Town"]


def test_blocks_are_the_lines_on_a_page_of_one_column() -> None:
    words = [*phrase("Dear Sir or Madam", 0.1, 0.1), *phrase("we write to you", 0.1, 0.115)]
    arranged = arrange(words)
    assert arranged.block_order == tuple(range(len(words)))
    assert not arranged.cuts


def test_an_address_beside_another_column_is_contiguous_in_block_order() -> None:
    address = ["Meyer GmbH", "Hauptstr. 5", "10115 Berlin"]
    facts = ["Invoice 17", "Date 1.2.2024", "Customer 9"]
    words = [
        w
        for i in range(3)
        for w in phrase(address[i], 0.1, 0.1 + 0.013 * i) + phrase(facts[i], 0.6, 0.1 + 0.013 * i)
    ]
    assert row_texts(words)[0] == "Meyer GmbH Invoice 17"
    assert block_text(words) == " ".join(address + facts)


def test_what_one_column_says_does_not_go_on_in_the_other() -> None:
    # The second column's last line, and the first column's next one: "floor 2" and "411 38".
    billing = ["Meyer GmbH", "Hauptstr. 5", "411 38 Berlin"]
    delivery = ["Meyer GmbH", "Hauptstr. 9 floor 2", "411 18 Berlin"]
    words = [
        w
        for i in range(3)
        for w in phrase(billing[i], 0.1, 0.1 + 0.013 * i) + phrase(delivery[i], 0.6, 0.1 + 0.013 * i)
    ]
    assert "floor 2 411 38" not in texts_of(words)
    assert "floor 2 411 18 Berlin" in texts_of(words)
    assert "Meyer GmbH Meyer GmbH" in texts_of(words)  # one line may be one text, whatever its gaps


def test_a_text_goes_on_in_a_block_right_below() -> None:
    # Two segments above, one below the second: three blocks.
    words = phrase("12 Main St", 0.1, 0.1) + phrase("#02-01", 0.6, 0.1) + phrase("Singapore 1", 0.62, 0.113)
    assert "#02-01 Singapore 1" in texts_of(words)
    far = phrase("12 Main St", 0.1, 0.1) + phrase("#02-01", 0.6, 0.1) + phrase("Singapore 1", 0.1, 0.4)
    assert "#02-01 Singapore 1" not in texts_of(far)


@given(any_words)
def test_runs_hold_every_word_and_none_is_a_part_of_another(words: list[Word]) -> None:
    runs = page_of(words).runs()
    assert {i for run in runs for i in run} == set(range(len(words)))
    fenced = [f",{','.join(map(str, run))}," for run in runs]
    assert not any(a in b for a in fenced for b in fenced if a is not b)


def test_columns_whose_lines_are_not_level_are_contiguous_in_block_order() -> None:
    left = [phrase(f"left {i}", 0.1, 0.100 + 0.014 * i) for i in range(4)]
    right = [phrase(f"right {i}", 0.6, 0.107 + 0.014 * i) for i in range(4)]
    words = [w for line in left + right for w in line]
    assert block_text(words) == "left 0 left 1 left 2 left 3 right 0 right 1 right 2 right 3"


def test_a_heading_over_two_columns_is_a_block_of_its_own() -> None:
    heading = [word("H" * 80, 0.1, 0.087)]
    left = phrase("a b", 0.1, 0.1) + phrase("c d", 0.1, 0.113)
    right = phrase("e f", 0.6, 0.1) + phrase("g h", 0.6, 0.113)
    assert block_text([*heading, *left, *right]) == "H" * 80 + " a b c d e f g h"
