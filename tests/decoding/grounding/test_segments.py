"""Cells and addresses of several lines are found stretch by stretch."""

from __future__ import annotations

from decoding.grounding.matching import page_sequences
from decoding.grounding.segments import segment_runs
from schemas.document import Page
from tests.decoding.transcripts import page_of_lines


def _texts(value: str, page: Page) -> list[str]:
    runs = segment_runs(value, page_sequences(page), (page,))
    return [" ".join(page.words[i].text for i in run.word_indices) for run in runs]


_TWO_COLUMNS = page_of_lines(
    "Acme Inc          Invoice",
    "Long Street 5     4711",
    "12345 Anywhere    12.03.2026",
    "",
    "",
    "Acme Inc thanks",
)


def test_address_beside_another_column_is_one_run_a_line() -> None:
    value = "Acme Inc\nLong Street 5\n12345 Anywhere"
    assert _texts(value, _TWO_COLUMNS) == ["Acme Inc", "Long Street 5", "12345 Anywhere"]
    runs = segment_runs(value, page_sequences(_TWO_COLUMNS), (_TWO_COLUMNS,))
    assert {(run.alignment, run.score) for run in runs} == {("normalised", 1.0)}


def test_missing_word_lowers_the_score_and_makes_it_fuzzy() -> None:
    value = "Acme Inc Long Street 5 Floor 12345 Anywhere"
    runs = segment_runs(value, page_sequences(_TWO_COLUMNS), (_TWO_COLUMNS,))
    # "floor" is 5 of the 36 letters and digits
    assert {(run.alignment, round(run.score, 6)) for run in runs} == {("fuzzy", round(31 / 36, 6))}


def test_words_scattered_over_the_page_are_no_value() -> None:
    page = page_of_lines("alpha one", *[""] * 12, "bravo two", *[""] * 12, "charlie three")
    assert _texts("alpha bravo charlie", page) == []


def test_mostly_absent_value_and_single_words_have_no_segments() -> None:
    assert _texts("Acme Inc of another planet altogether", _TWO_COLUMNS) == []
    assert _texts("4711", _TWO_COLUMNS) == []
    assert _texts("", _TWO_COLUMNS) == []
