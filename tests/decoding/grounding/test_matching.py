"""Texts are found on a page as printed, in another notation, inside words, and misprinted, in that order."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decoding.grounding.matching import (
    MIN_FUZZY_SCORE,
    Run,
    matching_runs,
    page_sequences,
    similarity,
    text_key,
    word_key,
)
from schemas.document import Page
from tests.decoding.transcripts import page_of_lines

_RECEIPT = page_of_lines(
    "BOOK TA .K(TAMAN DAYA) SDN BHD", "NO.53 55,57 & 59, JALAN SAGU 18,", "TOTAL: RM35.00", "CASH 1,050.00"
)


def _find(value: str, page: Page = _RECEIPT, *, fuzzy: bool = True) -> tuple[Run, ...]:
    return matching_runs(value, page_sequences(page), fuzzy=fuzzy)


def _texts(runs: tuple[Run, ...], page: Page = _RECEIPT) -> list[str]:
    return [" ".join(page.words[i].text for i in run.word_indices) for run in runs]


@pytest.mark.parametrize(
    ("value", "alignment", "score", "text"),
    [
        ("JALAN SAGU 18,", "exact", 1.0, "JALAN SAGU 18,"),
        ("SDN BHD NO.53", "exact", 1.0, "SDN BHD NO.53"),  # runs on over the end of a line
        ("jalan sagu 18", "normalised", 1.0, "JALAN SAGU 18,"),
        ("TAMAN DAYA", "normalised", 7 / 9, None),
        ("1050.00", "normalised", 1.0, "1,050.00"),
        ("35.00", "normalised", 5 / 7, "RM35.00"),  # RM is two of seven characters
        ("JALAN SAGO 18", "fuzzy", 10 / 11, "JALAN SAGU 18,"),  # one of eleven
    ],
)
def test_value_is_found_in_the_first_tier_that_has_it(
    value: str, alignment: str, score: float, text: str | None
) -> None:
    runs = _find(value)
    assert runs[0].alignment == alignment
    if text is not None:
        assert _texts(runs)[0] == text
        assert runs[0].score == pytest.approx(score)


@pytest.mark.parametrize(
    "value",
    ["", " ", "5.00", "050.00", "050", "OTAL", "Zebra crossing", "9", "18 TOTAL: 9999"],
)
def test_value_that_stands_nowhere_has_no_runs(value: str) -> None:
    assert _find(value) == ()


def test_numbers_are_never_matched_with_one_digit_changed() -> None:
    page = page_of_lines("Invoice 10023458 of 12.03.2026")
    assert _find("10023459", page) == ()
    assert _find("13.03.2026", page) == ()


def test_fuzzy_search_can_be_switched_off() -> None:
    assert _find("JALAN SAGO 18", fuzzy=False) == ()


def test_every_occurrence_is_returned_in_reading_order() -> None:
    page = page_of_lines("Beer 5.00", "Wine 5.00", "Total 10.00")
    runs = _find("5.00", page)
    assert [run.word_indices for run in runs] == [(1,), (3,)]


def test_block_order_finds_a_text_of_several_lines_beside_another_column() -> None:
    page = page_of_lines("Acme Inc      Ship to", "Long Street   Bob")
    assert [w.text for w in page.words] == ["Acme", "Inc", "Ship", "to", "Long", "Street", "Bob"]
    assert _find("Acme Inc Long Street", page) == ()
    blocks = replace(page, block_order=(0, 1, 4, 5, 2, 3, 6))
    runs = _find("Acme Inc Long Street", blocks)
    assert [(run.word_indices, run.alignment) for run in runs] == [((0, 1, 4, 5), "exact")]


def test_a_text_is_not_found_across_two_blocks() -> None:
    page = page_of_lines("Acme Inc      Ship to", "Long Street   Bob")
    assert len(_find("Ship to Long Street", page)) == 1
    cut = replace(page, cuts=frozenset({(3, 4)}))
    assert _find("Ship to Long Street", cut) == ()
    assert _find("ship to long streets", cut) == ()  # nor nearly
    assert len(_find("Ship to", cut)) == 1


def test_empty_page_has_no_sequences() -> None:
    assert page_sequences(page_of_lines()) == ()
    assert _find("x", page_of_lines()) == ()


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("S.H.H.", "shh"),
        ("1.234,50", "1234.50"),
        ("1.234", "1.234"),
        ("(13-06-2018)", "13-06-2018"),
        ("-", ""),
    ],
)
def test_word_key_keeps_what_spellings_share(text: str, key: str) -> None:
    assert word_key(text) == key


_words = st.text(alphabet="abcXYZ0159.,-/ß", min_size=1, max_size=6)


@given(lines=st.lists(st.lists(_words, min_size=1, max_size=6), min_size=1, max_size=6), data=st.data())
def test_any_run_of_words_is_found_exactly_where_it_stands(
    lines: list[list[str]], data: st.DataObject
) -> None:
    page = page_of_lines(*(" ".join(line) for line in lines))
    first = data.draw(st.integers(0, len(page.words) - 1))
    last = data.draw(st.integers(first + 1, len(page.words)))
    runs = _find(" ".join(word.text for word in page.words[first:last]), page)
    found = [run for run in runs if run.word_indices == tuple(range(first, last))]
    assert [(run.alignment, run.score) for run in found] == [("exact", 1.0)]


@given(
    lines=st.lists(st.lists(_words, min_size=1, max_size=6), min_size=1, max_size=4),
    value=st.text(alphabet="abcXYZ0159.,-/ ß", max_size=20),
)
def test_every_run_is_contiguous_and_as_similar_as_it_says(lines: list[list[str]], value: str) -> None:
    page = page_of_lines(*(" ".join(line) for line in lines))
    for run in _find(value, page):
        text = " ".join(page.words[i].text for i in run.word_indices)
        assert list(run.word_indices) == list(range(run.word_indices[0], run.word_indices[-1] + 1))
        assert 0.0 < run.score <= 1.0
        if run.alignment == "exact":
            assert text == " ".join(value.split())
        if run.alignment == "fuzzy":
            assert run.score == pytest.approx(similarity(text_key(value), text_key(text)))
            assert run.score >= MIN_FUZZY_SCORE
