"""Lines of evidence: how one is written, joined with others, and read back."""

from __future__ import annotations

import re

import pytest

from decoding.evidence import join_lines, read_key, words_of_line, write_absent, write_rows, write_value
from decoding.grammar.build import REASONING_CHARS
from decoding.grammar.lark import PLAIN_CHAR
from tests.decoding.pages import page_of


def test_a_line_names_the_first_words_of_the_pages_line() -> None:
    assert write_value("total", ("TOTAL", "RM", "42.50", "CASH")) == "total < TOTAL RM 42.50"


def test_long_words_are_cut_and_no_space_is_left_at_the_end() -> None:
    # 31 characters, a space, and more: 32 with the space, which goes
    assert write_value("no", ("x" * 31, "y")) == f"no < {'x' * 31}"
    assert write_value("no", ("x" * 40,)) == f"no < {'x' * 32}"


@pytest.mark.parametrize("words", [(), ('"',), ("<;", "'")])
def test_a_value_without_words_to_name_points_at_the_page(words: tuple[str, ...]) -> None:
    assert write_value("kind", words) == "kind < page"


def test_what_is_absent_and_what_is_a_list_are_said_so() -> None:
    assert write_absent("date") == "date < none"
    assert [write_rows("rows", n) for n in (0, 1, 12)] == ["rows < 0 rows", "rows < 1 rows", "rows < 12 rows"]


@pytest.mark.parametrize("odd", list("\"'\\;<\n"))
def test_what_would_end_a_line_or_a_string_is_never_in_one(odd: str) -> None:
    line = write_value(f"a{odd}b", (f"c{odd}d", f"{odd}e"))
    assert line == "ab < cd e"
    assert (write_absent(odd), write_rows(odd, 2)) == (" < none", " < 2 rows")


def test_the_grammar_can_write_a_trace_of_odd_keys_and_words() -> None:
    trace = join_lines([write_value('12" pipe', ('C:\\elbow"', "7.50")), write_absent("it's; <odd>\n")])
    assert re.fullmatch(f"{PLAIN_CHAR}{{0,{REASONING_CHARS['brief']}}}", trace)


@pytest.mark.parametrize("line", [write_value("the total", ("TOTAL", "9.00")), write_absent("the total")])
def test_the_key_of_a_line_is_read_back(line: str) -> None:
    assert read_key(line) == "the total"


def test_lines_are_joined_in_their_order() -> None:
    assert join_lines(["b < none", "a < 2 rows", "c < page"]) == "b < none; a < 2 rows; c < page"
    assert join_lines([]) == ""


def test_a_trace_is_as_long_as_a_brief_reasoning_may_be() -> None:
    room = REASONING_CHARS["brief"]
    first = write_absent("k" * (room // 2))
    rest = room - len(first) - len("; ")
    assert len(join_lines([first, write_absent("m" * (rest - len(" < none")))])) == room
    assert join_lines([first, write_absent("m" * (rest - len(" < none") + 1))]) == first


def test_the_first_line_that_does_not_fit_ends_the_trace() -> None:
    long = write_absent("k" * REASONING_CHARS["brief"])
    assert join_lines(["a < none", long, "b < none"]) == "a < none"
    assert join_lines([long, "b < none"]) == ""


def test_a_words_line_is_found_on_the_page() -> None:
    page = page_of(["ACME Ltd", "Total EUR 9.00", "Thank you"])
    assert [words_of_line(page, index)[0] for index in range(7)] == ["ACME"] * 2 + ["Total"] * 3 + [
        "Thank"
    ] * 2
    assert words_of_line(page, 3) == ("Total", "EUR", "9.00")
