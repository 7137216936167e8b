"""Answers of several windows come together: no row is lost, none is given twice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from decoding.merging import WindowAnswer, merge_answers
from eval.glirm import match_rows
from schemas.extraction import FieldMetadata
from schemas.spec import ArraySpec, FieldSpec, ObjectSpec, Path

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
    first = replace(answer("680.40", ["a"], 0.9), second_choice=frozenset({("total",)}))
    merged, warnings = merge_answers(ROOT, [first, answer("1,360.80", ["b"], 0.6)])
    assert (merged.value["total"], warnings) == ("1,360.80", ())
    alone, _ = merge_answers(ROOT, [first, answer(None, [], 0.6)])
    assert alone.value["total"] == "680.40"


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


ITEM = ObjectSpec(
    properties=(
        ("name", FieldSpec(kind="verbatim", nullable=True)),
        ("price", FieldSpec(kind="amount", nullable=True)),
    )
)
LIST = ObjectSpec(properties=(("rows", ArraySpec(item=ITEM, max_items=99)),))
# What a window gives of one row: for each key its text and its words, by their numbers on one page.
Printed = dict[str, tuple[str, Sequence[int]]]


def window(*rows: Printed) -> WindowAnswer:
    """Return the answer of a window that shows these rows, or parts of them; a key not named is null."""
    words: dict[Path, frozenset[tuple[int, int]]] = {
        ("rows", i, key): frozenset((0, word) for word in at)
        for i, row in enumerate(rows)
        for key, (_, at) in row.items()
    }
    values: list[JsonValue] = [
        {key: row[key][0] if key in row else None for key in ("name", "price")} for row in rows
    ]
    known: dict[Path, FieldMetadata] = {path: FieldMetadata(confidence=0.5) for path in words}
    return WindowAnswer(value={"rows": values}, metadata=known, words=words, shares_lines=True)


def merged_rows(*answers: WindowAnswer) -> tuple[list[tuple[JsonValue, JsonValue]], list[str]]:
    """Return name and price of each merged row, and the codes of the warnings."""
    merged, warnings = merge_answers(LIST, answers, match_rows=match_rows)
    rows = merged.value["rows"]
    assert isinstance(rows, list)
    pairs = [(row["name"], row["price"]) for row in rows if isinstance(row, dict)]
    return pairs, [warning.code for warning in warnings]


TEA: Printed = {"name": ("Tea, black", (0, 1)), "price": ("2.00", (2,))}
CAKE: Printed = {"name": ("Cake of nuts", (3, 4, 5)), "price": ("3.00", (6,))}
MILK: Printed = {"name": ("Milk", (7,)), "price": ("1.00", (8,))}


def test_a_row_that_two_windows_show_is_one_row() -> None:
    assert merged_rows(window(TEA, CAKE), window(CAKE, MILK)) == (
        [("Tea, black", "2.00"), ("Cake of nuts", "3.00"), ("Milk", "1.00")],
        [],
    )


@pytest.mark.parametrize("cut_before", [True, False])
def test_of_a_row_that_one_window_cut_off_the_whole_one_is_given(cut_before: bool) -> None:
    head: Printed = {"name": ("Cake of", (3, 4))}
    foot: Printed = {"name": ("nuts", (5,)), "price": ("3.00", (6,))}
    answers = (
        (window(TEA, head), window(CAKE, MILK)) if cut_before else (window(TEA, CAKE), window(foot, MILK))
    )
    merged, warnings = merge_answers(LIST, answers, match_rows=match_rows)
    assert merged.value["rows"] == [
        {"name": "Tea, black", "price": "2.00"},
        {"name": "Cake of nuts", "price": "3.00"},
        {"name": "Milk", "price": "1.00"},
    ]
    assert merged.words["rows", 1, "name"] == {(0, 3), (0, 4), (0, 5)}
    assert warnings == ()


def test_a_row_that_both_windows_cut_is_put_together() -> None:
    head: Printed = {"name": ("Cake of nuts", (3, 4, 5))}
    foot: Printed = {"name": ("nuts", (5,)), "price": ("3.00", (6,))}
    assert merged_rows(window(TEA, head), window(foot, MILK))[0][1] == ("Cake of nuts", "3.00")


def test_what_a_row_lacks_is_not_taken_from_words_of_another_row() -> None:
    blended: Printed = {"name": ("Cake of", (3, 4)), "price": ("1.00", (8,))}
    whole: Printed = {"name": ("Cake of nuts", (3, 4, 5))}
    rows, _ = merged_rows(window(TEA, blended), window(whole, MILK))
    assert rows == [("Tea, black", "2.00"), ("Cake of nuts", None), ("Milk", "1.00")]


def test_two_rows_that_are_printed_alike_side_by_side_are_two() -> None:
    again: Printed = {"name": ("Milk", (9,)), "price": ("1.00", (10,))}
    milk = ("Milk", "1.00")
    assert merged_rows(window(TEA, MILK), window(again)) == ([("Tea, black", "2.00"), milk, milk], [])
    assert merged_rows(window(MILK, again), window(again)) == ([milk, milk], [])
    assert merged_rows(window(MILK), window(MILK, again)) == ([milk, milk], [])


def test_a_row_that_three_windows_show_is_one_row() -> None:
    part: Printed = {"name": ("of nuts", (4, 5)), "price": ("3.00", (6,))}
    rows, _ = merged_rows(window(TEA, CAKE), window(CAKE), window(part, MILK))
    assert rows == [("Tea, black", "2.00"), ("Cake of nuts", "3.00"), ("Milk", "1.00")]


def test_a_row_that_one_window_missed_stands_where_the_page_has_it() -> None:
    rows, _ = merged_rows(window(TEA, MILK), window(CAKE, MILK))
    assert [name for name, _ in rows] == ["Tea, black", "Cake of nuts", "Milk"]


def test_a_date_printed_once_for_several_rows_makes_them_not_one() -> None:
    first: Printed = {"name": ("1 May", (0, 1)), "price": ("2.00", (2,))}
    # The name is printed once for both rows, and fills a window's only common words.
    second: Printed = {"name": ("1 May", (0, 1)), "price": ("3.00", (3,))}
    wide = ObjectSpec(
        properties=(*ITEM.properties, *((key, FieldSpec(kind="amount", nullable=True)) for key in "abc"))
    )
    root = ObjectSpec(properties=(("rows", ArraySpec(item=wide, max_items=99)),))
    first |= {key: ("2.00", (10 + n,)) for n, key in enumerate("abc")}
    second |= {key: ("3.00", (20 + n,)) for n, key in enumerate("abc")}
    merged, _ = merge_answers(root, [window(first), window(second)], match_rows=match_rows)
    rows = merged.value["rows"]
    assert isinstance(rows, list)
    assert len(rows) == 2  # 2 common words of 6


def test_windows_that_read_a_row_differently_are_a_conflict() -> None:
    other: Printed = {"name": ("Cake of nuts", (3, 4, 5)), "price": ("8.00", (9,))}
    rows, codes = merged_rows(window(CAKE), window(other))
    assert (rows, codes) == ([("Cake of nuts", "3.00")], ["window_conflict"])


def test_rows_that_stand_nowhere_are_kept_and_doubted_where_windows_share_lines() -> None:
    nowhere: Printed = {}
    rows, codes = merged_rows(window(TEA, nowhere), window(TEA, nowhere))
    assert rows == [("Tea, black", "2.00"), (None, None), (None, None)]
    assert codes == ["row_repeated"]


GROUP = ObjectSpec(
    properties=(
        ("room", FieldSpec(kind="verbatim", nullable=True)),
        ("rows", ArraySpec(item=ITEM, max_items=99)),
    )
)
GROUPS = ObjectSpec(properties=(("groups", ArraySpec(item=GROUP, max_items=9)),))


def group(room: Sequence[int], *rows: Printed) -> WindowAnswer:
    """Return the answer of a window that shows one group of rows, with the words of its room, if shown."""
    inside = window(*rows)
    words = {("groups", 0, *path): at for path, at in inside.words.items()}
    words |= {("groups", 0, "room"): frozenset((0, word) for word in room)} if room else {}
    value: dict[str, JsonValue] = {"room": "Kitchen" if room else None, "rows": inside.value["rows"]}
    return WindowAnswer(value={"groups": [value]}, metadata={}, words=words)


def test_a_list_in_a_row_goes_on_in_the_next_window() -> None:
    merged, _ = merge_answers(GROUPS, [group((40,), TEA, CAKE), group((), CAKE, MILK)], match_rows=match_rows)
    groups = merged.value["groups"]
    assert isinstance(groups, list)
    (found,) = groups
    assert isinstance(found, dict)
    assert found["room"] == "Kitchen"
    assert isinstance(found["rows"], list)
    assert [row["name"] for row in found["rows"] if isinstance(row, dict)] == [
        "Tea, black",
        "Cake of nuts",
        "Milk",
    ]


def test_other_groups_stay_others_though_their_rows_are_alike() -> None:
    milk: Printed = {"name": ("Milk", (50,)), "price": ("1.00", (51,))}
    merged, _ = merge_answers(GROUPS, [group((40,), MILK), group((49,), milk)], match_rows=match_rows)
    assert isinstance(merged.value["groups"], list)
    assert len(merged.value["groups"]) == 2


@st.composite
def overlapping_windows(draw: st.DrawFn) -> tuple[list[Printed], list[WindowAnswer]]:
    """Return rows of two to five words, some printed alike, and windows of which each row is whole in one."""
    rows: list[Printed] = []
    at = 0
    for n_words in draw(st.lists(st.integers(1, 4), min_size=1, max_size=12)):
        name = range(at, at + n_words)
        # The n-th word of a name depends on n alone: rows of as many words are printed alike.
        rows.append({"name": (_text(at, name), name), "price": ("1.00", (at + n_words,))})
        at += n_words + 1
    starts = [row["name"][1][0] for row in rows]
    answers: list[WindowAnswer] = []
    begin = 0
    for cut in sorted(draw(st.sets(st.integers(1, at), max_size=4)) | {at}):
        answers.append(window(*(part for row in rows if (part := _shown(row, begin, cut)))))
        row_start = max(start for start in starts if start <= min(cut, at - 1))
        begin = draw(st.integers(max(0, row_start - 4), row_start))
    return rows, answers


def _text(start: int, words: Sequence[int]) -> str:
    return " ".join(f"w{word - start}" for word in words)


def _shown(row: Printed, begin: int, end: int) -> Printed:
    """Return what words [begin, end) show of a row."""
    start = row["name"][1][0]
    name = [word for word in row["name"][1] if begin <= word < end]
    part: Printed = {"name": (_text(start, name), name)} if name else {}
    return part | ({"price": row["price"]} if begin <= row["price"][1][0] < end else {})


@given(made=overlapping_windows())
def test_however_rows_are_cut_into_overlapping_windows_they_come_back(
    made: tuple[list[Printed], list[WindowAnswer]],
) -> None:
    rows, answers = made
    merged, codes = merged_rows(*answers)
    assert merged == [(row["name"][0], row["price"][0]) for row in rows]
    assert codes == []
