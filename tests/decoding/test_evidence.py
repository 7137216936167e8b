"""Lines of evidence: how one is written, joined with others, and read back."""

from __future__ import annotations

import re

import pytest

from decoding.evidence import (
    join_lines,
    points_at_value,
    read_key,
    trace_chars,
    words_of_line,
    write_absent,
    write_rows,
    write_value,
)
from decoding.grammar.lark import PLAIN_CHAR
from schemas.spec import ArraySpec, FieldSpec, ObjectSpec
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
    assert re.fullmatch(f"{PLAIN_CHAR}+", trace)


@pytest.mark.parametrize("line", [write_value("the total", ("TOTAL", "9.00")), write_absent("the total")])
def test_the_key_of_a_line_is_read_back(line: str) -> None:
    assert read_key(line) == "the total"


@pytest.mark.parametrize(
    ("line", "points"),
    [
        (write_value("total", ("none",)), False),  # a page's line that says "none" says no more than that
        (write_value("total", ("rows", "3")), True),
        (write_value("kind"), True),
        (write_absent("total"), False),
        (write_rows("rows", 0), False),
        ("", True),
    ],
)
def test_lines_that_point_at_a_value_are_told_apart(line: str, points: bool) -> None:
    assert points_at_value(line) is points


def test_lines_are_joined_in_their_order() -> None:
    assert join_lines(["b < none", "a < 2 rows", "c < page"]) == "b < none; a < 2 rows; c < page"
    assert join_lines([]) == ""


def _of_keys(n: int) -> ObjectSpec:
    return ObjectSpec(properties=tuple((f"key_{i:02}", FieldSpec(kind="verbatim")) for i in range(n)))


@pytest.mark.parametrize("n_keys", [0, 1, 7, 8, 30, 400])
def test_a_trace_names_every_key_in_the_room_that_the_grammar_gives_it(n_keys: int) -> None:
    keys = [f"key_{i:02}" for i in range(n_keys)]
    trace = join_lines(write_value(key, ("Amount", "payable", "in-full-by-31.12.")) for key in keys)
    assert [read_key(line) for line in trace.split("; ") if line] == keys
    room = trace_chars(_of_keys(n_keys), "brief")
    assert len(trace) <= room
    assert re.fullmatch(f"{PLAIN_CHAR}{{0,{room}}}", trace)


def test_where_room_runs_out_all_places_are_cut_alike_at_the_end_of_a_word() -> None:
    trace = join_lines(write_value(f"k{i:02}", ("Amount", "payable", "in-full-by-31.12.")) for i in range(10))
    assert trace == "; ".join(f"k{i:02} < Amount payable" for i in range(10))


def test_where_there_is_room_no_place_is_cut() -> None:
    lines = [write_value(f"k{i}", ("Amount", "payable", "in-full-by-31.12.")) for i in range(4)]
    assert join_lines(lines) == "; ".join(lines)


def test_objects_have_a_line_for_each_key_and_lists_one() -> None:
    row = ObjectSpec(properties=(("a", FieldSpec(kind="verbatim")), ("b", FieldSpec(kind="verbatim"))))
    wide = ObjectSpec(properties=(("seller", _of_keys(12)), ("rows", ArraySpec(item=row))))
    keys = [f"key_{i:02}" for i in range(12)] + ["rows"]
    assert trace_chars(wide, "brief") == sum(len(key) + len(" < ; ") + 16 for key in keys)
    assert (trace_chars(wide, "off"), trace_chars(_of_keys(2), "full")) == (0, 1200)


def test_a_words_line_is_found_on_the_page() -> None:
    page = page_of(["ACME Ltd", "Total EUR 9.00", "Thank you"])
    assert [words_of_line(page, index)[0] for index in range(7)] == ["ACME"] * 2 + ["Total"] * 3 + [
        "Thank"
    ] * 2
    assert words_of_line(page, 3) == ("Total", "EUR", "9.00")
