"""Ranges of pages: what is one, what is none, and what a file lacks."""

from __future__ import annotations

import pytest

from app.extraction.page_ranges import parse_page_ranges, pick_pages
from schemas.errors import ConfigurationError, PageNotFoundError


@pytest.mark.parametrize(
    ("text", "picked"),
    [
        ("5", (5,)),
        ("1", (1,)),
        ("3-7", (3, 4, 5, 6, 7)),
        ("2-2", (2,)),
        ("2-", (2, 3, 4, 5, 6, 7)),
        ("7-", (7,)),
        ("1,3-4", (1, 3, 4)),
        (" 1 , 3-4 ", (1, 3, 4)),
        ("3-4,1", (1, 3, 4)),
        ("1-3,2-4,3", (1, 2, 3, 4)),
        ("06", (6,)),
        ("1-", (1, 2, 3, 4, 5, 6, 7)),
    ],
)
def test_ranges_name_the_pages_of_a_file_of_seven(text: str, picked: tuple[int, ...]) -> None:
    assert pick_pages(parse_page_ranges(text), 7) == picked


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", ",", "1,", "1,,2", "1;2", "1 2", "1 - 2"),
        *("0", "0-3", "-3", "-", "4-2", "1-2-3", "3--4", "9999999", "1-9999999"),
        *("a", "1-b", "1.5", "1_0", "+1", "٣"),
    ],
)
def test_what_is_no_range_is_a_usage_error_with_a_hint(text: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_page_ranges(text)
    assert "3-7" in (raised.value.hint or "")


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("8", "no page 8"),
        ("8-", "no page 8"),
        ("12-", "no page 12"),
        ("3-9", "no page 8-9"),
        ("9-999999", "no page 9-999999"),
        ("1,8,10-11", "no page 8, 10-11"),
    ],
)
def test_pages_beyond_the_end_are_named(text: str, missing: str) -> None:
    with pytest.raises(PageNotFoundError, match=rf"the file has 7 pages, there is {missing}$"):
        pick_pages(parse_page_ranges(text), 7)
